"""Row-level security, written once in a migration for each table that holds a person.

A condition is SQL over the table's columns. Calls of the ``scope`` functions stand in sub-selects, so that PostgreSQL
works them out once a statement, not once a row. What has no condition is refused: deny by default. A policy cannot
compare a row with what it was, so the keys of a row (its number, whose it is, what it belongs to) are kept by rights on
columns: the application changes none of them unless the table says which and why it may move. Example::

    operations = [
        Protect(
            "patients_stay",
            read=f"{IN_SCOPE} AND {may('children.read')}",
            insert=f"{IN_SCOPE} AND {may('registry.enter')}",
        ),
    ]
"""

from __future__ import annotations

from typing import Any, Final

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.special import RunSQL
from django.db.migrations.state import ProjectState

#: The row's institution is the reader's own or lies in the reader's range of regions; needs ``institution_id``.
IN_SCOPE = "institution_id = ANY ((SELECT scope.institutions())::bigint[])"
#: The row is about the reader themselves. For tables with ``person_id``.
OWN = "person_id = (SELECT scope.person())"
#: The same, but what belongs to an institution only from a post that reaches it: people change posts. Needs
#: ``institution_id`` too.
OWN_HERE = f"({OWN} AND (institution_id IS NULL OR {IN_SCOPE}))"
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
        read, insert, update, delete: conditions; None refuses the act for everyone (but the migration scope, as owner):
            the application then has not even the right to it. `update` holds for the row before and after.
        moves: of the row's primary and foreign keys, those that the application may change; the others stand as they
            were written. What a row that moves must keep to is for a trigger to say, which sees both.
        actors: keys that say who did something; whoever writes one names themselves, or (NULL) nobody.
    """

    def __init__(
        self,
        table: str,
        *,
        read: str,
        insert: str | None = None,
        update: str | None = None,
        delete: str | None = None,
        moves: tuple[str, ...] = (),
        actors: tuple[str, ...] = (),
    ) -> None:
        self.table, self.moves, self.actors = table, moves, actors
        self.conditions = {"read": read, "insert": insert, "update": update, "delete": delete}
        super().__init__(self._statements(), self._undo())

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        """Say how to write this operation down again."""
        more = {name: one for name, one in (("moves", self.moves), ("actors", self.actors)) if one}
        return (
            self.__class__.__name__,
            [self.table],
            {**self.conditions, **more},
        )

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Put the table behind its wall, and keep its keys."""
        super().database_forwards(app_label, schema_editor, from_state, to_state)
        if self.conditions["update"]:
            keys = _keys(self.table, to_state) - {*self.moves, *self.actors}
            schema_editor.execute(keep_keys(self.table, keys), params=None)

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
            *(f"REVOKE {act.upper()} ON {self.table} FROM tonghu_app" for act, said in self._acts() if not said),
            *(
                f"CREATE TRIGGER actor_{column} BEFORE INSERT OR UPDATE OF {column} ON {self.table} FOR EACH ROW "
                f"WHEN (NEW.{column} IS NOT NULL) EXECUTE FUNCTION scope.name_the_actor('{column}')"
                for column in self.actors
            ),
        )

    def _acts(self) -> list[tuple[str, str | None]]:
        return [(act, said) for act, said in self.conditions.items() if act != "read"]

    def _undo(self) -> tuple[str, ...]:
        return (
            *(f"DROP POLICY {self.table}_{act} ON {self.table}" for act in self.conditions),
            f"ALTER TABLE {self.table} NO FORCE ROW LEVEL SECURITY",
            f"ALTER TABLE {self.table} DISABLE ROW LEVEL SECURITY",
            f"GRANT INSERT, UPDATE, DELETE ON {self.table} TO tonghu_app",
            *(f"DROP TRIGGER actor_{column} ON {self.table}" for column in self.actors),
        )


def keep_keys(table: str, columns: set[str]) -> str:
    """Return the statement that lets the application change the other columns of a table, and these no more.

    It only narrows: where a migration before it has left the application fewer columns, those stay. A column that a
    later migration adds is not the application's to change until that migration grants it.
    """
    kept = ", ".join(f"'{column}'" for column in sorted(columns))
    return _KEEP.format(table=table, kept=kept)


_KEEP: Final = """
DO $$
DECLARE
  others text := (
    SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
    WHERE attrelid = '{table}'::regclass AND attnum > 0 AND NOT attisdropped AND attname <> ALL (ARRAY[{kept}]));
BEGIN
  IF has_table_privilege('tonghu_app', '{table}', 'UPDATE') THEN
    REVOKE UPDATE ON {table} FROM tonghu_app;
    IF others <> '' THEN
      EXECUTE format('GRANT UPDATE (%s) ON {table} TO tonghu_app', others);
    END IF;
  END IF;
END
$$"""


def number_rows(table: str) -> str:
    """Return the statement that leaves the number of a new row to the database: the application may give the rest.

    For what is only added to and read by its numbers: whoever could choose one could put a row before others, or so far
    behind that the sequence runs into it. A column that a later migration adds is not the application's to give until
    that migration grants it.
    """
    return _NUMBER.format(table=table)


def choose_numbers(table: str) -> str:
    """Return the statement that takes :func:`number_rows` back."""
    return f"GRANT INSERT ON {table} TO tonghu_app, tonghu_resolver"


_NUMBER: Final = """
DO $$
DECLARE
  given text := (
    SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
    WHERE attrelid = '{table}'::regclass AND attnum > 0 AND NOT attisdropped AND attname <> 'id');
BEGIN
  REVOKE INSERT ON {table} FROM tonghu_app, tonghu_resolver;
  EXECUTE format('GRANT INSERT (%s) ON {table} TO tonghu_app', given);
END
$$"""


def _keys(table: str, state: ProjectState) -> set[str]:
    """The columns of a table that say which row it is and what it belongs to, as the migrations know them."""
    (model,) = (model for model in state.apps.get_models() if model._meta.db_table == table)
    fields = model._meta.local_concrete_fields
    return {field.get_attname() for field in fields if field.primary_key or field.is_relation}
