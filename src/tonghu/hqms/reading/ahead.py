"""Work done beside the work at hand: items made one ahead, and results that come in order from several threads."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

THREADS = 2
"""Threads that work on items, which leave the interpreter to others nearly all of their time."""

WAITING = 3
"""Items that may be worked on, or be ready, beyond the one at hand."""


def in_order(items: Iterable[T], work: Callable[[T], R]) -> Iterator[tuple[T, R]]:
    """Each item with what `work` made of it, in order; the next ones are worked on in threads meanwhile."""
    waiting: deque[tuple[T, Future[R]]] = deque()
    with ThreadPoolExecutor(THREADS, thread_name_prefix="blocks") as pool:
        try:
            for item in items:
                waiting.append((item, pool.submit(work, item)))
                if len(waiting) > WAITING:
                    ready, result = waiting.popleft()
                    yield ready, result.result()
            while waiting:
                ready, result = waiting.popleft()
                yield ready, result.result()
        finally:
            for _, result in waiting:
                result.cancel()


def prefetched(items: Iterator[T]) -> Iterator[T]:
    """The same items, made one ahead in a thread: reading and inflating go on while the last one is worked on."""
    ready: queue.Queue[tuple[T | None, BaseException | None]] = queue.Queue(maxsize=1)
    stop = threading.Event()

    def put(item: T | None, error: BaseException | None) -> None:
        while not stop.is_set():
            try:
                ready.put((item, error), timeout=0.1)
            except queue.Full:
                continue
            return

    def run() -> None:
        try:
            for item in items:
                put(item, None)
                if stop.is_set():
                    return
            put(None, None)
        except BaseException as error:
            put(None, error)

    thread = threading.Thread(target=run, name="read ahead", daemon=True)
    thread.start()
    try:
        while True:
            item, error = ready.get()
            if error is not None:
                raise error
            if item is None:
                return
            yield item
    finally:
        stop.set()
        thread.join()
