"""Names of morphology codes come from lists and files, never from us."""

import pytest

from tonghu.errors import InputRefused
from tonghu.tumours.names import collect_names, load_names


def test_a_list_that_a_user_loads(tmp_path):
    path = tmp_path / "names.csv"
    path.write_bytes(
        "code,name\nM89600/3,示例名称甲\nM8960/3,示例名称甲\n9500/3,示例名称乙\n坏码,丙\nM95000/3,\n".encode("gb18030")
    )
    names = load_names(path)
    assert names.name("M89600/3") == names.name(" m8960/3 ") == "示例名称甲"
    assert names.name("9500/3") == "示例名称乙"
    assert names.name("M95000/3") is None
    assert names.name("没有") is None
    assert names.refused == ((4, "坏码", "丙"), (5, "M95000/3", None))
    assert names.source == str(path)


def test_two_names_for_a_code_are_refused(tmp_path):
    path = tmp_path / "names.csv"
    path.write_text("code,name\n8960/3,甲\n8960/3,乙\n", encoding="utf-8")
    with pytest.raises(InputRefused, match="8960/3"):
        load_names(path)


def test_pairs_of_a_hospital_file_count():
    pairs = [("M95000/3", "甲"), ("M9500/3", "乙"), ("M95000/3", "乙"), (None, "丙"), ("M95000/3", None)]
    names = collect_names(pairs, source="示例医院")
    assert names.name("M95000/3") == "乙"
    assert [row for row, *_ in names.refused] == [4, 5]
