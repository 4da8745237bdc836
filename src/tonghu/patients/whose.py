"""Whom a row is about, also where its record number stands for somebody else.

A document decides, else hospital and record number (``identity``). But a record number is mistyped, or given out twice:
a row that has another name *and* another birth date than everybody known under its number is not about them. It is of a
child of its own, and a person is asked whether the two are one; nobody is renamed without a word. One of the two alone
is a name that was put right, or a date.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Protocol

from django.db import connection

from tonghu.codes.text import seen
from tonghu.patients.identity import Asked, ask, which_children

#: With an array, since a chunk of an import names thousands.
_PEOPLE: Final = """
SELECT record_number, patient_name, birth_date, child_id, id FROM patients_hospitalview
WHERE institution_id = %s AND record_number = ANY (%s::text[]) ORDER BY id
"""
_APART: Final = "SELECT resolver.apart(%s, %s::bigint[], %s::bigint[])"


class Told(Protocol):
    """What a row says of whom it is about; '' and None where it says nothing."""

    @property
    def record_number(self) -> str: ...
    @property
    def document_number(self) -> str: ...
    @property
    def patient_name(self) -> str: ...
    @property
    def birth_date(self) -> date | None: ...
    @property
    def latest(self) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One row by itself; see :class:`Told`."""

    record_number: str
    document_number: str
    patient_name: str
    birth_date: date | None
    latest: bool = True


@dataclass(slots=True, eq=False)
class _Person:
    """Somebody under a record number: what was said of them last, and the child, once that is known."""

    name: str
    born: date | None
    child: int | None = None
    view: int | None = None

    def contradicted_by(self, row: Told) -> bool:
        if not self.born or not row.birth_date or self.born == row.birth_date:
            return False
        return self.name != row.patient_name and seen(self.name) != seen(row.patient_name)

    def agreement(self, row: Told) -> int:
        """How many of the two are the same."""
        return (self.name == row.patient_name) + (self.born is not None and self.born == row.birth_date)

    def learn(self, row: Told) -> None:
        """What the hospital's view will say."""
        if row.latest:
            self.name, self.born = row.patient_name, row.birth_date or self.born


#: Who is known under each record number.
Known = dict[str, list[_Person]]


def whose(*, institution: int, rows: Sequence[Told], known: Known, corrects: int | None = None) -> list[int]:
    """Return the child of each row, in the same order; children are made where there are none.

    As one row after the other. Call it once in a transaction (``identity.which_children``).

    Args:
        known: who is known under the rows' record numbers (:func:`people`); whom the rows bring joins them.
        corrects: the number of a view of which nothing but these rows speaks: what differs from it mends it.

    Raises:
        InputRefused: a row has neither record nor document number, or the scope does not enter children there.
    """
    of_row = [_person(known.setdefault(one.record_number, []), one, corrects) for one in rows]
    disputed = {number for number, people in known.items() if len(people) > 1}
    if not disputed:
        return which_children([Asked(institution, one.record_number, one.document_number) for one in rows])
    return _told_apart(institution, rows, of_row, {number: known[number][0] for number in disputed})


def people(institution: int, numbers: Iterable[str]) -> Known:
    """Return who is known under record numbers of a hospital, the first to come first.

    Not locked: the resolver's locks come before those of views.
    """
    found: Known = {}
    with connection.cursor() as cursor:
        cursor.execute(_PEOPLE, [institution, list(set(numbers))])
        for number, name, born, child, view in cursor.fetchall():
            found.setdefault(number, []).append(_Person(name, born, child, view))
    return found


def views_of(known: Known) -> set[tuple[str, int]]:
    """Return record number and child of the views that were there when they were read (:func:`people`)."""
    return {
        (number, one.child)
        for number, held in known.items()
        for one in held
        if one.view is not None and one.child is not None
    }


def contested(rows: Sequence[Told], known: Known) -> set[str]:
    """Return the record numbers of several rows, of which one could contradict another or somebody who is known."""
    times = Counter(one.record_number for one in rows)
    names: dict[str, set[str]] = {}
    births: dict[str, set[date]] = {}
    said = [(one.record_number, one.patient_name, one.birth_date) for one in rows if times[one.record_number] > 1]
    said += [(number, one.name, one.born) for number, held in known.items() if times[number] > 1 for one in held]
    for number, name, born in said:
        names.setdefault(number, set()).add(seen(name))
        births.setdefault(number, set()).update({born} if born else ())
    return {number for number in names if len(names[number]) > 1 and len(births[number]) > 1}


def _person(people: list[_Person], row: Told, corrects: int | None) -> _Person:
    """Of the people under a record number the one whom a row is about; a new one, who joins them, if it is nobody."""
    fits = [one for one in people if not one.contradicted_by(row)]
    fits = fits or [one for one in people if corrects is not None and one.view == corrects]
    if not fits:
        people.append(_Person(row.patient_name, row.birth_date))
        return people[-1]
    person = max(fits, key=lambda one: one.agreement(row)) if len(fits) > 1 else fits[0]
    person.learn(row)
    return person


def _told_apart(
    institution: int, rows: Sequence[Told], of_row: Sequence[_Person], first: dict[str, _Person]
) -> list[int]:
    """The children of rows, where some record numbers stand for several people, of whom the first are named."""
    asked: dict[int, Asked] = {}
    for place, (one, person) in enumerate(zip(rows, of_row, strict=True)):
        leads = first.get(one.record_number)
        # A document decides for anybody; a record number for the first, where no view says who that is.
        if one.document_number or leads is None or (leads is person and person.child is None):
            number = one.record_number if leads in (None, person) else ""
            asked[place] = Asked(institution, number, one.document_number)
    answer = dict(zip(asked, which_children(list(asked.values())), strict=True))
    for place, child in answer.items():
        if first.get(rows[place].record_number) is of_row[place]:
            of_row[place].child = of_row[place].child or child
    pairs: list[tuple[int | None, int]] = []  # a child, and whose it may be as well
    newcomers: dict[_Person, int] = {}
    for place, (one, person) in enumerate(zip(rows, of_row, strict=True)):
        leads = first.get(one.record_number)
        if leads is None or leads is person:
            continue
        assert leads.child is not None, "the first has a view, or was asked for"
        if place in answer:
            pairs.append((answer[place], person.child or leads.child))
            person.child = person.child or answer[place]
            newcomers.pop(person, None)
        elif person.child is None:
            newcomers[person] = leads.child
    pairs += [(None, beside) for beside in newcomers.values()]
    if pairs:
        known, beside = zip(*pairs, strict=True)
        parted: list[int] = ask(_APART, [institution, list(known), list(beside)])
        for person, child in zip(newcomers, parted[len(parted) - len(newcomers) :], strict=True):
            person.child = child
    return [answer.get(place, person.child or 0) for place, person in enumerate(of_row)]
