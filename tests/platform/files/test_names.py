"""Names as people, and attackers, give them."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tonghu.platform.files.names import LONGEST, clean_name, watermarked


@pytest.mark.parametrize(
    ("given_name", "shown"),
    [
        ("病案首页 2026-10.xlsx", "病案首页 2026-10.xlsx"),
        ("../../etc/passwd", "passwd"),
        ("C:\\数据\\首页.csv", "首页.csv"),
        ("..", "file"),
        ("", "file"),
        ("a\x00b\r\nc.csv", "abc.csv"),
        ("evil\u202efdp.exe", "evilfdp.exe"),
        ('<script>alert("1")</script>.csv', "script_.csv"),
        (".htaccess", "htaccess"),
        ("name; filename=x.csv", "name_ filename=x.csv"),
        ("长" * 300 + ".xlsx", "长" * (LONGEST - 5) + ".xlsx"),
    ],
)
def test_names_are_shown_and_never_a_path(given_name: str, shown: str) -> None:
    assert clean_name(given_name) == shown


@given(st.text())
def test_any_name_at_all_is_harmless(name: str) -> None:
    clean = clean_name(name)
    assert clean
    assert len(clean) <= LONGEST
    assert not set(clean) & set('/\\<>:"|?*;')
    assert not clean.startswith(".")
    assert all(unicodedata.category(c) not in ("Cc", "Cf", "Zl", "Zp") for c in clean)
    assert clean_name(clean) == clean


def test_a_download_says_in_its_name_who_took_it_and_when() -> None:
    assert watermarked("首页.xlsx", who="li.wei", when="20261122-0815") == "首页_li.wei_20261122-0815.xlsx"
    assert watermarked("首页", who="li.wei", when="20261122-0815") == "首页_li.wei_20261122-0815"
