"""What pages ask about imports; answered within the scope that is open."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import reduce
from operator import or_
from typing import Any, Final

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import TruncMonth
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tonghu.codes import hqms_fields
from tonghu.codes.text import clean
from tonghu.intake.kinds import WRITES_NOTHING, kinds
from tonghu.intake.models import UNKNOWN, Batch, Match, Row, State
from tonghu.intake.outcomes import COUNTED
from tonghu.patients.masking import mask_address
from tonghu.platform.components.parts import Level
from tonghu.platform.crypto.masks import mask_id, mask_phone
from tonghu.platform.scope.scope import Scope
from tonghu.registry.exporting import supplement_columns
from tonghu.registry.forms.titles import title_of
from tonghu.registry.models import Card, CardAct, CardVersion, Origin
from tonghu.registry.supplement import Item, item

#: So many columns are named where a file's are not those of the standard, each by so many characters.
COLUMNS_SHOWN: Final = 12
_LONGEST_NAME: Final = 40
#: Discharges that fit the archive month badly.
DISCHARGED: Final[dict[str, Promise]] = {
    "after": _("Discharged after the archive month"),
    "before": _("Discharged more than half a year before the archive month"),
}
#: So many months a stay may wait for its archive without being asked about.
_LONG: Final = 6
#: So many rows are named in one question.
_PART: Final = 5_000
#: What the menu counts at most.
_MOST: Final = 99
#: Fields of a front page that pages show masked, by name.
_MASKS: Final = {
    "national_id": mask_id, "insurance_card_no": mask_id, "health_card_no": mask_id, "home_phone": mask_phone,
    "contact_phone": mask_phone, "employer_phone": mask_phone, "current_address": mask_address,
    "registered_address": mask_address, "contact_address": mask_address, "employer_address": mask_address,
    "birth_address": mask_address,
}  # fmt: skip


def batches() -> QuerySet[Batch]:
    """Return the imports that the open scope sees, without what only their own page shows."""
    return Batch.objects.defer("summary", "refusal", "samples")


def count_ready(_scope: Scope) -> int:
    """How many imports wait for confirmation, 99 at most."""
    return len(Batch.objects.filter(state=State.READY).values_list("pk", flat=True)[:_MOST])


@dataclass(frozen=True, slots=True)
class OfMatch:
    """Rows of one match, as the preview lists them, with how many of them wait."""

    match: str
    label: str
    rows: int
    waits: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What an import would do if it were confirmed now.

    Attributes:
        counts: how many rows each count of it would have, and how many wait.
        kinds: its rows by what they are to the cards, those that wait first.
        with_errors: in how many rows the rules find errors, those that compare rows and those of a card included.
        answered: how many rows somebody decided on before; they count as unchanged.
        discharged: how many stays were discharged when, by :data:`DISCHARGED`.
        damaged: how many rows that would write something seem damaged, and how (``Damage``).
        mostly: the other month in which more than half of the stays were discharged, as ``2026-09``, and how many;
            None where there is none.
    """

    counts: Mapping[str, int]
    kinds: Sequence[OfMatch]
    with_errors: int
    answered: int
    discharged: Mapping[str, int]
    damaged: Mapping[str, int]
    mostly: tuple[str, int] | None


def preview(batch: Batch) -> Preview:
    """Return what an import would do."""
    counts = dict.fromkeys([*COUNTED, "waits"], 0)
    found: dict[str, list[int]] = {}
    harmed: Counter[str] = Counter()
    before = 0
    for kind, many in kinds(batch).items():
        counts[kind.counts_as] += many
        held = found.setdefault(kind.match, [0, 0])
        held[0] += many
        held[1] += many if kind.becomes == "waits" else 0
        before += many if kind.answered else 0
        harmed[kind.damage] += many if kind.damage and kind.match not in WRITES_NOTHING else 0
    listed = [OfMatch(match, str(Match(match).label), *held) for match, held in found.items()]
    listed.sort(key=lambda kind: (not kind.waits, Match.values.index(kind.match)))
    said = batch.summary.get("staged") or staged(batch)  # it may have waited since before an upgrade
    return Preview(counts, listed, said["with_errors"], before, said["discharged"], +harmed, _mostly(batch, said))


def damaged(rows: QuerySet[Row]) -> QuerySet[Row]:
    """Narrow rows to those that seem damaged and would write something."""
    return rows.exclude(damage="").exclude(match__in=WRITES_NOTHING)


def _mostly(batch: Batch, said: Mapping[str, Any]) -> tuple[str, int] | None:
    """The month in which most stays were discharged, where it is worth a question: many are archived late honestly."""
    month, rows = said.get("most_discharged", ("", 0))  # batches staged by an earlier version were not asked
    another = bool(month) and month != f"{batch.archive_month:%Y-%m}"
    return (month, rows) if another and 2 * rows > said["rows"] else None


