"""The table of states as SQL, for migrations: run it again in a new migration whenever ``states.py`` changes."""

from __future__ import annotations

from typing import Any, Final

from tonghu.registry.states import transitions

EMPTY: Final = "DELETE FROM registry_transition"


def fill() -> tuple[str | tuple[str, list[Any]], ...]:
    """Return the statements that make ``registry_transition`` say what :mod:`states` says; for ``RunSQL``."""
    line = (
        "INSERT INTO registry_transition (act, from_state, to_state, permission, needs_clean, not_by_authors, "
        "centre_holds) VALUES (%s, %s, %s, %s, %s, %s, %s)"
    )
    return (
        EMPTY,
        *(
            (
                line,
                [
                    act.code,
                    str(source),
                    str(act.to),
                    act.permission,
                    act.clean,
                    act.not_by_authors,
                    act.centre_holds,
                ],
            )
            for act, source in transitions()
        ),
    )
