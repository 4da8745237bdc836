"""Progress on stderr, once something takes longer than a second and somebody is watching."""

from __future__ import annotations

import sys
import time
from types import TracebackType


class Progress:
    """Says how far a run has come: ``with Progress("已读 {} 行", "rows read") as progress: progress.show(1000)``.

    Time is counted from the first showing, which may be of 0.
    """

    def __init__(self, zh: str, en: str) -> None:
        self._zh, self._en = zh, en
        self._first: tuple[float, int] | None = None
        self._shown = 0.0
        self._used = False
        self._watched = sys.stderr.isatty()

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if self._used:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def show(self, count: int) -> None:
        """Show that `count` have been done."""
        now = time.perf_counter()
        if self._first is None:
            self._first = now, count
        began, before = self._first
        if not self._watched or now - began < 1 or now - self._shown < 0.2:
            return
        self._shown, self._used = now, True
        rate = (count - before) / (now - began)
        sys.stderr.write(f"\r\x1b[K{self._zh.format(f'{count:,}')}，每秒 {rate:,.0f} · {self._en}")
        sys.stderr.flush()
