"""What a file is, by its content and never by its ending: the first bytes, and the last where that is a zip's list."""

from __future__ import annotations

from typing import Final

from django.utils.translation import get_language

from tonghu.hqms.reading import dbf, detect
from tonghu.hqms.reading.encoding import bom

#: How much of the beginning and of the end is looked at.
LOOK: Final = 1 << 16

#: kind → (Chinese, English, content type of downloads).
KINDS: Final[dict[str, tuple[str, str, str]]] = {
    "csv": ("文本表格", "a text table", "text/csv"),
    "html": ("网页表格", "an HTML table", "application/octet-stream"),  # never shown by a browser as a page of ours
    "xlsx": ("Excel 工作簿", "an Excel workbook", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "xls": ("旧版 Excel 工作簿", "an old Excel workbook", "application/vnd.ms-excel"),
    "docx": ("Word 文档", "a Word document", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    "office": ("旧版 Office 文件", "an old Office file", "application/octet-stream"),
    "encrypted": (
        "设有打开密码的 Office 文件，须先在 Excel 或 WPS 中取消密码后另存",
        "an Office file with a password: save it without one",
        "application/octet-stream",
    ),
    "dbf": ("DBF 文件", "a DBF file", "application/octet-stream"),
    "zip": ("ZIP 压缩包", "a zip archive", "application/zip"),
    "pdf": ("PDF 文件", "a PDF file", "application/pdf"),
    "png": ("PNG 图片", "a PNG image", "image/png"),
    "jpeg": ("JPEG 图片", "a JPEG image", "image/jpeg"),
    "json": ("JSON 文件", "a JSON file", "application/json"),
    "xml": ("XML 文件", "an XML file", "application/octet-stream"),
    "empty": ("空文件", "an empty file", "application/octet-stream"),
    "other": ("无法识别的文件", "a file of unknown kind", "application/octet-stream"),
}
_STARTS: Final = ((b"%PDF", "pdf"), (b"\x89PNG", "png"), (b"\xff\xd8\xff", "jpeg"))


def kind_in_words(code: str) -> str:
    """Return what a kind is called in the reader's language; the code itself where it is none of :data:`KINDS`."""
    zh, en, _type = KINDS.get(code, (code, code, ""))
    return zh if (get_language() or "zh").startswith("zh") else en


def kind_of(head: bytes, tail: bytes = b"") -> str:
    """Return the kind of a file by its first and last :data:`LOOK` bytes."""
    if not head:
        return "empty"
    for start, kind in _STARTS:
        if head.startswith(start):
            return kind
    if head.startswith((detect.ZIP, detect.EMPTY_ZIP)):
        names = head + tail
        return "xlsx" if b"xl/workbook" in names else "docx" if b"word/document" in names else "zip"
    if head.startswith(detect.OLE2):
        names = head + tail
        if "EncryptedPackage".encode("utf-16-le") in names:
            return "encrypted"
        return "xls" if "Workbook".encode("utf-16-le") in names else "office"
    if head.startswith(detect.BARE_BIFF):
        return "xls"
    if any(head.startswith(start) for start, _, _ in detect.STRANGERS):
        return "other"
    if dbf.is_dbf(head):
        return "dbf"
    mark = bom(head)
    start = head[mark[1] :] if mark else head
    if mark and mark[0].startswith("utf-16"):
        start = start.replace(b"\0", b"")
    if start.lstrip().startswith(b"<"):
        return "html" if detect.HTML.search(start) else "xml"
    if detect.JSON.match(start):
        return "json"
    return "other" if b"\0" in start else "csv"
