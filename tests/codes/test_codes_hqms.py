"""Both HQMS dictionaries and the code tables: what the sources say, and that the layouts fit each other."""

from __future__ import annotations

import re
import time
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from tonghu.codes import hqms_fields, systems, tables
from tonghu.codes.bad_code import BadCode
from tonghu.codes.hqms_fields import Field, Layout

ROOT = Path(__file__).resolve().parents[2]

# The rows HQ001 and HQ002 of the front-page checks name these columns.
HQ001 = (
    "P900 P6891 P1 P2 P3 P4 P5 P6 P8 P804 P22 P23 P25 P26 P27 P28 P281 P30 P301 P31 P321 P322 P431 P432 P433 P434 "
    "P819 P44 P45 P46 P62 P63 P741 P782"
).split()
HQ002 = "P9 P11 P12 P13 P801 P802 P803 P17 P171 P18 P19 P20 P21 P231 P261 P805 P438 P751 P830".split()
# The row HQ023 names these columns and tables.
HQ023_COLUMNS = "P5 P8 P9 P804 P805 P741 P62 P63 P44 P57 P1 P19 P23 P26 P830".split()
HQ023_TABLES = "RC001 RC002 RC003 RC026 RC027 RC019 RC030 RC031 RC011 RC016 RC032 RC033 RC023 RC037 RC029".split()


@pytest.fixture(scope="module")
def old() -> Layout:
    return hqms_fields.layout("2012")


@pytest.fixture(scope="module")
def new() -> Layout:
    return hqms_fields.layout("2020")


@pytest.mark.requirement("REG-11")
def test_sizes_and_order(old: Layout, new: Layout) -> None:
    assert (len(old.fields), len(old.vendor_extensions)) == (346, 0)
    assert (len(new.fields), len(new.vendor_extensions)) == (642, 90)
    assert [field.seq for field in old.fields] == list(range(1, 347))
    assert [field.seq for field in new.fields] == sorted(field.seq for field in new.fields)
    assert old.fields[0].code == "P900"
    assert old.fields[-1].code == "P781"


def test_codes_names_and_chinese_names_are_unambiguous(old: Layout, new: Layout) -> None:
    for layout in (old, new):
        columns = (*layout.fields, *layout.vendor_extensions)
        keys = Counter(
            key for f in columns for key in {hqms_fields.header_key(f.code), hqms_fields.header_key(f.name_zh)}
        )
        assert [key for key, times in keys.items() if times > 1] == []
        assert len({field.name for field in columns}) == len(columns) == len(layout.by_code)
        assert len(layout.by_name_zh) == len(columns)
        assert len(layout.by_name) == len(layout.fields)


def test_presence_is_that_of_hq001_and_hq002(old: Layout, new: Layout) -> None:
    assert [f.code for f in old.fields if f.presence == "required"] == sorted(HQ001, key=lambda c: old.by_code[c].seq)
    assert {f.code for f in old.fields if f.presence == "advised"} == set(HQ002)
    for field in new.fields:
        if field.required != "yes":
            assert field.presence is None
        else:
            assert field.presence == ("required" if field.p_code in HQ001 else "advised")
    assert new.by_code["B30C"].presence is None  # listed by HQ001 as P44, but not required in this layout
    assert new.by_code["A14"].presence == "advised"


# Where the 2019 standard changes what the P-column says: the unit of the infant age, one address field, two-level
# payment codes, longer record numbers, coded ethnicity and nationality, several transfer departments.
CHANGED = {"A16", "A22", "A46C", "A48", "A19C", "A15C", "B21C"}
OWN_NAME = {"A16": "age_infant_days", "A22": "birth_address"}


def shape_of(field: Field) -> tuple[object, ...]:
    return (field.type, field.max_length, field.scale, field.table, field.table_checked, field.shape, field.group)


def test_a_2020_column_is_its_p_column_but_for_the_changes_of_the_standard(old: Layout, new: Layout) -> None:
    for field in new.fields:
        if field.p_code:
            parent = old.by_code[field.p_code]
            assert field.name == OWN_NAME.get(field.code, parent.name)
            assert (shape_of(field) == shape_of(parent)) == (field.code not in CHANGED), field.code
    assert new.by_code["A46C"].max_length == 3
    assert new.by_code["A48"].max_length == 50
    assert (new.by_code["A16"].type, new.by_code["A16"].max_length) == ("integer", None)
    assert (new.by_code["A19C"].table, new.by_code["A19C"].table_checked) == ("RC035", False)
    assert (new.by_code["A15C"].table, new.by_code["A15C"].table_checked) == ("RC038", False)


