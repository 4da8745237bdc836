"""The region tree: what a code named on a day, and what became of it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection

import made_up
from tonghu.codes.regions import Region as Spell
from tonghu.codes.regions import history, spells
from tonghu.network import queries
from tonghu.network.models import Region
from tonghu.network.region_range import covered
from tonghu.network.services import load_regions
from tonghu.network.succession import level, set_down, successors
from tonghu.platform.scope.scope import Scope, open_scope, system_scope

pytestmark = pytest.mark.requirement("NET-01")


@pytest.fixture(scope="module")
def became() -> dict[str, Any]:
    return successors(spells())


@pytest.mark.parametrize(
    ("code", "after", "how"),
    [
        ("510122", ("510116",), "name"),  # 双流县 → 双流区
        ("510202", ("500103",), "name"),  # 渝中区: Sichuan gave Chongqing away
        ("110103", ("110101",), "list"),  # 崇文区 → 东城区
        ("341400", ("340100", "340200", "340500"), "list"),  # 巢湖 was divided
        ("654101", ("654002",), "name"),  # 伊宁市, not 伊宁县 of the same stem
        ("230706", (), ""),  # what neither list nor name tells stays unknown
    ],
)
def test_what_became_of_a_code(became: dict[str, Any], code: str, after: tuple[str, ...], how: str) -> None:
    assert became[code] == (after, how)


def test_successors_live_in_the_year_after_and_stand_at_the_same_level_or_above(became: dict[str, Any]) -> None:
    for code, (after, how) in became.items():
        gone = history(code)[-1]
        for new in after:
            years = [((one.first_year or 0), (one.last_year or 9999)) for one in history(new)]
            assert any(low <= gone.last_year + 1 <= high for low, high in years), (code, new)
            assert how == "list" or level(new) == level(code)


def test_the_list_set_down_by_hand_names_codes_that_ended_in_that_year() -> None:
    assert len(set_down()) == 90
    for (code, year), after in set_down().items():
        assert history(code)[-1].last_year == year
        assert after


def test_most_codes_that_ended_are_followed(became: dict[str, Any]) -> None:
    known = sum(bool(after) for after, _how in became.values())
    assert (known, len(became)) == (2349, 2765)


@pytest.mark.parametrize(
    ("code", "low", "high"),
    [
        ("000000", "000000", "999999"), ("510000", "510000", "520000"), ("510100", "510100", "510200"),
        ("510104", "510104", "510105"), ("659900", "659900", "660000"),
    ],
)  # fmt: skip
def test_a_region_is_a_range_of_codes(code: str, low: str, high: str) -> None:
    assert covered(code) == (low, high)


@pytest.mark.parametrize("code", ["", "51010", "5101040", "51010x", "５１０１０４"])
def test_what_is_no_code_has_no_range(code: str) -> None:
    with pytest.raises(ValueError, match="six digits"):
        covered(code)


def spell(code: str, name: str, first: int | None, last: int | None) -> Spell:
    return Spell(code, name, first, last)


SMALL = (
    spell("510000", "四川省", None, None),
    spell("510100", "成都市", None, None),
    spell("510104", "锦江区", 1991, None),
    spell("510122", "双流县", None, 2015),
    spell("510116", "双流区", 2016, None),
    spell("513900", "资阳地区", 1998, 2000),
    spell("513901", "资阳市", 1998, 2000),
    spell("512000", "资阳市", 2001, None),
    spell("510181", "灌县", None, 1987),
    spell("510181", "都江堰市", 1988, None),
)


def load(*spells_: Spell) -> tuple[int, int]:
    with open_scope(system_scope("provisioning")) as by:
        return load_regions(spells=spells_, by=by)


@pytest.mark.django_db
def test_loading_the_same_lists_again_changes_nothing_and_other_lists_what_differs() -> None:
    assert load(*SMALL) == (11, 0)
    assert load(*SMALL) == (0, 0)
    assert load(*SMALL[:-1]) == (1, 2), "都江堰市 is gone and with it the end of 灌县's time under the code"


@pytest.mark.django_db
def test_all_yearly_lists_load_into_one_tree() -> None:
    added, _gone = load(*spells())
    assert added == 6196
    with open_scope(Scope()):
        assert queries.full_name("510107") == "四川省成都市武侯区"
        assert [one.code for one in queries.ancestors("510107")] == ["000000", "510000", "510100"]
        assert "510107" in {one.code for one in queries.children("510100")}
        assert "510122" in {one.code for one in queries.children("510100", date(2010, 6, 1))}
        assert "510122" not in {one.code for one in queries.children("510100")}
        assert {one.level for one in queries.children("000000")} == {Region.Level.PROVINCE}


@pytest.mark.django_db
def test_a_code_is_asked_for_on_a_day() -> None:
    load(*SMALL)
    assert queries.region("510122", date(2015, 6, 1)).name == "双流县"
    assert queries.region("510122") is None
    assert queries.region("510104", date(1980, 1, 1)) is None
    assert queries.full_name("999999") == "999999"
    # In the year of a change the newer name holds, so that a code means one thing a day.
    assert queries.region("510181", date(1987, 12, 31)).name == "灌县"
    assert queries.region("510181", date(1988, 1, 1)).name == "都江堰市"
    assert [one.name for one in queries.region_history("510181")] == ["灌县", "都江堰市"]


@pytest.mark.django_db
def test_what_stands_for_an_old_code_today_is_found_step_by_step() -> None:
    load(*SMALL)
    assert queries.became("510122") == ("510116",)
    assert queries.became("513900") == ("512000",), "地区 became 市"
    assert queries.became("510104") == ("510104",)
    assert queries.became("990000") == ()
    lines = list(queries.region_life("510122"))
    assert [str(new) for line in lines for new in line.successors] == ["510116 双流区"]


@pytest.mark.django_db
def test_the_database_refuses_two_meanings_of_a_code_on_a_day() -> None:
    from django.db import IntegrityError, transaction

    load(*SMALL)
    with pytest.raises(IntegrityError), transaction.atomic(), open_scope(system_scope("provisioning")):
        Region.objects.create(code="510104", name="又一个", level=3, parent_code="510100", valid=made_up.ALWAYS)


@pytest.mark.django_db
def test_only_provisioning_loads_regions_and_the_database_holds_it_to_that() -> None:
    from django.db import DatabaseError, transaction

    officer = made_up.scope_at(made_up.post("commission_officer", made_up.authority()))
    with open_scope(officer), pytest.raises(PermissionDenied):
        load_regions(spells=SMALL, by=officer)
    with (
        pytest.raises(DatabaseError, match="row-level security"),
        transaction.atomic(),
        open_scope(officer),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "INSERT INTO network_region (code, name, level, parent_code, valid, replaced_by, replaced_how) "
            "VALUES ('510199', 'x', 3, '510100', '(,)', '{}', '')"
        )


@pytest.mark.django_db
def test_the_pages_of_regions_go_up_down_back_in_time_and_on() -> None:
    load(*SMALL)
    browser = made_up.browser(made_up.post("entry_clerk"))
    top = browser.get("/regions").content.decode()
    assert "<code>510000</code> 四川省" in top
    city = browser.get("/regions/510100?on=2010-06-01").content.decode()
    assert "<code>510122</code> 双流县" in city
    assert "510116" not in city
    old = browser.get("/regions/510122").content.decode()
    assert "该代码未使用" in old
    assert "510116 双流区" in old
    assert "按名称推断" in old
    assert browser.get("/regions/510122?on=nonsense").status_code == 200
    assert browser.get("/regions/990000").status_code == 404
