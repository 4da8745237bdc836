"""The stays of a month, block by block, with the truth of each: a stream that never holds more than one block."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tonghu.synth.adults import birth_day_of, who_else
from tonghu.synth.calendar import age_on, month_days
from tonghu.synth.catalogue import Disease, Ordinary
from tonghu.synth.chance import Chance
from tonghu.synth.children import OLDEST, OLDEST_INFANT_DAYS, birth_day, repeats, who_comes
from tonghu.synth.country import Hospital
from tonghu.synth.frontpage import Form, FormMaker, Stamp
from tonghu.synth.habits import Habit
from tonghu.synth.people import Person, invent_person
from tonghu.synth.sheet import Sheet
from tonghu.synth.stays import DIED, kinds_of, ordinary_stay, stay_in_scope

BLOCK = 2_000
#: Each child who comes back is followed on their own, month by month: so many stays are enough to follow.
MOST_FIRST = 60
FORMS_IN_SCOPE, FORMS_ORDINARY = 16, 60


@dataclass(slots=True)
class Made:
    """One made row and the truth about it. `scope` is (group, code as written, slot) or None; days are ordinals.

    `stays`: how many stays of this person the month has; `elsewhere`: whether other months may have some too.
    """

    row: list[str]
    form: Form
    person: Person
    hospital: Hospital
    discharged: int
    age: int
    scope: tuple[str, str, int] | None
    stays: int = 1
    elsewhere: bool = False

    @property
    def alone(self) -> bool:
        """Whether this is the person's only stay, so that another name or birth date contradicts nothing else."""
        return self.stays == 1 and not self.elsewhere

    @property
    def admitted(self) -> int:
        """Day of admission."""
        return self.discharged - self.form.stay.days