def test_slots_beyond_the_tenth_are_like_the_tenth(old: Layout, new: Layout) -> None:
    for number in range(11, 41):
        for part in ("code", "name", "poa"):
            slot = new.by_name[f"other_diagnosis_{number}_{part}"]
            assert shape_of(slot) == shape_of(old.by_name[f"other_diagnosis_10_{part}"])
    parts = "code name datetime level surgeon assistant_1 assistant_2 wound_healing anaesthesia_method anaesthetist"
    for number in range(11, 42):
        for part in parts.split():
            slot = new.by_name[f"procedure_{number}_{part}"]
            assert shape_of(slot) == shape_of(old.by_name[f"procedure_10_{part}"])
    assert new.by_name["procedure_1_code"].code == "C14x01C"
    assert new.by_name["procedure_2_code"].code == "C35x01C"
    assert new.by_name["procedure_41_code"].code == "C35x40C"
    assert "procedure_42_code" not in new.by_name
    assert "other_diagnosis_41_code" not in new.by_name


def test_fields_of_the_2020_layout_alone(old: Layout, new: Layout) -> None:
    shared = set(old.by_name)
    alone = {f.name for f in new.fields if f.name not in shared and not f.name.startswith(("other_diag", "procedure"))}
    assert alone == {
        "native_province", "drug_allergy", "coma_before_days", "coma_after_days", "age_infant_days", "birth_address",
    }  # fmt: skip


def test_the_inner_model_has_one_type_for_a_name(old: Layout, new: Layout) -> None:
    for name in set(old.by_name) & set(new.by_name):
        assert old.by_name[name].type == new.by_name[name].type, name
    model = hqms_fields.inner_model()
    assert set(model) == set(old.by_name) | set(new.by_name)
    assert model["principal_diagnosis_code"].code == "P321"


def test_values_are_checked_against_the_tables_of_hq023_alone(old: Layout, new: Layout) -> None:
    for layout in (old, new):
        for field in layout.fields:
            if field.table:
                assert field.table in tables.table_ids()
            if field.table_checked and field.code not in ("A19C", "C24C"):
                assert field.table in HQ023_TABLES
                p_code = field.p_code or field.code
                assert p_code in HQ023_COLUMNS or field.name.endswith(("_poa", "_level"))
            if field.table_checked:
                assert tables.table(str(field.table)).verified
    assert {f.code for f in old.fields if f.table_checked} >= set(HQ023_COLUMNS)


def test_what_has_no_source_is_not_checked(new: Layout) -> None:
    unverified = [field for field in new.fields if not field.verified]
    assert {field.code for field in unverified} == {"A22", "A15C", "A23C", "B21C"}
    assert not any(field.table_checked for field in unverified)
    assert new.by_code["A23C"].max_length is None
    assert all(field.vendor_extension and not field.verified for field in new.vendor_extensions)


def test_every_field_names_source_and_type(old: Layout, new: Layout) -> None:
    for layout in (old, new):
        for field in layout.fields:
            assert field.source
            assert field.name == field.name.lower()
            assert field.type in ("text", "integer", "decimal", "date", "datetime")
            assert (field.scale is not None) == (field.type == "decimal")
            assert field.type == "text" or field.table is None


def test_codes_say_nothing_with_a_dash(old: Layout, new: Layout) -> None:
    coded = {f.name for f in old.fields if f.coded}
    assert {"sex", "principal_diagnosis_code", "pathology_1_morphology_code", "org_code", "procedure_1_code"} <= coded
    assert not coded & {"national_id", "health_card_no", "current_postcode", "ethnicity", "patient_name", "birth_date"}
    assert new.by_name["ethnicity"].coded
    assert old.by_name["sex"].name_en == "sex"
    assert old.by_name["birth_date"].name_en == "birth date"


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("P321", "P321"), ("p321", "P321"), (" Ｐ３２１ ", "P321"), ("\ufeffP900", "P900"), ("主要诊断编码", "P321"),
        ("（年龄不足1周岁的）年龄", "P66"), ("(年龄不足1周岁的) 年龄", "P66"), ("年龄", "P7"),
        ("医疗保险手册(卡)号", "P686"), ("Ⅰ助1", "P496"), ("I助1", "P496"), ("损伤、中毒的外部因素编码1", "P361"),
        ("P900 医疗机构代码", "P900"), ("P900(医疗机构代码)", "P900"), ("P900 病案号", None),
        ("民族代码", None), ("", None), ("P3211", None), ("C03C", None),
    ],
)  # fmt: skip
def test_headers_of_the_2012_layout(old: Layout, header: str, code: str | None) -> None:
    found = old.find(header)
    assert (found.code if found else None) == code


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("C06x01C", "C06x01C"), ("C06X01C", "C06x01C"), ("c06x40c", "C06x40C"), ("C14x02C", "C14x02C"),
        ("13.西药费", "D23"), ("13．西药费", "D23"), ("西药费", "D23"), ("其中：麻醉费", "D20x01"),
        ("麻醉费", "D20x01"),
        ("年龄不足1周岁的年龄（天）", "A16"), ("年龄(岁)", "A14"), ("主要手术操作编码", "C14x01C"),
        ("主要手术操作编码2", "C14x02C"), ("P321", None), ("A14年龄(岁)", "A14"),
        ("C06x01C 出院其他诊断编码1", "C06x01C"),
        ("A14 体重", None),
    ],
)  # fmt: skip
def test_headers_of_the_2020_layout(new: Layout, header: str, code: str | None) -> None:
    found = new.find(header)
    assert (found.code if found else None) == code


