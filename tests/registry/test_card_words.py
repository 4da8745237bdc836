"""Words in both languages, keys that are made anew, and what has no certain mend."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from django.utils.translation import override

from made_up_cards import Point, page
from tonghu.codes.hqms_fields import layout
from tonghu.errors import InputRefused
from tonghu.hqms import mends, stay
from tonghu.platform.crypto.keys import keyring
from tonghu.platform.scope.scope import open_scope, system_scope
from tonghu.registry import content as contents
from tonghu.registry.models import CardVersion
from tonghu.registry.rotation import rehash
from tonghu.registry.services.moving import REFUSALS, require_act
from tonghu.registry.states import ACTS, WORDS, State
from tonghu.registry.supplement import item

FIELDS = layout("2012").by_name


@pytest.mark.requirement("REG-05")
def test_states_acts_and_items_speak_both_languages() -> None:
    for language, at in (("zh-hans", 0), ("en", 1)):
        with override(language):
            assert [str(State(state).label) for state in WORDS] == [words[at] for words in WORDS.values()]
            assert ACTS["submit"].label == ("提交审核", "Submit")[at]
            assert ACTS["submit"].done == ("提交了审核", "submitted it")[at]
            basis = item("basis")
            assert basis is not None
            assert basis.label == ("诊断依据", "Basis of diagnosis")[at]
            assert basis.choices[1] == ("1", ("临床诊断", "Clinical")[at])
            assert bool(item("topography").help)  # type: ignore[union-attr]
    assert item("colour") is None
    assert all(zh and en for zh, en in REFUSALS.values())


def test_an_act_that_is_none_is_refused_by_name() -> None:
    assert require_act("submit") is ACTS["submit"]
    with pytest.raises(InputRefused, match="explode"):
        require_act("explode")


@pytest.mark.django_db
def test_keys_of_contents_are_made_anew_and_stay_equal_for_equal_contents(point: Point) -> None:
    card = point.card()
    key = keyring().writer("hash")
    with open_scope(system_scope("rotation")):
        assert rehash("default", key, 10, None) == (0, None), "everything stands under the key that writes"
    with point.acting("entry_clerk"):
        version = CardVersion.objects.get(card=card)
        content = contents.open_(version.content)
        assert bytes(version.content_key) == contents.key_with(key, content)
        assert bytes(version.content_key) in contents.keys(content)


@pytest.mark.parametrize(
    ("rule", "field", "text", "facts"),
    [
        ("HQ001", "sex", "x", {}),
        ("HQ021", "age_years", "1.2E+5", {}),
        ("HQ023", "patient_name", "x", {}),
        ("HQ059", "pathology_1_morphology_code", "M99990/3x", {}),
        ("HQ053", "length_of_stay_days", "4", {}),
        ("HQ053", "length_of_stay_days", "4",
         {"admission_datetime": datetime(2026, 9, 7), "discharge_datetime": datetime(2026, 9, 6)}),
        ("HQ053", "length_of_stay_days", "1",
         {"admission_datetime": datetime(2026, 9, 1), "discharge_datetime": datetime(2096, 9, 2),
          "today": date(2026, 11, 22)}),
        ("HQ053", "length_of_stay_days", "1",
         {"admission_datetime": datetime(1996, 9, 1), "discharge_datetime": datetime(2026, 9, 2),
          "birth_date": date(2016, 9, 25), "today": date(2026, 11, 22)}),
        ("HQ051", "age_years", "8",
         {"birth_date": date(2016, 9, 25), "admission_datetime": datetime(2010, 1, 1),
          "national_id": "510107201609250028"}),
        ("HQ027", "current_address", "四川省成都市", {"today": date(2026, 11, 22)}),
        ("HQ027", "current_address", "成都市武侯区", {}),
    ],
)  # fmt: skip
def test_without_certainty_there_is_no_mend(rule: str, field: str, text: str, facts: dict[str, object]) -> None:
    assert mends.propose(rule, FIELDS[field], text, facts) is None


@pytest.mark.requirement("REG-04")
def test_one_stay_is_screened_as_in_a_file() -> None:
    on = date(2026, 11, 22)
    outside = stay.screen(page(other_diagnosis_1_code="J18.000").front, "2012", on)
    assert (outside.group, outside.age_years, stay.classified(outside, {}, "2012")) == (None, 9, None)
    unknown = stay.screen(page(birth_date="", age_years="").front, "2012", on)
    assert (unknown.group, unknown.outcome, unknown.age_years) == ("undetermined", "malignant", None)
    blood = stay.screen(page(other_diagnosis_1_code="D69.300").front, "2012", on)
    assert (blood.group, stay.classified(blood, {}, "2012")) == ("itp", None)
    assert stay.read({"P5": "", "COLOUR": "red"}, "2012") == {}
