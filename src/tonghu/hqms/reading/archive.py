"""Zip archives: the files inside, named and judged before anything is inflated."""

from __future__ import annotations

import io
import lzma
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path

from tonghu.errors import InputRefused
from tonghu.hqms.reading.input import Input

LARGEST = 64 << 30
"""Bytes that a data file may inflate to: six million stays of 642 columns, twice over."""

LARGEST_IN_MEMORY = 1 << 30
"""Bytes that a zipped workbook may have: it is held in memory, being a zip itself."""

LARGEST_PART = 8 << 30
"""Bytes that all parts of a workbook may inflate to: a full sheet of 1,048,576 × 346 cells."""

RATIO = 500
"""How many times its size a member may inflate: a space-filled DBF reaches some hundreds, a bomb a thousand."""

SMALL = 64 << 20
"""Below this size the ratio does not matter."""

MOST = 50
"""Files beside each other in an archive that are looked at to find the one with the data."""

METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA}

LEFT_BY_SYSTEMS = {"desktop.ini", "thumbs.db", ".ds_store"}

WORKBOOK_PARTS = ("xl/workbook.xml", "xl/workbook.bin")

OTHER_PACKAGES = (
    ("word/document.xml", "Word 文档", "a Word document"),
    ("ppt/presentation.xml", "PowerPoint 演示文稿", "a PowerPoint presentation"),
    ("content.xml", "OpenDocument 文件", "an OpenDocument file"),
)


def this_is(zh: str) -> str:
    """“这是” and what follows, with a space before Latin letters."""
    return f"这是 {zh}" if zh[0].isascii() else f"这是{zh}"


# What a damaged archive makes the standard library raise.
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, lzma.LZMAError, OSError)


def damaged(name: str) -> InputRefused:
    """The archive cannot be read to its end."""
    return InputRefused(
        f"{name}：压缩包已损坏或不完整，请重新压缩或重新传输",
        f"{name}: the zip archive is damaged or incomplete; zip it or transfer it again",
    )


def holds_workbook(member: Input) -> bool:
    """Whether a zip inside a zip is an Excel workbook. Raises `InputRefused` when it is too large for memory."""
    if member.size > LARGEST_IN_MEMORY:
        raise _bomb(member.name)
    try:
        with member.open() as stream, zipfile.ZipFile(io.BytesIO(stream.read())) as package:
            return is_workbook(package, member.name)
    except DAMAGED:
        raise damaged(member.name) from None


def open_archive(path: Path, name: str) -> zipfile.ZipFile:
    """The archive. Raises `InputRefused` when it is truncated or damaged."""
    try:
        return zipfile.ZipFile(path)
    except DAMAGED:
        raise damaged(name) from None


def is_workbook(archive: zipfile.ZipFile, name: str) -> bool:
    """Whether the archive is an Excel workbook.

    Raises `InputRefused` when it is another kind of document, or a workbook that would inflate beyond all measure.
    """
    names = {entry.filename.lower() for entry in archive.infolist()}
    for part, zh, en in OTHER_PACKAGES:
        if part in names:
            raise InputRefused(
                f"{name}：{this_is(zh)}，不是病案首页数据文件；请导出为 .csv、.xlsx 或 .dbf",
                f"{name}: this is {en}, not a discharge file; export it as .csv, .xlsx or .dbf",
            )
    if not names.intersection(WORKBOOK_PARTS):
        return False
    if sum(entry.file_size for entry in archive.infolist()) > LARGEST_PART:
        raise _bomb(name)
    for entry in archive.infolist():
        _refuse_bomb(entry, name)
    return True


def entries(archive: zipfile.ZipFile, path: Path) -> list[zipfile.ZipInfo]:
    """The files of an archive, but for what systems leave. Raises `InputRefused` when there is none, or no end."""
    found = [entry for entry in archive.infolist() if _is_file(entry)]
    if not found:
        raise InputRefused(
            f"{path.name}：压缩包内没有文件，请放入一个数据文件后重新压缩",
            f"{path.name}: the zip archive holds no file; put one data file into it",
        )
    if len(found) > MOST:
        raise several(found, path)
    return found


def several(found: Sequence[zipfile.ZipInfo], path: Path) -> InputRefused:
    """It cannot be told which of some files is the one."""
    listed = [shown_name(entry) for entry in found[:10]]
    more = "……" if len(found) > len(listed) else ""
    return InputRefused(
        f"{path.name}：压缩包内有 {len(found)} 个文件（{'、'.join(listed)}{more}），请只保留一个数据文件，或逐个提交",
        f"{path.name}: the zip archive holds {len(found)} files ({', '.join(listed)}{more}); leave one data file "
        "in it, or submit them one by one",
    )


def member(entry: zipfile.ZipInfo, path: Path) -> Input:
    """One file of an archive. Raises `InputRefused` when it cannot be read, or is out of bounds."""
    name = f"{path.name} › {shown_name(entry)}"
    if entry.flag_bits & 1:
        raise InputRefused(
            f"{name}：压缩包已加密，无法读取；请解除密码后重新压缩",
            f"{name}: the zip archive is encrypted; zip the file again without a password",
        )
    if entry.compress_type not in METHODS:
        raise InputRefused(
            f"{name}：压缩方式（{entry.compress_type}）不受支持，请用标准 zip（Deflate）重新压缩",
            f"{name}: compression method {entry.compress_type} is not supported; zip the file again as standard zip "
            "(Deflate)",
        )
    _refuse_bomb(entry, name)
    return Input(path, entry.file_size, entry.filename, name)


def shown_name(entry: zipfile.ZipInfo) -> str:
    """The member's name; Chinese Windows writes it in GBK without saying so."""
    if entry.flag_bits & 0x800:
        return entry.filename
    try:
        return entry.filename.encode("cp437").decode("gb18030")
    except UnicodeError:
        return entry.filename


def _is_file(entry: zipfile.ZipInfo) -> bool:
    parts = entry.filename.split("/")
    last = parts[-1]
    return not (entry.is_dir() or parts[0] == "__MACOSX" or last.startswith("._") or last.lower() in LEFT_BY_SYSTEMS)


def _refuse_bomb(entry: zipfile.ZipInfo, name: str) -> None:
    swollen = entry.file_size > SMALL and entry.file_size > RATIO * max(entry.compress_size, 1)
    if swollen or entry.file_size > LARGEST:
        raise _bomb(name)


def _bomb(name: str) -> InputRefused:
    return InputRefused(
        f"{name}：解压后的大小异常（疑似“压缩炸弹”），未解压；请直接提交未压缩的文件",
        f"{name}: it would inflate to an unreasonable size (a zip bomb?) and was not inflated; submit the file "
        "without zipping it",
    )
