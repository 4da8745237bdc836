"""Pages over a million made-up report cards of 1,750 points, as the site itself says how long they took.

The site's own WSGI application is asked in this process, logged in as each post, bound by row security as the
application's role: list, queue, card, calendar and figures. Server time is what the site says of each answer; the limit
is 150 ms at the 95th percentile, one person at a time.
"""

from __future__ import annotations

import os
import re
import statistics
from dataclasses import dataclass
from typing import Any, Final

from bench.measure import WORK, Line
from bench.registry import fill

LIMIT: Final = 0.150
#: Asked before anything is counted: templates are compiled, pictures are kept.
WARM: Final = 2
ROUNDS: Final = 20
_TIMING: Final = re.compile(r"app;dur=([\d.]+)")


@dataclass(frozen=True)
class Page:
    """One page, and whom it is asked as: user name, what it is called, its address."""

    user: str
    what: str
    address: str


PAGES: Final = (
    Page("h1.entry_clerk", "first screen", "/"),
    Page("h1.entry_clerk", "list", "/cards"),
    Page("h1.entry_clerk", "list, one month's drafts", "/cards?state=draft&month={month}"),
    Page("h1.entry_clerk", "queue", "/cards/queue"),
    Page("h1.entry_clerk", "card", "/cards/{draft}"),
    Page("h1.auditor", "first screen", "/"),
    Page("h1.auditor", "cards to audit", "/cards/audit"),
    Page("h1.auditor", "card", "/cards/{submitted}"),
    Page("h1.point_lead", "first screen", "/"),
    Page("h1.point_lead", "calendar", "/reporting"),
    Page("h1.point_lead", "weak points", "/reporting/quality"),
    Page("h1.point_lead", "cases", "/reporting/cases"),
    Page("province.commission_officer", "first screen", "/"),
    Page("province.commission_officer", "wall of points", "/reporting"),
    Page("province.commission_officer", "points that owe", "/reporting?by=points&late=1"),
    Page("province.commission_officer", "list", "/cards"),
    Page("province.commission_officer", "weak points", "/reporting/quality"),
    Page("province.commission_officer", "cases", "/reporting/cases"),
    Page("centre.centre_officer", "first screen", "/"),
    Page("centre.centre_officer", "the nation's board", "/reporting"),
    Page("centre.centre_officer", "wall of 1,750 points", "/reporting?by=points"),
    Page("centre.centre_officer", "points that owe", "/reporting?by=points&late=1"),
    Page("centre.centre_officer", "a month", "/reporting/months/{month}"),
    Page("centre.centre_officer", "list", "/cards"),
    Page("centre.centre_officer", "cards received", "/cards/received"),
    Page("centre.centre_officer", "weak points", "/reporting/quality"),
    Page("centre.centre_officer", "cases", "/reporting/cases"),
    Page("centre.centre_officer", "cards behind a figure", "/reporting/cards?topic=group&key=hlh"),
)


def suite(runs: int) -> list[Line]:
    """Every page, `ROUNDS` × `runs` times in turn."""
    os.environ["TONGHU_SERVER_TIMING"] = "1"
    site = fill.site(WORK / "registry", fill.POINTS, fill.CARDS)
    try:
        return measured(runs)
    finally:
        site.close()


def measured(runs: int) -> list[Line]:
    """Measure on the site that is open."""
    known = _known()
    visitors = {user: visitor(user) for user in {page.user for page in PAGES}}
    taken: dict[Page, list[float]] = {page: [] for page in PAGES}
    for turn in range(WARM + ROUNDS * max(1, runs // 5)):
        for page in PAGES:
            answer = visitors[page.user].get(page.address.format(**known))
            if answer.status_code != 200:
                raise SystemExit(f"{page.address} answered {answer.status_code} to {page.user}")
            found = _TIMING.search(answer["Server-Timing"])
            assert found is not None
            if turn >= WARM:
                taken[page].append(float(found[1]) / 1000)
    lines = []
    for page, seconds in taken.items():
        p95 = statistics.quantiles(seconds, n=20)[-1]
        middle = statistics.median(seconds)
        print(f"  {page.user:28} {page.what:26} p50 {middle * 1000:6.1f}  p95 {p95 * 1000:6.1f} ms", flush=True)
        lines.append(
            Line(
                f"of 1,000,000 cards, {page.user.split('.')[1].replace('_', ' ')}: {page.what}", "the limit of 150 ms",
                p95, LIMIT, 1.0, 0, note=f"median {middle * 1000:.0f} ms",
            )
        )  # fmt: skip
    return lines


def visitor(user: str) -> Any:
    """A browser of the made-up person, logged in with a one-time code, acting from their first post."""
    from django.test import Client

    from tonghu.platform.accounts.models import Post
    from tonghu.platform.accounts.sign_in import POST, SECOND_FACTOR
    from tonghu.platform.scope.scope import open_scope, system_scope

    client = Client(SERVER_NAME="localhost")
    with open_scope(system_scope("login")):
        post = Post.objects.select_related("person").filter(person__username=user).order_by("pk")[0]
        client.force_login(post.person)
    session = client.session
    session[POST], session[SECOND_FACTOR] = post.pk, True
    session.save()
    return client


def _known() -> dict[str, Any]:
    """What stands in the addresses: a month, and cards of the first hospital."""
    from tonghu.codes.dates import today_in_china
    from tonghu.platform.accounts.models import Post
    from tonghu.platform.accounts.sign_in import scope_of_post
    from tonghu.platform.scope.scope import open_scope, system_scope
    from tonghu.registry.models import Card
    from tonghu.surveillance.calendar import Month

    month = Month.of(today_in_china()).plus(-1)
    with open_scope(system_scope("login")):
        post = Post.objects.select_related("person", "institution").get(person__username="h1.entry_clerk")
    with open_scope(scope_of_post(post, purpose="bench")):
        mine = Card.objects.filter(institution=post.institution_id)
        cards = {state: mine.filter(state=state).values_list("pk", flat=True)[0] for state in ("draft", "submitted")}
    return {"month": month, **cards}
