"""The history of rows: every insert, update and delete of a followed table is kept by the database itself.

A model says that it is followed, and its migration puts the history behind the same wall as the table::

    @tracked(part_of="child")
    class Guardian(models.Model): ...

    operations = [..., ProtectHistory("patients_guardian_event", read=f"{IN_SCOPE} AND {may('children.read')}")]

django-pghistory makes the event model; the triggers are ours (migration ``0001_history``): they take who, why and for
which request from the scope that is open in the database, so that no path of code, bulk statement or raw SQL can leave
it out, and no setting turns them off. The application reads the history, never writes it; sealed columns stay sealed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Final, TypeVar

import pghistory
from django.apps import apps
from django.db import models
from django.db.migrations.operations.special import RunSQL
from pghistory.models import Event

from tonghu.platform.scope.policies import MIGRATION, system
from tonghu.platform.shell import Words

Model = TypeVar("Model", bound=models.Model)
SUFFIX: Final = "_event"


class HistoryRow(Event):
    """One change of one row: the values after it (before it, for a delete), and who made it."""

    pgh_id = models.BigAutoField(primary_key=True)
    #: The database transaction; rows that share it were changed together.
    pgh_act = models.BigIntegerField()
    pgh_person = models.BigIntegerField(null=True)
    pgh_post = models.BigIntegerField(null=True)
    pgh_institution = models.BigIntegerField(null=True)
    #: Who it was in words (name, role, institution), as they were then; or the name of the piece of the system.
    pgh_who = models.TextField()
    pgh_purpose = models.TextField()
    pgh_reason = models.TextField()
    pgh_request = models.TextField()

    class Meta:
        abstract = True


def tracked(
    *,
    exclude: Sequence[str] = (),
    part_of: str | None = None,
    name: Words = "",
    called: Sequence[str] = (),
    words: Mapping[str, Callable[[Any], str]] | None = None,
) -> Callable[[type[Model]], type[Model]]:
    """Follow a model's rows in the table ``<table>_event``. Its migration needs :class:`ProtectHistory` beside it.

    Args:
        exclude: fields that the history leaves out (a password's hash, a derived column).
        name: what people call such a record, lazily translated (default: the model's verbose name).
        called: the fields, never sealed ones, by whose values people know one such record (a record number, a month);
            without any, it is called by the number of its row.
        words: how the values of a field are said, where the field's own choices do not.
        part_of: the foreign key to the record on whose page this row's history is shown too.
    """

    def decorate(model: type[Model]) -> type[Model]:
        table = model._meta.db_table + SUFFIX
        decorated: type[Model] = pghistory.track(
            pghistory.ManualEvent("change"),  # type: ignore[no-untyped-call]  # the triggers are ours: see the module's docstring
            exclude=list(exclude),
            obj_field=pghistory.ObjForeignKey(related_name="+", related_query_name="+", db_index=False),
            context_field=None,  # type: ignore[arg-type]  # its own docs allow None
            base_model=HistoryRow,
            model_name=f"{model.__name__}Event",
            attrs={
                "pgh_part_of": part_of,
                "pgh_name": name,
                "pgh_called": tuple(called),
                "pgh_words": dict(words or {}),
            },
            meta={
                "db_table": table,
                "indexes": [
                    models.Index(fields=["pgh_obj", "pgh_id"], name=index_name(table, "o")),
                    models.Index(fields=["pgh_created_at", "pgh_id"], name=index_name(table, "t")),
                    *([models.Index(fields=[part_of, "pgh_id"], name=index_name(table, "p"))] if part_of else []),
                ],
            },
        )(model)
        return decorated

    return decorate


def index_name(table: str, which: str) -> str:
    """Return the name of an event table's index, at most 30 characters (Django's limit)."""
    return f"{table.removesuffix(SUFFIX)[-24:].strip('_')}_ev_{which}"


@cache
def event_models() -> tuple[type[Any], ...]:
    """Every model of a history, in the order of their names: the same as long as the program runs."""
    found = [model for model in apps.get_models() if hasattr(model, "pgh_tracked_model")]
    return tuple(sorted(found, key=lambda model: model._meta.label))


class ProtectHistory(RunSQL):
    """Follow a table, and put its history behind a wall: read as `read` says, written by the triggers alone.

    Args:
        event_table: ``<table>_event``.
        read: who reads it; the same condition as on the table, unless there is a reason.
        pk: the column of the table's primary key.
    """

    def __init__(self, event_table: str, *, read: str, pk: str = "id") -> None:
        if not event_table.endswith(SUFFIX):
            raise ValueError(f"a history is called <table>{SUFFIX}, not {event_table!r}")
        self.event_table, self.read, self.pk = event_table, read, pk
        super().__init__(self._statements(), self._undo())

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        """Say how to write this operation down again."""
        pk = {} if self.pk == "id" else {"pk": self.pk}
        return self.__class__.__name__, [self.event_table], {"read": self.read, **pk}

    def describe(self) -> str:
        """Say what the operation does."""
        return f"Keep {self.event_table} by triggers, behind row-level security"

    def _statements(self) -> tuple[str, ...]:
        events, table = self.event_table, self.event_table.removesuffix(SUFFIX)
        rows = {
            "insert": "REFERENCING NEW TABLE AS new_rows",
            "update": "REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows",
            "delete": "REFERENCING OLD TABLE AS old_rows",
        }
        return (
            f"ALTER TABLE {events} ENABLE ROW LEVEL SECURITY",
            f"ALTER TABLE {events} FORCE ROW LEVEL SECURITY",
            f"CREATE POLICY {events}_read ON {events} FOR SELECT USING (({self.read}) OR {MIGRATION})",
            # The trigger function runs as the owner; nobody else may write.
            f"CREATE POLICY {events}_keep ON {events} FOR INSERT TO tonghu_owner WITH CHECK (true)",
            f"CREATE POLICY {events}_seal ON {events} FOR UPDATE TO tonghu_owner USING ({system('rotation')})",
            f"REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON {events} FROM tonghu_app, tonghu_resolver",
            *(
                f"CREATE TRIGGER history_{act} AFTER {act.upper()} ON {table} {referencing} "
                f"FOR EACH STATEMENT EXECUTE FUNCTION audit.keep_history('{self.pk}')"
                for act, referencing in rows.items()
            ),
        )

    def _undo(self) -> tuple[str, ...]:
        events, table = self.event_table, self.event_table.removesuffix(SUFFIX)
        return (
            *(f"DROP TRIGGER history_{act} ON {table}" for act in ("insert", "update", "delete")),
            *(f"DROP POLICY {events}_{name} ON {events}" for name in ("read", "keep", "seal")),
            f"ALTER TABLE {events} NO FORCE ROW LEVEL SECURITY",
            f"ALTER TABLE {events} DISABLE ROW LEVEL SECURITY",
        )
