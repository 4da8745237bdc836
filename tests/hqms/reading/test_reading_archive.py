from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import polars as pl
import pytest
from reading_help import refusal, texts

from tonghu.errors import InputRefused
from tonghu.hqms.reading import archive, dbf, detect, lines, open_file

Put = Callable[[str, bytes], Path]
TABLE = b"P1,P2\n" + b"1,2\n" * 2000


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as package:
        for name, content in members:
            package.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_one_data_file_beside_what_systems_leave(put: Put, method: int) -> None:
    content = zipped(
        ("folder/", b""), ("folder/h.csv", TABLE), ("__MACOSX/._h.csv", b"x"), ("folder/._h.csv", b"x"),
        ("desktop.ini", b"x"), (".DS_Store", b"x"), method=method,
    )  # fmt: skip
    path = put("h.zip", content)
    source = open_file(path)
    assert source.zipped
    assert source.described_en == "comma-separated text in UTF-8 inside a zip archive"
    assert texts(source) == [["1", "2"]] * 2000
    assert source.sha256 == hashlib.sha256(content).hexdigest()
    assert sum(len(hits.rows) for hits in source.screen([1], lambda seen: seen["c1"] == "2")) == 2000


def test_names_in_messages_are_readable(put: Put) -> None:
    # As Chinese Windows writes it: GBK, and no mark that says so.
    info = zipfile.ZipInfo("首页.pdf".encode("gbk").decode("cp437"))
    assert archive.shown_name(info) == "首页.pdf"
    assert "首页.pdf" in refusal(put("z.zip", zipped(("首页.pdf", b"%PDF-1.4")))).zh
    odd = zipfile.ZipInfo("\u20ac.csv")
    assert archive.shown_name(odd) == "\u20ac.csv"


class TestBesideOtherFiles:
    README = "使用说明\n本目录为九月份出院病案首页，请勿外传。\n".encode()
    PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(200)

    @staticmethod
    def known(text: str) -> bool:
        return text in ("P1", "P2")

    @pytest.mark.parametrize("name", ["说明.txt", "readme.csv"])
    def test_the_one_with_a_known_header_is_read_and_named(self, put: Put, name: str) -> None:
        members = [("图.png", self.PICTURE), (name, self.README), ("首页.csv", TABLE), ("说明.docx", document())]
        source = open_file(put("z.zip", zipped(*members)), self.known)
        assert texts(source) == [["1", "2"]] * 2000
        (note,) = source.notes
        assert note.zh == f"压缩包内读取的是“首页.csv”，其他文件未读取：图.png、{name}、说明.docx"
        assert "'首页.csv' was read" in note.en

    def test_a_workbook_among_others(self, put: Put) -> None:
        book = io.BytesIO()
        pl.DataFrame({"P1": ["1"], "P2": ["2"]}).write_excel(book)
        source = open_file(put("z.zip", zipped(("h.xlsx", book.getvalue()), ("a.txt", self.README))), self.known)
        assert texts(source) == [["1", "2"]]

    def test_two_data_files_are_refused_by_name(self, put: Put) -> None:
        path = put("z.zip", zipped(("a.csv", TABLE), ("b.csv", TABLE), ("c.txt", self.README)))
        with pytest.raises(InputRefused) as refused:
            open_file(path, self.known)
        assert "3 个文件（a.csv、b.csv、c.txt）" in refused.value.zh

    def test_where_none_can_be_told(self, put: Put) -> None:
        path = put("z.zip", zipped(("a.csv", b"x,y\n1,2\n"), ("b.png", self.PICTURE)))
        with pytest.raises(InputRefused, match=r"a\.csv、b\.png"):
            open_file(path, self.known)
        with pytest.raises(InputRefused, match="PNG 图片"):
            open_file(put("p.zip", zipped(("a.png", self.PICTURE), ("b.png", self.PICTURE))), self.known)

    def test_more_files_than_are_looked_at(self, put: Put) -> None:
        many = [(f"{n}.png", self.PICTURE) for n in range(archive.MOST)]
        with pytest.raises(InputRefused, match=f"{archive.MOST + 1} 个文件"):
            open_file(put("z.zip", zipped(*many, ("h.csv", TABLE))), self.known)


def document() -> bytes:
    return zipped(("word/document.xml", b"<x/>"))