def test_there_are_two_layouts() -> None:
    with pytest.raises(BadCode, match="2012"):
        hqms_fields.layout("2016")


def test_both_dictionaries_load_quickly() -> None:
    def once() -> float:
        hqms_fields.layout.cache_clear()
        start = time.perf_counter()
        for layout_id in hqms_fields.LAYOUTS:
            assert hqms_fields.layout(layout_id).fields
        return time.perf_counter() - start

    # 4 ms on the machine this was written on; the bound is a wide one, for busy machines.
    assert min(once() for _ in range(5)) < 0.05


def test_all_34_tables_and_the_one_that_is_not_copied() -> None:
    ids = tables.table_ids()
    assert len(ids) == 35
    for table_id in ids:
        table = tables.table(table_id)
        assert table.version
        assert table.source
        assert (table.entries == ()) == (table_id == "RC038")
        assert len({entry.code for entry in table.entries}) == len(table.entries)
        assert all(entry.name_zh and entry.name_en and entry.source for entry in table.entries)
        assert table.codes >= {entry.code for entry in table.entries}
    assert tables.table("RC032").valid_from == date(2012, 1, 1)
    assert tables.table("RC001").valid_from is None


def test_inferred_tables_are_unverified() -> None:
    unverified = {table_id for table_id in tables.table_ids() if not tables.table(table_id).verified}
    assert unverified == {
        "RC014", "RC038", "RC_ADM_CONDITION", "RC_BASIS", "RC_CONCORDANCE", "RC_DX_OUTCOME", "RC_GRADE", "RC_ICU",
        "RC_LAB_RESULT", "RC_SURG_TYPE", "RC_TRANSFUSION", "REGION6",
    }  # fmt: skip
    two_level = [entry for entry in tables.table("RC032").entries if "." in entry.code]
    assert len(two_level) == 6
    assert not any(entry.verified for entry in two_level)


def test_department_codes_with_and_without_dot() -> None:
    departments = tables.table("RC023")
    assert departments.has("07.07")
    assert departments.has("0707")
    assert departments.entry("0707") == departments.entry("07.07")
    assert departments.has("07")
    assert not departments.has("7.07")
    assert not departments.has("99")
    assert departments.entry("99") is None


def test_the_other_outcome_has_two_codes() -> None:
    outcomes = tables.table("RC_DX_OUTCOME")
    assert outcomes.entry("5") == outcomes.entry("9")


def test_every_code_system_says_what_it_is() -> None:
    for system in systems.systems().values():
        assert system.version
        assert system.source
        assert system.valid_from
        assert system.valid_to is None
        assert system.verified == (system.id != "surnames")  # our own list, which says so
    assert hqms_fields.layout("2020").system == systems.system("hqms_2020")
    with pytest.raises(BadCode, match="icd11"):
        systems.system("icd11")


def test_every_source_key_is_explained() -> None:
    explained = set(re.findall(r"\bS\d+d?\b", (ROOT / "docs" / "sources.md").read_text("utf-8")))
    texts = [f.source for layout_id in hqms_fields.LAYOUTS for f in hqms_fields.layout(layout_id).fields]
    texts += [entry.source for table_id in tables.table_ids() for entry in tables.table(table_id).entries]
    used = {key for text in texts for key in re.findall(r"\bS\d+d?\b", text)}
    assert "S4" in used
    assert used <= explained


def test_an_unknown_table_is_named_in_the_refusal() -> None:
    with pytest.raises(BadCode, match="RC999"):
        tables.table("RC999")
