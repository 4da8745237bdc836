"""What the style page shows: every component in every state, on made-up values that say so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django import forms
from django.http import HttpRequest
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from tonghu.platform.components import maps
from tonghu.platform.components.charts import Chart
from tonghu.platform.components.codes import CodeField
from tonghu.platform.components.parts import Change, Confirm, Event, Finding, Level, Progress
from tonghu.platform.components.table import Column, Filter, Mark, Table
from tonghu.platform.documents.paper import Grid, Heading, Paper, Picture, Text

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

TODAY = date(2026, 11, 15)
#: Surnames and given names of nobody; one of twenty characters, since such names exist.
NAMES = ("单雪", "曾子涵", "欧阳若溪", "阿卜杜拉·买买提江·吐尔逊江·艾则孜", "李小满", "王一诺", "赵星辰", "陈木子")
MASKED_NAME = "张*涵"


@dataclass(frozen=True, slots=True)
class Row:
    """One made-up line of the sample table."""

    pk: int
    name: str
    born: date
    group: str
    stays: int
    cost: Decimal | None
    due: date
    state: str


def rows(count: int = 120) -> list[Row]:
    """Made-up children on their way through registration."""
    return [
        Row(
            n + 1,
            NAMES[n % len(NAMES)] + (str(n // len(NAMES)) if n >= len(NAMES) else ""),
            date(2014 + n % 12, 1 + n % 12, 1 + n % 28),
            "1011" if n % 3 else "9072",
            1 + n * 7 % 23,
            None if n % 11 == 4 else Decimal(n * 7919 % 300000 + 1250) / 100 * 13,
            TODAY + timedelta(days=n % 40 - 8),
            ("late", "waiting", "done")[n % 3],
        )
        for n in range(count)
    ]


def table(request: HttpRequest, count: int = 120, name: str = "sample") -> Table:
    """The sample table."""
    marks = {
        "late": Mark(_("overdue"), "block"),
        "waiting": Mark(_("waiting for audit"), "ask"),
        "done": Mark(_("reported"), "done"),
    }
    return Table(
        request=request,
        name=name,
        rows=rows(count),
        order="due",
        page=20,
        total=count if count else None,
        caption=_("Made-up children and their cards"),
        columns=(
            Column("name", _("Name"), link=lambda row: f"#row-{row.pk}", fixed=True),
            Column("born", _("Born"), kind="date"),
            Column("group", _("Group"), kind="code"),
            Column("stays", _("Stays"), kind="number", unit=_("times"), shown=False),
            Column("cost", _("Cost"), kind="money", unit=_("yuan")),
            Column("due", _("Due"), kind="date"),
            Column("state", _("State"), value=lambda row: marks[row.state], kind="mark"),
            Column("pk", _("Number"), kind="number", shown=False),
        ),
        filters=(
            Filter("q", _("Name"), lambda found, text: [row for row in found if text in row.name]),
            Filter(
                "state",
                _("State"),
                lambda found, state: [row for row in found if row.state == state],
                choices=[(state, mark.text) for state, mark in marks.items()],
            ),
        ),
        empty=_("Cards appear here once a discharge file has been imported or a card was entered by hand."),
    )


class SampleForm(forms.Form):
    """One field of every kind."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=20, help_text=gettext_lazy("As on the document."))
    sex = CodeField("RC001", label=gettext_lazy("Sex"))
    region = CodeField("RC036", label=gettext_lazy("Home province"), required=False)
    born = forms.DateField(label=gettext_lazy("Born"), help_text=gettext_lazy("Such as 2020-06-15."))
    weight = forms.DecimalField(
        label=gettext_lazy("Weight at admission (kg)"), min_value=Decimal("0.5"), max_value=150, required=False
    )
    source = forms.ChoiceField(
        label=gettext_lazy("Where the child came from"),
        choices=[
            ("1", gettext_lazy("emergency")),
            ("2", gettext_lazy("out-patients")),
            ("3", gettext_lazy("referral")),
        ],
    )
    way = forms.ChoiceField(
        label=gettext_lazy("How the diagnosis was made"),
        widget=forms.RadioSelect,
        choices=[("7", gettext_lazy("histology")), ("5", gettext_lazy("cytology")), ("1", gettext_lazy("clinical"))],
    )
    note = forms.CharField(label=gettext_lazy("Note"), widget=forms.Textarea({"rows": 2}), required=False)
    consent = forms.BooleanField(label=gettext_lazy("The guardian has signed the consent"))


