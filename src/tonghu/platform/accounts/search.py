"""What the search box finds of this room: people, for those who see the list of people."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tonghu.codes.text import halfwidth
from tonghu.platform.accounts.access import VIEW
from tonghu.platform.accounts.queries import called, people, posts_in_words
from tonghu.platform.scope.scope import Scope
from tonghu.platform.shell import SearchHit, SearchProvider


def providers() -> tuple[SearchProvider, ...]:
    """People in the reader's reach."""
    return (SearchProvider(gettext_lazy("People"), find, permission=VIEW),)


def find(_scope: Scope, text: str, limit: int) -> Iterator[SearchHit]:
    """People by name, pinyin, initials or user name, with what tells two of one name apart."""
    wanted = halfwidth(text).strip()
    if not wanted:
        return
    for person in called(people(), wanted).order_by("name", "pk")[:limit]:
        known = [
            person.username,
            person.institution.name,
            posts_in_words(person) or _("no post"),
            "" if person.is_active else _("suspended"),
        ]
        yield SearchHit(person.name, reverse("accounts:person", args=[person.pk]), " · ".join(filter(None, known)))
