"""Who appoints whom, told to the database: its policies ask two functions, written here from ``roles.py``.

They are written anew after every migration, so that the database never holds to other roles than the code.
"""

from __future__ import annotations

from typing import Any, Final

from django.db import connections

from tonghu.platform.accounts.roles import BELOW_HEALTH, ROLES

_FUNCTION: Final = """
-- Whether a role is one that another appoints to, and is held at such a place. Written from accounts/roles.py.
CREATE OR REPLACE FUNCTION scope.role_appoints(own text, asked text, place text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT (own, asked) IN (VALUES {pairs}) AND (asked, place) IN (VALUES {places})
$$
"""

_BELOW: Final = """
-- Whether health commissions and the centre appoint at such a place of their region. Written from accounts/roles.py.
CREATE OR REPLACE FUNCTION scope.below_health(place text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT place IN ({places})
$$
"""


def role_appoints() -> str:
    """Return the statement that makes the function."""
    pairs = sorted((role.code, other) for role in ROLES.values() for other in role.appoints)
    places = sorted((role.code, place) for role in ROLES.values() for place in role.places)
    said = {"pairs": pairs, "places": places}
    return _FUNCTION.format(**{name: ", ".join(f"('{a}', '{b}')" for a, b in rows) for name, rows in said.items()})


def below_health() -> str:
    """Return the statement that makes the function."""
    return _BELOW.format(places=", ".join(f"'{place}'" for place in BELOW_HEALTH))


def tell_the_database(*, using: str, **_: Any) -> None:
    """Write the functions anew; after every migration, as its owner."""
    with connections[using].cursor() as cursor:
        for function, statement in (
            ("role_appoints(text, text, text)", role_appoints()), ("below_health(text)", below_health()),
        ):  # fmt: skip
            cursor.execute("SELECT to_regprocedure(%s) IS NOT NULL", [f"scope.{function}"])
            if cursor.fetchone()[0]:  # not while migrations are taken back
                cursor.execute(statement)
