from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import msoffcrypto.format.ooxml
import openpyxl
import pytest
from reading_help import refusal, texts

from tonghu.hqms.reading import open_file

Put = Callable[[str, bytes], Path]


def workbook(**save: object) -> bytes:
    made = openpyxl.Workbook()
    made.active.append(["P1", "P2"])
    made.active.append(["1", "2"])
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


@pytest.mark.parametrize("name", ["a.csv", "a.xls", "a.xlsx", "a.dbf", "a.zip", "a"])
def test_the_ending_says_nothing(put: Put, name: str) -> None:
    assert open_file(put(name, b"P1\tP2\n1\t2\n")).format == "csv"
    assert open_file(put(name, b"<table><tr><td>P1</td><td>P2</td></tr></table>")).format == "html"
    source = open_file(str(put(name, workbook())))
    assert (source.format, texts(source)) == ("xlsx", [["1", "2"]])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"%PDF-1.7", "PDF"), (b"{\\rtf1", "RTF"), (b"\x89PNG\r\n", "PNG"), (b"\xff\xd8\xff\xe0", "JPEG"),
        (b"Rar!\x1a", "RAR"), (b"7z\xbc\xaf\x27\x1c", "7z"), (b"\x1f\x8b\x08", "gzip"),
        (b"SQLite format 3\0", "SQLite"), (b"\0\1\0\0Standard Jet DB", "Access"), (b"MIME-Version: 1.0", ".mht"),
        (b"<?xml version='1.0'?><feed/>", "XML"), (b'{"a": 1}', "JSON"), (b'[{"a": 1}]', "JSON"),
        (b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook/>', "2003"),
        ('<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook/>'.encode("utf-16"), "2003"),
        (b"\x09\x08\x10\x00\x00\x06\x05\x00", "97-2003"),
    ],
)  # fmt: skip
def test_strangers_are_refused_as_what_they_are(put: Put, content: bytes, words: str) -> None:
    error = refusal(put("a.csv", content))
    assert words in error.zh
    assert words in error.en


def compound(*names: str) -> bytes:
    """The outside of an old Office file: head, one empty sector, and a directory with the names of its streams."""
    entries = b"".join(name.encode("utf-16-le").ljust(64, b"\0") + bytes(64) for name in ("Root Entry", *names))
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".ljust(1024, b"\0") + entries


def test_old_office_files_are_refused_by_name(put: Put) -> None:
    for stream in ("Workbook", "Book"):
        error = refusal(put("a.xls", compound(stream)))
        assert "97-2003" in error.zh
        assert "256 columns" in error.en
    assert "Word" in refusal(put("a.xls", compound("WordDocument"))).zh
    assert "Office" in refusal(put("a.xls", compound("Other"))).zh


def test_encrypted_workbooks_are_refused_with_the_mend(put: Put) -> None:
    out = io.BytesIO()
    msoffcrypto.format.ooxml.OOXMLFile(io.BytesIO(workbook())).encrypt("secret", out)
    error = refusal(put("a.xlsx", out.getvalue()))
    assert "密码" in error.zh
    assert "password" in error.en


def test_paths_that_cannot_be_read(tmp_path: Path) -> None:
    assert "找不到" in refusal(tmp_path / "none.csv").zh
    assert "folder" in refusal(tmp_path).en
    path = tmp_path / "a.csv"
    path.write_bytes(b"P1,P2\n")
    with patch.object(Path, "open", side_effect=PermissionError(13, "Permission denied")):
        assert "Permission denied" in refusal(path).zh
    with patch.object(Path, "open", side_effect=OSError("odd")):
        assert "odd" in refusal(path).zh


def test_nothing_heavy_is_read_before_it_is_needed(put: Put) -> None:
    big = b"P1,P2\n" + b"1,2\n" * 3_000_000
    source = open_file(put("a.csv", big))
    assert source.rows is None
    assert sys.getsizeof(source.__dict__) < 10_000
