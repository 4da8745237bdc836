"""What filling blanks writes on a card: what is not filled in, group by group, and never one thing beside another."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest
from made_up_files import Hospital

import made_up
from tonghu.codes.hqms_fields import layout
from tonghu.hqms.casting import unfilled
from tonghu.intake import queries, services
from tonghu.intake.filling import fills
from tonghu.intake.models import Batch
from tonghu.registry.content import Content
from tonghu.registry.models import Card, CardVersion
from tonghu.registry.services.saving import current

_D70 = {"code": "D70.x00", "name": "粒细胞缺乏症", "poa": "1"}
_J18 = {"code": "J18.900", "name": "肺炎", "poa": "2"}


def page(**groups: Mapping[str, str]) -> dict[str, str]:
    """Texts by the codes of the 2012 layout; ``d2`` is the second other diagnosis, ``p1`` the first operation."""
    by_name = layout("2012").by_name
    stems = {"d": "other_diagnosis_{}", "p": "procedure_{}", "t": "pathology_{}", "i": "icu_{}"}
    return {
        by_name[f"{stems[name[0]].format(name[1:])}_{member}"].code: text
        for name, members in groups.items()
        for member, text in members.items()
    }


def filled(held: Mapping[str, str], new: Mapping[str, str]) -> dict[str, str]:
    """What a fill of a card that says one thing writes from a row that says the other."""
    return fills(new, Content("2012", held))


def test_a_dash_is_blank_where_the_rules_take_it_for_unfilled() -> None:
    assert filled({"P9": "—", "P7": "-"}, {"P9": "17", "P7": "6"}) == {"P9": "17", "P7": "6"}
    known = layout("2012").by_name
    assert unfilled(known["occupation"], " － ")
    assert not unfilled(known["patient_name"], "-")
    assert filled({"P4": "-"}, {"P4": "虚构童"}) == {}, "in a free text the dash is what was said"
    assert filled({}, {"P9": "-"}) == {}, "and a file that says nothing fills nothing"
    assert filled({"P9": "13"}, {"P9": "17"}) == {}


def test_a_code_does_not_come_beside_another_name() -> None:
    held = page(d1={"name": "肺炎"})
    assert filled(held, page(d1=_D70)) == page(d2=_D70)
    assert filled(held, page(d1=_J18)) == page(d1={"code": "J18.900", "poa": "2"})
    assert filled(held, page(d1=_D70, d2=_J18)) == page(d1={"code": "J18.900", "poa": "2"}, d2=_D70)


def test_diagnoses_in_another_order_are_neither_doubled_nor_lost() -> None:
    assert filled(page(d1=_J18), page(d1=_D70, d2=_J18)) == page(d2=_D70)
    assert filled(page(d1=_J18, d2=_D70), page(d1=_D70, d2=_J18)) == {}
    again = {**page(d1=_J18), **filled(page(d1=_J18), page(d1=_D70, d2=_J18))}
    assert filled(again, page(d1=_D70, d2=_J18)) == {}, "the same file again has nothing to fill"


def test_the_same_diagnosis_gets_what_it_lacks() -> None:
    assert filled(page(d1={"code": "J18.900", "poa": "-"}), page(d3={**_J18, "code": "J18．9００"})) == page(
        d1={"name": "肺炎", "poa": "2"}
    )
    assert filled(page(d1={**_J18, "code": "J18.000"}), page(d1=_J18)) == {}, "one name is not written under two codes"


def test_the_main_diagnosis_is_not_written_again_as_another() -> None:
    by_name = layout("2012").by_name
    code, name, poa = (by_name[f"principal_diagnosis_{member}"].code for member in ("code", "name", "poa"))
    held = {code: "C91.000", name: "急性淋巴细胞白血病"}
    assert filled(held, {code: "J18.900", name: "肺炎", poa: "1", **page(d1={"code": "C91.000"}, d2=_D70)}) == page(
        d2=_D70
    )
    assert filled({name: "肺炎"}, {code: "C91.000", name: "急性淋巴细胞白血病"}) == {}
    assert filled({name: "肺炎"}, {code: "J18.900", name: "肺炎", poa: "1"}) == {code: "J18.900", poa: "1"}


def test_an_operation_is_another_at_another_time() -> None:
    first = {"code": "99.2503", "name": "静脉化疗", "datetime": "2026-10-02 09:00", "surgeon": "虚构甲"}
    second = {**first, "datetime": "2026-10-05 09:00", "surgeon": "虚构乙"}
    assert filled(page(p1=first), page(p1=second, p2=first)) == page(p2=second)
    day = {**first, "datetime": "2026-10-02"}
    del day["surgeon"]
    assert filled(page(p1=day), page(p1=second, p2=first)) == page(p1={"surgeon": "虚构甲"}, p2=second)
    assert filled(page(p1={"surgeon": "虚构丙"}), page(p1=first)) == page(p2=first), "no surgeon beside another's work"


def test_a_stay_in_intensive_care_has_no_code() -> None:
    held = {"type": "1", "in": "2026-10-02 09:00", "out": "2026-10-03 09:00"}
    later = {**held, "in": "2026-10-05 09:00", "out": "2026-10-06 09:00"}
    assert filled(page(i1=held), page(i1=later, i2=held)) == page(i2=later)


def test_no_place_is_left() -> None:
    full = page(**{f"d{n}": {"code": f"J{n}0.000"} for n in range(1, 11)})
    assert filled(full, page(d1=_D70)) == {}


def looked_at(hospital: Hospital, batch: Batch) -> tuple[dict[str, int], dict[str, str]]:
    """What the preview promises, and what the row's page says that a fill writes, by field."""
    shown = made_up.browser(hospital.clerk).get(f"/imports/{batch.pk}/rows/1").content.decode()
    promised = dict(re.findall(r'data-fills="(\w+)">([^<]+)<', shown))
    with hospital.acting():
        counts = {name: n for name, n in queries.preview(hospital.seen(batch)).counts.items() if n}
    return counts, promised


