"""Writing habits of the makers of hospital systems: all of them right, none of them alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tonghu.errors import InputRefused
from tonghu.synth.calendar import compact, iso, slashed


def _clock(pattern: str) -> tuple[str, ...]:
    return tuple(pattern.format(h=minute // 60, m=minute % 60) for minute in range(24 * 60))


@dataclass(frozen=True, slots=True)
class Habit:
    """How one maker writes. `day` writes an ordinal day; `clock[minute]` is what follows it in a date-time.

    `lower_codes`: ICD-10 codes and the X of an ID number in lower case; `upper_codes`: also the x of `D66.X00`.
    `filler`: what stands in texts that have nothing to say (`fills_all_texts`: in every empty text cell of the page).
    `midnight`: what follows the date of birth in systems that keep it as a date-time. `padding` follows names.
    `line_breaks`: some addresses run over two lines.
    """

    key: str
    day: Callable[[int], str]
    clock: tuple[str, ...]
    lower_codes: bool = False
    dotted_departments: bool = False
    upper_codes: bool = False
    filler: str = ""
    fills_all_texts: bool = False
    midnight: str = ""
    padding: str = ""
    quoted: bool = False
    line_breaks: bool = False
    line_end: str = "\n"

    def code(self, code: str) -> str:
        """An ICD-10 code as this maker writes it."""
        if self.upper_codes:
            return code.upper()
        return code.lower() if self.lower_codes else code

    def department(self, code: str) -> str:
        """A department code (`07.07`) as this maker writes it."""
        return code if self.dotted_departments else code.replace(".", "")


_ISO = _clock(" {h:02d}:{m:02d}:00")

HABITS: dict[str, Habit] = {
    habit.key: habit
    for habit in (
        Habit("plain", iso, _ISO),
        Habit("dash", iso, _ISO, dotted_departments=True, filler="-", line_end="\r\n"),
        Habit(
            "slash",
            slashed,
            _clock(" {h}:{m:02d}"),
            upper_codes=True,
            padding="  ",
            dotted_departments=True,
            line_end="\r\n",
        ),
        Habit("compact", compact, _clock("{h:02d}{m:02d}00"), lower_codes=True, filler="-"),
        Habit("filled", iso, _ISO, filler="-", fills_all_texts=True, midnight=" 00:00:00"),
        Habit("quoted", iso, _clock("T{h:02d}:{m:02d}:00"), quoted=True, line_breaks=True, line_end="\r\n"),
    )
}


def habit_named(key: str) -> Habit:
    """The habits of maker `key`. Raises InputRefused for a maker that is not in the made-up country."""
    if key not in HABITS:
        known = "、".join(HABITS)
        raise InputRefused(
            f"没有名为“{key}”的厂商（可选：{known}）", f"no maker {key!r} (there are: {', '.join(HABITS)})"
        )
    return HABITS[key]
