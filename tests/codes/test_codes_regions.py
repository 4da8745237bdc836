"""Regions with their history, and the province that an address begins with."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tonghu.codes import regions
from tonghu.codes.bad_code import BadCode


def test_the_latest_list_has_the_published_numbers() -> None:
    latest = regions.listed(date(2024, 12, 31))
    level = Counter(
        "province" if r.parent is None else "prefecture" if r.code.endswith("00") else "county" for r in latest
    )
    # National Bureau of Statistics, end of 2024: 34 provinces with the special regions, 2,846 counties.
    assert level["province"] == 34
    assert level["county"] == 2846
    assert regions.listed(date(2030, 1, 1)) == latest
    assert len(regions.listed(date(1970, 1, 1))) == len(regions.listed(date(1984, 6, 1)))


@pytest.mark.parametrize("year", range(1984, 2025))
def test_in_every_year_a_code_names_one_region(year: int) -> None:
    names = Counter(region.code for region in regions.listed(date(year, 12, 31)))
    assert max(names.values()) == 1
    assert 2800 < len(names) < 3500


def test_a_merged_county_is_known_in_its_time() -> None:
    old, new = regions.history("510123")[0], regions.history("510115")[0]
    assert (old.name, new.name) == ("温江县", "温江区")
    assert regions.region("510123", date(1999, 5, 1)) == old
    assert regions.region("510123", date(2020, 5, 1)) is None
    assert regions.region("510123") == old
    # Raised in the year 2002: both codes may stand in papers of that year.
    assert regions.region("510123", date(2002, 6, 1)) == old
    assert regions.region("510115", date(2002, 6, 1)) == new
    assert regions.region("510115", date(2001, 12, 31)) is None
    assert old.valid_to == date(2003, 1, 1)
    assert new.valid_from == date(2002, 1, 1)


def test_a_renamed_region_has_one_code_and_two_names() -> None:
    names = [region.name for region in regions.history("421000")]
    assert names[-1] == "荆州市"
    assert len(names) > 1


def test_chongqing_left_sichuan() -> None:
    assert regions.region("500000", date(1990, 1, 1)) is None
    assert regions.region("500000", date(2000, 1, 1)) is not None
    assert regions.region("510200", date(1990, 1, 1)) is not None
    assert regions.region("510200", date(2000, 1, 1)) is None


def test_parents() -> None:
    county = regions.region("510107")
    assert county is not None
    assert county.parent == "510100"
    assert [r.parent for r in regions.history("510100")] == ["510000"]
    assert [r.parent for r in regions.history("510000")] == [None]
    listed = {r.code for r in regions.listed(date(2024, 1, 1))}
    orphans = {r.parent for r in regions.listed(date(2024, 1, 1)) if r.parent} - listed
    assert orphans == set()


def test_provinces() -> None:
    assert len(regions.provinces()) == 34
    assert regions.province_of("510107") == "510000"
    for code in ("990101", "51010", "5101070", "５１０１０７", "", "000000", "660000"):
        assert regions.province_of(code) is None


@pytest.mark.parametrize("code", ["", "51010", "５１０１０７", "510107 ", "010101", "成都"])
def test_a_region_code_has_six_digits(code: str) -> None:
    with pytest.raises(BadCode, match="行政区划"):
        regions.region(code)


def test_a_code_that_never_was() -> None:
    assert regions.region("990101") is None
    assert regions.history("990101") == ()


@pytest.mark.parametrize(
    ("address", "province"),
    [
        ("四川省成都市武侯区示例路1号", "510000"), ("四川成都", "510000"), ("四川", "510000"),
        ("\u3000四川省", "510000"),
        ("内蒙古自治区呼和浩特市", "150000"), ("内蒙古赤峰", "150000"), ("黑龙江哈尔滨", "230000"),
        ("新疆维吾尔自治区", "650000"), ("新疆生产建设兵团", "650000"), ("新疆乌鲁木齐", "650000"),
        ("广西壮族自治区南宁市", "450000"), ("广西南宁", "450000"), ("宁夏银川", "640000"), ("西藏拉萨", "540000"),
        ("北京市朝阳区", "110000"), ("北京朝阳", "110000"), ("上海浦东新区", "310000"), ("重庆市", "500000"),
        ("香港特别行政区", "810000"), ("澳门", "820000"), ("台湾省台北", "710000"), ("中国四川省", "510000"),
        ("吉林市", "220000"), ("吉林省吉林市", "220000"), ("海南省海口市", "460000"), ("海南东方市", "460000"),
        ("江西南昌", "360000"), ("河北省", "130000"), ("湖南省", "430000"), ("陕西西安", "610000"),
    ],
)  # fmt: skip
def test_an_address_that_begins_with_a_province(address: str, province: str) -> None:
    assert regions.province_of_address(address) == province


@pytest.mark.parametrize(
    "address",
    [
        None, "", "-", "成都市武侯区", "示例路1号", "省四川", "四川北路1号", "北京路8号", "西藏中路268号", "陕西南路",
        "海南藏族自治州", "海南州共和县", "海南区", "河南蒙古族自治县", "河南县", "河北区", "延安西路",
        "中国", "内蒙", "天津大道",
    ],
)  # fmt: skip
def test_an_address_that_does_not(address: str | None) -> None:
    assert regions.province_of_address(address) is None


@given(st.sampled_from(sorted(regions.provinces().items())), st.text(max_size=10))
def test_every_full_name_is_known_whatever_follows(province: tuple[str, str], rest: str) -> None:
    code, name = province
    if code not in ("460000", "410000"):  # 海南… and 河南… may go on as a region of Qinghai
        assert regions.province_of_address(name + rest) == code


def test_the_patterns_are_plain_enough_for_every_engine() -> None:
    for pattern in regions.address_patterns():
        assert not re.search(r"\(\?[=!<P]|\\[bBdDwWsS]", pattern)


def test_a_region_that_a_user_types_is_any_that_was_ever_listed() -> None:
    assert regions.named("510000").name == "四川省"
    gone = regions.named("110103")
    assert gone == regions.history("110103")[-1]
    assert gone.last_year


@pytest.mark.parametrize(
    ("code", "near"),
    [("510199", "510100 成都市"), ("519900", "510000 四川省"), ("390000", "370000 山东省"), ("999999", "820000 澳门")],
)
def test_a_region_that_never_was_is_answered_with_the_nearest(code: str, near: str) -> None:
    with pytest.raises(BadCode) as refused:
        regions.named(code)
    assert f"没有 {code}" in refused.value.zh
    assert near in refused.value.zh
    assert near in refused.value.en
    assert "\n" not in str(refused.value)
