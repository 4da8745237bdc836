"""Rows become cards: a chunk in one transaction, so that each row is either wholly there or still waits.

Rows that change a card that is there go first, in small portions: a clerk at work on such a card waits for a portion of
them, not for a chunk. What a chunk did is counted on the batch and its rows go, in the same transaction: whoever takes
the work up again, after a kill or a cancellation, goes on with what is left, and nothing is done twice. Imports of one
hospital take turns.
"""

# ruff: noqa: S608 -- SQL of constants of the code; every value is a parameter

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from tonghu.errors import InputRefused
from tonghu.intake import identity
from tonghu.intake.answering import remember
from tonghu.intake.items import drawn_only
from tonghu.intake.matching import as_it_came, differing, filling, in_layout, lacking
from tonghu.intake.models import NEW_WAITS, Batch, Match, Row, RowFinding, State
from tonghu.intake.outcomes import TAKES, outcome
from tonghu.patients.bulk import enter_views
from tonghu.platform.database.arrays import array_cursor
from tonghu.platform.jobs.points import point
from tonghu.platform.scope.scope import Scope
from tonghu.registry.checks import rules_key
from tonghu.registry.content import open_
from tonghu.registry.from_page import brought
from tonghu.registry.models import Card, CardVersion, Origin
from tonghu.registry.rows import row_of
from tonghu.registry.services import OnRecord, move, save_card
from tonghu.registry.services.bulk import BROUGHT, Made, Rows, create_cards
from tonghu.registry.states import State as CardState
from tonghu.registry.supplement import item

#: So many rows become cards together.
CHUNK: Final = 5_000
#: So many cards that are there change together. A clerk who saves one of them waits for all: each takes 25 to 50 ms.
PORTION: Final = 4
#: So many rows that could not be imported are named on the batch; all are counted.
NAMED: Final = 1_000
#: Rows that change a card that is there, or restore a voided one, as ``outcome`` says it of each; in the database, so
#: that a portion is full of them and nothing is left of them when there is none.
CHANGES: Final = (
    Q(card__isnull=False)
    & ~Q(match__in=[Match.UNCHANGED, Match.REPEATED, Match.UNUSABLE])
    & (Q(choice__in=TAKES) | (Q(match=Match.NEW, choice="") & ~Q(why__in=NEW_WAITS)))
)
#: First key of the advisory lock under which the imports of a hospital take turns.
LOCK: Final = 4_510
#: Acts by which an import takes a card in hand that a clerk may take in hand.
_IN_HAND: Final = {
    CardState.SUBMITTED: "withdraw", CardState.ACCEPTED: "revise", CardState.VOIDED: "restore",
}  # fmt: skip

#: The stays of record numbers that have cards.
_STAYS: Final = """
SELECT record_number, discharge_at, id, state FROM registry_card
WHERE institution_id = %b AND record_number = ANY (%b::text[])
"""


@transaction.atomic
def import_rows(batch: int, by: Scope) -> dict[str, int]:
    """Import the next chunk or portion of a batch; returns how many rows it had, 0 when nothing is left to do."""
    held = Batch.objects.select_for_update(of=("self",)).get(pk=batch)
    if held.state != State.CONFIRMING:
        return {"rows": 0}
    take_turn(held.institution_id)
    rows = _changing(held)
    taken: dict[str, Any] = {"row__in": [row.row for row in rows]}
    if rows:
        hold(row.card for row in rows)
    else:
        rows = list(_waiting(held)[:CHUNK])
        taken = {"row__range": (rows[0].row, rows[-1].row) if rows else (0, 0)}
    chunk = _Chunk(held, by)
    chunk.take(rows)
    remember(held, rows, {one["row"] for one in chunk.failed})
    point("intake.in_chunk")
    _removed(Row.objects.filter(batch=held, **taken))
    _removed(RowFinding.objects.filter(batch=held, **taken))
    held.counts = {**held.counts, **{name: held.counts.get(name, 0) + count for name, count in chunk.counts.items()}}
    failed = sorted([*held.summary.get("failed", []), *chunk.failed], key=lambda one: int(one["row"]))
    held.summary = {**held.summary, "failed": failed[:NAMED]}
    held.save(update_fields=["counts", "summary"])
    return {"rows": len(rows)}


