"""The packaged book is one for the whole process."""

from __future__ import annotations

from datetime import date

from tonghu.hqms import record
from tonghu.registry.forms import titles
from tonghu.rulebook import packaged, rulebook


def test_a_packaged_book_is_loaded_once(monkeypatch) -> None:
    """The check, the screen and the titles of rules share it; loading it again costs a page 50 ms or a second."""
    loaded: list[object] = []
    real = rulebook.load

    def counted(paths=None):
        loaded.append(paths)
        return real(paths)

    monkeypatch.setattr(rulebook, "load", counted)
    packaged.cache_clear()
    record._checker.cache_clear()
    titles._titles.cache_clear()
    assert packaged("registry") is packaged("registry")
    record.check({}, "2012", date(2026, 11, 22))
    assert titles.title_of("HQ009") != "HQ009"
    assert sum("registry" in str(paths) for paths in loaded) == 1
