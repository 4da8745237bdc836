"""The list of cards: its columns, its filters, and what of it may be taken away."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cache
from typing import Final, Literal

from django.db.models import Q, QuerySet, Sum
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from tonghu.codes import iccc
from tonghu.codes.text import halfwidth
from tonghu.errors import InputRefused
from tonghu.hqms.labels import GROUPS_EN, GROUPS_ZH
from tonghu.network.models import Institution
from tonghu.patients.models import HospitalView
from tonghu.patients.queries import is_name, matching
from tonghu.platform.accounts.access import Request
from tonghu.platform.components.table import Column, Filter, Mark, Table
from tonghu.platform.scope.scope import Scope
from tonghu.registry.forms.diagnoses import diagnosis_names, with_code
from tonghu.registry.models import Card, Tally
from tonghu.registry.seen import cards_seen, in_correction, show_names
from tonghu.registry.states import IN_HAND, State

#: How many cards a list has is counted up to this: some filters have no index, and more would take too long. All cards
#: of the own hospital are told exactly, from the tally.
MOST_COUNTED: Final = 500
#: What the log of looks says such a list is; kept as it is, so not translated.
LISTED: Final = "报告卡列表"
#: A part of a name means so many hospitals at most.
MOST_HOSPITALS: Final = 50
#: A search by name looks at so many children at most.
MOST_NAMED: Final = 200
_MONTH: Final = re.compile(r"([0-9]{4})[-/.年]?([0-9]{1,2})月?")
Tone = Literal["block", "ask", "done", "quiet"]
#: Where a card of a list is opened, by its number.
Opens = Callable[[int], str]
#: Tones of states: what asks, what is done.
TONES: Final[dict[str, Tone]] = {
    State.RETURNED: "ask", State.RETURNED_BY_CENTRE: "ask", State.REPORTED: "done", State.ACCEPTED: "done",
}  # fmt: skip


#: How those above a hospital are told of the states in which it has a reported card in hand, the same in addresses and
#: in ``figures.sql``.
CORRECTED: Final = "corrected"


def card_url(card: int) -> str:
    """Where a card is opened that is of no list."""
    return reverse("registry:card", args=[card])


def cards(by: Scope) -> QuerySet[Card]:
    """The cards in the reader's reach."""
    return cards_seen(by).select_related("institution")


def state_mark(card: Card) -> Mark:
    """A card's state as a word with a mark; seen from above, a corrected card is the one that was reported."""
    if in_correction(card):
        return Mark(_("being corrected"), "ask")
    return Mark(card.get_state_display(), TONES.get(card.state, "quiet"))


def of_state(rows: QuerySet[Card], state: str) -> QuerySet[Card]:
    """Narrow cards to those of a state, or of those that are one above a hospital (:data:`CORRECTED`)."""
    return rows.filter(state__in=IN_HAND) if state == CORRECTED else rows.filter(state=state)


def state_in_words(state: str) -> str:
    """A state, or :data:`CORRECTED`, as the reader is told of it."""
    if state == CORRECTED:
        return _("being corrected")
    return str(State(state).label) if state in State.values else state


def group_name(group: str) -> str:
    """A group of the surveillance scope in words."""
    if not group:
        return _("not in scope")
    english = (get_language() or "").startswith("en")
    return (GROUPS_EN if english else GROUPS_ZH).get(group, group)


@cache
def _subgroups() -> dict[str, tuple[str, str]]:
    return {
        each.code: (f"{each.label} {each.name_zh}", f"{each.label} {each.name_en}") for each in iccc.groups("subgroup")
    }


def subgroup_name(code: str) -> str:
    """An ICCC-3 subgroup in words."""
    known = _subgroups().get(code)
    if known is None:
        return code and _("not classified")
    return known[1 if (get_language() or "").startswith("en") else 0]