def form_with_errors() -> SampleForm:
    """The form as it comes back when everything in it is wrong."""
    said = {"name": "阿" * 21, "sex": "nan", "born": "2020-13-45", "weight": "0.1", "region": "四川"}
    return SampleForm({f"wrong-{name}": value for name, value in said.items()}, prefix="wrong")


def findings() -> list[Finding]:
    """One finding of every level."""
    return [
        Finding(
            level=Level.WARNING,
            where=_("Total cost"),
            rule="HQ101",
            what=_("The items add up to 12,340.50 yuan, the total says 12,430.50."),
            mend=_("Two digits may be swapped: compare with the bill."),
            why=_("Sum of the fee items and the total"),
            field="weight",
            override_url="#reason",
        ),
        Finding(
            level=Level.ERROR,
            where=_("Day of birth"),
            rule="HQ021",
            what=_("2020-13-45 is not a day."),
            mend=_("Write year, month and day, such as 2020-06-15."),
            why=_("Type of the field in the dictionary of the discharge front page"),
            field="born",
        ),
        Finding(
            level=Level.CONFIRM,
            where=_("Main diagnosis"),
            what=_("Chronic leukaemia is rare at three years of age."),
            rule="ENCR-A12",
            override_url="#reason",
        ),
    ]


def changes() -> list[Change]:
    """A field changed, added, removed and one that is not shown."""
    return [
        Change(label=_("Day of birth"), before="2020-06-16", after="2020-06-15"),
        Change(label=_("Native place"), before=None, after="四川省成都市"),
        Change(label=_("Note"), before="外院会诊", after=None),
        Change(label=_("Document number"), before="", after="x", secret=True),
    ]


def events() -> list[Event]:
    """A small history."""
    at = datetime(2026, 11, 15, 16, 42, tzinfo=ZoneInfo("Asia/Shanghai"))
    return [
        Event(
            at=at,
            who="周岚",
            post=_("auditor"),
            what=_("Returned the card for correction"),
            why=_("The day of birth differs from the document."),
        ),
        Event(
            at=at - timedelta(hours=3), who="李想", post=_("entry clerk"), what=_("Corrected four fields"),
            changes=changes(), url="#history",
        ),
        Event(at=at - timedelta(days=1), who=_("the system"), what=_("Made the card from a discharge file")),
    ]  # fmt: skip


def progresses() -> list[Progress]:
    """Something at every stage."""
    common: dict[str, Any] = {"unit": _("rows")}
    return [
        Progress(label=_("Import of October"), done=0, total=50000, state="waiting", **common),
        Progress(label=_("Import of October"), done=18250, total=50000, rate=1460.0, cancel_url="#cancel", **common),
        Progress(label=_("Looking through the archive"), done=18250, **common),
        Progress(label=_("Import of October"), done=50000, total=50000, state="done", **common),
        Progress(
            label=_("Import of October"), done=31007, total=50000, state="failed",
            note=_("Row 31,008 has 345 columns, 346 were expected. Nothing was stored: mend the row and import again."),
            **common,
        ),
        Progress(label=_("Import of October"), done=2000, total=50000, state="cancelled", **common),
    ]  # fmt: skip


def confirm() -> Confirm:
    """An act that cannot be undone."""
    return Confirm(
        question=_("Take back the whole batch of October?"),
        consequences=((_("132 cards"), _("are removed from the list")), (_("41 cards"), _("lose corrections by hand"))),
        act=_("Take the batch back"),
        url="/style",
        reason=True,
    )


def chart() -> Chart:
    """A funnel of made-up hospitals: who is outside the limits of chance?"""
    return _chart(get_language() or "")


