"""Looks at the rows of a file: they name children, so the log has them like those at cards and at children's pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tonghu.intake.events import BATCH, ROWS_SEEN
from tonghu.intake.models import Batch, Row
from tonghu.platform.audit.acts import log_list, log_read
from tonghu.platform.audit.events import record
from tonghu.platform.scope.scope import Scope
from tonghu.registry.models import Card

#: What the log of looks says these pages are for; kept as it is, so not translated.
PURPOSE: Final = "核对导入"


def log_rows(batch: Batch, rows: Sequence[Row], *, by: Scope) -> None:
    """Log that rows of a file were listed by name.

    Those beside a card are looks at its child. Of a row without one no child is known before it is imported: the log
    keeps the import and the rows' numbers.

    Args:
        batch: the import.
        rows: the rows that the page shows, no others.
        by: the open scope.
    """
    numbers = {row.card for row in rows if row.card is not None}
    cards = dict(Card.objects.filter(pk__in=numbers).values_list("pk", "child_id")) if numbers else {}
    log_list(((child, batch.institution_id) for child in cards.values()), PURPOSE, by=by)
    _log_alone(batch, [row.row for row in rows if row.card not in cards], by)


def log_row(batch: Batch, row: Row, card: Card | None, *, by: Scope) -> None:
    """Log that one row was shown, beside its card or alone."""
    if card is None:
        _log_alone(batch, [row.row], by)
    else:
        log_read(card.child_id, PURPOSE, by=by, institution=card.institution_id)


def _log_alone(batch: Batch, rows: list[int], by: Scope) -> None:
    if rows:
        said = {"count": len(rows), "rows": rows}
        record(ROWS_SEEN, subject=(BATCH, batch.pk), by=by, data=said, institution=batch.institution_id)
