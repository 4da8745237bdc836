"""The disease mix is plausible, and everything beside it is out of scope."""

from __future__ import annotations

import re

import pytest

from tonghu.synth.catalogue import companions, diseases, ordinary_stays, procedures
from tonghu.synth.chance import Chance
from tonghu.synth.children import who_comes

ICD10 = re.compile(r"[A-TV-Z]\d{2}\.(\d00|x00)")
MORPHOLOGY = re.compile(r"M\d{5}/[012 3]")
LEUKAEMIA = ("C91", "C92", "C93", "C94", "C95")
# The surveillance scope as the policy's annex lists it, written out here and nowhere taken from the code under test.
SCOPE = [
    ("malignant", r"C"),
    ("in_situ", r"D0"),
    ("cns_benign", r"D3[23]|D35\.[234]"),
    ("uncertain", r"D3[789]|D4[0-8]"),
    ("aplastic_anaemia", r"D61\.[12389]"),
    ("itp", r"D69\.3"),
    ("haemophilia", r"D6[67]"),
    ("hlh", r"D76\.[12]"),
]


def group_of(code: str) -> str | None:
    return next((group for group, pattern in SCOPE if re.match(pattern, code.upper())), None)


def test_every_disease_is_in_the_scope_group_that_it_claims() -> None:
    assert len({d.code for d in diseases()}) == len(diseases())
    for disease in diseases():
        assert ICD10.fullmatch(disease.code), disease
        assert group_of(disease.code) == disease.group
        assert not disease.morphology or MORPHOLOGY.fullmatch(disease.morphology)
        assert bool(disease.morphology) == (disease.group in ("malignant", "in_situ", "cns_benign", "uncertain"))
        assert not disease.operation or procedures()[disease.operation].is_operation


def test_companions_and_other_childrens_diseases_are_out_of_scope() -> None:
    for kind in ("complication", "adult", "child"):
        for code, _ in companions(kind):
            assert ICD10.fullmatch(code)
            assert group_of(code) is None
    for who in ("child", "newborn"):
        for ordinary in ordinary_stays(who):
            assert ICD10.fullmatch(ordinary.code)
            assert group_of(ordinary.code) is None
            assert ordinary.high < 20
    assert all(ordinary.low >= 20 for ordinary in ordinary_stays("adult"))
    assert any(group_of(ordinary.code) for ordinary in ordinary_stays("adult")), "controls against taking adults"


def test_childhood_cancer_comes_to_about_126_per_million_a_year() -> None:
    cancers = [d for d in diseases() if d.iccc or d.group == "malignant"]
    assert sum(d.cases for d in cancers) == pytest.approx(126, abs=6)


def test_ages_have_their_known_shape() -> None:
    rates = {d.code: d.incidence for d in diseases()}
    assert max(rates["C91.000"]) == rates["C91.000"][1], "ALL peaks before school age"
    for embryonal in ("C74.900", "C69.200", "C22.200"):
        assert max(rates[embryonal]) == rates[embryonal][0], "in infancy"
    for adolescent in ("C40.200", "C41.400", "C81.100", "C73.x00", "C62.900"):
        assert max(rates[adolescent][3:]) == max(rates[adolescent]), "in adolescence"


def test_patients_follow_the_catalogue() -> None:
    chance = Chance(5)
    patients = [who_comes(chance) for _ in range(6000)]
    assert all(0 <= age <= 19 for _, _, age in patients)
    assert all(sex == "1" for disease, sex, _ in patients if disease.group == "haemophilia")
    assert all(sex == "2" for disease, sex, _ in patients if disease.code == "C56.x00")
    all_ages = [age for disease, _, age in patients if disease.code == "C91.000"]
    assert sum(2 <= age <= 6 for age in all_ages) / len(all_ages) > 0.4
    bone = [age for disease, _, age in patients if disease.code == "C40.200"]
    assert sum(age >= 10 for age in bone) / len(bone) > 0.7
