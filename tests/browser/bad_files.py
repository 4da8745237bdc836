"""Files as hospitals really send them, each with one thing wrong, and what the page must say of it. All made up."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import msoffcrypto.format.ooxml
from openpyxl import Workbook

from made_up_cards import code, identity_number
from made_up_cards import page as front_page

#: Where the answer stands: beside the file at once, on the import's page after the check, or in its preview.
AT_ONCE, CHECKED, READ = "at once", "checked", "read"


@dataclass(frozen=True)
class BadFile:
    """One file.

    Attributes:
        name: as the clerk has it.
        content: its bytes; a path where they are too many.
        where: :data:`AT_ONCE`, :data:`CHECKED` or :data:`READ`.
        words: what stands there.
    """

    name: str
    content: bytes | Path
    where: str
    words: str


def stays(organisation: str, count: int = 3, **changes: str) -> list[list[str]]:
    """Rows of a file, the header first."""
    own = ({"medical_record_no": f"ZY{n}", "national_id": identity_number(n)} for n in range(count))
    given = [{**one, "org_code": organisation, **changes} for one in own]
    pages = [front_page(**one).front for one in given]
    return [list(pages[0]), *(list(page.values()) for page in pages)]


def text(rows: list[list[str]], delimiter: str = ",") -> str:
    """Rows as a text table."""
    return "".join(delimiter.join(row) + "\n" for row in rows)


def workbook(rows: list[list[str]], last_row: int = 0) -> bytes:
    """Rows as a workbook; with a last row that holds nothing but a format."""
    book, out = Workbook(), io.BytesIO()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    if last_row:
        sheet.cell(last_row, 1).number_format = "0.00"
    book.save(out)
    return out.getvalue()


def zipped(**members: bytes) -> bytes:
    """Files in an archive; an underscore stands for the dot of a name."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("_", "."), content)
    return out.getvalue()


def encrypted(book: bytes) -> bytes:
    """A workbook with a password."""
    out = io.BytesIO()
    msoffcrypto.format.ooxml.OOXMLFile(io.BytesIO(book)).encrypt("secret", out)
    return out.getvalue()


def with_macro(book: bytes) -> bytes:
    """A workbook that brings a macro along."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "[Content_Types].xml":
                kind = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
                content = content.replace(kind, b"application/vnd.ms-excel.sheet.macroEnabled.main+xml")
            target.writestr(name, content)
        target.writestr("xl/vbaProject.bin", b"made up, and never looked at")
    return out.getvalue()


def bad_files(organisation: str, folder: Path) -> list[BadFile]:
    """Everything of the list of bad input that a browser can bring; the organisation is the clerk's own."""
    rows = stays(organisation)
    header, first = rows[0], rows[1]
    plain = text(rows)
    book = workbook(rows)
    at = header.index(code("patient_name"))
    mixed = text(rows[:2]).encode() + text(rows[2:3]).encode("gb18030")
    shifted = [header, *([*row[1:], ""] for row in rows[1:])]
    huge = folder / "四个G.csv"
    with huge.open("wb") as sparse:
        sparse.truncate(4 * 2**30)
    main = code("principal_diagnosis_code")
    without_main = [[cell for cell, name in zip(row, header, strict=True) if name != main] for row in rows]
    unknown = [[*header, "随便什么"], *([*row, "1"] for row in rows[1:])]
    fewer = [row[: header.index(code("cost_total"))] for row in rows]
    return [
        BadFile("空.csv", b"", AT_ONCE, "文件是空的"),
        BadFile("说明.pdf", b"%PDF-1.7 made up", AT_ONCE, "PDF"),
        BadFile("四个G.csv", huge, AT_ONCE, "文件超过"),
        BadFile("NUL.csv", plain.replace("欧阳", "欧\0阳").encode(), AT_ONCE, "无法识别的文件"),
        BadFile("加密.xlsx", encrypted(book), AT_ONCE, "设有打开密码的 Office 文件，须先在 Excel"),
        BadFile("截断.xlsx", book[: len(book) // 2], CHECKED, "损坏"),
        BadFile("只有表头.csv", text(rows[:1]).encode(), CHECKED, "没有数据行"),
        BadFile("分隔符.csv", text(rows, "^").encode(), CHECKED, "表头"),
        BadFile("两种编码.csv", mixed, CHECKED, "编码"),
        BadFile("炸弹.zip", zipped(a_csv=b"0" * 200_000_000), CHECKED, "压缩"),
        BadFile("套着.zip", zipped(a_zip=zipped(b_csv=plain.encode())), CHECKED, "压缩包"),
        BadFile("缺主诊断.csv", text(without_main).encode(), CHECKED, "缺少筛查所必需的列"),
        BadFile("重复列.csv", text([[*row, row[0]] for row in rows]).encode(), CHECKED, "列重复"),
        BadFile("错位.csv", text(shifted).encode(), CHECKED, "错"),
        BadFile("数字表头.csv", text([[str(n) for n in range(len(first))], *rows[1:]]).encode(), CHECKED, "表头"),
        BadFile("截断的行.csv", text(rows)[:-40].encode(), READ, "确认导入"),
        BadFile("未知列.csv", text(unknown).encode(), READ, "标准以外的列 1 个：随便什么"),
        BadFile("少列.csv", text(fewer).encode(), READ, "缺少标准中的列"),
        BadFile("带宏.xlsm", with_macro(book), READ, "确认导入 3 次住院"),
        BadFile("百万空行.xlsx", workbook(rows, 1_048_576), READ, "确认导入 3 次住院"),
        *cells(organisation, at),
    ]


def cells(organisation: str, at: int) -> list[BadFile]:
    """Files whose rows are wrong in a cell: they are read, and the preview says which rule finds what."""
    wrong = {
        "丢零": {"medical_record_no": "12"},
        "科学记数": {"national_id": "5.10107E+17"},
        "十五位": {"national_id": "510107160925002"},
        "小写x": {"national_id": "51010720160925002x"},
        "全角": {"age_years": "９"},
        "序列日期": {"birth_date": "42638"},
        "没有这一天": {"birth_date": "20211345"},
        "两位年": {"birth_date": "16-09-25"},
    }
    found = []
    for name, changes in wrong.items():
        header, row, *_ = stays(organisation, 1, **changes)
        found.append(BadFile(f"{name}.csv", text([header, row]).encode(), READ, "导入"))
    header, row, *_ = stays(organisation, 1)
    row[at] = '"欧阳\n测童"'
    return [*found, BadFile("换行.csv", text([header, row]).encode(), READ, "确认导入 1 次住院")]