def staged(batch: Batch, among: Sequence[int] = ()) -> dict[str, Any]:
    """Return what holds of the rows of a file whatever becomes of them: counted once for its preview, they may be many.

    Args:
        among: the rows in which the rules that compare rows find errors; they stand in no row.

    ``with_errors`` and ``discharged`` as :class:`Preview` has them; ``repeated``: how many say what another row
    says; ``most_discharged``: the most frequent month of discharge and in how many of the ``rows``.
    """
    rows = Row.objects.filter(batch=batch)
    months = rows.filter(discharge_at__isnull=False).order_by().values(month=TruncMonth("discharge_at"))
    most = months.annotate(rows=Count("pk")).order_by("-rows", "month").first()
    counted = rows.aggregate(
        rows=Count("pk"),
        with_errors=Count("pk", filter=Q(errors__gt=0)),
        repeated=Count("pk", filter=Q(why="repeated_same")),
        **{when: Count("pk", filter=_discharged(when, batch.archive_month)) for when in DISCHARGED},
    )
    alone = rows.filter(errors=0)
    compared = sum(alone.filter(row__in=among[at : at + _PART]).count() for at in range(0, len(among), _PART))
    return {
        "rows": counted.pop("rows"), "repeated": counted.pop("repeated"),
        "with_errors": counted.pop("with_errors") + compared, "discharged": counted,
        "most_discharged": (f"{most['month']:%Y-%m}", most["rows"]) if most else ("", 0),
    }  # fmt: skip


def repeated(batch: Batch) -> int:
    """How many rows of a file say exactly what another one says: they count as unchanged, and the other counts."""
    return int(batch.summary.get("staged", {}).get("repeated", 0))


#: The counts of an import whose cards can be listed: the rows are gone, the cards' versions say which they were.
LISTED: Final = ("created", "updated")


def written(batch: Batch, name: str) -> QuerySet[Card]:
    """Return the cards that an import made, or that it changed; one of :data:`LISTED`."""
    of_it = {"card": OuterRef("pk"), "institution": batch.institution_id, "batch": batch.pk}
    first = CardVersion.objects.filter(**of_it, origin=Origin.IMPORT, number=1)
    restored = CardAct.objects.filter(**of_it, act="restore")
    made = Q(Exists(first)) | Q(Exists(restored))
    if name == "created":
        return Card.objects.filter(made)
    return Card.objects.filter(~made, Exists(CardVersion.objects.filter(**of_it, origin=Origin.IMPORT)))


def counted_as(rows: QuerySet[Row], name: str, batch: Batch) -> QuerySet[Row]:
    """Narrow rows of a batch to those that stand in one of the counts of :func:`preview`."""
    wanted = [kind.rows for kind in kinds(batch) if kind.counts_as == name]
    return rows.filter(reduce(or_, wanted)) if wanted else rows.none()


def discharged(rows: QuerySet[Row], when: str, month: date) -> QuerySet[Row]:
    """Narrow rows to those whose discharge fits an archive month badly, one of :data:`DISCHARGED`."""
    return rows.filter(_discharged(when, month))


def _discharged(when: str, month: date) -> Q:
    if when == "after":
        return Q(discharge_at__gte=_begins(month, 1))
    return Q(discharge_at__lt=_begins(month, -_LONG))


def _begins(month: date, later: int) -> datetime:
    """When the month begins that lies so many months later."""
    year, index = divmod(month.year * 12 + month.month - 1 + later, 12)
    return datetime(year, index + 1, 1, tzinfo=timezone.get_default_timezone())


def decided_in(batch: Batch) -> list[Batch]:
    """Return the imports in which rows of a waiting one were decided on before, the last one first."""
    return list(batches().filter(pk__in=batch.summary.get("answered_in", [])).order_by("-pk"))


def record_numbers(cards: Sequence[int]) -> dict[int, str]:
    """Return the record numbers of cards that the open scope sees."""
    return dict(Card.objects.filter(pk__in=cards).values_list("pk", "record_number")) if cards else {}


def named(cards: Sequence[int]) -> list[Card]:
    """Return cards that the open scope sees, for a list that leads to them, by archive month and record number."""
    known = Card.objects.filter(pk__in=cards).only("record_number", "discharge_at", "archive_month", "state")
    return list(known.order_by("archive_month", "record_number")) if cards else []


@dataclass(frozen=True, slots=True)
class Group:
    """What one rule finds in a file.

    Attributes:
        fields: the fields and items that it names, with how often, the most frequent first.
        samples: some of the values, masked where they could name somebody: (field, value).
        expected: what may stand in the items of the supplement whose cells cannot be read, a text an item.
        mend: what is to be done.
        on_card: whether that is done on the card, as the file has no column for it.
    """

    rule: str
    level: Level
    title: str
    mend: str
    findings: int
    rows: int
    fields: tuple[tuple[str, int], ...]
    samples: tuple[tuple[str, str], ...]
    expected: tuple[str, ...]
    on_card: bool