def first_children(rows: int, in_scope: float) -> int:
    """How many of the stays with which a month's children in scope begin are of children who may come back later.

    An eighth of the first block's: with those who come back (at most half of it) they are always in the file.
    """
    return min(MOST_FIRST, round(min(BLOCK, rows) * in_scope) // 8)


@dataclass(slots=True)
class Patient:
    """A child under treatment, who may come back in later months."""

    person: Person
    disease: Disease
    hospital: Hospital


@dataclass(frozen=True, slots=True)
class Shares:
    """Shares of the rows: children under 20 (those in scope among them), and rows in scope."""

    children: float
    in_scope: float


@dataclass
class Roster:
    """Makes the stays of one or more hospitals, month after month.

    `keep_patients`: children come back next month. `treated_before`: those who are new to us were here before.
    """

    sheet: Sheet
    habit: Habit
    hospitals: list[Hospital]
    chance: Chance
    shares: Shares
    keep_patients: bool = False
    treated_before: bool = False
    #: The last record numbers that were given to children in scope and to all others: apart, so that who the children
    #: are does not hang on how many others there are.
    records: int = 1000
    others: int = 5_000_000
    _patients: list[Patient] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._maker = FormMaker(self.sheet, self.habit, self.chance)
        self._stamp = Stamp(self.sheet, self.habit, self.chance)
        self._forms: dict[tuple[str, str], list[Form]] = {}
        self._ordinary_forms: dict[Ordinary, list[Form]] = {}

    def month(self, month: str, rows: int, back: Sequence[Made] = ()) -> Iterator[list[Made]]:
        """The stays discharged in `month` (YYYY-MM), `rows` of them, in blocks of mixed order.

        `back`: stays of that month of children whom other rosters made (see :meth:`follow`).
        """
        first, last = month_days(month)
        waiting = [*back, *(self._returning(first, last) if self.keep_patients else [])]
        may_return = first_children(rows, self.shares.in_scope)
        new = 0
        made = in_scope = children = 0
        while made < rows:
            count = min(BLOCK, rows - made)
            made += count
            scope_due = round(made * self.shares.in_scope) - in_scope
            children_due = max(0, round(made * self.shares.children) - children - scope_due)
            while len(waiting) < scope_due:
                fresh = self._new_patient(first, last)
                for one in fresh if new < may_return else ():
                    one.elsewhere = True
                new += len(fresh)
                waiting += fresh
            block, waiting = waiting[:scope_due], waiting[scope_due:]
            in_scope += scope_due
            children += scope_due + children_due
            block += [self._ordinary(True, first, last) for _ in range(children_due)]
            block += [self._ordinary(False, first, last) for _ in range(count - scope_due - children_due)]
            self.chance.shuffle(block)
            yield block

    def first_patients(self, month: str, stays: int) -> list[Patient]:
        """The children who live on of those with the first `stays` stays of a month: with them its file begins."""
        first, last = month_days(month)
        seen = 0
        while seen < stays:
            seen += len(self._new_patient(first, last))
        return self._patients

    def follow(self, patient: Patient, months: Sequence[str]) -> list[Made]:
        """Follow one child through these months; the stays of the last of them."""
        self._patients = [patient]
        made: list[Made] = []
        for month in months:
            made = self._returning(*month_days(month))
        for one in made:
            one.elsewhere = True
        return made

    def _new_patient(self, first: int, last: int) -> list[Made]:
        chance = self.chance
        disease, sex, age = who_comes(chance)
        hospital = chance.one(self.hospitals)
        self.records += 1
        person = invent_person(chance, sex, first, hospital.province, self.records)
        patient = Patient(person, disease, hospital)
        stays = self._stays(patient, first, last, age)
        if self.keep_patients and stays and stays[-1].form.stay.ending != DIED:
            self._patients.append(patient)
        return stays

    def _returning(self, first: int, last: int) -> list[Made]:
        """The stays of those who were treated before. Some end their treatment and are not seen again."""
        back: list[Made] = []
        staying: list[Patient] = []
        for patient in self._patients:
            stays: list[Made] = []
            # Who is new where children were treated before is drawn as those who are in hospital in a month, long
            # courses more often: to weigh them once more would make every other child one with leukaemia.
            if self.chance.happens(0.5 if self.treated_before else min(0.9, patient.disease.stays / 14)):
                stays = self._stays(patient, first, last, None)
            died = bool(stays) and stays[-1].form.stay.ending == DIED
            if not died and self.chance.happens(0.93):
                staying.append(patient)
            back += stays
        self._patients = staying
        return back

    def _stays(self, patient: Patient, first: int, last: int, age: int | None) -> list[Made]:
        """This month's stays of a child, one after the other. `age`: at the first admission of somebody new."""
        chance, person, disease = self.chance, patient.person, patient.disease
        wanted = repeats(chance, disease)
        kinds = kinds_of(disease.course)
        made: list[Made] = []
        earliest = max(first, person.last_out + 1)
        for _ in range(wanted):
            form = self._form(disease, kinds.spin(chance))
            days = form.stay.days
            if made or person.last_out:
                out = max(first, earliest + days + chance.below(6 if made else 20))
                if out > last:
                    break
            else:
                out = first + chance.below((last - first + 1) // wanted)
            admitted = out - days
            if age is not None and not made:
                self._begin(person, disease, admitted, age)
            years = age_on(person.born, admitted)
            if years > OLDEST or (years == 0 and admitted - person.born > OLDEST_INFANT_DAYS):
                break
            made.append(self._made(form, patient, out, years))
            person.stays_before += 1
            person.last_out, earliest = out, out + 1
            if form.stay.ending == DIED:
                break
        for one in made:
            one.stays = len(made)
        return made

    def _begin(self, person: Person, disease: Disease, admitted: int, age: int) -> None:
        """Birth day and number for somebody new: only now the first admission is known, for which the age is made."""
        person.set_birth(birth_day(self.chance, admitted, age))
        if disease.stays > 2 and self.treated_before:
            person.stays_before = self.chance.below(20)

    def _made(self, form: Form, patient: Patient, out: int, years: int) -> Made:
        row = self._stamp.row(form, patient.person, patient.hospital, out, years)
        assert form.stay.scope is not None
        group, code, slot = form.stay.scope
        return Made(row, form, patient.person, patient.hospital, out, years, (group, self.habit.code(code), slot))

    def _ordinary(self, child: bool, first: int, last: int) -> Made:
        chance = self.chance
        ordinary, sex, age = who_else(chance, child=child)
        forms = self._ordinary_forms.setdefault(ordinary, [])
        if len(forms) < FORMS_ORDINARY:
            forms.append(self._maker.form(ordinary_stay(chance, ordinary)))
            form = forms[-1]
        else:
            form = forms[int(chance.random() * FORMS_ORDINARY)]
        out = first + int(chance.random() * (last - first + 1))
        hospital = self.hospitals[int(chance.random() * len(self.hospitals))]
        born = birth_day_of(chance, ordinary, out - form.stay.days, age)
        self.others += 1
        person = invent_person(chance, sex, born, hospital.province, self.others)
        row = self._stamp.row(form, person, hospital, out, age)
        return Made(row, form, person, hospital, out, age, None)

    def _form(self, disease: Disease, kind: str) -> Form:
        forms = self._forms.setdefault((disease.code, kind), [])
        if len(forms) < FORMS_IN_SCOPE:
            forms.append(self._maker.form(stay_in_scope(self.chance, disease, kind, self.sheet.diagnosis_slots)))
            return forms[-1]
        return forms[self.chance.below(FORMS_IN_SCOPE)]
