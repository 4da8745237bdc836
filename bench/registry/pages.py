"""Pages over a million made-up report cards of 1,750 points, as the site itself says how long they took.

The site's own WSGI application is asked in this process, logged in as each post, bound by row security as the
application's role: list, queue, card, calendar and figures. Server time is what the site says of each answer; the limit
is 150 ms at the 95th percentile, one person at a time.
"""

from __future__ import annotations

import logging
import os
import re
import statistics
from datetime import date
from html import unescape
from typing import Any, Final

from bench.forms import as_of, fields
from bench.measure import WORK, Line, made
from bench.registry import fill

LIMIT: Final = 0.150
#: Of the check while somebody types.
CHECK_LIMIT: Final = 0.100
#: Rows of the import that waits, and its archive month.
ROWS, MONTH = 100_000, date(2026, 9, 1)
#: Asked before anything is counted: templates are compiled, pictures are kept.
WARM: Final = 2
ROUNDS: Final = 40
_TIMING: Final = re.compile(r"app;dur=([\d.]+)")
_NEXT: Final = re.compile(r'href="\?([^"]*after=[^"]+)"')


#: Lists of cards and what narrows them: what is frequent, what is rare, and what no card has.
LISTS: Final = {
    "list": "/cards",
    "list, one month": "/cards?month={month}",
    "list, drafts of a month": "/cards?state=draft&month={month}",
    "list, accepted": "/cards?state=accepted",
    "list, returned by the centre": "/cards?state=returned_by_centre",
    "list, a frequent group": "/cards?group=malignant",
    "list, a rare group": "/cards?group=haemophilia",
    "list, a group nobody has": "/cards?group=undetermined",
    "list, a frequent subgroup": "/cards?iccc={frequent}",
    "list, a rare subgroup": "/cards?iccc={rare}",
    "list, a subgroup nobody has": "/cards?iccc={nobody}",
    "list, group, month and errors": "/cards?group=malignant&month={month}&problem=errors",
    "list, with errors": "/cards?problem=errors",
    "list, drafts": "/cards?state=draft",
    "list, a record": "/cards?q={record}",
    "list, a name": "/cards?q={name}",
    "list, a later page": "/cards?{later}",
}
FIGURES: Final = {
    "calendar": "/reporting",
    "a month": "/reporting/months/{month}",
    "weak points": "/reporting/quality",
    "cases": "/reporting/cases",
    "cards behind a group": "/reporting/cards?topic=group&key=hlh",
    "cards behind a subgroup": "/reporting/cards?topic=iccc&key=11",
    "cards behind a rule": "/reporting/cards?topic=rule&key=HQ021",
    "cards behind a place": "/reporting/cards?topic=residence&key=110000",
    "cards behind an age": "/reporting/cards?topic=age&key=00",
    "cards behind the problems": "/reporting/cards?topic=problem&key={month}",
    "cards without a home province": "/reporting/cards?topic=residence&key=",
    "cards of a month, not reported": "/reporting/cards?topic=waiting&key={month}",
    "cards of an assumed month": "/reporting/cards?topic=assumed&key={month}",
}
QUEUE: Final = {
    "queue": "/cards/queue", "queue by card": "/cards/queue?by=card", "queue, came back": "/cards/queue?kind=returned",
    "draft": "/cards/{draft}", "draft in the queue of a rule": "/cards/{draft}?rule=HQ021", "imports": "/imports",
    "new card": "/cards/new", "children": "/children",
}  # fmt: skip
#: An import of 100,000 rows that waits to be looked at.
PREVIEW: Final = {
    "preview of 100,000 rows": "/imports/{batch}", "rows, new": "/imports/{batch}/rows?match=new",
    "rows that wait": "/imports/{batch}/rows?match=undetermined", "all rows": "/imports/{batch}/rows",
    "rows of a count": "/imports/{batch}/rows?counts=created", "a row": "/imports/{batch}/rows/{row}",
    "a row that waits": "/imports/{batch}/rows/{undecided}",
}  # fmt: skip
AUDIT: Final = {"cards to audit": "/cards/audit", "submitted card": "/cards/{submitted}"}
WALL: Final = {
    "wall of points": "/reporting?by=points", "wall, later": "/reporting?by=points&page=3",
    "points that owe": "/reporting?by=points&late=1", "points": "/reporting/points",
    "a point": "/reporting/points/{point}",
    "reported card": "/cards/{accepted}", "children": "/children",
}  # fmt: skip
RECEIVED: Final = {
    "cards received": "/cards/received", "received, one month": "/cards/received?month={month}",
    "received, a rare group": "/cards/received?group=haemophilia", "export of a month": "/cards/export?month={month}",
}  # fmt: skip
FIRST: Final = {"first screen": "/"}
#: Whom the pages are asked as, and which: every post that has to do with cards.
POSTS: Final[dict[str, tuple[dict[str, str], ...]]] = {
    "h1.entry_clerk": (FIRST, LISTS, QUEUE, FIGURES, PREVIEW),
    "h1.records_department": (FIRST, LISTS, QUEUE, FIGURES, {"export of a month": "/cards/export?month={month}"}),
    "h1.auditor": (FIRST, LISTS, AUDIT, FIGURES),
    "h1.point_lead": (FIRST, LISTS, FIGURES),
    "h1.responsible_deputy": (FIRST, LISTS, FIGURES),
    "county.commission_officer": (FIRST, LISTS, FIGURES, WALL),
    "city.commission_officer": (FIRST, LISTS, FIGURES, WALL),
    "province.commission_officer": (FIRST, LISTS, FIGURES, WALL),
    "province.commission_head": (FIRST, LISTS, FIGURES, WALL),
    "centre.centre_officer": (FIRST, LISTS, FIGURES, WALL, RECEIVED),
    "centre.centre_head": (FIRST, LISTS, FIGURES, WALL),
}


