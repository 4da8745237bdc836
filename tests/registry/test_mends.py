"""Mends: what a rule proposes settles its finding; many at once are seen before, done as one and taken back as one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from made_up_cards import Point, code, page
from tonghu.codes.hqms_fields import layout
from tonghu.errors import InputRefused
from tonghu.hqms.mends import RULES, propose
from tonghu.registry import content as contents
from tonghu.registry.checks import check
from tonghu.registry.models import Card, CardVersion, Finding
from tonghu.registry.services import OnRecord, bulk_mend, mending, move, preview, save_card, undo_mend
from tonghu.registry.services.proposing import MENDABLE
from tonghu.registry.services.saving import Change, write

pytestmark = pytest.mark.requirement("REG-05")

ON = date(2026, 11, 22)
#: What is written, the rule that finds it, and what it should be.
CERTAIN = [
    ("birth_date", "２０１６-09-25", "HQ021", "2016-09-25"),
    ("birth_date", "42638", "HQ021", "2016-09-25"),
    ("birth_date", "2016年9月25日", "HQ021", "2016-09-25"),
    ("birth_date", "2016.9.25", "HQ021", "2016-09-25"),
    ("admission_datetime", "2026/09/07 20时46分", "HQ021", "2026-09-07 20:46:00"),
    ("admission_datetime", "2026年09月07日 20:46", "HQ021", "2026-09-07 20:46:00"),
    ("age_years", "９", "HQ021", "9"),
    ("age_years", "9岁", "HQ021", "9"),
    ("age_years", "9.0", "HQ021", "9"),
    ("cost_total", "1,000.00", "HQ021", "1000.00"),
    ("cost_total", "１０００", "HQ021", "1000.00"),
    ("cost_total", "1000元", "HQ021", "1000.00"),
    ("sex", "女", "HQ023", "2"),
    ("sex", "２", "HQ023", "2"),
    ("payment_method", "02", "HQ023", "2"),
    ("payment_method", "02", "HQ022", "2"),
    ("admission_department", "7", "HQ023", "07"),
    ("occupation", "学生", "HQ023", "31"),
    ("current_postcode", "６10041", "HQ026", "610041"),
    ("current_postcode", "610 041", "HQ026", "610041"),
    ("current_address", "成都市武侯区虚构路1号", "HQ027", "四川省成都市武侯区虚构路1号"),
    ("registered_address", "成都市武侯区虚构路1号", "HQ097", "四川省成都市武侯区虚构路1号"),
    ("national_id", "５10107201609250028", "HQ036", "510107201609250028"),
    ("national_id", "'510107201609250028", "HQ036", "510107201609250028"),
    ("national_id", "510107 20160925 0028", "HQ036", "510107201609250028"),
    ("age_years", "8", "HQ051", "9"),
    ("length_of_stay_days", "4", "HQ053", "5"),
    ("pathology_1_morphology_code", "98210/3", "HQ059", "M98210/3"),
    ("pathology_1_morphology_code", "M9821/3", "HQ059", "M98210/3"),
]
#: What nobody can know without the record.
UNCERTAIN = [
    ("birth_date", "2016-02-30", "HQ021"),
    ("birth_date", "2016年2月30日", "HQ021"),
    ("age_years", "九岁", "HQ021"),
    ("abo_group", "A", "HQ023"),
    ("current_postcode", "61004", "HQ026"),
    ("current_address", "武侯区虚构路1号", "HQ027"),
    ("national_id", "510107201609250027", "HQ036"),
    ("pathology_1_morphology_code", "M98213", "HQ059"),
    ("pathology_1_morphology_code", "白血病", "HQ059"),
]


@pytest.mark.parametrize(("field", "text", "rule", "right"), CERTAIN)
def test_a_certain_mend_is_proposed_and_settles_its_finding(field: str, text: str, rule: str, right: str) -> None:
    content = page(**{field: text})
    (one,) = [one for one in check(content, ON) if one.at == (rule, code(field))]
    assert one.mend == right
    mended = content.with_changes({code(field): one.mend}, {})
    assert (rule, code(field)) not in {other.at for other in check(mended, ON)}


@pytest.mark.parametrize(("field", "text", "rule"), UNCERTAIN)
def test_what_is_not_certain_is_not_proposed(field: str, text: str, rule: str) -> None:
    (one,) = [one for one in check(page(**{field: text}), ON) if one.at == (rule, code(field))]
    assert one.mend is None


def test_every_mendable_rule_is_shown_above() -> None:
    assert {rule for _field, _text, rule, _right in CERTAIN} == set(RULES) == MENDABLE


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"birth_date": date(2016, 9, 25)},
        {"birth_date": date(2016, 9, 24), "national_id": "510107201609250028"},
    ],
)
def test_an_age_is_proposed_only_where_the_identity_number_bears_the_birth_date_out(facts: dict[str, object]) -> None:
    assert propose("HQ051", layout("2012").by_name["age_years"], "8", facts) is None


@pytest.mark.django_db
class TestMany:
    """Bulk mends."""

    def wrong(self, point: Point, **more: str) -> Card:
        return point.card(sex="女", **more)

    def test_what_is_shown_is_what_is_done_and_it_can_be_taken_back(self, point: Point) -> None:
        cards = [self.wrong(point), self.wrong(point), point.card(abo_group="A")]
        with point.acting("entry_clerk") as by:
            shown = preview(rule="HQ023", by=by)
            assert [(one.card, one.column, one.before, one.after) for one in shown] == [
                (card.pk, code("sex"), "女", "2") for card in cards[:2]
            ]
            assert CardVersion.objects.filter(card__in=cards).count() == 3, "nothing is written by looking"
            done = bulk_mend(rule="HQ023", by=by)
            assert done.cards == (cards[0].pk, cards[1].pk)
            first = Card.objects.get(pk=cards[0].pk)
            assert (first.version, first.errors, first.sex, first.authors) == (2, 0, "2", [by.person])
            version = CardVersion.objects.get(card=first, number=2)
            assert (version.origin, version.batch, version.changed) == ("bulk", -done.batch, [code("sex")])
            back = undo_mend(batch=done.batch, by=by)
            assert back.cards == done.cards
            first.refresh_from_db()
            assert (first.version, first.errors, first.sex) == (3, 1, ""), "what is no code is no sex"
            said = contents.open_(CardVersion.objects.get(card=first, number=3).content)
            assert said.front[code("sex")] == "女"
            with pytest.raises(InputRefused, match="taken back already"):
                undo_mend(batch=done.batch, by=by)

    def test_only_what_nobody_touched_since_is_taken_back(self, point: Point) -> None:
        mine, theirs = self.wrong(point, payment_method="02"), self.wrong(point)
        with point.acting("entry_clerk") as by:
            done = bulk_mend(rule="HQ023", by=by)
            save_card(card=theirs.pk, based_on=2, front={code("sex"): "9"}, by=by)
            move(cards=[theirs.pk], act="submit", by=by)
            back = undo_mend(batch=done.batch, by=by)
            assert (back.cards, back.left) == ((mine.pk,), (theirs.pk,))

    def test_only_the_chosen_cards_and_those_in_hand_are_mended(self, point: Point) -> None:
        first, second = self.wrong(point), self.wrong(point)
        with point.acting("entry_clerk") as by:
            assert bulk_mend(rule="HQ023", by=by, cards=[second.pk]).cards == (second.pk,)
            assert [one.card for one in preview(rule="HQ023", by=by)] == [first.pk]

    def test_a_rule_without_certain_mends_is_said_to_have_none(self, point: Point) -> None:
        point.card(cost_total="900.00")
        with point.acting("entry_clerk") as by:
            assert preview(rule="HQ001", by=by) == []
            with pytest.raises(InputRefused, match="certain"):
                bulk_mend(rule="HQ001", by=by)
            with pytest.raises(InputRefused, match="no bulk mend"):
                undo_mend(batch=10**9, by=by)

    def test_a_stranger_mends_nothing(self, point: Point) -> None:
        card = self.wrong(point)
        with point.acting("auditor") as by, pytest.raises(PermissionDenied):
            bulk_mend(rule="HQ023", by=by)
        with Point().acting("entry_clerk") as by:
            assert preview(rule="HQ023", by=by, cards=[card.pk]) == []
        with point.acting("entry_clerk"):
            assert Finding.objects.filter(card=card, rule="HQ023").count() == 1


@pytest.mark.django_db
def test_one_card_that_cannot_be_written_does_not_keep_the_others(
    point: Point, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a job's portion: the refused card stays as it is, and neither is anything of it half done."""
    cards = [point.card(sex="女") for _ in range(3)]
    numbers = [card.pk for card in cards]

    def refusing(changes: Sequence[Change], **more: Any) -> None:
        write(changes, **more)
        if any(change.card.pk == numbers[1] for change in changes):
            raise OnRecord(numbers[0])

    with point.acting("entry_clerk") as by:
        batch = mending.next_batch()
        with monkeypatch.context() as some:
            some.setattr(mending, "write", refusing)
            done = mending.mend_portion(rule="HQ023", batch=batch, cards=numbers, by=by)
        assert done == [numbers[0], numbers[2]]
        assert [Card.objects.get(pk=number).version for number in numbers] == [2, 1, 2]
        with monkeypatch.context() as some:
            some.setattr(mending, "write", refusing)
            assert mending.undo_portion(batch=batch, cards=numbers, by=by) == [numbers[0], numbers[2]]