@pytest.mark.django_db
@pytest.mark.requirement("REG-06")
@pytest.mark.parametrize(
    ("card", "file", "written"),
    [
        ({"P9": "-"}, {"P9": "17"}, {"P9": "17"}),
        (page(d1={"name": "肺炎"}), page(d1=_D70), page(d2=_D70)),
        (page(d1=_J18), page(d1=_D70, d2=_J18), page(d2=_D70)),
        (page(d1=_J18, d2=_D70), page(d1=_D70, d2=_J18), {}),
        ({"P782": "12500.00"}, {"P782": "13000.00"}, {}),
    ],
)
def test_the_preview_and_the_rows_page_promise_what_the_import_writes(
    hospital: Hospital, card: dict[str, str], file: dict[str, str], written: dict[str, str]
) -> None:
    hospital.imported(hospital.page(**card))
    batch = hospital.checked(hospital.page(**{**dict.fromkeys(card, ""), **file}))
    with hospital.acting() as by:
        before = dict(current(Card.objects.get()).front)
        assert services.choose(batch=batch.pk, choice="fill", rows=[1], by=by) == 1
    promised, shown = looked_at(hospital, batch)
    counts = hospital.confirmed(batch).counts
    assert promised == {name: n for name, n in counts.items() if n and name != "of"}
    assert promised == ({"updated": 1} if written else {"unchanged": 1})
    with hospital.acting():
        after = current(Card.objects.get()).front
        assert {code: text for code, text in after.items() if text != before.get(code)} == written == shown
        assert CardVersion.objects.count() == (2 if written else 1)


@pytest.mark.django_db
@pytest.mark.requirement("REG-06")
def test_a_row_of_a_stay_in_question_says_what_it_would_fill(hospital: Hospital) -> None:
    hospital.imported(hospital.page(P9="-"), hospital.page(P3="ZY0002", P9="17"))
    batch = hospital.checked(
        hospital.page(P25="2026-10-08 15:00", P9="31"), hospital.page(P3="ZY0002", P25="2026-10-08 15:00", P9="31")
    )
    with hospital.acting() as by:
        assert set(batch.rows.values_list("match", flat=True)) == {"probable"}
        services.choose(batch=batch.pk, choice="fill", rows=[1, 2], by=by)
    assert looked_at(hospital, batch) == ({"updated": 1, "unchanged": 1}, {"P9": "31"})
    counts = hospital.confirmed(batch).counts
    assert (counts["updated"], counts["unchanged"]) == (1, 1)
