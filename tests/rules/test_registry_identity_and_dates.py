"""Identity numbers, dates, ages and the length of stay: the boundaries that public checkers got wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up_stays import DAY, FRONT_PAGE, Found, clean

from tonghu.codes.identity import check_character
from tonghu.rulebook import Rulebook
from tonghu.rulebook.python_executor import Answer

IDENTITY = {"HQ036", "HQ037", "HQ038", "HQ039"}


def number(birth: date, *, male: bool, region: str = "510107") -> str:
    first = f"{region}{birth:%Y%m%d}{'11' if male else '10'}{'3' if male else '2'}"
    return first + check_character(first)


def ids(found: Found, layout: str = "2012", **changes: object) -> set[str]:
    return {rule for rule, _ in found(clean(layout, **changes), layout)}


# --- Identity numbers


@pytest.mark.parametrize(
    ("national_id", "expected"),
    [
        ("510107201609250028", set()),
        ("-", set()),
        ("－", set()),
        (None, set()),
        ("5.10107E+17", {"HQ036"}),
        ("5.10107201609250E+17", {"HQ036"}),
        ("510107201609250000", {"HQ036"}),  # rounded by a spreadsheet: the birth date is still whole
        ("510107201609250029", {"HQ036"}),
        ("51010720160925002", {"HQ036"}),
        ("5101072016092500288", {"HQ036"}),
        ("51010720160925002Y", {"HQ036"}),
        ("510107201613250024", {"HQ036"}),  # month 13
        ("ABC", {"HQ036"}),
        ("５１０１０７２０１６０９２５００２８", {"HQ036"}),
        ("510107160925002", {"HQ037"}),  # fifteen digits say 1916
        ("51010716092500A", {"HQ036"}),
        (number(date(2016, 9, 26), male=False), {"HQ037"}),
        ("510107201609250137", {"HQ036", "HQ038"}),
        ("990107201609250020", {"HQ039", "HQ036"}),
    ],
)
@pytest.mark.parametrize("layout", ["2012", "2020"])
def test_identity_numbers(national_id: str | None, expected: set[str], layout: str, found: Found) -> None:
    assert ids(found, layout, national_id=national_id) & IDENTITY == expected


@given(birth=st.dates(date(2007, 1, 1), date(2026, 9, 7)), male=st.booleans(), sex=st.sampled_from("0129"))
@settings(max_examples=150)
def test_a_right_number_is_found_only_for_the_other_sex_or_birth(
    birth: date, male: bool, sex: str, found: Found
) -> None:
    right = number(birth, male=male)
    agrees = sex not in "12" or (sex == "1") is male
    assert ids(found, national_id=right, birth_date=birth, sex=sex) & IDENTITY == (set() if agrees else {"HQ038"})
    other = birth + timedelta(days=1)
    assert "HQ037" in ids(found, national_id=right, birth_date=other)
    small = right.replace("X", "x")
    assert "HQ036" not in ids(found, national_id=small, birth_date=birth)


@given(birth=st.dates(date(2007, 1, 1), date(2026, 9, 7)), place=st.integers(0, 17), by=st.integers(1, 9))
def test_one_wrong_digit_never_passes(birth: date, place: int, by: int, found: Found) -> None:
    right = number(birth, male=True)
    digit = "X" if right[place] == "X" else str((int(right[place]) + by) % 10)
    wrong = right[:place] + ("0" if digit == "X" else digit) + right[place + 1 :]
    assert "HQ036" in ids(found, national_id=wrong, birth_date=birth)


@pytest.mark.parametrize(
    ("layout", "nationality", "missing"),
    [
        ("2012", "中国", True),
        ("2012", "中华人民共和国", True),
        ("2020", "CHN", True),
        ("2012", "加拿大", False),
        ("2020", "CAN", False),
    ],
)
def test_a_missing_number_is_asked_of_chinese_nationals_from_one_year_on(
    layout: str, nationality: str, missing: bool, found: Found
) -> None:
    asked = ids(found, layout, national_id="-", nationality=nationality)
    assert ("HQ040" in asked) is missing
    young = {"birth_date": date(2025, 9, 8), "age_years": 0}
    assert "HQ040" not in ids(found, layout, national_id="-", nationality=nationality, **young)


# --- The order of events

IN, OUT = datetime(2026, 9, 7, 20, 46), datetime(2026, 9, 12, 10, 0)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"discharge_datetime": IN}, {"HQ053"}),
        ({"discharge_datetime": IN - timedelta(seconds=1)}, {"HQ043", "HQ053"}),
        ({"discharge_datetime": IN - timedelta(days=2)}, {"HQ043"}),
        ({"birth_date": date(2026, 9, 8)}, {"HQ044", "HQ037"}),
        ({"discharge_datetime": datetime(2026, 11, 23)}, {"HQ045", "HQ053"}),
        ({"diagnosis_confirmed_date": datetime(2026, 9, 7)}, set()),
        ({"diagnosis_confirmed_date": datetime(2026, 9, 12, 23, 59)}, set()),
        ({"diagnosis_confirmed_date": datetime(2026, 9, 6, 23, 59)}, {"HQ046"}),
        ({"procedure_1_datetime": datetime(2026, 9, 7)}, set()),
        ({"procedure_1_datetime": datetime(2026, 9, 13)}, {"HQ047"}),
        ({"quality_date": datetime(2026, 9, 6)}, {"HQ050"}),
        ({"quality_date": datetime(2026, 11, 22, 8)}, set()),
        ({"quality_date": datetime(2026, 11, 23)}, {"HQ050"}),
    ],
)
def test_order_of_events(changes: dict[str, object], expected: set[str], found: Found) -> None:
    of_interest = {"HQ037", "HQ043", "HQ044", "HQ045", "HQ046", "HQ047", "HQ050", "HQ053"}
    if "discharge_datetime" in changes:  # what else lies in the stay goes with it
        changes = {"procedure_1_datetime": None, "diagnosis_confirmed_date": None, **changes}
    assert ids(found, **changes) & of_interest == expected


@pytest.mark.parametrize("slot", [1, 2, 41])
def test_procedure_dates_are_held_in_every_slot(slot: int, found: Found) -> None:
    record = clean("2020", **{f"procedure_{slot}_datetime": datetime(2026, 9, 13)})
    assert ("HQ047", f"procedure_{slot}_datetime") in found(record, "2020")


@pytest.mark.parametrize(
    ("first", "second", "overlap"),
    [
        ((8, 10), (10, 11), False),
        ((8, 11), (10, 12), True),
        ((10, 12), (8, 11), True),
        ((8, 12), (9, 10), True),
        ((9, 10), (11, 12), False),
    ],
)
def test_intensive_care_may_touch_but_not_overlap(
    first: tuple[int, int], second: tuple[int, int], overlap: bool, found: Found
) -> None:
    record = {}
    for slot, (begin, end) in ((2, first), (5, second)):
        record |= {
            f"icu_{slot}_type": "PICU",
            f"icu_{slot}_in": datetime(2026, 9, begin, 9),
            f"icu_{slot}_out": datetime(2026, 9, end, 9),
        }
    assert (("HQ049", "icu_5_in") in found(clean("2012", **record))) is overlap


# --- Ages and days


@given(
    birth=st.dates(date(2004, 1, 1), date(2026, 6, 1)),
    days=st.integers(0, 8000),
    stated=st.integers(0, 25),
)
@settings(max_examples=200)
def test_the_age_is_right_exactly_when_it_counts_birthdays(birth: date, days: int, stated: int, found: Found) -> None:
    day = birth + timedelta(days=days)
    birthday_in = [
        birth.replace(year=y) if (birth.month, birth.day) != (2, 29) else leap(y) for y in range(birth.year + 1, 2055)
    ]
    birthdays = sum(birthday <= day for birthday in birthday_in)
    admission = datetime(day.year, day.month, day.day, 8)
    wrong = "HQ051" in ids(found, birth_date=birth, admission_datetime=admission, age_years=stated)
    assert wrong is (stated != birthdays)


def leap(year: int) -> date:
    """The birthday in `year` of somebody born on 29 February."""
    try:
        return date(year, 2, 29)
    except ValueError:
        return date(year, 3, 1)


@given(days=st.integers(0, 400), hours=st.integers(0, 23), stated=st.integers(-1, 402))
def test_the_stay_is_the_difference_of_days_and_at_least_one(days: int, hours: int, stated: int, found: Found) -> None:
    out = datetime(2026, 9, 7, hours) + timedelta(days=days)
    in_ = datetime(2026, 9, 7, 0)
    wrong = "HQ053" in ids(found, admission_datetime=in_, discharge_datetime=out, length_of_stay_days=stated)
    assert wrong is (stated != max(days, 1))


def months(text: str) -> dict[str, object]:
    return {"age_years": None, "age_infant_months": Decimal(text)}


@pytest.mark.parametrize(
    ("layout", "changes", "expected"),
    [
        ("2012", months("3.27"), set()),
        ("2012", {**months("3.27"), "age_years": 0}, set()),
        ("2012", {"age_years": None}, {"HQ003"}),
        ("2012", months("98.00"), {"HQ032", "HQ052"}),
        ("2012", months("0.00"), {"HQ032", "HQ052"}),
        ("2020", {"age_years": 0, "age_infant_days": 98}, set()),
        ("2020", {"age_years": 0}, {"HQ003"}),
        ("2020", {"age_years": 0, "age_infant_days": 97}, {"HQ052"}),
        ("2020", {"age_years": None, "age_infant_days": 98}, {"HQ002"}),
        ("2020", {"age_years": 1, "age_infant_days": 366}, {"HQ032", "HQ051", "HQ052"}),
    ],
)
def test_infants_count_months_in_one_layout_and_days_in_the_other(
    layout: str, changes: dict[str, object], expected: set[str], found: Found
) -> None:
    age_of_98_days = {"birth_date": date(2026, 6, 1), "national_id": "-", "occupation": "90"}
    assert ids(found, layout, **age_of_98_days, **changes) == expected


@pytest.mark.parametrize(("days", "newborn"), [(0, True), (28, True), (29, False)])
@pytest.mark.parametrize("layout", ["2012", "2020"])
def test_newborn_rules_end_with_the_28th_day(days: int, newborn: bool, layout: str, found: Found) -> None:
    birth = date(2026, 9, 7) - timedelta(days=days)
    record = clean(layout, birth_date=birth, age_years=0, other_diagnosis_2_code="P15.900")
    asked = found(record, layout)
    assert (("HQ017", "newborn_admission_weight_g") in asked) is newborn
    assert (("HQ018", "newborn_birth_weight_1_g") in asked) is newborn
    assert (("HQ055", "other_diagnosis_2_code") in asked) is not newborn


@pytest.fixture(scope="module")
def identity_rules(rulebook: Rulebook) -> Callable[[dict[str, object]], list[Answer]]:
    rules = rulebook.on(DAY, sets={FRONT_PAGE})
    judge = replace(rules, rules=tuple(rule for rule in rules.rules if rule.reports in IDENTITY)).for_record()
    return lambda record: judge(record)


near_numbers = st.one_of(
    st.from_regex(r"[0-9]{14,19}[0-9Xx]?", fullmatch=True),
    st.from_regex(r"[0-9](\.[0-9]{1,8})?[Ee]\+?1[0-9]", fullmatch=True),
    st.text("0123456789Xx０１９Ｘ-－ 无E+.", min_size=1, max_size=19),
    st.builds(number, st.dates(date(2007, 1, 1), date(2026, 9, 7)), male=st.booleans()).map(lambda n: n[:15] + "000"),
)


@given(national_id=near_numbers)
@settings(max_examples=300)
def test_one_message_at_most_says_what_is_wrong_with_an_identity_number(
    national_id: str, identity_rules: Callable[[dict[str, object]], list[Answer]]
) -> None:
    record = {"national_id": national_id, "birth_date": date(2016, 9, 25), "sex": "1"}
    said = [answer.rule.id for answer in identity_rules(record) if answer.verdict == "finds"]
    assert len([id_ for id_ in said if id_.startswith("HQ036")]) <= 1
    if said and said[0] in ("HQ036", "HQ036-scientific", "HQ036-fullwidth"):
        assert len(said) == 1
