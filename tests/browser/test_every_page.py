"""Every page of the menu, for the posts that have the most of it: axe, no sideways scroll, help of its own.

A room's pages are found through the menu, so a new one is held to this without a line here. Pages behind the menu's
(one record, one form) are visited by following the first link of each kind of address.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page

import made_up
from tonghu.platform.accounts.models import Post

#: More than these a post's pages are not: a loop would be a mistake of the crawl.
MOST_PAGES = 40
#: Kinds of pages that were looked at already, by whichever post: once is enough.
LOOKED_AT: set[str] = set()
#: A desk, a tablet's and phones' widths; what axe says changes only between a desk and a phone.
WIDTHS = (1366, 390, 375, 360)
AXE_AT = (1366, 390)
ROLES = ("point_lead", "security_admin", "audit_admin", "site_operator", "commission_officer")


@pytest.mark.parametrize("role", ROLES)
def test_every_page_of_a_post(
    committed: None, open_page: Callable[..., Page], axe: Callable[[Page], list[str]], site: str, role: str
) -> None:
    from tonghu.platform.accounts.roles import ROLES as DESCRIBED

    if role not in DESCRIBED:
        pytest.fail(f"no such role: {role}")
    place = {"commission_officer": ("health", "510000"), "site_operator": ("centre", "000000")}.get(role)
    held = made_up.post(role, made_up.authority(*place) if place else made_up.hospital())
    _regions_of_the_site()
    _lived_in(held)
    page = open_page()
    session = made_up.browser(held).cookies["tonghu_session"].value
    page.context.add_cookies([{"name": "tonghu_session", "value": session, "url": site}])
    page.goto("/")
    assert held.person.name in page.locator(".who").inner_text()
    waiting, seen, wrong = ["/", *_menu(page), "/account"], set(LOOKED_AT) - {"/"}, list[str]()
    while waiting:
        address = waiting.pop(0)
        if _kind(address) in seen:
            continue
        seen.add(_kind(address))
        assert len(seen - LOOKED_AT) < MOST_PAGES
        answer = page.goto(address)
        assert answer is not None
        if answer.status != 200:
            wrong.append(f"{address}: {answer.status}")
            continue
        page.wait_for_load_state("networkidle")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 768})
            if page.evaluate("document.documentElement.scrollWidth") > width:
                wrong.append(f"{address}: scrolls sideways at {width}")
            if width in AXE_AT:
                wrong += [f"{address}, {width}: {found}" for found in axe(page)]
        page.set_viewport_size({"width": 1366, "height": 768})
        if page.locator("h1").count() != 1 or not page.title().strip():
            wrong.append(f"{address}: no heading or no title")
        waiting += _links(page)
    LOOKED_AT.update(seen)
    assert wrong == []


def test_every_entry_of_the_menu_has_help_of_its_own() -> None:
    from django.urls import resolve, reverse

    from tonghu.platform.web import duties, helping

    for language in ("zh-hans", "en"):
        start = helping.text("start", language)
        without = [
            item.url
            for item in duties.items()
            if item.url != "home:home"
            and helping.text(resolve(reverse(item.url)).view_name.replace(":", "."), language) == start
        ]
        assert without == [], "write <room>/help/<room>.zh.md and .en.md"


def _regions_of_the_site() -> None:
    from tonghu.codes.regions import history
    from tonghu.network.services import load_regions
    from tonghu.platform.scope.scope import open_scope, system_scope

    with open_scope(system_scope("provisioning")) as by:
        load_regions(spells=[spell for code in ("510000", "510100", "510104") for spell in history(code)], by=by)


def _lived_in(held: Post) -> None:
    """Rows for the pages: a point with a due month, a child with a guardian that another hospital may see."""
    from tonghu.patients.agreements import let_see
    from tonghu.patients.services import change_view, enter_view, save_guardian
    from tonghu.platform.scope.scope import open_scope, system_scope
    from tonghu.surveillance.models import Point

    here = held.institution if held.institution.kind == "hospital" else made_up.hospital()
    with open_scope(system_scope("migration")):
        Point.objects.create(institution=here, valid=(date(2020, 1, 1), None), ground="designated")
    with made_up.acting(made_up.post("records_department", here)) as by:
        view = enter_view(by=by, institution=here.pk, record_number="ZY20260001", patient_name="单小雪", sex="2")
        save_guardian(by=by, view=view, name="虚构母", relation="5", phone="13900005678", address="四川省虚构市" * 6)
    with made_up.acting(made_up.post("point_lead", here)) as by:
        let_see(
            child=view.child, institution=made_up.hospital().pk, given_by=here.pk, ground="referral", by=by,
            start=timezone.now(), end=timezone.now() + timedelta(days=1),
        )  # fmt: skip
    with made_up.acting(made_up.post("records_department", here)) as by:
        # A line of the history without a place to break it.
        change_view(by=by, view=view, residence="四川省/虚构市/" + "-".join(["xugou"] * 20))


def _menu(page: Page) -> list[str]:
    return [link.get_attribute("href") or "" for link in page.locator(".side nav a").all()]


def _links(page: Page) -> list[str]:
    """Links to other pages of the site; files to download and searches are none."""
    found = page.locator("main a[href^='/']").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    return [address for address in found if not re.search(r"\.\w+$|/download|/export|/paper", address)]


def _kind(address: str) -> str:
    """The address without numbers and codes: one page of a kind is enough."""
    if address.startswith("/history/"):
        return "/history/TABLE/N"  # the first link is of the last change
    return re.sub(r"\d+|(?<=/)[0-9a-f-]{36}", "N", address.partition("?")[0].partition("#")[0])