def filters(*names: str) -> list[Filter]:
    """The filters of these names, in that order."""
    made: dict[str, Callable[[], Filter]] = {
        "q": lambda: Filter(
            "q", _("Record number or name"), matching_cards, example=_("or pinyin, initials")
        ),
        "state": lambda: Filter("state", _("State"), of_state, State.choices),
        "state_above": lambda: Filter(
            "state", _("State"), of_state,
            [(s, state_in_words(s)) for s in (CORRECTED, *(str(one) for one in State if one not in IN_HAND))],
        ),
        "institution": lambda: Filter(
            "institution", _("Hospital"), _of_hospital, example=_("name or code"), words=_hospital_in_words
        ),
        "month": lambda: Filter("month", _("Archive month"), _of_month, example=_("such as 2026-09")),
        "group": lambda: Filter(
            "group", _("Group"), lambda rows, g: rows.filter(scope_group=g), [(g, group_name(g)) for g in GROUPS_ZH]
        ),
        "iccc": lambda: Filter(
            "iccc", _("ICCC-3 subgroup"), lambda rows, c: rows.filter(iccc3_subgroup=c),
            [(code, subgroup_name(code)) for code in _subgroups()],
        ),
        "problem": lambda: Filter(
            "problem", _("Findings"), _of_problem, [("errors", _("with errors")), ("none", _("without findings"))]
        ),
        "supplement": lambda: Filter(
            "supplement", _("Supplement"), _of_supplement,
            [("lacking", _("something lacks")), ("whole", _("nothing lacks"))],
        ),
    }  # fmt: skip
    return [made[name]() for name in names]


def matching_cards(rows: QuerySet[Card], text: str) -> QuerySet[Card]:
    """Narrow cards to those of a record number, or of children of a name, which they have now or had before."""
    wanted = "".join(halfwidth(text).split()).replace("\0", "")
    if is_name(wanted):
        found = dict(matching(HospitalView.objects.all(), wanted).values_list("pk", "child")[:MOST_NAMED])
        # The children say it once more: cards have an index by child, and none by view.
        return rows.filter(view__in=list(found), child__in=set(found.values()))
    return rows.filter(record_number=wanted)


def table(request: Request, opens: Opens) -> Table:
    """The list as the page shows it.

    Args:
        opens: where a card of the list is opened.
    """
    elsewhere = request.scope.institution is None
    called: dict[int, str] = {}
    diagnoses: dict[str, str] = {}
    made = Table(
        request=request, name="cards", rows=cards(request.scope), order=order_of_cards(request.scope),
        columns=columns(elsewhere, called, diagnoses, opens), filters=filters_of_cards(request.scope),
        row_mark=lambda card: "block" if card.errors else "",
        caption=_("Report cards"), count_to=MOST_COUNTED,
        empty=_("No card yet. Cards come with the month's discharge file, or are entered by hand."),
    )  # fmt: skip
    if not elsewhere and not made.narrowed:
        made.total = Tally.objects.filter(institution=request.scope.institution).aggregate(n=Sum("cards"))["n"] or 0
    called.update(show_names(made.slice.rows, LISTED, by=request.scope))
    diagnoses.update(diagnosis_names(made.slice.rows, request.scope))
    return made


def filters_of_cards(by: Scope) -> list[Filter]:
    """The filters of the list of cards; the hospital's own readers need not be asked for the hospital."""
    above = by.institution is None
    where = ("institution",) if above else ()
    # Only who has the cards in hand supplements them; for lists of several hospitals there is no index either.
    here = () if above else ("supplement",)
    return filters("q", "state_above" if above else "state", "month", *where, "group", "iccc", "problem", *here)


def order_of_cards(by: Scope) -> str:
    """What the list of cards is ordered by."""
    return "-changed_at" if by.institution is not None else "-pk"


