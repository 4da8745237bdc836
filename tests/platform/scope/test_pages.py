"""Every page × {right post, two wrong posts of the same place, other hospital, right post wrong region, nobody}.

Of the wrong posts one may nothing at all; the other may much there, but not this.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from pages import PAGES, SECRET, TO_LOG_IN, Page, Site
from rights import OF_PAGE

import made_up
from tonghu.platform.accounts.access import access_of
from tonghu.platform.accounts.models import Post
from tonghu.platform.accounts.roles import ADMINISTRATORS, ROLES

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("NET-09")]

#: A post without any permission.
WITHOUT = "it_partner"
#: A post that may much at a hospital, but sees nothing there of what is a colleague's own.
COLLEAGUE = "auditor"


def addresses(resolver: URLResolver, space: str = "") -> Iterator[tuple[str, URLPattern]]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            if entry.app_name == "ninja":
                continue  # the API has a table of its own: test_walls_api.py
            yield from addresses(entry, f"{space}{entry.namespace}:" if entry.namespace else space)
        else:
            yield f"{space}{entry.name}", entry


ALL = dict(addresses(get_resolver()))


def test_every_page_of_the_site_has_its_line_and_no_line_has_lost_its_page() -> None:
    assert set(ALL) == set(PAGES), "add the page to tests/platform/scope/pages.py"


@pytest.mark.parametrize("name", sorted(ALL))
def test_every_page_says_who_may_open_it(name: str) -> None:
    access = access_of(ALL[name].callback)
    assert access is not None
    assert frozenset(access.permissions) == OF_PAGE.get(name, frozenset()), "another right than rights.py names"


@pytest.mark.parametrize("name", sorted(PAGES))
def test_each_visitor_gets_what_is_theirs(name: str) -> None:
    page, site = PAGES[name], Site()
    visitors = {
        "another": site.visitor(page.role, "another"), "far": site.visitor(page.role, "far"),
        "wrong": made_up.post(WITHOUT, site.here), "stranger": None, "right": site.visitor(page.role, "here"),
    }  # fmt: skip
    if (colleague := with_other_rights(name, page, site)) is not None:
        visitors = {"colleague": colleague, **visitors}
    address = reverse(name, kwargs=page.args(site))
    for who, post in visitors.items():  # the right one last: what they do changes the site
        answer = ask(made_up.browser(post), address, page)
        status = TO_LOG_IN if answer.status_code == 302 and "/login?" in answer["Location"] else answer.status_code
        expected = page.wrong if who == "colleague" else getattr(page, who)
        assert status == expected, f"{who} ({post and post.role}) at {address}"
        shown = SECRET in b"".join(answer).decode(errors="replace")
        if who == "right":
            assert shown or not page.names, "the page is said to show the name"
        elif name not in ("web:search", "accounts:activate"):  # what was asked for stands in the box; the link's own
            assert not shown, f"{who} is shown the name"


def with_other_rights(name: str, page: Page, site: Site) -> Post | None:
    """Who has most rights at the place of the right post, but not the page's own; None where everybody may open it."""
    if page.wrong == page.right:
        return None
    place = site.visitor(page.role, "here").institution
    asked = OF_PAGE.get(name)
    if not asked:  # something of one's own: another post may be anything but the owner
        return site.visitor(COLLEAGUE, "here")
    held_here = place.department or place.kind
    able = [role for role in ROLES.values() if held_here in role.places and not asked & role.permissions]
    most = max(able, key=lambda role: (role.code not in ADMINISTRATORS, len(role.permissions)))
    assert most.permissions, f"nobody with other rights is wrong at {name}"
    return made_up.post(most.code, place)


def ask(client: Client, address: str, page: Page) -> object:
    if page.post is None:
        return client.get(address, page.query)
    return client.post(address, page.post)