def _waiting(batch: Batch) -> QuerySet[Row]:
    """The rows that wait, with what is decided by; what they say goes from table to table."""
    asked = ("row", "record_number", "discharge_at", "identity", "card", "card_version", "card_state", "match")
    return Row.objects.filter(batch=batch).order_by("row").only(*asked, "choice", "chosen", "why", "answered", "fills")


def _changing(batch: Batch) -> list[Row]:
    """The next portion of rows that change a card that is there; asked for by what they are, since most are new."""
    return list(_waiting(batch).filter(CHANGES)[:PORTION])


def take_turn(institution: int) -> None:
    """Wait until no other import of the hospital writes; held until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK, institution])


def hold(cards: Iterable[int | None]) -> None:
    """Lock cards in the order of their numbers, as a clerk's bulk act does: neither waits for the other's in turn."""
    wanted = [card for card in cards if card is not None]
    list(Card.objects.select_for_update(no_key=True).filter(pk__in=wanted).order_by("pk").values_list("pk"))


def _becomes(row: Row) -> str:
    return outcome(row.match, row.choice, row.why, answered=row.answered is not None, fills=row.fills)


class _There(NamedTuple):
    """A card that is there."""

    pk: int
    state: str


class _VoidedHeld(Exception):  # noqa: N818 -- no error: what came of a row
    """The row's card was reported and voided: no file restores it."""


