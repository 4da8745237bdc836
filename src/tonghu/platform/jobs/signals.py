"""What other rooms may listen to."""

from __future__ import annotations

from typing import Final

from django.dispatch import Signal

#: A job has ended, in whatever way (``job``: the row). Sent in the transaction that writes the end, in the worker's
#: scope, so that what a listener writes is there exactly when the end is.
ended: Final = Signal()
