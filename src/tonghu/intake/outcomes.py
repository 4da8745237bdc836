"""What becomes of a row: said once, for the preview that promises it and the import that does it."""

from __future__ import annotations

from typing import Final

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tonghu.intake.models import NEW_WAITS, Choice, Damage, Match

#: The five counts of an import and the words for them.
COUNTED: Final[dict[str, Promise]] = {
    "created": _("Created"),
    "updated": _("Updated"),
    "unchanged": _("Unchanged"),
    "skipped": _("Left out by choice"),
    "failed": _("Not imported"),
}
#: What an outcome counts as.
COUNTS_AS: Final = {
    "create": "created", "replace": "updated", "fill": "updated", "unchanged": "unchanged", "skipped": "skipped",
    "failed": "failed", "waits": "waits",
}  # fmt: skip
#: Of rows whose card no file changes: it is with the auditor or the centre, or an auditor took it out of its figures.
HELD: Final = ("held", "voided_held")
#: Rows on which somebody decided, in this batch or on the very same row before.
DECIDED: Final = ~Q(choice="") & (Q(chosen=True) | Q(answered__isnull=False))
#: By these the file is taken, or a part of it.
TAKES: Final = (Choice.REPLACE, Choice.FILL, Choice.NEW)
#: Rows that are never taken together with others: they would give their card another name, or their cells are shifted.
ALONE: Final = Q(renames=True) | Q(damage=Damage.RAGGED)
#: Why a row waits for somebody, or cannot be imported; by the code that stands on the row or the batch.
WHY: Final[dict[str, Promise]] = {
    "no_record": _("The record number is missing: fill it in and export again"),
    "long_record": _("The record number has more than 20 characters: check whether columns are shifted"),
    "no_discharge": _("The discharge date is missing or cannot be read: correct it and export again"),
    "no_name": _("The name is missing: fill it in and export again"),
    "foreign": _("The row names another hospital: it is imported there"),
    "repeated": _("The same stay stands in the file twice, differently: keep one of them"),
    "repeated_same": _("The same row stands in the file twice; it counts once"),
    "probable": _("Record number and admission count fit a card, the discharge time does not: is it the same stay?"),
    "same_day": _("A card of this record number ends on the same day, at another time: is it the same stay?"),
    "another_writing": _(
        "A card of the same discharge time has this record number but for leading zeros, letter case or marks: is it "
        "the same stay? A spreadsheet may have dropped the zeros."
    ),
    "same_child": _(
        "The child of this row, by the identity number, has a card of the same days under another record number: is it "
        "the same stay?"
    ),
    "same_child_in_file": _(
        "The child of this row, by the identity number, is in another row of the same days under another record "
        "number: is it the same stay? Leave one of the rows out."
    ),
    "key_in_doubt": _(
        "The row bears a card's number (童护卡号), but its stay is another one, or the number stands in two rows: "
        "which is right?"
    ),
    "undetermined": _("The diagnosis is in scope and the age is not known: is the patient under 20?"),
    "renames": _(
        "The row gives the card another record number, discharge time or document number: check that no spreadsheet "
        "changed them (zeros lost, 1E+17) before you write them over"
    ),
    "ragged": _(
        "The row has more or fewer cells than the header: its values may be cut off or stand in the wrong fields. Look "
        "at it before you take it"
    ),
    "unreadable": _(
        "A date or number that can be read on the card cannot be read in the file: compare before you write it over"
    ),
    "empties": _(
        "The row leaves many fields blank that the card has filled; it may be cut off: compare before you write them "
        "over"
    ),
    "edited": _("Somebody changed the card since the last import: compare before you write over it"),
    "kept": _("Somebody kept the card against an earlier file: compare before you write over it"),
    "moved": _("Somebody decided on the row, then its card changed: look again and decide"),
    "submitted": _("The card waits for the auditor: taking the file withdraws it first"),
    "accepted": _("The centre has accepted the card: taking the file begins a correction"),
    "voided": _("The card was voided: taking the file restores it"),
    "voided_held": _("The card was reported to the centre and voided: only an auditor restores it, on the card"),
    "held": _("The card is with the auditor or the centre and cannot change now: have it returned first"),
    "appeared": _("A card of this stay was made while the file was looked at: upload the file again to compare"),
    "moved_on": _("The card was changed while the file was looked at: upload the file again to compare"),
    "taken": _("Another card already has this record number and discharge time"),
}


def outcome(match: str, choice: str, why: str, *, answered: bool = False, fills: bool = True) -> str:
    """Return what becomes of a row: ``create``, ``replace``, ``fill``, ``unchanged``, ``skipped``, ``failed``; or that
    it ``waits``.

    Args:
        answered: whether somebody decided on this very row before: what was decided then is done.
        fills: whether filling blanks from it writes anything.
    """
    if match == Match.UNUSABLE or (match == Match.REPEATED and why == "repeated"):
        return "failed"
    if match in (Match.UNCHANGED, Match.REPEATED) or (answered and choice in (Choice.KEEP, Choice.SKIP)):
        return "unchanged"
    if choice == Choice.FILL and not fills:
        return "unchanged"
    if choice in (Choice.REPLACE, Choice.FILL):
        return choice
    if choice == Choice.NEW or (match == Match.NEW and choice == "" and why not in NEW_WAITS):
        return "create"
    if choice == "":
        return "waits"
    return "failed" if why in HELD else "skipped"
