"""What a file is, by its content and never by its ending."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from zipfile import ZipInfo

from tonghu.errors import InputRefused
from tonghu.hqms.reading import archive, dbf
from tonghu.hqms.reading.dbf import DbfSource
from tonghu.hqms.reading.delimited import DelimitedSource
from tonghu.hqms.reading.encoding import bom
from tonghu.hqms.reading.header import Known
from tonghu.hqms.reading.input import Input
from tonghu.hqms.reading.model import Source

HEAD = 1 << 16

ZIP = b"PK\x03\x04"
EMPTY_ZIP = b"PK\x05\x06"
OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

# First bytes of files that hold no table that this could read, and what they are.
STRANGERS = (
    (b"%PDF", "PDF 文件", "a PDF file"),
    (b"{\\rtf", "RTF 文档", "an RTF document"),
    (b"\x89PNG", "PNG 图片", "a PNG image"),
    (b"\xff\xd8\xff", "JPEG 图片", "a JPEG image"),
    (b"GIF8", "GIF 图片", "a GIF image"),
    (b"II*\x00", "TIFF 图片", "a TIFF image"),
    (b"MM\x00*", "TIFF 图片", "a TIFF image"),
    (b"Rar!", "RAR 压缩包（请改用 zip）", "a RAR archive (use zip)"),
    (b"7z\xbc\xaf\x27\x1c", "7z 压缩包（请改用 zip）", "a 7z archive (use zip)"),
    (b"\x1f\x8b", "gzip 压缩文件（请改用 zip）", "a gzip file (use zip)"),
    (b"BZh", "bzip2 压缩文件（请改用 zip）", "a bzip2 file (use zip)"),
    (b"\xfd7zXZ", "xz 压缩文件（请改用 zip）", "an xz file (use zip)"),
    (b"SQLite format 3", "SQLite 数据库", "an SQLite database"),
    (b"PAR1", "Parquet 文件", "a Parquet file"),
    (b"\x00\x01\x00\x00Standard ", "Access 数据库", "an Access database"),
    (b"MIME-Version", "单个网页文件（.mht）", "a single-file web page (.mht)"),
    (b"MZ", "Windows 程序", "a Windows program"),
)

# A BIFF stream without its OLE2 file: Excel 2 to 4.
BARE_BIFF = (b"\x09\x00\x04\x00", b"\x09\x02\x06\x00", b"\x09\x04\x06\x00", b"\x09\x08\x08\x00", b"\x09\x08\x10\x00")

HTML = re.compile(rb"<(?:!doctype\s+html|html|head|meta|body|table|style)[\s>]", re.IGNORECASE)
JSON = re.compile(rb"\s*(?:\{|\[\s*\{)\s*[\"}]")


def open_file(path: Path | str, known: Known | None = None) -> Source:
    """Open a discharge file of any readable format.

    `known` says whether a text is a column name or code of the layouts; it finds the header among title rows and the
    right sheet of a workbook. Without it the first row with text is the header.
    Raises `InputRefused` with one clear line where the file cannot be used.
    """
    path = Path(path)
    try:
        size = path.stat().st_size
        if path.is_dir():
            raise IsADirectoryError
        with path.open("rb") as stream:
            head = stream.read(HEAD)
    except OSError as error:
        raise _unreadable(path, error) from None
    given = Input(path, size)
    if not head.startswith((ZIP, EMPTY_ZIP)):
        return _open_plain(given, head, known)
    with archive.open_archive(path, path.name) as package:
        if archive.is_workbook(package, path.name):
            return _workbook(given, known)
        entries = archive.entries(package, path)
    return _open_member(entries[0], path, known) if len(entries) == 1 else _the_one_of(entries, path, known)


def _the_one_of(entries: Sequence[ZipInfo], path: Path, known: Known | None) -> Source:
    """The file with the data among those that lie beside it: a page of explanations, a picture.

    It is the one that is a table with a known header. Raises `InputRefused` where there are several, or none.
    """
    found: list[tuple[ZipInfo, Source]] = []
    refused: list[InputRefused] = []
    for entry in entries:
        try:
            source = _open_member(entry, path, known)
        except InputRefused as refusal:
            refused.append(refusal)
            continue
        if known is None or any(known(name) for name in source.header):
            found.append((entry, source))
    if len(refused) == len(entries):
        raise refused[0]
    if len(found) != 1:
        raise archive.several(entries, path)
    ((taken, source),) = found
    name, others = archive.shown_name(taken), [archive.shown_name(entry) for entry in entries if entry is not taken]
    source.note(
        f"压缩包内读取的是“{name}”，其他文件未读取：{'、'.join(others)}",
        f"Of the files in the archive '{name}' was read; not read: {', '.join(others)}",
    )
    return source


def _open_member(entry: ZipInfo, path: Path, known: Known | None) -> Source:
    member = archive.member(entry, path)
    try:
        with member.open() as inner:
            head = inner.read(HEAD)
    except archive.DAMAGED:
        raise archive.damaged(member.name) from None
    if not head.startswith((ZIP, EMPTY_ZIP)):
        try:
            return _open_plain(member, head, known)
        except archive.DAMAGED:
            raise archive.damaged(member.name) from None
    if not archive.holds_workbook(member):
        raise InputRefused(
            f"{member.name}：压缩包中还有压缩包，请只压缩一层",
            f"{member.name}: a zip archive inside a zip archive; zip the data file once only",
        )
    return _workbook(member, known)


def _workbook(given: Input, known: Known | None) -> Source:
    from tonghu.hqms.reading.workbook import WorkbookSource  # its libraries would hold up every text file

    return WorkbookSource(given, known)


def _open_plain(given: Input, head: bytes, known: Known | None) -> Source:
    for start, zh, en in STRANGERS:
        if head.startswith(start):
            raise _not_a_table(given.name, zh, en)
    if head.startswith(OLE2):
        raise _ole2_refusal(given)
    if head.startswith(BARE_BIFF):
        raise _biff(given.name)
    if dbf.is_dbf(head):
        return DbfSource(given, known)
    mark = bom(head)
    start = head[mark[1] :] if mark else head
    if mark and mark[0].startswith("utf-16"):
        start = start.replace(b"\0", b"")
    if start.lstrip().startswith(b"<"):
        if b'progid="Excel.Sheet"' in start or b"urn:schemas-microsoft-com:office:spreadsheet" in start[:4096]:
            raise _not_a_table(given.name, "XML 电子表格 2003", "an XML spreadsheet of 2003")
        if HTML.search(start):
            from tonghu.hqms.reading.html import HtmlSource

            return HtmlSource(given, known)
        raise _not_a_table(given.name, "XML 文件", "an XML file")
    if JSON.match(start):
        raise _not_a_table(given.name, "JSON 文件", "a JSON file")
    return DelimitedSource(given, known)


def _ole2_refusal(given: Input) -> InputRefused:
    """Which old Office file it is: the names of its streams stand in its directory, aligned to 128 bytes."""
    names = _ole2_names(given)
    if "EncryptedPackage" in names:
        return InputRefused(
            f"{given.name}：工作簿设有打开密码，无法读取；请在 Excel 或 WPS 中取消密码后另存为 .xlsx",
            f"{given.name}: the workbook is encrypted; remove its password in Excel or WPS and save it as .xlsx",
        )
    if names & {"Workbook", "Book"}:
        return _biff(given.name)
    if "WordDocument" in names:
        return _not_a_table(given.name, "Word 文档", "a Word document")
    return _not_a_table(given.name, "旧版 Office 文件", "an old Office file")


def _ole2_names(given: Input) -> set[str]:
    wanted = ("EncryptedPackage", "Workbook", "Book", "WordDocument")
    entries = {name.encode("utf-16-le").ljust(64, b"\0"): name for name in wanted}
    found = set()
    with given.open() as stream:
        while sector := stream.read(HEAD):
            for place in range(0, len(sector), 128):
                name = entries.get(sector[place : place + 64])
                if name:
                    found.add(name)
    return found


def _biff(name: str) -> InputRefused:
    return InputRefused(
        f"{name}：这是 Excel 97-2003 的 .xls 工作簿，最多 256 列，容不下病案首页的列；请另存为 .xlsx 或导出为 .csv",
        f"{name}: this is a 97-2003 .xls workbook, which holds at most 256 columns and cannot hold this layout; save "
        "it as .xlsx or export .csv",
    )


def _not_a_table(name: str, zh: str, en: str) -> InputRefused:
    return InputRefused(
        f"{name}：{archive.this_is(zh)}，不是病案首页数据文件；请导出为 .csv、.xlsx 或 .dbf",
        f"{name}: this is {en}, not a discharge file; export it as .csv, .xlsx or .dbf",
    )


def _unreadable(path: Path, error: OSError) -> InputRefused:
    if isinstance(error, FileNotFoundError):
        return InputRefused(f"{path}：找不到该文件，请检查路径", f"{path}: no such file; check the path")
    if isinstance(error, IsADirectoryError):
        return InputRefused(
            f"{path}：这是文件夹，请指定其中的一个文件", f"{path}: this is a folder; name one file in it"
        )
    reason = os.strerror(error.errno) if error.errno else str(error)
    return InputRefused(
        f"{path}：无法读取（{reason}），请检查权限或是否被其他程序占用",
        f"{path}: cannot be read ({reason}); check its permissions, or whether another program holds it",
    )
