"""What is typed and not saved yet: kept sealed for whoever typed it, on each card one, and one of a new card."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from tonghu.platform.accounts.access import check_may
from tonghu.platform.scope.scope import Scope
from tonghu.registry import content as contents
from tonghu.registry.access import ENTER
from tonghu.registry.content import Content
from tonghu.registry.models import Draft


@transaction.atomic
def keep_draft(*, card: int | None, institution: int, based_on: int, content: Content, by: Scope) -> Draft:
    """Keep what `by` typed; what they had typed before on this card is replaced.

    Raises:
        PermissionDenied: `by` may not.
    """
    check_may(by, ENTER)
    whose = {"card_id": card, "institution_id": institution, "person_id": by.person or 0}
    said = {"based_on_version": based_on, "content": contents.seal(content), "saved_at": timezone.now()}
    held = Draft.objects.select_for_update(no_key=True).filter(**whose).first()
    if held is None:
        return Draft.objects.create(**whose, **said)
    for name, value in said.items():
        setattr(held, name, value)
    held.save(update_fields=list(said))
    return held


def discard(*, card: int | None, by: Scope) -> None:
    """Throw away what `by` typed on a card, or of a new card."""
    Draft.objects.filter(card=card, institution=by.institution, person_id=by.person or 0).delete()


def draft_content(draft: Draft | None, otherwise: Content) -> Content:
    """What a draft says; `otherwise` where there is none."""
    return contents.open_(draft.content) if draft else otherwise


def new_draft(by: Scope) -> Draft | None:
    """What `by` typed of a new card."""
    return Draft.objects.filter(card=None, institution=by.institution, person_id=by.person or 0).first()
