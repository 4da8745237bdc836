"""Saying that two children are one, taking that back, and answering the questions that the resolver asks."""

from __future__ import annotations

from django.db import transaction

from tonghu.patients.events import DISMISSED, MERGED, UNMERGED
from tonghu.patients.identity import ask
from tonghu.patients.models import Child, Merge, MergeProposal
from tonghu.platform.audit.acts import CHILD
from tonghu.platform.audit.events import acting_because, record
from tonghu.platform.scope.scope import Scope


@transaction.atomic
def merge(*, kept: Child, merged: Child, reason: str, by: Scope) -> int:
    """Say that two children are one; returns the act's id. Nothing of either side is rewritten.

    Raises:
        InputRefused: no reason, already one, or one of them is outside the scope.
    """
    with acting_because(by, reason) as because:
        act: int = ask("SELECT resolver.merge(%s, %s, %s)", [kept.pk, merged.pk, because.reason])
        for one, other in ((kept, merged), (merged, kept)):
            record(MERGED, subject=(CHILD, one.pk), by=because, data={"other": other.pk, "act": act})
    return act


@transaction.atomic
def undo_merge(*, act: int, reason: str, by: Scope) -> int:
    """Take a merge back, by another act; both sides are as if never merged. Returns the act's id.

    Raises:
        InputRefused: no reason, already taken back, or one of the two is outside the scope.
    """
    with acting_because(by, reason) as because:
        undo: int = ask("SELECT resolver.undo_merge(%s, %s)", [act, because.reason])
        done = Merge.objects.get(pk=act)
        for one, other in ((done.kept_id, done.merged_id), (done.merged_id, done.kept_id)):
            record(UNMERGED, subject=(CHILD, one), by=because, data={"other": other, "act": act})
    return undo


@transaction.atomic
def dismiss(*, proposal: MergeProposal, reason: str, by: Scope) -> None:
    """Answer that the two children of a question are two.

    Raises:
        InputRefused: no reason, answered already, or one of them is outside the scope.
    """
    with acting_because(by, reason) as because:
        ask("SELECT resolver.dismiss(%s, %s)", [proposal.pk, because.reason])
        pair = (proposal.first_id, proposal.second_id)
        for one, other in (pair, pair[::-1]):
            record(DISMISSED, subject=(CHILD, one), by=because, data={"other": other})
