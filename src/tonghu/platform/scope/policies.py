"""Row-level security, written once in a migration for each table that holds a person.

A condition is SQL over the table's columns. Calls of the ``scope`` functions stand in sub-selects, so that PostgreSQL
works them out once a statement, not once a row. What has no condition is refused: deny by default. Example::

    operations = [
        Protect(
            "patients_stay",
            read=f"{IN_SCOPE} AND {may('children.read')}",
            insert=f"{IN_SCOPE} AND {may('registry.enter')}",
        ),
    ]
"""

from __future__ import annotations

from typing import Any

from django.db.migrations.operations.special import RunSQL

#: The row's institution is the reader's own or lies in the reader's range of regions; needs ``institution_id``.
IN_SCOPE = "institution_id = ANY ((SELECT scope.institutions())::bigint[])"
#: The row is about the reader themselves. For tables with ``person_id``.
OWN = "person_id = (SELECT scope.person())"
#: The system scope that moves rows between versions; every table lets it through.
MIGRATION = "(SELECT scope.everything())"


def may(permission: str) -> str:
    """Return the condition that the open post holds a permission."""
    if not permission.replace(".", "").replace("_", "").isalpha():
        raise ValueError(f"not a permission code: {permission!r}")
    return f"(SELECT scope.may('{permission}'))"


def system(name: str) -> str:
    """Return the condition that a named piece of the system acts."""
    if not name.isalpha():
        raise ValueError(f"not a system scope: {name!r}")
    return f"(SELECT scope.system()) = '{name}'"


class Protect(RunSQL):
    """Put a table behind row-level security, its owner included.

    Args:
        table: the table's name.
        read, insert, update, delete: conditions; None refuses the act for everyone (but the migration scope).
            `update` holds for the row before and after.
    """

    def __init__(
        self, table: str, *, read: str, insert: str | None = None, update: str | None = None, delete: str | None = None
    ) -> None:
        self.table = table
        self.conditions = {"read": read, "insert": insert, "update": update, "delete": delete}
        super().__init__(self._statements(), self._undo())

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        """Say how to write this operation down again."""
        return self.__class__.__name__, [self.table], dict(self.conditions)

    def describe(self) -> str:
        """Say what the operation does."""
        return f"Put {self.table} behind row-level security"

    def _statements(self) -> tuple[str, ...]:
        conditions = {act: f"({said}) OR {MIGRATION}" if said else MIGRATION for act, said in self.conditions.items()}
        return (
            f"ALTER TABLE {self.table} ENABLE ROW LEVEL SECURITY",
            f"ALTER TABLE {self.table} FORCE ROW LEVEL SECURITY",
            f"CREATE POLICY {self.table}_read ON {self.table} FOR SELECT USING ({conditions['read']})",
            f"CREATE POLICY {self.table}_insert ON {self.table} FOR INSERT WITH CHECK ({conditions['insert']})",
            f"CREATE POLICY {self.table}_update ON {self.table} FOR UPDATE USING ({conditions['update']}) "
            f"WITH CHECK ({conditions['update']})",
            f"CREATE POLICY {self.table}_delete ON {self.table} FOR DELETE USING ({conditions['delete']})",
        )

    def _undo(self) -> tuple[str, ...]:
        return (
            *(f"DROP POLICY {self.table}_{act} ON {self.table}" for act in self.conditions),
            f"ALTER TABLE {self.table} NO FORCE ROW LEVEL SECURITY",
            f"ALTER TABLE {self.table} DISABLE ROW LEVEL SECURITY",
        )
