"""Saying that two children are one, or that one is two, taking that back, and answering what the resolver asks."""

from __future__ import annotations

from django.db import connection, transaction

from tonghu.patients.agreements import record_parted
from tonghu.patients.events import DISMISSED, MERGED, PARTED, UNMERGED
from tonghu.patients.identity import ask
from tonghu.patients.models import DOCUMENT, Child, HospitalView, Identifier, Merge, MergeProposal, Split
from tonghu.platform.audit.acts import CHILD
from tonghu.platform.audit.events import acting_because, record
from tonghu.platform.audit.kinds import Kind
from tonghu.platform.crypto.hashing import keyed_hashes
from tonghu.platform.scope.scope import Scope


@transaction.atomic
def merge(*, kept: Child, merged: Child, reason: str, by: Scope) -> int:
    """Say that two children are one; returns the act's id. Nothing of either side is rewritten.

    Raises:
        InputRefused: no reason, already one, or one of them is outside the scope.
    """
    with acting_because(by, reason) as because:
        act: int = ask("SELECT resolver.merge(%s, %s, %s)", [kept.pk, merged.pk, because.reason])
        _record(MERGED, kept.pk, merged.pk, done=act, act=act, by=because)
    return act


@transaction.atomic
def undo_merge(*, act: int, reason: str, by: Scope) -> int:
    """Take a merge back, by another act; both sides are as if never merged. Returns the act's id.

    Whoever holds a view of each side may, and whoever holds one, of what was not said above it.

    Raises:
        InputRefused: no reason, already taken back, or not to be taken back from here.
    """
    with acting_because(by, reason) as because:
        undo: int = ask("SELECT resolver.undo_merge(%s, %s)", [act, because.reason])
        done = Merge.objects.get(pk=act)
        _record(UNMERGED, done.kept_id, done.merged_id, done=undo, act=act, by=because)
        record_parted(done.kept_id, done.merged_id, by=because)
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


@transaction.atomic
def split(*, view: HospitalView, reason: str, by: Scope) -> Split:
    """Say that a view is of another child than those it stands for one with; returns the act.

    The view becomes a child of its own, with all that its hospital entered under it, its record number, the documents
    that no other view of the old child names and, where the hospital has no other view of it, what was agreed on there.
    An import that brings the old child's document under that record number finds the new child.
    :func:`merge` of the two takes it back, once also where the old child is seen by a grant alone.

    Raises:
        InputRefused: no reason, no other view of the child is in sight, or the view is outside the scope.
    """
    with acting_because(by, reason) as because:
        others = Identifier.objects.filter(view=view).values_list("document_number", flat=True)
        numbers = {str(number) for number in (view.document_number, *others) if number}
        hashes = [(keyed_hashes(number, DOCUMENT)[0], hashed) for number in sorted(numbers)
                  for hashed in keyed_hashes(number, DOCUMENT)]  # fmt: skip
        act: int = ask(
            "SELECT resolver.split(%s, %s::bytea[], %s::bytea[], %s)",
            [view.pk, [of for of, _hash in hashes], [hashed for _of, hashed in hashes], because.reason],
        )
        done = Split.objects.get(pk=act)
        for one, other in ((done.child_id, done.parted_id), (done.parted_id, done.child_id)):
            record(PARTED, subject=(CHILD, one), by=because, data={"other": other, "act": act})
        record_parted(done.child_id, done.parted_id, by=because)
    return done


def _record(kind: Kind, kept: int, merged: int, *, done: int, act: int, by: Scope) -> None:
    """Record what was done to both children: in the actor's book, and in that of every other hospital that knows one.

    Args:
        done: the act that was just written.
        act: the merge that it says or takes back.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT child_id, other_id, institution_id FROM resolver.books_of(%s)", [done])
        elsewhere = cursor.fetchall()
    for one, other, book in [(kept, merged, None), (merged, kept, None), *elsewhere]:
        record(kind, subject=(CHILD, one), by=by, institution=book, data={"other": other, "act": act})
