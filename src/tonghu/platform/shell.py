"""What a room says of itself to the shell: entries of the menu, answers of the search box, parts of the first screen.

Plain values, importable from every room. A room lists its entries in ``menu.py`` and its searches in ``search.py``::

    # menu.py
    from django.utils.translation import gettext_lazy as _
    from tonghu.platform.shell import MenuGroup, MenuItem
    MENU = (MenuItem(_("People"), "accounts:people", permission="accounts.read", group=MenuGroup.SITE),)

    # search.py
    def providers() -> tuple[SearchProvider, ...]:
        return (SearchProvider(_("People"), find_people, permission="accounts.read"),)

    # first_screen.py
    PARTS = (FirstPart("registry/first_clerk.html", clerk_today, permission="registry.enter"),)

The shell (``tonghu.platform.web``) and the first screen (``tonghu.platform.home``) ask them under the reader's scope.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.http import HttpRequest

    from tonghu.platform.scope.scope import Scope

#: A text in the reader's language: lazy, or already said.
Words = str | Promise


#: Where a request keeps what :func:`stands_at` says.
STANDS_AT: Final = "_stands_at"


class MenuGroup(Enum):
    """The groups of the menu by duty, in the order in which they stand."""

    TODO = _("To do")
    CHILDREN = _("Children")
    REPORTING = _("Reporting")
    CARE = _("Care")
    QUALITY = _("Quality")
    NETWORK = _("Network")
    SITE = _("Administration")
    HELP = _("Help")


@dataclass(frozen=True, slots=True, kw_only=False)
class MenuItem:
    """One entry of the menu.

    Attributes:
        label: what it is called, lazily translated.
        url: name of the address, such as ``accounts:people``; takes no arguments.
        permission: code that the reader's post must hold; None shows it to everyone, strangers too.
        group: where it stands.
        count: how many wait there for this reader; called under the reader's scope, None or 0 shows no number.
        icon: name of a Tabler icon in :data:`tonghu.platform.web.icons.ICONS`, or empty.
        note: what is there, in a sentence: the first screen says it to who has no other work here yet.
        when: whether this reader has anything to do there, where no single permission says so; None for all.
    """

    label: Words
    url: str
    permission: str | None = None
    group: MenuGroup = MenuGroup.TODO
    count: Callable[[Scope], int | None] | None = None
    icon: str = ""
    note: Words = ""
    when: Callable[[Scope], bool] | None = None


def stands_at(request: HttpRequest, address: str) -> None:
    """Say at which entry of the menu the reader of this page stands, where the page's own address does not."""
    setattr(request, STANDS_AT, address)


@dataclass(frozen=True, slots=True)
class SearchHit:
    """One answer of the search box. ``note`` tells two of the same label apart; identities in it come masked."""

    label: str
    url: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class SearchProvider:
    """One kind of thing that the search box finds.

    Attributes:
        kind: heading above its answers.
        find: ``find(scope, text, limit)`` returns at most `limit` hits, best first; at most 10 ms at a million rows.
        permission: code that the reader's post must hold; None asks for every reader.
    """

    kind: Words
    find: Callable[[Scope, str, int], Iterable[SearchHit]]
    permission: str | None = None


@dataclass(frozen=True, slots=True)
class FirstPart:
    """What a room puts on the first screen of those who do its work; the numbers of the menu then step back.

    Attributes:
        template: shown as it is, with what `context` says.
        context: called under the reader's scope, on that page alone; None leaves the part out.
        permission: code that the reader's post must hold; None for everybody: it says nothing of a post's own work.
        order: smaller stands higher; what has to be done first, pictures after it.
        covers: entries of the menu (names of addresses) whose number the part shows itself.
    """

    template: str
    context: Callable[[Scope], dict[str, Any] | None]
    permission: str | None
    order: int = 50
    covers: tuple[str, ...] = ()
