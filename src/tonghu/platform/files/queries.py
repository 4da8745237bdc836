"""What pages ask about files; answered within the scope that is open. Keys are not read where nobody opens a file."""

from __future__ import annotations

from django.db.models import Count, QuerySet

from tonghu.platform.files.models import Download, StoredFile


def shown_files() -> QuerySet[StoredFile]:
    """Return the files that the open scope sees, with how often each was taken; their keys and whom they
    name are left alone."""
    return (
        StoredFile.objects.select_related("person", "institution", "destroyed_by")
        .defer("key", "children")
        .annotate(taken=Count("downloads"))
    )


def downloads_of(file: StoredFile, limit: int = 100) -> list[Download]:
    """Return who took a file, the last ones first."""
    return list(Download.objects.filter(file=file).select_related("person").order_by("-pk")[:limit])