def suite(runs: int) -> list[Line]:
    """Every page, `ROUNDS` × `runs` times in turn."""
    os.environ["TONGHU_SERVER_TIMING"] = "1"
    logging.disable(logging.INFO)  # a line a request
    from tonghu.config import web_server

    site = fill.site(WORK / "registry", fill.POINTS, fill.CARDS)
    try:
        _preview()
        web_server.warm()  # as each process of the site does
        return measured(runs)
    finally:
        site.close()


def _preview() -> None:
    """Have the first hospital's clerk upload a file of reportable stays, of which some wait for a word."""
    from tonghu.config import made_up_months
    from tonghu.config.made_up_points import points

    month = f"{MONTH:%Y-%m}"
    file = made(f"preview-{ROWS}.csv", "--rows", str(ROWS), "--children", "1", "--in-scope", "1", "--month", month)
    as_of(file, points(fill.COUNTRY)[0].hospital.code)
    made_up_months.upload(file, MONTH, "h1.entry_clerk", decided=False)


def measured(runs: int) -> list[Line]:
    """Measure on the site that is open: a line for each post, of its slowest page."""
    lines = [_typing(ROUNDS * max(1, runs // 5))]
    for user, groups in POSTS.items():
        asked, known = visitor(user), _known(user)
        known["later"] = _later(asked)
        pages = {what: address.format(**known) for group in groups for what, address in group.items()}
        taken = {what: _taken(asked, address, ROUNDS * max(1, runs // 5)) for what, address in pages.items()}
        p95 = {what: statistics.quantiles(seconds, n=20)[-1] for what, seconds in taken.items()}
        for what, seconds in taken.items():
            over = "  OVER" if p95[what] > LIMIT else ""
            print(
                f"  {user:28} {what:32} p50 {statistics.median(seconds) * 1000:6.1f}"
                f"  p95 {p95[what] * 1000:6.1f} ms{over}", flush=True,
            )  # fmt: skip
        slowest = max(p95, key=lambda what: p95[what])
        middle = statistics.median(one for seconds in taken.values() for one in seconds)
        place, role = user.split(".")
        print(f"  {user}: the slowest is “{slowest}”", flush=True)
        lines.append(
            Line(
                f"pages over 1,000,000 cards, {place} {role.replace('_', ' ')}: the slowest, 95th percentile",
                "the limit, 150 ms", p95[slowest], LIMIT, 1.0, 0,
                note=f"{len(pages)} pages; median of all {middle * 1000:.0f} ms",
            )
        )  # fmt: skip
    return lines


def _typing(rounds: int) -> Line:
    """The check of a draft with findings, asked as its form asks it at every pause of the keys."""
    asked = visitor("h1.entry_clerk")
    drafts = [f"/cards/{pk}" for pk in _known("h1.entry_clerk")["drafts"]]
    forms = {card: fields(asked.get(card).content.decode(), "card") for card in drafts}
    # Of some drafts the one on which most is found.
    card = max(drafts, key=lambda each: _findings(asked.post(f"{each}/check", forms[each])))
    said = forms[card]
    answers = [asked.post(f"{card}/check", said) for _turn in range(WARM + rounds)]
    found = [_TIMING.search(answer["Server-Timing"]) for answer in answers]
    taken = [float(one[1]) / 1000 for one in found[WARM:] if one is not None]
    p95, middle = statistics.quantiles(taken, n=20)[-1], statistics.median(taken)
    findings = _findings(answers[-1])
    print(f"  a card checked: p50 {middle * 1000:.1f}, p95 {p95 * 1000:.1f} ms, {findings} findings", flush=True)
    return Line(
        "a card checked while somebody types, 95th percentile", "the limit, 100 ms", p95, CHECK_LIMIT, 1.0, 0,
        note=f"median {middle * 1000:.0f} ms; {len(said)} fields, {findings} findings",
    )  # fmt: skip


def _findings(answer: Any) -> int:
    if answer.status_code != 200:
        raise SystemExit(f"{answer.request['PATH_INFO']} answered {answer.status_code}")
    return int(answer.content.decode().count("data-finding "))


def _later(asked: Any) -> str:
    """The address of the fourth page of the list of cards."""
    query = ""
    for _page in range(3):
        found = _NEXT.search(asked.get(f"/cards?{query}").content.decode())
        if found is None:
            break
        query = unescape(found[1])
    return query


def _taken(asked: Any, address: str, rounds: int) -> list[float]:
    """What the site says that a page took, in seconds, each time."""
    taken = []
    for turn in range(WARM + rounds):
        answer = asked.get(address)
        if answer.status_code != 200:
            raise SystemExit(f"{address} answered {answer.status_code}")
        found = _TIMING.search(answer["Server-Timing"])
        assert found is not None
        if turn >= WARM:
            taken.append(float(found[1]) / 1000)
    return taken


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


def _known(user: str) -> dict[str, Any]:
    """What stands in the addresses: a month, cards that the reader sees, subgroups, frequent, rare and nobody's."""
    from django.db.models import Count

    from tonghu.codes import iccc
    from tonghu.codes.dates import today_in_china
    from tonghu.intake.models import Batch, Row
    from tonghu.platform.accounts.models import Post
    from tonghu.platform.accounts.sign_in import scope_of_post
    from tonghu.platform.scope.scope import open_scope, system_scope
    from tonghu.registry.models import Card
    from tonghu.surveillance.calendar import Month
    from tonghu.surveillance.models import Point

    with open_scope(system_scope("login")):
        post = Post.objects.select_related("person", "institution").filter(person__username=user).order_by("pk")[0]
    scope = scope_of_post(post, purpose="bench")
    with open_scope(scope):
        cards = Card.objects.all() if scope.institution is None else Card.objects.filter(institution=scope.institution)
        one = cards.select_related("view").filter(state="accepted").order_by("-pk")[0]
        groups = cards.values_list("iccc3_subgroup").annotate(n=Count("pk")).exclude(iccc3_subgroup="").order_by("n")
        held = [code for code, _n in groups]
        point = Point.objects.order_by("-pk").values_list("pk", flat=True).first()
        batch = Batch.objects.filter(state="ready").order_by("-pk").values_list("pk", flat=True).first()
        rows = Row.objects.filter(batch=batch or 0).order_by("row").values_list("row", flat=True)
        row, undecided = rows.first(), rows.filter(match="undetermined").first()
        states = {
            state: cards.filter(state=state).values_list("pk", flat=True).order_by("-pk").first()
            for state in ("draft", "submitted", "accepted")
        }
        drafts = list(cards.filter(state="draft").order_by("-pk").values_list("pk", flat=True)[:30])
    return {
        "month": Month.of(today_in_china()).plus(-2), "frequent": held[-1], "rare": held[0],
        "nobody": next(each.code for each in iccc.groups("subgroup") if each.code not in held),
        "record": one.record_number, "name": one.view.patient_name, "point": point, **states,
        "batch": batch, "row": row, "undecided": undecided, "drafts": drafts,
    }  # fmt: skip
