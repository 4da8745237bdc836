"""The states of a job, what leads from one to the next, and the words for what a job counts."""

from __future__ import annotations

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tonghu.platform.jobs.models import Job

State = Job.State

#: From where to where, and by whose act.
TRANSITIONS: Final[dict[tuple[State, State], str]] = {
    (State.WAITING, State.RUNNING): "a worker takes it",
    (State.RUNNING, State.RUNNING): "a worker takes over from one that died",
    (State.RUNNING, State.WAITING): "an error that another attempt may mend, or the worker is told to stop",
    (State.RUNNING, State.DONE): "its function returned",
    (State.RUNNING, State.REFUSED): "what the asker gave cannot be used",
    (State.RUNNING, State.DEAD): "the last attempt failed, or too many workers died over one step",
    (State.WAITING, State.STOPPED): "the asker's post has ended",
    (State.RUNNING, State.STOPPED): "the asker's post has ended, seen when a worker takes over",
    (State.WAITING, State.CANCELLED): "the asker cancels before it starts",
    (State.RUNNING, State.CANCELLED): "the asker cancels; the job stops at its next report or step",
    (State.DEAD, State.WAITING): "somebody has it tried again",
    (State.CANCELLED, State.WAITING): "who may cancel it has it go on after all",
    (State.DEAD, State.DROPPED): "somebody drops it, with a reason",
}
LIVE: Final = frozenset({State.WAITING, State.RUNNING})

#: What a job counts; reports name one of these.
UNITS: Final[dict[str, Promise]] = {
    "": _("steps"),
    "rows": _("rows"),
    "files": _("files"),
    "bytes": _("bytes"),
    "messages": _("messages"),
    "children": _("children"),
    "cards": _("cards"),
    "hospitals": _("hospitals"),
    "pages": _("pages"),
}

#: What came of a job, by the keys that jobs return; a key that is not here is shown as it is.
RESULTS: Final[dict[str, Promise]] = {
    "created": _("Created"),
    "updated": _("Updated"),
    "unchanged": _("Unchanged"),
    "skipped": _("Left out by choice"),
    "failed": _("Not imported"),
    "removed": _("Removed"),
    "destroyed": _("Files destroyed"),
    "put_back": _("Jobs put back into the queue"),
    "mails": _("E-mails sent"),
    "of": _("Recipients that were due"),
    "sms": _("Text messages sent"),
    "told": _("People told"),
    "linked": _("Events linked"),
    "rows": _("Rows"),
    "cards": _("Report cards"),
    "names": _("Names of codes"),
    "changed": _("Cards whose findings changed"),
    "mended": _("Cards mended"),
    "left": _("Left as they are"),
    "as_before": _("Cards as they were before"),
    "withdrawn": _("Of these withdrawn first"),
    "locked": _("Cards of locked months"),
    "cells": _("Cells of the calendar"),
    "notices": _("Notices sent"),
    "links": _("Links checked"),
    "file": _("Number of the file"),
    "broken_at": _("First broken link (0: none)"),
}
