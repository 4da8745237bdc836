"""Cards of an import, set-wise: as many as a chunk brings, in three statements, under the caller's scope.

Where the rows wait is the importing room's matter: it hands over queries that answer the columns named here. The
meaning is that of ``entering.enter_card``; what the database sees to (first state, authors, history, tally) its
triggers do.
"""

# ruff: noqa: S608 -- SQL of constants of the code; every value is a parameter

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from tonghu.hqms.iccc import NO_TUMOUR
from tonghu.platform.accounts.access import check_may
from tonghu.platform.database.arrays import array_cursor
from tonghu.platform.scope.scope import Scope
from tonghu.registry.access import ENTER
from tonghu.registry.supplement import items_on

#: The columns of a card that each row brings.
BROUGHT: Final = (
    "record_number", "admission_count", "admission_at", "discharge_at", "sex", "age_years", "age_days",
    "residence_code", "principal_code", "scope_group", "scope_code", "scope_position", "iccc3_subgroup",
    "iccc3_method", "iccc3_certainty", "errors", "warnings", "confirms",
)  # fmt: skip
_BROUGHT: Final = ", ".join(BROUGHT)
#: How many items of the supplement a card lacks: those asked of its group that its content does not hold; of a death
#: those too on which a rule says so, since the page itself is sealed here. See :func:`_asked` for the parameters.
_TO_SUPPLEMENT: Final = (
    "(SELECT count(*) FROM unnest(CASE WHEN scope_group = '' OR scope_group = ANY (%b::text[]) THEN %b::text[] "
    "ELSE %b::text[] END) AS asked (name) WHERE name <> ALL (changed)) "
    '+ (SELECT count(DISTINCT found."column") FROM ({found}) AS found WHERE found.row = brought.row '
    'AND found."column" = ANY (%b::text[]) AND found."column" <> ALL (changed))'
)
_WHO: Final = "unnest(%b::int[], %b::bigint[], %b::bigint[], %b::bigint[]) AS who (row, card, child, view)"


@dataclass(frozen=True, slots=True)
class Rows:
    """Where an import's rows wait.

    Attributes:
        rows: a query of ``row`` (their number), :data:`BROUGHT`, ``content``, ``content_key`` and ``changed`` (the
            codes of the fields that the content holds).
        findings: a query of ``row``, ``rule``, ``rule_version``, ``level`` and ``column``, one of each.
        parameters: what both take.
    """

    rows: str
    findings: str
    parameters: Sequence[Any]


@dataclass(frozen=True, slots=True)
class Made:
    """Whose card is made of which row."""

    row: int
    child: int
    view: int


def _asked(day: date, found: Sequence[Any]) -> list[Any]:
    """The groups that are no tumours, the items asked of those and of tumours, and, after the parameters of the
    findings, those asked of deaths."""
    asked: dict[str, list[str]] = {"all": [], "tumour": [], "death": []}
    for item in items_on(day):
        if item.asked:
            asked[item.meant_for].append(item.name)
    return [sorted(NO_TUMOUR), asked["all"], [*asked["all"], *asked["tumour"]], *found, asked["death"]]


@transaction.atomic
def create_cards(
    *,
    institution: int,
    made: Sequence[Made],
    rows: Rows,
    archive_month: date,
    archive_month_assumed: bool,
    layout: str,
    origin: str,
    rules_key: str,
    batch: int,
    brought_by: int | None,
    by: Scope,
) -> list[int]:
    """Make a card, its first version and its findings of each row; returns the cards' numbers in the order of `made`.

    Args:
        rules_key: of which rules the findings are (``checks.rules_key``).
        brought_by: who uploaded the file, where `by` is somebody else; an author of the cards too.

    Raises:
        PermissionDenied: `by` may not.
        IntegrityError: a stay has a card already: the caller looks before, under a lock.
    """
    check_may(by, ENTER)
    if not made:
        return []
    with array_cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('registry_card', 'id')) FROM generate_series(1, %b::int)",
            [len(made)],
        )
        cards = [number for (number,) in cursor.fetchall()]
        who = [
            [one.row for one in made], cards, [one.child for one in made], [one.view for one in made],
        ]  # fmt: skip
        cursor.execute(
            f"""
            INSERT INTO registry_card (id, institution_id, child_id, view_id, {_BROUGHT}, archive_month,
              archive_month_assumed, layout, origin, rules_key, state, version, authors, problem_at_first, waits_for,
              waits_note, to_supplement)
            SELECT who.card, %b, who.child, who.view, {_BROUGHT}, %b, %b, %b, %b, %b, 'draft', 1,
                   array_remove(ARRAY[%b::bigint], NULL), false, '', '', {_TO_SUPPLEMENT.format(found=rows.findings)}
            FROM ({rows.rows}) AS brought JOIN {_WHO} USING (row)
            """,
            [
                institution, archive_month, archive_month_assumed, layout, origin, rules_key, brought_by,
                *_asked(timezone.localdate(), rows.parameters), *rows.parameters, *who,
            ],
        )  # fmt: skip
        cursor.execute(
            f"""
            INSERT INTO registry_cardversion
              (card_id, institution_id, number, origin, batch, brought_by, changed, content, content_key)
            SELECT who.card, %b, 1, %b, %b, %b::bigint, changed, content, content_key
            FROM ({rows.rows}) AS brought JOIN {_WHO} USING (row)
            """,
            [institution, origin, batch, brought_by, *rows.parameters, *who],
        )
        cursor.execute(
            f"""
            INSERT INTO registry_finding
              (card_id, institution_id, rule, rule_version, level, "column", overridden_reason)
            SELECT who.card, %b, rule, rule_version, level, "column", ''
            FROM ({rows.findings}) AS found JOIN {_WHO} USING (row)
            """,
            [institution, *rows.parameters, *who],
        )
    return cards