def _samples(batch: Batch) -> dict[str, list[list[str]]]:
    return dict(json.loads(batch.samples)) if batch.samples else {}


def groups(batch: Batch, *, zh: bool) -> list[Group]:
    """Return what the rules find in a file, errors first, then the most frequent.

    Then what only the rules of cards find, in what the file has no column for: that is still to come.
    """
    samples = _samples(batch)
    of_file = [(line, False) for line in batch.summary.get("findings_by_rule", [])]
    of_cards = [(line, True) for line in batch.summary.get("card_rules", [])]
    return [_group(batch, line, samples, on_card, zh=zh) for line, on_card in of_file + of_cards]


def _group(
    batch: Batch, line: Mapping[str, Any], samples: Mapping[str, list[list[str]]], on_card: bool, *, zh: bool
) -> Group:
    language, layout, rule = "zh" if zh else "en", batch.layout, line["rule"]
    named = [(_column(layout, one["column"]), one) for one in line.get("columns", [])]  # not before an upgrade
    items = [one for name, _counts in named if (one := item(name)) is not None]
    return Group(
        rule=rule,
        level=Level(line["level"]),
        title=line.get(f"title_{language}") or title_of(rule),
        mend=line.get(f"mend_{language}", ""),
        findings=line["findings"],
        rows=line["rows"],
        fields=tuple((label(layout, name, zh=zh) or one.get("label", ""), one["findings"]) for name, one in named),
        samples=tuple(
            (label(layout, code, zh=zh), shown(layout, code, value)) for code, value in samples.get(rule, [])
        ),
        expected=tuple(form for one in items if rule in UNREAD and (form := expected(one, zh=zh))),
        on_card=on_card,
    )


def _column(layout: str, heading: str) -> str:
    """The field's code or the item that a heading of a file names, or that stands there itself; '' for neither."""
    if item(heading) is not None:
        return heading
    field, own = hqms_fields.layout(layout).find(heading), supplement_columns().get(clean(heading) or "")
    return field.code if field else own.name if own else ""


#: Rules that find what does not read as its kind.
UNREAD: Final = frozenset({"HQ021", "HQ023"})
#: So many values of a choice are named where it is said what may stand in an item.
_VALUES: Final = 12


def expected(one: Item, *, zh: bool) -> str:
    """Return the name of an item of the supplement with what may stand there; '' where that is any text."""
    if one.kind == "date":
        return f"{one.zh}：日期，如 2026-09-07" if zh else f"{one.en}: a date such as 2026-09-07"
    if not one.options:
        return ""
    values = [f"{option.code} {option.zh if zh else option.en}" for option in one.options[:_VALUES]]
    values += ["…"] * (len(one.options) > _VALUES)
    return f"{one.zh}：{'、'.join(values)}" if zh else f"{one.en}: {', '.join(values)}"


def columns(batch: Batch, *, zh: bool) -> dict[str, tuple[list[str], int]]:
    """Return the columns of a file that the standard does not know, and those that it lacks: some, and how many."""
    missing = batch.summary["missing_columns"]
    names = {
        "unknown": [name[:_LONGEST_NAME] for _, name in _samples(batch).get(UNKNOWN, [])[:COLUMNS_SHOWN]],
        "missing": [label(batch.layout, code, zh=zh) for code in missing[:COLUMNS_SHOWN]],
    }
    counts = {"unknown": batch.summary["unknown_columns"], "missing": len(missing)}
    return {which: (named + ["…"] * (counts[which] > len(named)), counts[which]) for which, named in names.items()}


#: Without these a row becomes no card (``checking``): nobody would find it again.
KEYS: Final = ("medical_record_no", "patient_name", "discharge_datetime")


def keys_lacking(batch: Batch, *, zh: bool) -> list[str]:
    """Return what the columns are called that a file lacks and without which none of its rows becomes a card."""
    lacking = set(batch.summary["missing_columns"])
    keys = (hqms_fields.layout(batch.layout).by_name[name].code for name in KEYS)
    return [label(batch.layout, code, zh=zh) for code in keys if code in lacking]


def label(layout: str, code: str, *, zh: bool) -> str:
    """Return what a field is called, with its code; '' for none."""
    field = hqms_fields.layout(layout).by_code.get(code) if code else None
    if field is None and (one := item(code)) is not None:
        return one.zh if zh else one.en
    if field is None:
        return code
    return f"{field.name_zh}（{code}）" if zh else f"{field.name_en} ({code})"


def shown(layout: str, code: str, text: str) -> str:
    """Return what a page shows of a cell: numbers and addresses of people masked."""
    field = hqms_fields.layout(layout).by_code.get(code) if code else None
    mask = _MASKS.get(field.name) if field else None
    return mask(text) if mask and text else text
