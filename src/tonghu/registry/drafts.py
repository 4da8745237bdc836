"""What is typed and not saved yet, kept sealed for whoever typed it: one draft a card, one a new card that was begun.

Tabs of one person share the draft of a card, so it is never replaced whole: a tab sends the fields that it changed,
with what it knew of each; the others stay. Where another tab has typed into the same field meanwhile, that text stays
in the draft and the tab is told. A draft keeps the oldest version that it was typed on: nothing of it is put over what
was saved since, unless it is of other fields.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from tonghu.platform.accounts.access import check_may
from tonghu.platform.scope.scope import Scope
from tonghu.registry import content as contents
from tonghu.registry.access import ENTER
from tonghu.registry.content import Content
from tonghu.registry.models import Draft
from tonghu.registry.supplement import items

#: What a card said in a version.
Versions = Callable[[int], Content]


@dataclass(frozen=True, slots=True)
class Typed:
    """What a tab sends.

    Attributes:
        based_on: the version on its screen; 0 of a new card.
        front: fields of the front page that differ from that version.
        supplement: likewise items of the supplement.
        names: everything that was sent; what does not differ was set back.
        known: what the tab knew of a field before it was typed into; without it the tab is not asked.
    """

    based_on: int
    front: Mapping[str, str]
    supplement: Mapping[str, str]
    names: Collection[str]
    known: Mapping[str, str] = field(default_factory=dict)


@transaction.atomic
def keep_draft(
    *, card: int | None, institution: int, versions: Versions, typed: Typed, by: Scope, begun: UUID | None = None
) -> dict[str, str]:
    """Put what was typed into the draft; returns what other tabs typed into the same fields, which stays.

    Args:
        begun: which new card it is; None of one that is there.

    Raises:
        PermissionDenied: `by` may not.
    """
    check_may(by, ENTER)
    held = _held(card, begun, by).select_for_update(no_key=True).first()
    if held is None:
        if not typed.front and not typed.supplement:
            return {}
        said: dict[str, Any] = {"card_id": card, "institution_id": institution, "person_id": by.person or 0}
        empty = contents.seal(versions(typed.based_on))
        first = {"based_on_version": typed.based_on, "content": empty, "saved_at": timezone.now()}
        if begun:
            said["begun"] = begun
        held, _made = Draft.objects.get_or_create(**said, defaults=first)
        held = Draft.objects.select_for_update(no_key=True).get(pk=held.pk)
    front, supplement = draft_changes(held, versions)
    there, wanted = {**front, **supplement}, {**typed.front, **typed.supplement}
    was = versions(typed.based_on)
    theirs = {
        name: there[name]
        for name in typed.names
        if name in there and name in typed.known
        and there[name] not in (typed.known[name].strip(), wanted.get(name, was.value(name)).strip())
    }  # fmt: skip
    sent = set(typed.names) - theirs.keys()
    _write(
        held, versions, min(held.based_on_version, typed.based_on),
        {**_without(front, sent), **{name: text for name, text in typed.front.items() if name in sent}},
        {**_without(supplement, sent), **{name: text for name, text in typed.supplement.items() if name in sent}},
    )  # fmt: skip
    return theirs


@transaction.atomic
def take_out(*, card: int, versions: Versions, names: Collection[str], by: Scope) -> None:
    """Take fields that were saved out of the draft of a card; what other tabs typed stays."""
    held = _held(card, None, by).select_for_update(no_key=True).first()
    if held is not None:
        front, supplement = draft_changes(held, versions)
        _write(held, versions, held.based_on_version, _without(front, names), _without(supplement, names))


def discard(*, card: int | None, by: Scope, begun: UUID | None = None) -> None:
    """Throw away what `by` typed on a card, or of a new card that was begun."""
    _held(card, begun, by).delete()


def draft_changes(draft: Draft, versions: Versions) -> tuple[dict[str, str], dict[str, str]]:
    """What a draft changes of the version that it was typed on: front page and supplement."""
    return changes_between(versions(draft.based_on_version), contents.open_(draft.content))


def draft_content(draft: Draft | None, otherwise: Content) -> Content:
    """What a draft says; `otherwise` where there is none."""
    return contents.open_(draft.content) if draft else otherwise


def new_drafts(by: Scope) -> list[Draft]:
    """The new cards that `by` began, the newest first."""
    mine = Draft.objects.filter(card=None, institution=by.institution, person_id=by.person or 0)
    return list(mine.order_by("-saved_at", "pk"))


def changes_between(before: Content, after: Content) -> tuple[dict[str, str], dict[str, str]]:
    """What differs between two contents of one layout: front page and supplement."""
    names = {item.name for item in items()}
    differing = contents.differences(before, after)
    return (
        {column: after.value(column) for column in differing if column not in names},
        {column: after.value(column) for column in differing if column in names},
    )


def _held(card: int | None, begun: UUID | None, by: Scope) -> Any:
    mine = Draft.objects.filter(card=card, institution=by.institution, person_id=by.person or 0)
    return mine.filter(**({} if card is not None else {"begun": begun}))


def _without(changes: Mapping[str, str], names: Collection[str]) -> dict[str, str]:
    return {name: text for name, text in changes.items() if name not in names}


def _write(
    held: Draft, versions: Versions, based_on: int, front: Mapping[str, str], supplement: Mapping[str, str]
) -> None:
    if not front and not supplement:
        held.delete()
        return
    held.based_on_version = based_on
    held.content = contents.seal(versions(based_on).with_changes(front, supplement))
    held.saved_at = timezone.now()
    held.save(update_fields=["based_on_version", "content", "saved_at"])
