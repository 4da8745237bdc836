"""Which rows are in scope: the rule set `registry.scope`, asked of the rows that the prefilter let through.

A row is in scope by the first diagnosis slot, main diagnosis first, whose code a rule finds at the child's age. Where
the age cannot be known, the same rules are asked as if the child were a newborn: a code that could bring the row into
scope makes it `undetermined`, so that it is listed and counted and never lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from tonghu.hqms import ages
from tonghu.hqms.asking import Asked
from tonghu.hqms.layout import Columns
from tonghu.rulebook.ruleset import RuleSet

SET: Final = "registry.scope"
# The scope rules are few: asking so many rows in Python takes less time than starting DuckDB.
_FEW: Final = 8_000
UNDETERMINED: Final = "undetermined"
DECIDED: Final = {
    "row": pl.Int64,
    "scope_group": pl.String,
    "scope_code": pl.String,
    "scope_position": pl.Int64,
    "age_years": pl.Int64,
    "age_days": pl.Int64,
    "outcome": pl.String,
}


@dataclass
class Screen:
    """Decides on fetched rows. `late_young` counts rows under the age that only the stated age of an infant tells."""

    rules: RuleSet
    columns: Columns
    age_below: int | None
    late_young: int = 0

    def __post_init__(self) -> None:
        facts = set(self.columns.position)
        self._plan = Asked(self.rules, facts | {"today", "layout"}, _FEW)
        self._newborn: Asked | None = None

    def decide(self, table: pl.DataFrame, data: pl.DataFrame) -> pl.DataFrame:
        """The rows in scope or undetermined, in order, with the columns of DECIDED and `at`, their place in `table`.

        `outcome` is what the rule says, also of a row whose group is undetermined.

        `table` holds the typed facts of some rows and `data` their cells.
        """
        if table.is_empty():
            return pl.DataFrame(schema={**DECIDED, "at": pl.UInt32})
        known = ages.of(table)
        self._count_late(table, known)
        found = self._first(self._plan, table, None)
        unknown = known["age_years"].is_null().arg_true()
        if len(unknown):
            newborn = table[unknown].with_columns(age_years=pl.lit(0, pl.Int64))
            found = pl.concat([found, self._first(self._as_newborn(), newborn, UNDETERMINED)])
        rows = table.select("row").with_row_index("at").with_columns(known)
        chosen = rows.join(found, on="row", how="inner", maintain_order="left")
        return chosen.with_columns(scope_code=self._codes(data, chosen)).select(*DECIDED, "at")

    def _count_late(self, table: pl.DataFrame, known: pl.DataFrame) -> None:
        """Count the young whom the prefilter could not know to be young."""
        infants = [name for name in ages.INFANT if name in table.columns]
        if infants and self.age_below is not None:
            early = ages.of(table.drop(infants))["age_years"]
            self.late_young += int((early.is_null() & (known["age_years"] < self.age_below)).sum())

    def _as_newborn(self) -> Asked:
        if self._newborn is None:
            self._newborn = Asked(self.rules, {*self.columns.position, "age_years", "today", "layout"})
        return self._newborn

    def _first(self, asked: Asked, table: pl.DataFrame, group: str | None) -> pl.DataFrame:
        """For each row found its first slot in scope, what the rule says, and the group: that, or `group`."""
        slots = {name: slot for slot, name in self.columns.diagnosis_slots}
        outcomes = pl.Series([rule.outcome for rule in asked.rules], dtype=pl.String)
        found = (
            asked.of(table)
            .with_columns(scope_position=pl.col("fact").replace_strict(slots, return_dtype=pl.Int64))
            .sort("row", "scope_position", "rule")
            .unique("row", keep="first", maintain_order=True)
        )
        outcome = outcomes.gather(found["rule"])
        named = outcome if group is None else pl.repeat(group, len(found), dtype=pl.String, eager=True)
        return found.select("row", "scope_position", outcome.alias("outcome"), named.alias("scope_group"))

    def _codes(self, data: pl.DataFrame, chosen: pl.DataFrame) -> pl.Series:
        """The codes as written, each from the slot that brought its row into scope."""
        codes = pl.Series([None], dtype=pl.String).new_from_index(0, len(chosen))
        for slot, name in self.columns.diagnosis_slots:
            places = (chosen["scope_position"] == slot).arg_true()
            if len(places):
                written = data[f"c{self.columns.position[name]}"].gather(chosen["at"].gather(places))
                codes = codes.scatter(places, written)
        return codes
