"""The cards behind a figure: the same conditions as ``figures.sql``, as a query that pages can show."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Final

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from tonghu.codes import iccc
from tonghu.network.region_range import covered
from tonghu.patients.models.known import in_words
from tonghu.platform.scope.scope import Scope
from tonghu.registry.forms.titles import title_of
from tonghu.registry.models import Card, Finding
from tonghu.registry.pages import card_lists
from tonghu.registry.pages.card_lists import group_name
from tonghu.registry.seen import cards_seen
from tonghu.registry.states import EDITABLE, State
from tonghu.surveillance.calendar import Month
from tonghu.surveillance.models import Point

#: Bands of age as figures name them, each with its first and its last year; who is 20 or older is outside the scope,
#: and shown apart where a hospital has such a card in hand.
TOO_OLD: Final = "20"
AGES: Final = {"00": (0, 0), "01": (1, 4), "05": (5, 9), "10": (10, 14), "15": (15, 19), TOO_OLD: (20, 200)}


#: Figures of one archive month, whichever it is: the calendar reaches further back than the figures of twelve months.
#: Their key is the month, alone or with more behind a stroke.
OF_A_MONTH: Final = (
    "month", "reported", "on_time", "assumed", "waiting", "out", "in_hand", "sent", "arrived", "by_day", "stuck",
)  # fmt: skip
#: What keys of several parts are parted by.
STROKE: Final = "/"
#: In which the centre has a card.
WITH_CENTRE: Final = (State.REPORTED, State.ACCEPTED)


def month_of(topic: str, key: str) -> Month | None:
    """The one archive month that a figure is of, where it is of one."""
    return Month.read(key.partition(STROKE)[0]) if topic in OF_A_MONTH else None


def topic_name(topic: str) -> str:
    """What a topic is called before the name of its key; '' where the key says it all."""
    return {
        "problem_at_first": _("With errors at first"), "problem": _("With errors now"),
        "reported": _("Ever reported"), "on_time": _("Cards on time"), "assumed": _("Archive month assumed"),
        "waiting": _("Not yet reported"), "out": _("Submitted by the clerks"), "in_hand": _("In hand"),
        "sent": _("Reported to the centre"), "arrived": _("First reported"), "by_day": _("First reported until"),
    }.get(topic, "")  # fmt: skip


def cards(first: Month, last: Month, region: str | None, by: Scope, institution: int | None = None) -> QuerySet[Card]:
    """The cards that figures count: of those archive months, not voided, of a region's hospitals where one is named."""
    held = cards_seen(by).filter(archive_month__range=(first.first, last.first)).exclude(state=State.VOIDED)
    if institution is not None:
        held = held.filter(institution=institution)
    if region is None:
        return held
    low, high = covered(region)
    return held.filter(institution__region_code__gte=low, institution__region_code__lt=high)


def narrowed(rows: QuerySet[Card], topic: str, key: str) -> QuerySet[Card] | None:
    """The cards of one figure; None where there is no such topic or key."""
    narrow = _TOPICS.get(topic)
    return narrow(rows, key) if narrow else None


def name_of(topic: str, key: str) -> str:
    """A key in the words of the reader."""
    if topic == "group":
        return group_name(key)
    if topic == "iccc":
        return _iccc(key)
    if topic == "age":
        return _age(key)
    if topic == "sex":
        return in_words("RC001", key) if key not in ("", "0", "9") else _("not known")
    if topic == "rule":
        return title_of(key)
    if topic == "state":
        return card_lists.state_in_words(key)
    if topic == "residence" and not key:
        return _("Home province not known")
    if topic == "stuck":
        _month, state, department = _parts(key, 3)
        label = str(State(state).label) if state in State.values else state
        return f"{label} · {department}" if department else label
    return key.partition(STROKE)[2] or key


def _of_age(rows: QuerySet[Card], key: str) -> QuerySet[Card] | None:
    if not key:
        return rows.filter(age_years=None)
    band = AGES.get(key)
    if band is None:
        return None
    low, high = band
    return rows.filter(age_years=low) if low == high else rows.filter(age_years__range=band)


def _of_month(rows: QuerySet[Card], key: str) -> QuerySet[Card] | None:
    month = Month.read(key)
    return rows.filter(archive_month=month.first) if month else None


