"""Which rights show patients, told to the database: the guard of docking clients asks ``scope.of_patients``.

It is written anew after every migration, so that the database never holds to other rights than the code.
"""

from __future__ import annotations

from typing import Any, Final

from django.db import connections

from tonghu.platform.scope.permissions import declared

_FUNCTION: Final = """
-- Whether one of the rights shows or changes data of patients. Written from the access.py of the rooms.
CREATE OR REPLACE FUNCTION scope.of_patients(asked text[]) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT asked && ARRAY[{rights}]::text[] $$
"""


def of_patients() -> str:
    """Return the statement that makes the function."""
    return _FUNCTION.format(
        rights=", ".join(f"'{code}'" for code, one in sorted(declared().items()) if one.of_patients)
    )


def tell_the_database(*, using: str, **_: Any) -> None:
    """Write the function anew; after every migration, as its owner."""
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT to_regprocedure('scope.of_patients(text[])') IS NOT NULL")
        if cursor.fetchone()[0]:  # not while migrations are taken back
            cursor.execute(of_patients())