class TestRefused:
    def test_none_or_several_files(self, put: Put) -> None:
        assert "没有文件" in refusal(put("z.zip", zipped())).zh
        assert "没有文件" in refusal(put("z.zip", zipped(("desktop.ini", b"x")))).zh
        error = refusal(put("z.zip", zipped(("a.csv", TABLE), ("b.csv", TABLE))))
        assert "2 个文件（a.csv、b.csv）" in error.zh
        assert "2 files (a.csv, b.csv)" in error.en
        assert "…" in refusal(put("z.zip", zipped(*((f"{n}.csv", TABLE) for n in range(12))))).en

    def test_an_archive_in_an_archive(self, put: Put) -> None:
        assert "只压缩一层" in refusal(put("z.zip", zipped(("in.zip", zipped(("a.csv", TABLE)))))).zh
        assert "损坏" in refusal(put("z.zip", zipped(("in.zip", b"PK\x03\x04" + bytes(50))))).zh

    def test_other_archives_and_strangers_inside(self, put: Put) -> None:
        assert "RAR" in refusal(put("z.zip", zipped(("in.rar", b"Rar!\x1a\x07\x00")))).zh
        assert "PDF" in refusal(put("z.zip", zipped(("a.csv", b"%PDF-1.7")))).en
        assert "这是 PDF 文件" in refusal(put("z.zip", zipped(("a.csv", b"%PDF-1.7")))).zh
        assert "这是单个网页" in refusal(put("z.zip", zipped(("a.mht", b"MIME-Version: 1.0")))).zh

    def test_documents_that_are_archives(self, put: Put) -> None:
        for part, name in (
            ("word/document.xml", "Word"),
            ("ppt/presentation.xml", "PowerPoint"),
            ("content.xml", "OpenDocument"),
        ):
            assert name in refusal(put("d.xlsx", zipped((part, b"<x/>")))).en

    def test_damaged(self, put: Put) -> None:
        whole = zipped(("a.csv", TABLE))
        assert "损坏" in refusal(put("z.zip", whole[:60])).zh
        broken = bytearray(whole)
        broken[45] ^= 0xFF
        assert "damaged" in refusal(put("z.zip", bytes(broken))).en
        stored = bytearray(zipped(("a.csv", TABLE), method=zipfile.ZIP_STORED))
        stored[5000] = ord("3")  # found only at the end, by the check sum
        with (
            patch.object(detect, "HEAD", 64),
            patch("tonghu.hqms.reading.delimited.SAMPLE", 100),
            patch.object(lines, "BLOCK", 1000),
        ):
            assert "damaged" in refusal(put("z.zip", bytes(stored))).en

    def test_damaged_behind_the_first_bytes(self, put: Put) -> None:
        broken = bytearray(zipped(("a.csv", TABLE), method=zipfile.ZIP_STORED))
        broken[-200] ^= 1
        table = bytearray(zipped(("a.csv", TABLE * 30)))
        table[table.index(b"PK\x01\x02") - 20] ^= 0xFF
        with patch.object(detect, "HEAD", 64):
            for content in (broken, table):
                assert "损坏" in refusal(put("z.zip", bytes(content))).zh

    def test_damaged_table_inside(self, put: Put) -> None:
        head = bytes([3, 126, 1, 15, 0xB8, 0x0B, 0, 0, 65, 0, 5, 0]).ljust(32, b"\0")
        table = head + b"P4".ljust(11, b"\0") + b"C" + bytes(4) + b"\x04" + bytes(15) + b"\r" + b" abcd" * 3000
        stored = bytearray(zipped(("h.dbf", table), method=zipfile.ZIP_STORED))
        assert len(texts(open_file(put("z.zip", bytes(stored))))) == 3000
        stored[-200] ^= 1
        with patch.object(detect, "HEAD", 64), patch.object(dbf, "BATCH", 50):
            assert "损坏" in refusal(put("z.zip", bytes(stored))).zh

    def test_encrypted(self, put: Put) -> None:
        content = bytearray(zipped(("a.csv", TABLE)))
        content[6] |= 1
        directory = content.index(b"PK\x01\x02")
        content[directory + 8] |= 1
        assert "加密" in refusal(put("z.zip", bytes(content))).zh

    def test_unknown_compression(self, put: Put) -> None:
        content = bytearray(zipped(("a.csv", TABLE)))
        content[8] = 9  # Deflate64, which Windows uses for very large files
        content[content.index(b"PK\x01\x02") + 10] = 9
        assert "（9）不受支持" in refusal(put("z.zip", bytes(content))).zh

    def test_bombs_before_anything_is_inflated(self, put: Put) -> None:
        bomb = zipped(("a.csv", b"P1,P2\n" + bytes(100_000_000)))
        assert len(bomb) < 200_000
        workbook = put("z.xlsx", zipped(("xl/workbook.xml", b""), ("xl/worksheets/sheet1.xml", bytes(100_000_000))))
        small, small_book = put("s.zip", zipped(("a.csv", TABLE))), put("s.xlsx", zipped(("xl/workbook.xml", b"<w/>")))
        path = put("z.zip", bomb)
        with patch.object(zipfile.ZipFile, "open", side_effect=AssertionError("inflated")):
            assert "压缩炸弹" in refusal(path).zh
            assert "zip bomb" in refusal(workbook).en
            with patch.object(archive, "LARGEST", 1000):
                assert "zip bomb" in refusal(small).en
            with patch.object(archive, "LARGEST_PART", 3):
                assert "zip bomb" in refusal(small_book).en

    def test_a_zipped_workbook_too_large_for_memory(self, put: Put) -> None:
        content = zipped(("b.xlsx", zipped(("xl/workbook.xml", b"<workbook/>"))))
        with patch.object(archive, "LARGEST_IN_MEMORY", 10):
            assert "zip bomb" in refusal(put("z.zip", content)).en


def test_tightly_packed_but_honest_files_pass(put: Put) -> None:
    content = b"P1,P2,P3\n" + b",,\n" * 20_000 + b"1,2,3\n"
    assert len(texts(open_file(put("z.zip", zipped(("a.csv", content)))))) == 20_001


def test_hash_of_a_file_that_vanishes(put: Put) -> None:
    path = put("a.csv", TABLE)
    source = open_file(path)
    path.unlink()
    with pytest.raises(FileNotFoundError):
        _ = source.sha256


def test_a_disk_that_fails_is_no_damaged_archive(put: Put) -> None:
    source = open_file(put("a.csv", TABLE))
    with (
        patch("tonghu.hqms.reading.input.Input.open", side_effect=OSError("gone")),
        pytest.raises(OSError, match="gone"),
    ):
        list(source.frames())
    assert not issubclass(OSError, InputRefused)