def _of_calendar(rows: QuerySet[Card], key: str, *, on_time: bool) -> QuerySet[Card] | None:
    """What the calendar counts of a month: cards of those who owe it that reached the centre, or by the due date."""
    month = Month.read(key)
    if month is None:
        return None
    owing = Point.objects.filter(institution=OuterRef("institution"), valid__contains=month.last)
    found = rows.filter(Exists(owing), archive_month=month.first, first_reported_at__isnull=False)
    return found.filter(first_reported_at__lt=_end(month.due)) if on_time else found


def _parts(key: str, count: int) -> list[str]:
    """The parts of a key; '' for those that it lacks."""
    said = key.split(STROKE, count - 1)
    return said + [""] * (count - len(said))


def _by_day(rows: QuerySet[Card], key: str, *, sofar: bool) -> QuerySet[Card] | None:
    """Cards of a month that first reached the centre on a day, or until its end."""
    month, day = _parts(key, 2)
    found = _of_month(rows, month)
    try:
        on = date.fromisoformat(day)
    except ValueError:
        return None
    if found is None or Month.read(f"{on:%Y-%m}") is None:  # no day on which anything could come
        return None
    found = found.filter(first_reported_at__lt=_end(on))
    return found if sofar else found.filter(first_reported_at__gte=_end(on - timedelta(days=1)))


def _stuck(rows: QuerySet[Card], key: str) -> QuerySet[Card] | None:
    """Cards of a month that wait at one place: the state, and the department that was asked, '' for none."""
    month, state, department = _parts(key, 3)
    found = _of_month(rows, month)
    return None if found is None else found.filter(state=state, waits_for=department)


def _end(day: date) -> datetime:
    """The first moment after a day, in China."""
    return timezone.make_aware(datetime.combine(day + timedelta(days=1), time()))


def _of_rule(rows: QuerySet[Card], key: str) -> QuerySet[Card]:
    found = Finding.objects.filter(
        card=OuterRef("pk"), institution=OuterRef("institution"), rule=key, overridden_at=None
    )
    return rows.filter(Exists(found))


def _month_where(condition: Q) -> Callable[[QuerySet[Card], str], QuerySet[Card] | None]:
    def narrow(rows: QuerySet[Card], key: str) -> QuerySet[Card] | None:
        found = _of_month(rows, key) if key else rows
        return None if found is None else found.filter(condition)

    return narrow


_TOPICS: Final[dict[str, Callable[[QuerySet[Card], str], QuerySet[Card] | None]]] = {
    "all": lambda rows, _key: rows,
    "state": card_lists.of_state,
    "group": lambda rows, key: rows.filter(scope_group=key),
    "iccc": lambda rows, key: rows.filter(iccc3_subgroup__startswith=key) if key else rows.filter(iccc3_subgroup=""),
    "age": _of_age,
    "sex": lambda rows, key: rows.filter(sex=key),
    "month": _of_month,
    "reported": lambda rows, key: _of_calendar(rows, key, on_time=False),
    "on_time": lambda rows, key: _of_calendar(rows, key, on_time=True),
    "residence": lambda rows, key: rows.filter(residence_code=key),
    "rule": _of_rule,
    "problem": _month_where(Q(errors__gt=0)),
    "problem_at_first": _month_where(Q(problem_at_first=True)),
    "assumed": _month_where(Q(archive_month_assumed=True)),
    "waiting": _month_where(Q(first_reported_at=None)),
    "in_hand": _month_where(Q(state__in=EDITABLE)),
    "out": _month_where(~Q(state__in=EDITABLE)),
    "sent": _month_where(Q(state__in=WITH_CENTRE)),
    "arrived": lambda rows, key: _by_day(rows, key, sofar=False),
    "by_day": lambda rows, key: _by_day(rows, key, sofar=True),
    "stuck": _stuck,
}


def _iccc(key: str) -> str:
    for group in iccc.groups("main"):
        if group.code == key:
            return f"{group.label} {group.name_en if _english() else group.name_zh}"
    return _("not classified") if key else _("no ICCC-3 group (blood diseases and others)")


def _age(key: str) -> str:
    if key not in AGES:
        return _("not known")
    if key == TOO_OLD:
        return _("20 years or older, outside the scope")
    low, high = AGES[key]
    return _("under 1 year") if high == 0 else _("%(low)d–%(high)d years") % {"low": low, "high": high}


def _english() -> bool:
    return (get_language() or "").startswith("en")
