"""Rows that wait to be judged together, and are judged beside the reading of the next ones.

Asking all rules has its price each time, however few rows are asked about, and leaves processors idle; so rows are
piled up, and a pile is judged in a thread of its own while the file is read on. There are never more than two piles:
one that grows and one that is judged.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import polars as pl


class Waiting:
    """Rows on their way to `judge`, a function of typed facts and cells, in piles of at least `together`.

    `ready` is called in the thread once it is known that there will be many: what judging many needs is got ready while
    the file is read.
    """

    def __init__(
        self,
        judge: Callable[[pl.DataFrame, pl.DataFrame], pl.DataFrame],
        together: int,
        ready: Callable[[], object] = lambda: None,
    ) -> None:
        self._judge = judge
        self._together = together
        self._ready = ready
        self._many = False
        self._pile: list[tuple[pl.DataFrame, pl.DataFrame]] = []
        self._found: list[pl.DataFrame] = []
        self._asked: Future[pl.DataFrame] | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="judging")

    def expect_many(self) -> None:
        """There will be more rows than a few. May be said more than once."""
        if not self._many:
            self._many = True
            self._thread.submit(self._ready)

    def add(self, table: pl.DataFrame, data: pl.DataFrame) -> None:
        """Put rows on the pile: their typed facts and their cells. Raises what the judging of an earlier pile did."""
        # A column without a cell has nothing that a finding could quote, and a third of the columns are such.
        given = data.select(column.name for column in data.iter_columns() if column.null_count() < len(data))
        self._pile.append((table, given))
        if sum(len(rows) for rows, _ in self._pile) >= self._together:
            self._ask()

    def finish(self) -> None:
        """There are no more rows: begin with the last pile. Raises what the judging of an earlier one did."""
        if self._pile:
            self._ask()

    def found(self) -> list[pl.DataFrame]:
        """What was found in all rows, once there are no more."""
        self.finish()
        self._collect()
        self._thread.shutdown()
        return self._found

    def _ask(self) -> None:
        self._collect()
        # Diagonally: parts differ in the columns that have cells, and that say which cells did not read.
        table = pl.concat([table for table, _ in self._pile], how="diagonal")
        data = pl.concat([data for _, data in self._pile], how="diagonal")
        self._pile.clear()
        self._asked = self._thread.submit(self._judge, table, data)

    def _collect(self) -> None:
        if self._asked is not None:
            self._found.append(self._asked.result())
            self._asked = None
