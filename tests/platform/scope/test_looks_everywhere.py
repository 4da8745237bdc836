"""Wherever a page names a child, the log of acts has a look at that child: walked as each role, link by link."""

from __future__ import annotations

import re
from html import unescape
from types import SimpleNamespace

import pytest
from django.test import Client
from django.urls import NoReverseMatch, reverse
from pages import PAGES, SECRET, _import_row

import made_up
from made_up_cards import Point
from tonghu.patients.merges import merge, undo_merge
from tonghu.platform.accounts.models import Post
from tonghu.platform.audit.models import Event
from tonghu.platform.scope.scope import open_scope, system_scope
from tonghu.registry.services import ask_void, move

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("NET-09")]

#: Each child has a name of its own, so that a look at one of them does not cover for another.
NAMES = {
    "draft": "欧阳测甲", "submitted": "欧阳测乙", "approved": "欧阳测丙", "reported": "欧阳测丁", "to_void": "欧阳测戊",
}  # fmt: skip
WAY = (
    ("entry_clerk", "submit"), ("auditor", "approve"), ("auditor", "report"), ("centre_officer", "accept"),
    ("entry_clerk", "revise"),
)  # fmt: skip
#: How far along it each card goes.
FAR = {"draft": 0, "submitted": 1, "approved": 2, "reported": 3, "to_void": 5}
#: Pages that name nobody, by their beginnings; and what leaves the site.
LEFT_OUT = ("/static", "/style", "/help", "/regions", "/institutions", "/people", "/account", "/log")
ROOMS_LEFT_OUT = ("accounts:", "docking:", "network:")
MOST = 60
#: A row of a file has no child yet; the log has its number (``intake.looks``).
ROW = SECRET


def role_at(point: Point, role: str) -> Post:
    """Who holds a role at the hospital, or above it."""
    if role == "centre_officer":
        return point.centre()
    return made_up.post(role, made_up.authority("health", "510000")) if "commission" in role else point.post(role)


def filled(point: Point) -> tuple[dict[str, int], list[str]]:
    """Cards on every stretch of their way, and a file that waits: the child of each name, and the pages of the file."""
    children = {}
    for which, name in NAMES.items():
        # The first has an error, so that the queue has it; its colleague works on another stay.
        card = point.card(patient_name=name, **({"age_years": "12"} if which == "draft" else {}))
        for role, act in WAY[: FAR[which]]:
            with point.acting(role) as by:
                assert move(cards=[card.pk], act=act, by=by, reason="虚构的原因")[0].refused == ""
        if which == "to_void":
            with point.acting("entry_clerk") as by:
                ask_void(card=card.pk, version=1, reason="虚构的理由", by=by)
        children[name] = card.child_id
    clerk = SimpleNamespace(post=point.post("entry_clerk"))
    row = _import_row(SimpleNamespace(place=clerk, here=point.hospital))
    one = {"pk": row["pk"]}
    return children, [
        reverse("intake:row", kwargs=row),
        reverse("intake:rows", kwargs=one),
        reverse("intake:batch", kwargs=one),
    ]


def begun() -> list[str]:
    """Every page of the site that asks for nothing, and lists that links lead to only once there is more."""
    found = []
    for name, page in PAGES.items():
        try:
            found += [reverse(name)] if page.post is None and not name.startswith(ROOMS_LEFT_OUT) else []
        except NoReverseMatch:
            continue
    cards, queue = reverse("registry:cards"), reverse("registry:queue")
    more = [f"{queue}?by=card", f"{queue}?kind=supplement&by=card", f"{cards}?q=oycj", f"{cards}?state=reported"]
    return ["/", *more, f"{reverse('surveillance:cards')}?topic=all", f"{reverse('web:search')}?q=oyc", *found]


def looked(after: int) -> tuple[set[int], set[str], int]:
    """The children at whom events newer than one say that somebody looked, their kinds, and the newest event."""
    with open_scope(system_scope("migration")):
        rows = list(Event.objects.filter(pk__gt=after).order_by("pk"))
    children = {int(row.subject_id) for row in rows if row.subject_kind == "child"}
    children |= {child for row in rows for child in row.data.get("children", ())}
    return children, {row.kind for row in rows}, rows[-1].pk if rows else after


def walk(browser: Client, children: dict[str, int], first: list[str]) -> tuple[set[str], list[str]]:
    """Open page after page; returns the names that were shown, and where one was shown without a look at its child."""
    waits, known = [*first, *begun()], set()
    shown: set[str] = set()
    silent = []
    _looks, _kinds, last = looked(0)
    while waits and len(known) < MOST:
        address = waits.pop(0)
        shape = re.sub(r"\d+", "N", address)
        if shape in known or address.startswith(LEFT_OUT):
            continue
        known.add(shape)
        answer = browser.get(address)
        looks, kinds, last = looked(last)
        if answer.status_code == 302:
            waits.insert(0, answer["Location"])
        if answer.status_code != 200 or "html" not in answer["Content-Type"]:
            continue
        text = answer.content.decode()
        names = {name for name in (*children, ROW) if name in text}
        shown |= names
        silent += [
            f"{address} shows {name}"
            for name in names
            if not ("intake.rows_seen" in kinds if name == ROW else children[name] in looks)
        ]
        waits += [unescape(link) for link in re.findall(r'href="(/[^"#]*)', text)]
    return shown, silent


@pytest.mark.requirement("REG-17")
def test_a_look_at_a_card_is_a_look_at_its_own_child_also_while_that_is_one_with_another() -> None:
    """Else it would stand, once the merge is taken back, with the child at whom nobody looked."""
    point = Point()
    one, other = point.card(), point.card()
    auditor = made_up.browser(point.post("auditor"))
    with point.acting("records_department") as by:
        act = merge(kept=one.child, merged=other.child, reason="虚构：同一名患儿", by=by)
    _looks, _kinds, last = looked(0)
    for card, child in ((one, one.child_id), (other, other.child_id)):
        assert auditor.get(reverse("registry:card", args=[card.pk])).status_code == 200
        looks, _kinds, last = looked(last)
        assert looks == {child}
    with point.acting("records_department") as by:
        undo_merge(act=act, reason="虚构：不是同一人", by=by)
    with open_scope(system_scope("migration")):
        reads = Event.objects.filter(kind="child.read").order_by("pk").values_list("subject_id", flat=True)
        assert list(reads) == [str(one.child_id), str(other.child_id)]


@pytest.mark.parametrize(
    ("role", "reads_files"),
    [
        ("entry_clerk", True), ("auditor", False), ("records_department", True), ("centre_officer", False),
        ("commission_officer", False),
    ],
)  # fmt: skip
def test_no_page_names_a_child_without_a_look_in_the_log(role: str, *, reads_files: bool) -> None:
    point = Point()
    children, first = filled(point)
    shown, silent = walk(made_up.browser(role_at(point, role)), children, first)
    assert silent == []
    assert shown == {*children, *([ROW] if reads_files else [])}  # else the walk went past the lists
