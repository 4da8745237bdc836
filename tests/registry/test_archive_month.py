"""A wrong archive month is corrected on the card: with a reason, as an audited version, and the counts follow."""

from __future__ import annotations

from datetime import date

import pytest
from django.db.models import Sum

import made_up
from made_up_cards import Point
from tonghu.errors import InputRefused
from tonghu.registry import locks
from tonghu.registry.models import Card, CardAct, CardVersion, Tally
from tonghu.registry.services import NotInHand, correct_month, move
from tonghu.surveillance.models import Arrival

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-06")]
SEPTEMBER, OCTOBER = date(2026, 9, 1), date(2026, 10, 1)
WHY = "病案室实际于十月归档"


def counted() -> list[dict[date, int]]:
    """How many cards each month has by what the registry and the calendar keep."""
    found = []
    for table in (Tally, Arrival):
        sums = table.objects.values_list("archive_month").annotate(n=Sum("cards"))
        found.append({month: n for month, n in sums if n})
    return found


def test_the_month_is_a_version_with_its_reason_and_the_counts_follow() -> None:
    point = Point()
    card = point.card()
    with point.acting("entry_clerk") as by:
        assert (card.archive_month, card.archive_month_assumed) == (SEPTEMBER, True)
        assert counted() == [{SEPTEMBER: 1}] * 2
        saved = correct_month(card=card.pk, month=OCTOBER, based_on=1, reason=WHY, by=by)
        assert (saved.version, saved.archive_month, saved.archive_month_assumed) == (2, OCTOBER, False)
        assert counted() == [{OCTOBER: 1}] * 2
        first, second = CardVersion.objects.filter(card=card).order_by("number")
        assert second.changed == ["archive_month"]
        assert bytes(second.content_key) == bytes(first.content_key), "what the card says is the same"
        assert CardAct.objects.get(card=card, act="month").reason == WHY
        move(cards=[card.pk], act="submit", by=by)
    both = made_up.post("auditor", point.hospital, holder=point.post("entry_clerk").person)
    with made_up.acting(both) as by:
        assert move(cards=[card.pk], act="approve", by=by)[0].refused == "own", "nobody approves the month they said"


def test_a_month_that_was_assumed_is_settled_also_where_it_was_right() -> None:
    point = Point()
    card = point.card()
    with point.acting("entry_clerk") as by:
        assert not correct_month(card=card.pk, month=SEPTEMBER, based_on=1, reason=WHY, by=by).archive_month_assumed
        with pytest.raises(InputRefused, match="归档月已经是 2026-09"):
            correct_month(card=card.pk, month=SEPTEMBER, based_on=2, reason=WHY, by=by)


@pytest.mark.parametrize(
    ("said", "refused"),
    [
        ({"month": date(2099, 1, 1)}, "还没有到"), ({"month": date(2016, 1, 1)}, "早于 2017-01"),
        ({"reason": "  "}, "请填写更正归档月的原因"), ({"based_on": 7}, "已被改为新的一版（第 1 版）"),
        ({"card": 0}, "没有这份报告卡"),
    ],
)  # fmt: skip
def test_what_is_no_correction_is_refused_in_words(said: dict[str, object], refused: str) -> None:
    point = Point()
    card = point.card()
    asked: dict[str, object] = {"card": card.pk, "month": OCTOBER, "based_on": 1, "reason": WHY, **said}
    with point.acting("entry_clerk") as by, pytest.raises(InputRefused, match=refused):
        correct_month(by=by, **asked)  # type: ignore[arg-type]


@pytest.mark.parametrize("shut", [SEPTEMBER, OCTOBER])
def test_no_card_leaves_a_locked_month_or_comes_to_it(shut: date, monkeypatch: pytest.MonkeyPatch) -> None:
    point = Point()
    card = point.card()
    monkeypatch.setattr(locks, "is_locked", lambda _institution, month: month == shut)
    with point.acting("entry_clerk") as by:
        with pytest.raises(InputRefused, match=f"{shut:%Y-%m} 已锁定"):
            correct_month(card=card.pk, month=OCTOBER, based_on=1, reason=WHY, by=by)
        assert Card.objects.get(pk=card.pk).version == 1


def test_a_card_on_its_way_keeps_its_month() -> None:
    point = Point()
    card = point.card()
    with point.acting("entry_clerk") as by:
        move(cards=[card.pk], act="submit", by=by)
        with pytest.raises(NotInHand):
            correct_month(card=card.pk, month=OCTOBER, based_on=1, reason=WHY, by=by)


def test_the_clerk_corrects_it_on_the_card_and_the_history_says_why() -> None:
    point = Point()
    card = point.card()
    clerk = made_up.browser(point.post("entry_clerk"))
    page, address = f"/cards/{card.pk}", f"/cards/{card.pk}/month"
    assert "更正归档月" in clerk.get(page).content.decode()
    for said, told in (({"month": "10/2026"}, "不是年-月"), ({"month": "2026-10"}, "请填写更正归档月的原因")):
        answer = clerk.post(address, {"_version": 1, **said}, follow=True)
        assert told in answer.content.decode()
    answer = clerk.post(address, {"_version": 1, "month": "2026-10", "typed": WHY}, follow=True).content.decode()
    assert "归档月已更正为 2026-10" in answer
    assert WHY in answer
    assert "2026-09 → 2026-10" in answer
    auditor = made_up.browser(point.post("auditor"))
    assert auditor.post(address, {"_version": 2, "month": "2026-09", "typed": WHY}).status_code == 403
