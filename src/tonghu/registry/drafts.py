"""What is typed and not saved yet, kept sealed for whoever typed it: one draft a card, one a new card that was begun.

Tabs of one person share the draft of a card, so it is never replaced whole: a tab sends the fields that it changed,
with what it knew of each; the others stay. Where another tab has typed into the same field meanwhile, that text stays
in the draft and the tab is told. A draft keeps the oldest version that it was typed on: nothing of it is put over what
was saved since, unless it is of other fields.

Reasons for findings that were given and not saved are kept like fields, by names of their own (:func:`reason_name`).
That somebody has a draft is told to their colleagues (:func:`drafts_told`), what it says to nobody.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from tonghu.platform.accounts.access import check_may
from tonghu.platform.crypto.box import seal, unseal
from tonghu.platform.scope.scope import Scope
from tonghu.registry import content as contents
from tonghu.registry.access import ENTER
from tonghu.registry.content import Content
from tonghu.registry.models import Draft
from tonghu.registry.models.work import REASONS
from tonghu.registry.supplement import items

#: Begins the name of a reason among the fields of a form.
REASON: Final = "why|"
#: So many reasons are kept, each of at most so many characters.
MOST_REASONS: Final = 400
LONGEST_REASON: Final = 400
#: A draft that is no older than this is being typed: colleagues are told, and their queue goes past the card.
FRESH: Final = timedelta(minutes=30)
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
        reasons: reasons for findings, by their names; a blank one is taken back.
        known: what the tab knew of a field before it was typed into; without it the tab is not asked.
    """

    based_on: int
    front: Mapping[str, str]
    supplement: Mapping[str, str]
    names: Collection[str]
    known: Mapping[str, str] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Told:
    """That somebody has typed something on a card and not saved it.

    Attributes:
        who: in words, as they were then.
    """

    card: int
    person: int
    who: str
    at: datetime

    @property
    def fresh(self) -> bool:
        """Whether it was typed just now."""
        return timezone.now() - self.at <= FRESH


def drafts_told() -> list[Told]:
    """Who of the reader's own hospital has a draft of which card, the newest first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT card_id, person_id, who, saved_at FROM registry.drafts_told() ORDER BY saved_at DESC")
        return [Told(*row) for row in cursor.fetchall()]


def reason_name(rule: str, column: str) -> str:
    """The name of the reason for a finding among the fields of a form."""
    return f"{REASON}{rule}|{column}"


def reasons_of(draft: Draft | None) -> dict[str, str]:
    """The reasons that a draft keeps, by their names."""
    if draft is None or draft.reasons is None:
        return {}
    held: dict[str, str] = json.loads(unseal(draft.reasons, REASONS))
    return held


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
        if not typed.front and not typed.supplement and not any(typed.reasons.values()):
            return {}
        said: dict[str, Any] = {"card_id": card, "institution_id": institution, "person_id": by.person or 0}
        empty = contents.seal(versions(typed.based_on))
        first = {"based_on_version": typed.based_on, "content": empty, "saved_at": timezone.now(), "who": by.label}
        if begun:
            said["begun"] = begun
        held, _made = Draft.objects.get_or_create(**said, defaults=first)
        held = Draft.objects.select_for_update(no_key=True).get(pk=held.pk)
    front, supplement = draft_changes(held, versions)
    reasons = reasons_of(held)
    there, wanted = {**front, **supplement, **reasons}, {**typed.front, **typed.supplement, **typed.reasons}
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
        {**_without(reasons, sent), **{name: text for name, text in typed.reasons.items() if name in sent}},
    )  # fmt: skip
    return theirs


@transaction.atomic
def take_out(*, card: int, versions: Versions, names: Collection[str], by: Scope) -> None:
    """Take fields that were saved out of the draft of a card; what other tabs typed stays."""
    held = _held(card, None, by).select_for_update(no_key=True).first()
    if held is not None:
        front, supplement = draft_changes(held, versions)
        left = _without(front, names), _without(supplement, names), _without(reasons_of(held), names)
        _write(held, versions, held.based_on_version, *left)


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
    held: Draft, versions: Versions, based_on: int, front: Mapping[str, str], supplement: Mapping[str, str],
    reasons: Mapping[str, str],
) -> None:  # fmt: skip
    kept = {name: text for name, text in sorted(reasons.items())[:MOST_REASONS] if text.strip()}
    if not front and not supplement and not kept:
        held.delete()
        return
    held.based_on_version = based_on
    held.content = contents.seal(versions(based_on).with_changes(front, supplement))
    held.reasons = seal(json.dumps(kept, ensure_ascii=False).encode(), REASONS) if kept else None
    held.saved_at = timezone.now()
    held.save(update_fields=["based_on_version", "content", "reasons", "saved_at"])
