"""Every figure on every page of this room and on the first screens opens exactly what makes it, cards or points; and
none stands there without a way to them, but for those that are named here with the reason. Asked as several posts.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from html import unescape

import pytest
from django.test import Client
from django.utils import timezone
from points_and_cards import cards, point
from test_figures import count

import made_up
from run_jobs import run_one
from tonghu.network.models import Institution
from tonghu.platform.jobs.tasks import enqueue
from tonghu.platform.scope.scope import open_scope, system_scope
from tonghu.registry.models import Finding
from tonghu.surveillance import figures, services
from tonghu.surveillance.calendar import Month

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-15")]

TODAY = timezone.localdate()
LAST = Month.of(TODAY).plus(-1)
BEFORE = LAST.plus(-1)
#: A link that is followed, and the one number in its text, whatever words and tags stand around it: at the end of it,
#: or of cards or points ("3 份…"). What has no blank before it is a sign of a wall: so many days late.
LINK = re.compile(r'<a\b[^>]*?\shref="([^"]+)"[^>]*>(.*?)</a>', re.DOTALL)
NUMBER = re.compile(r"(?<!\S)[\d,]+(?=\s*(?:$|份|家|个监测点))")
#: A cell of a point: so many cards of so many have not come.
OWED = re.compile(r"欠 ?(\d+)/(\d+)")
#: Where numbers stand that count cards or points.
PLACES = (
    re.compile(r"<td[^>]*\b(?:is-number|n)\b[^>]*>(?:<[^>]+>)*([1-9][\d,]*)(?:<[^>]+>)*</td>"),
    re.compile(r"<dd[^>]*>(?:<[^>]+>)*([1-9][\d,]*)\b(?!-)"),
    re.compile(r"today-(?:number|count)[^>]*>([1-9][\d,]*)<"),
    re.compile(r"<strong>([1-9][\d,]*)</strong>"),
    re.compile(r"([1-9][\d,]*)\s*(?:份|家监测点|个监测点)"),
)
#: Numbers that need no way to what makes them: what is cut out of a page before it is looked at, by name and reason.
ALLOWED = {
    # Who is above hospitals sees the cards of what was reported:
    "within hospitals, state": r"<td>在医院手中[^<]*</td><td[^>]*>[\d,]+</td>",
    "within hospitals, all": r'<span class="meta">共 [\d,]+ 份</span>',  # the same
    "within hospitals, month": r"<dt>报告卡</dt><dd>[\d,]+</dd>",  # the same, on the month's page of an authority
    "within hospitals, timeliness": r'<td class="is-number">[\d,]+</td>'
    r'(?=<td class="is-number">(?:0<|<a href="[^"]*topic=on_time))',  # the same, of which so many came in time
    "answer of a chart": r"<figcaption>.*?</figcaption>",  # its numbers stand in the chart's table, with their ways
    "threshold": r'<p class="meta">报告卡达到 20 份.*?</p>',  # what a rule asks for
    "legend": r'<ul class="(?:tile-legend|wall-legend)">.*?</ul>',  # explains shades and signs, counts nothing
    "title": r'\b(?:title|aria-label)="[^"]*"',  # the same number again for who does not see it
    "rows of this page": r'<nav class="paging".*?</nav>',  # the rows stand above it
    "button": r"<button.*?</button>",  # does something with so many
    "a card's own line": r'<tr data-card[^>]*>\s*<td class="is-(?:code|text)">.*?</tr>',  # its findings: it opens them
    "rows to pick": r'<label class="tick">.*?</label>',  # those of this page, below it
    "sample": r"先看随机抽出的这 [\d,]+ 份",  # they stand below it
    "owed": r'<span class="owed">.*?</li>',  # what has not come: the point beside it opens
}
#: An allowance of who is above hospitals.
ABOVE = tuple(name for name in ALLOWED if name.startswith("within"))
PAGES = (
    "/", "/reporting", f"/reporting/months/{LAST}", f"/reporting/months/{BEFORE}", "/reporting/quality",
    "/reporting/cases",
)  # fmt: skip
#: Where a post works through its cards.
DESKS = {
    "entry_clerk": (
        "/cards/queue", "/cards/queue?by=card", "/cards/queue?kind=returned", "/cards/queue?kind=waits",
        "/cards/queue?kind=ready",
    ),
    "auditor": ("/cards/audit",),
}  # fmt: skip


@pytest.fixture
def country(db: None) -> Institution:
    """Four points of two provinces: on time, late, owing cards or everything; zero reports; cards in every state."""
    known = {"scope_group": "malignant", "iccc3_subgroup": "011", "sex": "1", "age_years": 4}
    known["residence_code"] = "510000"
    first, late, owing, silent = (
        made_up.hospital(f"EACH{n}", region, name=f"虚构第{n}医院")
        for n, region in enumerate(("510104", "510107", "510104", "330102"), 1)
    )
    for one in (first, late, owing, silent):
        point(one, start=BEFORE.plus(-2).first)
    for month in (BEFORE, LAST):
        cards(first, month, 3, reported=min(month.due, TODAY), **known)
        cards(first, month, 1, reported=min(month.due, TODAY), state="accepted", sex="2", age_years=0)
        cards(first, month, 1, reported=min(month.due, TODAY), state="returned_by_centre", scope_group="itp")
        cards(first, month, 1, reported=min(month.due, TODAY), state="voided")
        cards(late, month, 2, reported=month.due + timedelta(days=3), **known)
        cards(owing, month, 2, reported=month.due, **known)
    cards(owing, LAST, 2, state="draft", archive_month_assumed=True)
    cards(owing, LAST, 1, state="draft", waits_for="病理科")
    wrong = cards(owing, BEFORE, 3, errors=1, problem_at_first=True)
    (seen,) = cards(owing, BEFORE, 1, reported=BEFORE.due, problem_at_first=True, errors=2, scope_group="hlh")
    (asked,) = cards(owing, BEFORE, 2, state="submitted")[:1]
    cards(owing, LAST, 2, state="draft", to_supplement=1)
    cards(owing, LAST, 1, state="draft", errors=1, to_supplement=1)
    back = cards(owing, LAST, 1, state="returned", errors=1)
    cards(owing, LAST, 2, state="returned")
    elsewhere = cards(owing, LAST, 1, state="draft", waits_for="病理科", errors=1)
    with open_scope(system_scope("migration")):
        for card in (*wrong, seen, *back, *elsewhere, asked):
            Finding.objects.create(
                card=card, institution=owing, rule="HQ021", rule_version=1, level="error", column="P5"
            )
    with made_up.acting(made_up.post("point_lead", silent)) as by:
        services.sign_zero(month=BEFORE.plus(-2), by=by)
    # A hospital that is no point reports too: the calendar does not count it, the figures do.
    cards(made_up.hospital("EACH9", "510104"), BEFORE, 2, reported=BEFORE.due, **known)
    by = system_scope("summary")
    with open_scope(by):
        asked = enqueue("surveillance.sum_up", by=by)
    run_one(asked.pk)
    count()
    return owing


def page(client: Client, address: str) -> str:
    answer = client.get(address, follow=True)
    assert answer.status_code == 200, (address, answer.status_code)
    return answer.content.decode().split("<main")[1].split("</main>")[0]


def rows(said: str) -> int:
    """How many cards or points a page lists."""
    if "data-card" in said:
        return said.count("<tr data-card")
    wall = re.search(r'<table class="rows wall">.*?</table>', said, re.DOTALL)
    return wall[0].split("<tbody>")[1].count("<tr>") if wall else 0


#: Where what makes a number is listed.
LISTS = ("/reporting", "/cards?", "/cards/queue", "/cards/audit", "/cards/received")
#: What stands under the address of a list and counts nothing: ways to one card or to an act, and the years of a board.
NO_LISTS = re.compile(r"/cards/queue/|/reporting\?.*\buntil=")


def figures_of(said: str) -> list[tuple[str, str]]:
    """The links of a page whose text counts something: their addresses, and the number."""
    found = []
    for url, text in LINK.findall(said):
        words = re.sub(r"<[^>]+>", " ", text)
        if (owed := OWED.search(words)) and "/cards?" in url:  # what has not come is not seen: its cell opens what has
            found.append((unescape(url), str(int(owed[2]) - int(owed[1]))))
            continue
        words = re.sub(r"\d{4}-\d\d(?:-\d\d)?|/[\d,]+", " ", words)  # months and days; "1/3": of three points one
        numbers = NUMBER.findall(words.strip())
        if len(numbers) == 1:
            found.append((unescape(url), numbers[0]))
    return found


def without_a_way(said: str, *, above: bool) -> list[str]:
    """The numbers of a page that open nothing and are not allowed to, each with what stands around it."""
    for name, what in ALLOWED.items():
        if above or name not in ABOVE:
            said = re.sub(what, "", said, flags=re.DOTALL)
    said = re.sub(r"<a\b.*?</a>", "", said, flags=re.DOTALL)
    return [
        said[max(0, one.start() - 80) : one.end() + 20]
        for place in PLACES for one in place.finditer(said)
    ]  # fmt: skip


def walk(client: Client, address: str) -> int:
    """Open every figure of a page; returns how many there were."""
    seen = set()
    for url, number in figures_of(page(client, address)):
        if url.startswith("?"):
            url = address.split("?")[0] + url
        if (url, number) in seen or not url.startswith(LISTS) or NO_LISTS.match(url) or f"region={number}" in url:
            continue  # the last: a region that has no name here
        if url.startswith("/reporting/points/"):  # who reads no cards is led to the point
            continue
        seen.add((url, number))
        said = page(client, url)
        if "rule-queue" in said:  # a line for each rule: the same cards are listed one by one beside it
            said = page(client, url + ("&" if "?" in url else "?") + "by=card")
        assert rows(said) == int(number.replace(",", "")), (address, url)
    return len(seen)


@pytest.mark.parametrize(
    ("role", "department", "region", "least"),
    [
        ("commission_officer", "health", "510104", 30), ("commission_officer", "health", "510100", 30),
        ("commission_head", "health", "510000", 30), ("centre_officer", "centre", "000000", 30),
        ("centre_head", "centre", "000000", 30), ("leading_group_member", "leading_group", "510000", 8),
    ],
)  # fmt: skip
def test_every_figure_above_hospitals_opens_what_makes_it(
    country: Institution, role: str, department: str, region: str, least: int
) -> None:
    reader = made_up.browser(made_up.post(role, made_up.authority(department, region)))
    walls = ("/reporting?by=points", "/reporting?by=regions", f"/reporting?by=points&month={BEFORE}&show=late")
    addresses = (*PAGES, *walls)
    if role == "leading_group_member":  # figures of cards are not theirs
        addresses = tuple(one for one in addresses if one not in ("/reporting/quality", "/reporting/cases"))
    assert sum(walk(reader, address) for address in addresses) >= least
    if role != "leading_group_member":  # who reads no cards
        assert [one for address in addresses for one in without_a_way(page(reader, address), above=True)] == []


@pytest.mark.parametrize("role", ["point_lead", "responsible_deputy", "entry_clerk", "auditor", "records_department"])
def test_every_figure_of_a_hospital_opens_what_makes_it(country: Institution, role: str) -> None:
    reader = made_up.browser(made_up.post(role, country))
    addresses = (*PAGES, *DESKS.get(role, ()))
    assert sum(walk(reader, address) for address in addresses) >= 20
    assert [one for address in addresses for one in without_a_way(page(reader, address), above=False)] == []


def test_a_link_that_counts_is_found_whatever_its_words() -> None:
    for said in (
        '<a href="/cards">3</a>', '<a class="x" href="/cards"><b>3</b> </a>', '<a href="/cards">待审核 <b>3</b></a>',
        '<a href="/cards">一起通过 3 份无问题的卡</a>', '<a href="/cards">2026-10 月 3 份</a>',
    ):  # fmt: skip
        assert figures_of(said) == [("/cards", "3")], said
    for said in ("<b>3</b>", '<a href="/cards">2026-10</a>', '<a href="/cards">HQ051</a>', '<a href="/x">3.5%</a>'):
        assert figures_of(said) == [], said


def test_a_number_without_a_way_is_found() -> None:
    for said in (
        '<td class="is-number">3</td>', "<dd>1,204</dd>", '<span class="today-number">7</span>', "<p>还有 12 份</p>",
        '<td class="n"><b>5</b></td>',
    ):  # fmt: skip
        assert without_a_way(said, above=False), said
        assert not without_a_way(f'<a href="/cards">{said}</a>', above=False)
    assert without_a_way("<dt>报告卡</dt><dd>8</dd>", above=False)
    assert not without_a_way("<dt>报告卡</dt><dd>8</dd>", above=True)


def test_a_small_region_is_counted_when_it_is_asked_and_a_large_one_says_as_of_when(
    country: Institution, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = made_up.browser(made_up.post("commission_officer", made_up.authority("health", "510000")))
    before = page(reader, "/reporting/cases")
    assert "即时统计" in before
    cards(country, BEFORE, 1, reported=BEFORE.due, scope_group="haemophilia")
    assert "血友病" in page(reader, "/reporting/cases"), "at once: no job has run since"
    assert walk(reader, "/reporting/cases") > 5
    monkeypatch.setattr(figures, "COUNTED_NOW", 3)
    held = page(reader, "/reporting/cases")
    assert "统计于" in held
    assert "血友病" not in held, "as the job counted"


def test_a_wall_is_narrowed_to_a_month_and_how_it_stands(country: Institution) -> None:
    centre = made_up.browser(made_up.post("centre_officer", made_up.authority("centre", "000000")))

    def named(query: str) -> set[str]:
        return set(re.findall(r"虚构第\d医院", page(centre, f"/reporting?by=points&{query}").split("<tbody>")[-1]))

    assert named(f"show=late&month={BEFORE}") == {"虚构第2医院"}
    assert named(f"show=done&month={BEFORE}") == {"虚构第1医院"}
    assert named(f"show=owing&month={BEFORE}") == {"虚构第3医院", "虚构第4医院"}
    assert named(f"show=owing&month={BEFORE.plus(-2)}") == {"虚构第1医院", "虚构第2医院", "虚构第3医院"}
    assert named("late=1") == named("show=owing") >= {"虚构第3医院", "虚构第4医院"}, "as older notices say it"
    assert named("show=nothing") == named("") == {f"虚构第{n}医院" for n in range(1, 5)}
    assert named(f"show=expected&month={BEFORE.plus(-9)}") == set()


def test_the_list_of_who_owes_holds_every_open_month_and_its_months_are_a_filter(country: Institution) -> None:
    centre = made_up.browser(made_up.post("centre_officer", made_up.authority("centre", "000000")))
    for address in ("/", "/reporting"):
        said = page(centre, address).split("<h2>欠报的监测点</h2>")[1].split("</section>")[0]
        assert {str(BEFORE), str(BEFORE.plus(-1)), str(BEFORE.plus(-2))} <= set(re.findall(r"20\d\d-\d\d", said))
    one = page(centre, f"/reporting?month={BEFORE.plus(-2)}").split("<h2>欠报的监测点</h2>")[1].split("</section>")[0]
    assert "虚构第4医院" not in one, "it signed a zero report of that month"


@pytest.mark.parametrize("said", ["x", "1" * 20, "999999"])
def test_a_hospital_that_is_none_opens_nothing(country: Institution, said: str) -> None:
    reader = made_up.browser(made_up.post("commission_officer", made_up.authority("health", "510100")))
    assert reader.get("/reporting/cards", {"topic": "all", "institution": said}).status_code == 404
    assert reader.get("/reporting/cards", {"topic": "on_time", "key": "x"}).status_code == 404
    for topic in ("by_day", "arrived"):
        for day in ("9999-12-31", "0001-01-01", "2026-02-30", "x", ""):
            assert reader.get("/reporting/cards", {"topic": topic, "key": f"{LAST}/{day}"}).status_code == 404, day


def test_the_due_day_itself_is_on_time_and_the_next_moment_is_not(db: None) -> None:
    from points_and_cards import at

    one = made_up.hospital("EACH5", "510104")
    point(one)
    cards(one, BEFORE, 1, reported=at(BEFORE.due, 23))
    cards(one, BEFORE, 1, reported=at(BEFORE.due + timedelta(days=1), 0))
    lead = made_up.browser(made_up.post("point_lead", one))
    assert rows(page(lead, f"/reporting/cards?topic=on_time&key={BEFORE}")) == 1
    assert rows(page(lead, f"/reporting/cards?topic=reported&key={BEFORE}")) == 2


@pytest.mark.requirement("REG-09")
def test_a_stay_that_ended_long_ago_stands_where_its_archive_month_says(db: None) -> None:
    """Late entry: in the month of the back-file it counts there; before 2017 no board has a month for it."""
    one = made_up.hospital("EACH6", "510104")
    point(one, start=date(2016, 1, 1))
    cards(one, Month(date(2018, 3, 1)), 1, reported=TODAY)
    cards(one, Month(date(2016, 5, 1)), 1)
    lead = made_up.browser(made_up.post("point_lead", one))
    said = page(lead, "/reporting?until=2018-12")
    line = said.split("/reporting/months/2018-03")[1].split("</tr>")[0]
    assert "迟" in line or "逾期" in line
    assert "2016-05" not in page(lead, "/reporting?until=2017-06")
    assert lead.get("/reporting/months/2016-05").status_code == 404
