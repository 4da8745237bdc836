"""Rules asked of a typed table: by the Python function for few rows, by DuckDB for many.

Both executors give the same answers (the rulebook's generated tests hold them to it), but not at the same price.
To import DuckDB, to write its query of all front-page rules and to plan it takes four tenths of a second however few
rows there are; the compiled Python function takes a tenth of a millisecond a row. A hospital's month has some dozens of
cases, a million discharges some thousands.
"""

# ruff: noqa: S608 -- the SQL is the rulebook's, over names of this module

from __future__ import annotations

import re
from collections.abc import Collection
from functools import cached_property
from typing import TYPE_CHECKING, Final

import polars as pl

from tonghu.rulebook.rules import Rule
from tonghu.rulebook.ruleset import RuleSet
from tonghu.rulebook.schema import UNREADABLE

if TYPE_CHECKING:
    import duckdb

    from tonghu.rulebook.python_executor import Judge

#: Up to so many rows the Python function is quicker (measured with all front-page rules).
FEW: Final = 4_000
#: The table that DuckDB is asked about, and what a query names: copying what no rule reads costs more than asking.
_ROWS: Final = "tonghu_rows"
_NAMED: Final = re.compile(r'"([^" ]+)"')
FOUND: Final = {"row": pl.Int64, "rule": pl.Int32, "fact": pl.String}


class Asked:
    """A rule set, asked of tables that have certain facts. `rules` are what the answers' numbers point at."""

    def __init__(self, rules: RuleSet, facts: Collection[str], few: int = FEW) -> None:
        self.rules: tuple[Rule, ...] = rules.rules
        self._set = rules
        self._facts = frozenset(facts)
        self._few = few
        self._queries: dict[tuple[frozenset[str], frozenset[str]], tuple[str, pl.Series]] = {}

    def of(self, table: pl.DataFrame) -> pl.DataFrame:
        """What is found, in the columns of FOUND: `row`, `rule` (place in `rules`), `fact` that it is put on."""
        if table.is_empty() or not self.rules:
            return pl.DataFrame(schema=FOUND)
        return self._by_python(table) if len(table) <= self._few else self._by_duckdb(table)

    def ready_for_many(self) -> None:
        """Get ready what asking about many rows takes besides them: importing and starting DuckDB."""
        import pyarrow  # noqa: F401 -- the way from Polars to DuckDB

        assert self._connection

    def _by_python(self, table: pl.DataFrame) -> pl.DataFrame:
        given = table.select(
            column.name
            for column in table.iter_columns()
            if column.name in self._read and column.null_count() < len(table)
        )
        judge, number = self._judge, self._number
        found = [
            (record["row"], number[answer.rule.id], answer.fact)
            for record in given.iter_rows(named=True)
            for answer in judge(record)
        ]
        return pl.DataFrame(found, schema=FOUND, orient="row")

    def _by_duckdb(self, table: pl.DataFrame) -> pl.DataFrame:
        # Which cells did not read differs from table to table, and so do the columns that say it, and those that hold
        # nothing: half of a front page.
        unreadable = frozenset(name for name in table.columns if name.endswith(UNREADABLE))
        empty = frozenset(column.name for column in table.iter_columns() if column.null_count() == len(table))
        query, facts = self._query(unreadable, empty - {name.removesuffix(UNREADABLE) for name in unreadable})
        read = {"row", *_NAMED.findall(query)}
        connection = self._connection
        given = table.select(name for name in table.columns if name in read)
        connection.register("given", given.to_arrow(compat_level=pl.CompatLevel.newest()))
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {_ROWS} AS SELECT * FROM given")
        connection.unregister("given")
        connection.execute(f"CREATE OR REPLACE TEMP TABLE found AS {query}")
        connection.execute(f"DROP TABLE {_ROWS}")
        found: pl.DataFrame = connection.table("found").pl()
        return found.select("row", "rule", facts.gather(found["fact"]).alias("fact"))

    def _query(self, unreadable: frozenset[str], empty: frozenset[str]) -> tuple[str, pl.Series]:
        """The query over _ROWS, and the facts that its numbers point at."""
        key = unreadable, empty
        if key not in self._queries:
            plan = self._set.for_table(self._facts | unreadable, empty)
            self._queries[key] = plan.findings_query(_ROWS), pl.Series(plan.facts, dtype=pl.String)
        return self._queries[key]

    @cached_property
    def _judge(self) -> Judge:
        from tonghu.rulebook.lean_executor import finding_judge

        return finding_judge(self._set, self._facts)

    @cached_property
    def _read(self) -> frozenset[str]:
        """The columns that some rule reads, or that tell the row, or that there is an occurrence of a collection."""
        rules, schema = self._set, self._set.schema
        over = {rule.each for rule in rules.rules} | {schema.derived[name].over for name in rules.derived_used}
        facts = set[str]().union(*rules.facts_read.values())
        for name in schema.collections.keys() & over:
            for _, slot in schema.slots(name, rules.layout):
                facts.update(member for member in slot.members if isinstance(member, str))
        return frozenset(facts | {name + UNREADABLE for name in facts} | {"row"})

    @cached_property
    def _number(self) -> dict[str, int]:
        return {rule.id: number for number, rule in enumerate(self.rules)}

    @cached_property
    def _connection(self) -> duckdb.DuckDBPyConnection:
        import duckdb

        # A thread more gains nothing: tables are smaller than the pieces that DuckDB shares out among threads. Rows of
        # patients are asked here: what does not fit into memory is an error, and never a file on a disk.
        return duckdb.connect(config={"threads": 1, "temp_directory": ""})