def columns(
    elsewhere: bool, called: Mapping[int, str], diagnoses: Mapping[str, str], opens: Opens = card_url
) -> Sequence[Column]:
    """The columns; the hospital's own readers need not be told the hospital.

    Args:
        called: what the children are called, by card, once the rows are known (``seen.show_names``).
        diagnoses: likewise what the main diagnoses are called (``diagnoses.diagnosis_names``).
        opens: where a card is opened.
    """
    return (
        Column("record_number", _("Record number"), kind="code", sort=None, fixed=True,
               link=lambda card: opens(card.pk)),
        Column("name", _("Name"), value=lambda card: called.get(card.pk, ""), sort=None),
        Column("institution", _("Hospital"), value=lambda card: card.institution.name, sort=None, shown=elsewhere),
        Column("discharge_at", _("Discharge"), kind="date", sort=None),
        Column("archive_month", _("Archive month"), value=_archive_month, sort=None),
        Column("state", _("State"), value=state_mark, sort=None),
        Column("principal_code", _("Principal diagnosis"), sort=None,
               value=lambda card: with_code(card.principal_code, diagnoses)),
        Column("group", _("Group"), value=lambda card: group_name(card.scope_group), sort=None),
        Column("iccc", _("ICCC-3"), value=lambda card: subgroup_name(card.iccc3_subgroup), sort=None, shown=False),
        Column("age", _("Age"), kind="number", value=lambda card: card.age_years, sort=None, shown=False),
        Column("errors", _("Errors"), kind="number", sort=None),
        Column("warnings", _("Warnings"), kind="number", sort=None, shown=False),
        Column("to_supplement", _("To supplement"), kind="number", sort=None, shown=False),
        Column("version", _("Version"), kind="number", sort=None, shown=False),
        Column("changed_at", _("Changed"), kind="time", sort=None, shown=False),
    )  # fmt: skip


def chosen(request: Request) -> tuple[QuerySet[Card], str]:
    """The cards that the filters of an address name, and the filters in words without anybody's name."""
    rows, said = cards(request.scope), []
    for each in filters_of_cards(request.scope):
        value = request.GET.get(each.name, "").strip()[:100]
        if not value or (each.choices and value not in {code for code, _label in each.choices}):
            continue
        try:
            rows = each.narrow(rows, value)
        except InputRefused:  # the list says so; no card of it is taken away
            rows = rows.none()
        said.append("指定患儿或病案号" if each.name == "q" else f"{each.name}={value}")
    return rows, "，".join(said) or "全部"


def _archive_month(card: Card) -> object:
    said = f"{card.archive_month:%Y-%m}"
    return Mark(_("%(month)s, assumed") % {"month": said}, "quiet") if card.archive_month_assumed else said


def _of_month(rows: QuerySet[Card], said: str) -> QuerySet[Card]:
    """By year and month as people write them: 2026-09, 2026-9, 202609, 2026年9月.

    Raises:
        InputRefused: it is no month.
    """
    written = _MONTH.fullmatch("".join(halfwidth(said).split()))
    try:
        month = date(int(written[1]), int(written[2]), 1) if written else None
    except ValueError:
        month = None
    if month is None:
        raise InputRefused(
            f"归档月“{said}”无法识别：请填写年份和月份，如 2026-09",
            f"The archive month “{said}” cannot be read: write year and month, such as 2026-09",
        )
    return rows.filter(archive_month=month)


def _of_hospital(rows: QuerySet[Card], said: str) -> QuerySet[Card]:
    """By name or code as people know them, or by the number that links of the site carry."""
    return rows.filter(institution__in=_hospitals(said))


def _hospitals(said: str) -> list[int]:
    """The hospitals that are meant, by number: of the name or code; else those whose name has it in it."""
    wanted = " ".join(halfwidth(said).split()).replace("\0", "")
    exactly = Q(code=wanted) | Q(name=said.strip().replace("\0", ""))
    if wanted.isascii() and wanted.isdigit() and len(wanted) < 18:
        exactly |= Q(pk=int(wanted))
    found = list(Institution.objects.filter(exactly).values_list("pk", flat=True)[:MOST_HOSPITALS])
    named = Institution.objects.filter(name__icontains=wanted)
    return found or list(named.order_by("pk").values_list("pk", flat=True)[:MOST_HOSPITALS])


def _hospital_in_words(said: str) -> str:
    """The name of the hospital that a link's number or a code means; what was typed, where it is no such."""
    found = _hospitals(said) if said.isascii() else []
    name = Institution.objects.filter(pk=found[0]).values_list("name", flat=True).first() if len(found) == 1 else ""
    return name or said


def _of_supplement(rows: QuerySet[Card], said: str) -> QuerySet[Card]:
    return rows.filter(to_supplement__gt=0) if said == "lacking" else rows.filter(to_supplement=0)


def _of_problem(rows: QuerySet[Card], said: str) -> QuerySet[Card]:
    return rows.filter(errors__gt=0) if said == "errors" else rows.filter(errors=0, warnings=0, confirms=0)