@cache
def _chart(_language: str) -> Chart:
    """The funnel in the language that is spoken now: its words and figures are always the same, and drawn once."""
    import altair as alt  # heavy: only where a chart is drawn

    hospitals: list[dict[str, Any]] = [
        {"hospital": f"{_('Hospital')} {chr(65 + n)}", "cases": cases, "share": share}
        for n, (cases, share) in enumerate(
            ((18, 88.9), (35, 94.3), (52, 86.5), (74, 93.2), (96, 91.7), (120, 95.0), (160, 78.1), (210, 92.4))
        )
    ]
    whole = sum(row["cases"] * row["share"] for row in hospitals) / sum(row["cases"] for row in hospitals)
    limits = [
        {"cases": cases, "low": whole - 1.96 * deviation, "high": min(100.0, whole + 1.96 * deviation)}
        for cases in range(10, 231, 5)
        for deviation in ((whole * (100 - whole) / cases) ** 0.5,)
    ]
    across = alt.X("cases:Q", title=_("new cases in the year"), axis=alt.Axis(tickCount=6, grid=False))
    up = alt.Y("share:Q", title=_("reported on time, %"), scale=alt.Scale(domain=[70, 100]))
    band = (
        alt.Chart(alt.InlineData(limits))
        .mark_area(opacity=0.14, color="#6b7a8c")
        .encode(
            x=across, y=alt.Y("low:Q", scale=alt.Scale(domain=[70, 100]), title=_("reported on time, %")), y2="high:Q"
        )
    )
    points = alt.Chart(alt.InlineData(hospitals)).mark_circle(size=70, opacity=1).encode(
        x=across, y=up,
        color=alt.condition("datum.share < 80", alt.value("#b3261e"), alt.value("#1d5fa8")),
        tooltip=[alt.Tooltip("hospital:N"), alt.Tooltip("cases:Q"), alt.Tooltip("share:Q")],
    )  # fmt: skip
    name = (
        alt.Chart(alt.InlineData([row for row in hospitals if row["share"] < 80]))
        .mark_text(align="left", dx=9, dy=1, fontWeight=600)
        .encode(x=across, y=up, text="hospital:N")
    )
    return Chart(
        question=_("Which hospital reports later than chance explains?"),
        answer=_("Hospital G: 78 % of its 160 cases were on time; between 85 and 94 % would be chance."),
        picture=(band + points + name).properties(width=520, height=240),
        head=(_("Hospital"), _("Cases"), _("On time, %")),
        figures=[(row["hospital"], row["cases"], row["share"]) for row in hospitals],
        source=_("Made-up data"),
    )


def province_map() -> maps.TileMap:
    """The nation, with the states that ask for something."""
    late: dict[str, int] = {"510000": 3, "650000": 1, "410000": 12}
    missing = ("710000", "810000", "820000")
    places = {
        row["code"]: maps.Place(
            value=str(late[row["code"]]) if row["code"] in late else "",
            tone="none" if row["code"] in missing else "block" if late.get(row["code"], 0) > 9
            else "ask" if row["code"] in late else "0",
            state=_("points late") if row["code"] in late else _("on time"),
            url=f"#{row['code']}" if row["code"] in late else "",
        )
        for row in maps.grid()
    }  # fmt: skip
    legend: tuple[tuple[maps.Tone, str | _StrPromise], ...] = (
        ("0", _("on time")), ("ask", _("points late")), ("block", _("ten or more late")), ("none", _("no points"))
    )  # fmt: skip
    return maps.provinces(_("Where are points late?"), places, legend)


def city_map() -> maps.TileMap:
    """Any list of places."""
    shares = (("成都", 96), ("自贡", 88), ("攀枝花", 91), ("泸州", 72), ("德阳", 99), ("绵阳", 94), ("广元", 83))
    return maps.listed(
        _("How much of the year is reported?"),
        [(str(n), name, maps.Place(value=f"{share}%", tone=shade(share))) for n, (name, share) in enumerate(shares)],
        legend=(("1", _("under 80 %")), ("2", "80–89 %"), ("3", "90–95 %"), ("4", _("over 95 %"))),
        across=7,
    )


def paper(language: str) -> Paper:
    """The table and the chart as a paper."""
    marks = {"late": _("overdue"), "waiting": _("waiting for audit"), "done": _("reported")}
    drawn = chart()
    return Paper(
        title=_("Reporting of October 2026: where the month stands"),
        number=_("Made-up number 1 of 2026"),
        addressed_to=_("To all hospitals of the network:"),
        blocks=(
            Text(_("Of 765 new cases, 684 were reported on time, 89 %. One hospital is outside what chance explains.")),
            Heading(_("1. Who is late")),
            Picture(drawn),
            Heading(_("2. Cards that wait")),
            Grid(
                _("The next cards that fall due"),
                (_("Name"), _("Born"), _("Stays"), _("Due"), _("State")),
                [(row.name, row.born.isoformat(), str(row.stays), row.due.isoformat(), marks[row.state])
                 for row in rows(12)],
                numbers=frozenset({2}),
            ),
        ),
        issued_by=_("The made-up centre"),
        day=TODAY,
        foot=_("Made-up data"),
        language="en" if language == "en" else "zh",
    )  # fmt: skip


def shade(share: int) -> maps.Tone:
    """The shade of a share in percent."""
    return "1" if share < 80 else "2" if share < 90 else "3" if share <= 95 else "4"
