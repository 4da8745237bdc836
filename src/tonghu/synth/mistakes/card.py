"""One made row as a planter sees it: cells by field name, and a note of what was broken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tonghu.synth.chance import Chance
from tonghu.synth.costs import money
from tonghu.synth.habits import Habit
from tonghu.synth.roster import Made
from tonghu.synth.sheet import Sheet


@dataclass
class Card:
    """A row to be damaged. `fixed_width`: the file's format cuts long values (DBF), so some defects cannot be shown."""

    made: Made
    sheet: Sheet
    habit: Habit
    chance: Chance
    fixed_width: bool = False
    planted: list[tuple[str, str]] = field(default_factory=list)
    touched: list[str] = field(default_factory=list)
    undetermined: bool = False

    @property
    def modern(self) -> bool:
        """Whether this is the 2020 layout."""
        return self.sheet.layout_id == "2020"

    @property
    def age(self) -> int:
        """Completed years at admission."""
        return self.made.age

    @property
    def age_days(self) -> int:
        """Days from birth to admission."""
        return self.made.admitted - self.made.person.born

    @property
    def days(self) -> int:
        """Nights of the stay."""
        return self.made.form.stay.days

    def has(self, name: str) -> bool:
        """Whether the layout has this field."""
        return self.sheet.has(name)

    def get(self, name: str) -> str:
        """The cell of a field; empty when the layout has none."""
        return self.made.row[self.sheet.at[name]] if self.has(name) else ""

    def put(self, name: str, value: str) -> None:
        """Write a cell."""
        self.made.row[self.sheet.at[name]] = value

    def mark(self, rule: str, name: str) -> bool:
        """This card breaks `rule` in field `name` for certain. Returns True, so that a planter can end with it."""
        self.planted.append((rule, self.sheet.column(name)))
        return True

    def may(self, *rules: str) -> None:
        """This card may break these rules too, as a consequence."""
        self.touched += rules

    def fen(self, name: str) -> int:
        """An amount of money in fen."""
        yuan, _, cents = self.get(name).partition(".")
        return int(yuan) * 100 + int(cents)

    def put_fen(self, name: str, fen: int) -> None:
        """Write an amount of money."""
        self.put(name, money(fen) if fen >= 0 else "-" + money(-fen))

    def move_fen(self, source: str, target: str, fen: int) -> None:
        """Move money from one part of the bill to another: the sum stays."""
        self.put_fen(source, self.fen(source) - fen)
        self.put_fen(target, self.fen(target) + fen)

    def day(self, ordinal: int) -> str:
        """A date as this maker writes it."""
        return self.habit.day(ordinal)

    def moment(self, ordinal: int, hour: int) -> str:
        """A date-time as this maker writes it."""
        return self.habit.day(ordinal) + self.habit.clock[hour * 60]

    def free_diagnosis(self) -> int | None:
        """The next free slot of other diagnoses (1-based), or None."""
        slot = len(self.made.form.stay.diagnoses)
        return slot if slot <= self.sheet.diagnosis_slots else None

    def add_diagnosis(self, code: str, name: str) -> str | None:
        """Write one more diagnosis into the next free slot; returns its code field, or None when all are full."""
        slot = self.free_diagnosis()
        if slot is None:
            return None
        field_name = f"other_diagnosis_{slot}_code"
        self.put(field_name, self.habit.code(code))
        self.put(f"other_diagnosis_{slot}_name", name)
        self.put(f"other_diagnosis_{slot}_poa", "1")
        if self.has(f"other_diagnosis_{slot}_outcome"):
            self.put(f"other_diagnosis_{slot}_outcome", "2")
        return field_name

    @property
    def main_code(self) -> str:
        """Principal diagnosis in upper case, whatever the maker's habit."""
        return self.made.form.stay.diagnoses[0].code


Planter = Callable[[Card], bool]