class _Chunk:
    """One chunk in the making: what came of its rows."""

    def __init__(self, batch: Batch, by: Scope) -> None:
        self.batch, self.by = batch, by
        self.counts: Counter[str] = Counter()
        self.failed: list[dict[str, Any]] = []
        #: Whether the file lacks columns of the page: then a card's row so far still speaks for those.
        self.silent = bool(batch.summary.get("missing_columns"))
        #: Whoever uploaded the file is an author too, where a colleague confirmed it.
        self.brought_by = batch.person_id if batch.person_id != by.person else None

    def take(self, rows: Sequence[Row]) -> None:
        """Do with each row what was decided."""
        create: list[Row] = []
        for row in rows:
            wanted = _becomes(row)
            if wanted in ("unchanged", "skipped"):
                self.counts[wanted] += 1
            elif wanted in ("failed", "waits"):  # what nobody has decided is not decided here
                self._fail(row, row.why)
            elif wanted == "create":
                create.append(row)
            else:
                self._update(row, fill=wanted == "fill")
        self._create(create)

    def _create(self, rows: list[Row]) -> None:
        there, latest = self._there(rows)
        fresh = []
        for row in rows:
            card = there.get((row.record_number, row.discharge_at))
            if card is None:
                fresh.append(row)
            elif card.state == CardState.VOIDED and card.pk == row.card:
                self._update(row, fill=False, count="created")
            else:  # somebody made one since the file was looked at
                self._appeared(row, card)
        if not fresh:
            return
        fresh.sort(key=lambda row: (row.discharge_at, row.row))  # of one child's stays the last speaks
        seen = [
            identity.seen(
                row.record_number, identity.opened(row.identity),
                latest=_time(row) >= latest.get(row.record_number, _time(row)),
            )
            for row in fresh
        ]  # fmt: skip
        views = enter_views(institution=self.batch.institution_id, seen=seen, by=self.by)
        create_cards(
            institution=self.batch.institution_id,
            made=[Made(row.row, child, view) for row, (child, view) in zip(fresh, views, strict=True)],
            rows=waiting(self.batch.pk),
            archive_month=self.batch.archive_month,
            archive_month_assumed=False,
            layout=self.batch.layout,
            origin=Origin.IMPORT,
            # Of the day of the check: where the rules have changed since, the nightly job asks them again.
            rules_key=rules_key(
                self.batch.layout, timezone.localdate(self.batch.created_at), self.batch.institution.region_code
            ),
            batch=self.batch.pk,
            brought_by=self.brought_by,
            by=self.by,
        )
        self.counts["created"] += len(fresh)

    def _there(self, rows: Sequence[Row]) -> tuple[dict[tuple[str, datetime | None], _There], dict[str, datetime]]:
        """The cards of rows' stays; and under each of their record numbers when its last stay ended."""
        cards: dict[tuple[str, datetime | None], _There] = {}
        latest: dict[str, datetime] = {}
        with array_cursor() as cursor:
            cursor.execute(_STAYS, [self.batch.institution_id, sorted({row.record_number for row in rows})])
            for number, at, *card in cursor.fetchall():
                cards[number, at] = _There(*card)
                latest[number] = max(at, latest.get(number, at))
        return cards, latest

    def _appeared(self, row: Row, card: _There) -> None:
        incoming = Row.objects.values_list("content_key", flat=True).get(pk=row.pk)
        keys = CardVersion.objects.filter(card=card.pk).values_list("content_key", flat=True)
        if bytes(incoming) in {bytes(key) for key in keys}:
            self.counts["unchanged"] += 1
        else:
            self._fail(row, "appeared")

    def _update(self, row: Row, *, fill: bool, count: str = "updated") -> None:
        try:
            with transaction.atomic():
                self.counts[count if self._written(row, fill=fill) else "unchanged"] += 1
        except OnRecord:
            self._fail(row, "taken")
        except _VoidedHeld:
            self._fail(row, "voided_held")
        except InputRefused:
            self._fail(row, "moved_on")

    def _written(self, row: Row, *, fill: bool) -> bool:
        card = Card.objects.select_for_update(no_key=True).get(pk=row.card or 0)
        if (card.version, card.state) != (row.card_version, row.card_state):
            raise InputRefused("报告卡已有变化", "The card has changed")
        held = open_(CardVersion.objects.get(card=card, number=card.version).content)
        content, group = Row.objects.values_list("content", "scope_group").get(pk=row.pk)
        incoming = open_(content)
        absent = lacking(self.batch)
        if fill:
            said = filling(incoming, held, absent)
        else:
            texts = in_layout(incoming, held.layout)
            texts |= incoming.supplement
            said = {name: texts.get(name, "") for name in differing(incoming, held, absent)}
        of_items = {name: text for name, text in said.items() if item(name) is not None}
        changes = {code: text for code, text in said.items() if code not in of_items}
        act = _IN_HAND.get(CardState(card.state))
        again = act == "restore"  # the file brings the stay anew: into its own month, whichever it was in before
        if not said and not again:  # a card with nothing to fill is not taken in hand
            return False
        if act:
            reason = f"导入批次 {self.batch.label}"
            moved = move(cards=[card.pk], act=act, by=self.by, reason=reason, batch=self.batch.pk)
            if moved[0].refused == "restored_by_auditor":
                raise _VoidedHeld
            if moved[0].refused:
                raise InputRefused(moved[0].zh, moved[0].en)
        follows = brought(
            held, changes, drawn_only(incoming, absent), before=card.scope_group, after=group, day=timezone.localdate()
        )
        save_card(
            card=card.pk, based_on=card.version, by=self.by, front=changes, supplement=follows | of_items,
            origin=Origin.IMPORT, batch=self.batch.pk,
            row=as_it_came(incoming, held.layout, absent, row_of(card.pk) if self.silent else None),
            brought_by=self.brought_by, archive_month=self.batch.archive_month if again else None,
        )  # fmt: skip
        return True

    def _fail(self, row: Row, why: str) -> None:
        self.counts["failed"] += 1
        self.failed.append({"row": row.row, "why": why, **({"card": row.card} if row.card else {})})


def waiting(batch: int) -> Rows:
    """The staged rows and findings of a batch, as ``create_cards`` takes them."""
    return Rows(
        rows=f"SELECT row, {', '.join(BROUGHT)}, content, content_key, changed FROM intake_row WHERE batch_id = %b",
        findings='SELECT row, rule, rule_version, level, "column" FROM intake_row_finding WHERE batch_id = %b',
        parameters=[batch],
    )


def _time(row: Row) -> datetime:
    assert row.discharge_at is not None, "a row without one is unusable"
    return row.discharge_at


def _removed(rows: QuerySet[Any]) -> None:
    rows._raw_delete(rows.db)  # no signals and nothing hangs on them
