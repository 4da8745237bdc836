"""Kinds by content: real files of each, with an ending that lies."""

from __future__ import annotations

import io
import zipfile

import openpyxl
import pytest

from tonghu.platform.files.kinds import KINDS, kind_of


def xlsx() -> bytes:
    out = io.BytesIO()
    book = openpyxl.Workbook()
    book.active["A1"] = "病案号"
    book.save(out)
    return out.getvalue()


def archive(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name in names:
            made.writestr(name, "x" * 200_000)
    return out.getvalue()


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "empty"),
        ("病案号,出院日期\n1,2026-10-01\n".encode("gb18030"), "csv"),
        ("\ufeff病案号,出院日期\n".encode(), "csv"),
        ("病案号\t出院日期\n".encode("utf-16"), "csv"),
        (b"<html><table><tr><td>1</td></tr></table>", "html"),
        (b"<?xml version='1.0'?><a/>", "xml"),
        (b'{"a": 1}', "json"),
        (xlsx(), "xlsx"),
        (archive("a.csv"), "zip"),
        (archive("big.bin", "word/document.xml"), "docx"),
        (b"%PDF-1.7\n", "pdf"),
        (b"\x89PNG\r\n\x1a\n", "png"),
        (b"\xff\xd8\xff\xe0", "jpeg"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "Workbook".encode("utf-16-le"), "xls"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "WordDocument".encode("utf-16-le"), "office"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"), "encrypted"),
        (b"\x09\x08\x10\x00\x00\x06", "xls"),
        (b"MZ\x90\x00", "other"),
        (b"\x00\x01\x02\x03", "other"),
    ],
)
def test_the_content_says_what_it_is(body: bytes, kind: str) -> None:
    assert kind_of(body[: 1 << 16], body[-(1 << 16) :]) == kind
    assert kind in KINDS
