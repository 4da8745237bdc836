"""Who appoints whom, told to the database: its policies ask ``scope.role_appoints``, written here from ``roles.py``.

It is written anew after every migration, so that the database never holds to other roles than the code.
"""

from __future__ import annotations

from typing import Any, Final

from django.db import connections

from tonghu.platform.accounts.roles import ROLES

_FUNCTION: Final = """
-- Whether a role is one that another appoints to, and is held at such a place. Written from accounts/roles.py.
CREATE OR REPLACE FUNCTION scope.role_appoints(own text, asked text, place text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT (own, asked) IN (VALUES {pairs}) AND (asked, place) IN (VALUES {places})
$$
"""


def role_appoints() -> str:
    """Return the statement that makes the function."""
    pairs = sorted((role.code, other) for role in ROLES.values() for other in role.appoints)
    places = sorted((role.code, place) for role in ROLES.values() for place in role.places)
    said = {"pairs": pairs, "places": places}
    return _FUNCTION.format(**{name: ", ".join(f"('{a}', '{b}')" for a, b in rows) for name, rows in said.items()})


def tell_the_database(*, using: str, **_: Any) -> None:
    """Write the function anew; after every migration, as its owner."""
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT to_regprocedure('scope.role_appoints(text, text, text)') IS NOT NULL")
        if cursor.fetchone()[0]:  # not while migrations are taken back
            cursor.execute(role_appoints())
