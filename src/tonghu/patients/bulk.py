"""What an import says of many children at once: the resolver, the hospital's views and their names, set-wise.

The meaning is that of :func:`tonghu.patients.services.enter_view`, one row after the other; a test holds both together.
Call it once in a transaction, with all the rows that the transaction brings (see ``resolver.sql`` on locks).
"""

# ruff: noqa: S608 -- SQL of constants of the code; every value is a parameter

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from django.db import connection, transaction

from tonghu.codes.pinyin import sort_key
from tonghu.patients.access import ENTER
from tonghu.patients.models import DOCUMENT, DOCUMENT_TAIL, HospitalView, tail
from tonghu.patients.services import also_called, change_view, name_tokens
from tonghu.patients.whose import Known, contested, people, views_of, whose
from tonghu.platform.accounts.access import check_may
from tonghu.platform.crypto.box import seal
from tonghu.platform.crypto.hashing import keyed_hash
from tonghu.platform.database.arrays import array_cursor, columns
from tonghu.platform.scope.scope import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What one row says of a child; '' and None where it says nothing.

    Attributes:
        latest: no later stay is known, so that what differs from the view is news; else the view stays as it is.
    """

    record_number: str
    patient_name: str
    sex: str = ""
    birth_date: date | None = None
    ethnicity: str = ""
    nationality: str = ""
    document_type: str = ""
    document_number: str = ""
    residence_code: str = ""
    residence: str = ""
    phone: str = ""
    latest: bool = True


#: The fields of a view that a row tells, as they are named in both.
TOLD: Final = (
    "patient_name", "sex", "birth_date", "ethnicity", "nationality", "document_type", "document_number",
    "residence_code", "residence", "phone",
)  # fmt: skip
_COLUMNS: Final = (
    ("child_id", "bigint"), ("record_number", "text"), ("patient_name", "text"), ("name_sort", "text"),
    ("sex", "text"), ("birth_date", "date"), ("ethnicity", "text"), ("nationality", "text"),
    ("document_type", "text"), ("document_number", "bytea"), ("document_key", "bytea"), ("document_tail", "bytea"),
    ("residence_code", "text"), ("residence", "bytea"), ("phone", "bytea"),
)  # fmt: skip
_INSERT: Final = f"""
INSERT INTO patients_hospitalview
  (institution_id, {", ".join(name for name, _ in _COLUMNS)}, created_at, updated_at)
