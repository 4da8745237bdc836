"""Every page × {right post, same hospital wrong post, other hospital, right post wrong region, nobody}."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from pages import PAGES, SECRET, TO_LOG_IN, Page, Site

import made_up
from tonghu.platform.accounts.access import access_of

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("NET-09")]

#: A post without any permission.
WITHOUT = "it_partner"


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
    assert access_of(ALL[name].callback) is not None


@pytest.mark.parametrize("name", sorted(PAGES))
def test_each_visitor_gets_what_is_theirs(name: str) -> None:
    page, site = PAGES[name], Site()
    visitors = {
        "another": site.visitor(page.role, "another"), "far": site.visitor(page.role, "far"),
        "wrong": made_up.post(WITHOUT, site.here), "stranger": None, "right": site.visitor(page.role, "here"),
    }  # fmt: skip
    address = reverse(name, kwargs=page.args(site))
    for who, post in visitors.items():  # the right one last: what they do changes the site
        answer = ask(made_up.browser(post), address, page)
        status = TO_LOG_IN if answer.status_code == 302 and "/login?" in answer["Location"] else answer.status_code
        assert status == getattr(page, who), f"{who} at {address}"
        shown = SECRET in b"".join(answer).decode(errors="replace")
        if who == "right":
            assert shown or not page.names, "the page is said to show the name"
        elif name not in ("web:search", "accounts:activate"):  # what was asked for stands in the box; the link's own
            assert not shown, f"{who} is shown the name"


def ask(client: Client, address: str, page: Page) -> object:
    if page.post is None:
        return client.get(address, page.query)
    return client.post(address, page.post)
