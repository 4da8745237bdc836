"""What pages ask about files; answered within the scope that is open. Keys are not read where nobody opens a file."""

from __future__ import annotations

from django.db.models import Count, QuerySet

from tonghu.platform.files.models import Download, StoredFile
from tonghu.platform.scope.scope import Scope


def files_of(scope: Scope, *, before: int | None = None, limit: int = 50) -> list[StoredFile]:
    """Return a person's files, newest first; `before` is the last number of the page before."""
    return _page(StoredFile.objects.filter(person=scope.person), before, limit)


def files_in_scope(*, before: int | None = None, limit: int = 50) -> list[StoredFile]:
    """Return every file that the open scope sees, newest first."""
    return _page(StoredFile.objects.all(), before, limit)


def file_in_scope(number: int) -> StoredFile:
    """Return one file with all that its page shows.

    Raises:
        StoredFile.DoesNotExist: it is not in the scope.
    """
    return _with(StoredFile.objects.all()).get(pk=number)


def downloads_of(file: StoredFile, limit: int = 100) -> list[Download]:
    """Return who took a file, the last ones first."""
    return list(Download.objects.filter(file=file).select_related("person").order_by("-pk")[:limit])


def _page(rows: QuerySet[StoredFile], before: int | None, limit: int) -> list[StoredFile]:
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return list(_with(rows).annotate(taken=Count("downloads")).order_by("-pk")[:limit])


def _with(rows: QuerySet[StoredFile]) -> QuerySet[StoredFile]:
    return rows.select_related("person", "institution", "destroyed_by").defer("key")