SELECT %b, line.*, now(), now()
FROM unnest({", ".join(f"%b::{kind}[]" for _, kind in _COLUMNS)}) AS line
ON CONFLICT (institution_id, record_number, child_id) DO NOTHING
RETURNING id, child_id, record_number
"""
_TOKENS: Final = """
INSERT INTO patients_nametoken (institution_id, kind, token, former, child_id, view_id)
SELECT %b, kind, token, false, child, view
FROM unnest(%b::smallint[], %b::text[], %b::bigint[], %b::bigint[]) AS line (kind, token, child, view)
"""
#: The lock that chunks share, and that one has alone in which rows are entered one by one.
_ONE_BY_ONE: Final = 0x74680B01
_Key = tuple[str, int]  # record number and child: what a view is known by at its hospital


@transaction.atomic
def enter_views(*, institution: int, seen: Sequence[Seen], by: Scope) -> list[tuple[int, int]]:
    """Enter what rows of an import say; returns child and view of each, in the same order.

    Views are made where there are none; of several rows of one child under one record number the last speaks, and an
    earlier one where it is silent. A view that is there changes where a row is the latest word: what it does not say
    stays, a changed name stays findable. A row that contradicts whoever is known under its record number is of another
    child; a person is asked (``whose``). Where several rows of a number could contradict each other, they are entered
    one by one: what a document makes of the first is known before the second is read.

    Raises:
        PermissionDenied, InputRefused: outside the scope, or a row has no name.
    """
    check_may(by, ENTER)
    known = people(institution, {one.record_number for one in seen})
    alone = contested(seen, known)
    answer: dict[int, tuple[int, int]] = {}
    # Where the resolver is asked again and again, documents come in another order than in one question: such a chunk
    # has the turn to itself, so that no two imports wait for each other crosswise.
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_xact_lock{'' if alone else '_shared'}(%s)", [_ONE_BY_ONE])
    together = [place for place, one in enumerate(seen) if one.record_number not in alone]
    if together:
        answer.update(zip(together, _enter(institution, [seen[place] for place in together], known, by), strict=True))
    for place, one in enumerate(seen):
        if place not in answer:
            [answer[place]] = _enter(institution, [one], people(institution, [one.record_number]), by)
    return [answer[place] for place in range(len(seen))]


def _enter(
    institution: int, seen: Sequence[Seen], known: Known, by: Scope, *, again: bool = True
) -> list[tuple[int, int]]:
    """Child and view of each row, of which none turns on what another one of them changes."""
    met, there = frozenset(known), views_of(known)
    with connection.cursor() as cursor:
        # Planned anew for each chunk: a plan that is kept takes any array for ten rows, and joins a chunk row by row.
        # And for the resolver alone: the checks of foreign keys would be planned for every row.
        cursor.execute("SET LOCAL plan_cache_mode = force_custom_plan")
        children = whose(institution=institution, rows=seen, known=known)
        cursor.execute("SET LOCAL plan_cache_mode = auto")
    said: dict[_Key, Seen] = {}
    for one, child in zip(seen, children, strict=True):
        key = one.record_number, child
        said[key] = _after(said[key], one) if key in said else one
    held = _held(institution, [key for key in said if key[0] in met])
    if again and there & (said.keys() - held.keys()):  # a view was parted meanwhile: asked again
        return _enter(institution, seen, people(institution, met), by, again=False)
    for key, view in held.items():
        if said[key].latest:
            _renew(view, said[key], by)
    views = {key: view.pk for key, view in held.items()}
    fresh = {key: one for key, one in said.items() if key not in views}
    if fresh:
        views |= _make(institution, fresh)
    _also_called(seen, children, {key: _called(held.get(key), one) for key, one in said.items()}, views)
    return [(child, views[one.record_number, child]) for one, child in zip(seen, children, strict=True)]


def _after(before: Seen, one: Seen) -> Seen:
    """What two rows of a child say, one after the other."""
    if not one.latest or not before.latest:
        return one if one.latest else before
    return replace(one, **{name: getattr(before, name) for name in TOLD if not getattr(one, name)})


def _held(institution: int, said: Iterable[_Key]) -> dict[_Key, HospitalView]:
    """The views that are there, locked."""
    wanted = set(said)
    if not wanted:
        return {}
    records = sorted({record for record, _child in wanted})
    found = HospitalView.objects.select_for_update().filter(institution_id=institution, record_number__in=records)
    return {
        (view.record_number, view.child_id): view
        for view in found.order_by("pk")
        if (view.record_number, view.child_id) in wanted
    }


def _renew(view: HospitalView, one: Seen, by: Scope) -> None:
    told = {name: getattr(one, name) for name in TOLD if getattr(one, name)}
    if any((getattr(view, name) or "") != value for name, value in told.items()):
        change_view(view=view, by=by, **told)


def _called(view: HospitalView | None, one: Seen) -> str:
    """What a child is called once the last row of it was entered."""
    return view.patient_name if view and not one.latest else one.patient_name


def _also_called(seen: Sequence[Seen], children: Sequence[int], now: dict[_Key, str], views: dict[_Key, int]) -> None:
    """Keep what other rows call a child, of stays before the latest: it is found by that too."""
    others: dict[int, set[str]] = {}
    for one, child in zip(seen, children, strict=True):
        key = (one.record_number, child)
        if one.patient_name != now[key]:
            others.setdefault(views[key], set()).add(one.patient_name)
    if others:
        also_called({view: others[view.pk] for view in HospitalView.objects.filter(pk__in=others).order_by("pk")})


def _make(institution: int, fresh: dict[_Key, Seen]) -> dict[_Key, int]:
    said = {name: (sort_key(name), sorted(name_tokens(name))) for name in {one.patient_name for one in fresh.values()}}
    rows = [_line(child, one, said[one.patient_name][0]) for (_record, child), one in fresh.items()]
    with array_cursor() as cursor:
        cursor.execute(_INSERT, [institution, *columns(rows)])
        made: dict[_Key, int] = {(record, child): view for view, child, record in cursor.fetchall()}
        tokens = [
            (int(kind), token, child, made[record, child])
            for (record, child), one in fresh.items()
            if (record, child) in made
            for kind, token in said[one.patient_name][1]
        ]
        if tokens:
            cursor.execute(_TOKENS, [institution, *columns(tokens)])
    if len(made) < len(fresh):  # somebody entered one at the same moment: theirs stands
        made |= {key: view.pk for key, view in _held(institution, fresh).items()}
    return made


def _line(child: int, one: Seen, name_sort: str) -> tuple[Any, ...]:
    number = one.document_number
    end = tail(number) if number else None
    return (
        child, one.record_number, one.patient_name, name_sort, one.sex, one.birth_date, one.ethnicity,
        one.nationality, one.document_type, _sealed("document_number", number),
        keyed_hash(number, DOCUMENT) if number else None, keyed_hash(end, DOCUMENT_TAIL) if end else None,
        one.residence_code, _sealed("residence", one.residence), _sealed("phone", one.phone),
    )  # fmt: skip


def _sealed(column: str, text: str) -> bytes | None:
    return seal(text.encode(), f"patients_hospitalview.{column}") if text else None
