from __future__ import annotations

import html
import tempfile
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading_help import refusal, texts

from tonghu.hqms.reading import Ragged, lines, open_file

Put = Callable[[str, bytes], Path]


def page(rows: list[list[str]], head: str = "") -> str:
    body = "\n".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<html><head>{head}</head><body><table>{body}</table></body></html>"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("meta", ["gb2312", "utf-8"])
def test_pages_in_any_encoding_whatever_their_head_says(put: Put, encoding: str, meta: str) -> None:
    text = page([["姓名", "P1"], ["李怡涵", "再生障碍性贫血"]], f'<meta charset="{meta}">')
    for block in (16, 1 << 20):
        with patch.object(lines, "BLOCK", block):
            source = open_file(put("h.xls", text.encode(encoding)))
            assert (source.format, source.header) == ("html", ["姓名", "P1"])
            assert texts(source) == [["李怡涵", "再生障碍性贫血"]]
    assert source.described_zh.startswith("网页表格（HTML）")


@given(st.lists(st.lists(st.text("a<&>\"' \n\u00a0é", max_size=6), min_size=2, max_size=2), max_size=8))
@settings(deadline=None)
def test_cells_are_what_a_browser_shows(rows: list[list[str]]) -> None:
    content = page([["P1", "P2"], *[[html.escape(cell) for cell in row] for row in rows]]).encode()

    def shown(cell: str) -> str | None:
        text = " ".join(part for part in cell.replace("\n", " ").split(" ") if part)
        return text if text.strip() else None

    expected = [[shown(cell) for cell in row] for row in rows]
    while expected and not any(expected[-1]):
        expected.pop()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "h.xls"
        path.write_bytes(content)
        assert texts(open_file(path)) == expected


def test_breaks_comments_markup_and_spans(put: Put) -> None:
    content = page(
        [["P1", "P2", "P3"], ["a<br>b", "<b>c</b>d<!-- no -->e", "&nbsp;"], ["x"]],
    ).replace("<tr><td>x</td>", '<tr><td colspan="2">x</td><th>y</th><td colspan="z">z</td>')
    source = open_file(put("h.xls", content.encode()))
    assert texts(source) == [["a\nb", "cde", None], ["x", None, "y"]]
    assert [one for frame in source.frames() for one in frame.ragged] == [Ragged(2, 4)]


def test_the_table_whose_header_is_known(put: Put) -> None:
    tables = (
        page([["menu", "more"]]) + page([["某医院"], ["P1", "P2"], ["姓名", "性别"], ["1", "2"]]) + page([["footer"]])
    )
    source = open_file(put("h.xls", tables.encode()), lambda text: text in {"P1", "P2", "姓名", "性别"})
    assert source.header == ["P1", "P2"]
    assert texts(source) == [["1", "2"]]
    assert len(source.notes) == 2


def test_rows_outside_a_table_and_tables_inside_cells_do_no_harm(put: Put) -> None:
    inner = "<table><tr><td>in</td></tr></table>"
    content = page([["P1", "P2"], ["1", "2" + inner]])
    rows = texts(open_file(put("h.xls", content.encode())))
    assert [row[0] for row in rows] == ["1"]


def test_a_table_of_a_header_only_has_no_rows(put: Put) -> None:
    assert texts(open_file(put("h.xls", page([["P1", "P2"]]).encode()))) == []


def test_pages_without_a_table_are_refused(put: Put) -> None:
    assert "登录页面" in refusal(put("h.xls", b"<!DOCTYPE html><html><body>login</body></html>")).zh


def test_broken_bytes_are_refused_with_their_line(put: Put) -> None:
    content = page([["姓名", "P1"], ["再生障碍性贫血", "1"]]).encode("gb18030")
    with patch.object(lines, "BLOCK", 1 << 20):
        assert "line 2" in refusal(put("h.xls", content.replace(b">1<", b">\xff<"))).en
    later = (
        page([["姓名", "P1"]] + [["再生障碍性贫血", "1"]] * 9)
        .encode("gb18030")
        .replace(b"1</td></tr></table>", b"\xff</table>")
    )
    with patch.object(lines, "BLOCK", 64):
        assert "line 10" in refusal(put("h.xls", later)).en
