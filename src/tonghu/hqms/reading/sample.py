"""What the first lines of a text file tell: its encoding, its delimiter and its header."""

from __future__ import annotations

import re
from collections import Counter

from tonghu.errors import InputRefused
from tonghu.hqms.reading import encoding as enc
from tonghu.hqms.reading.header import Header, Known, find_header
from tonghu.hqms.reading.lines import Style, has_nul
from tonghu.hqms.reading.records import first_records

DELIMITERS = {b",": ("逗号", "comma"), b"\t": ("制表符", "tab"), b";": ("分号", "semicolon"), b"|": ("竖线", "bar")}

SAMPLE_ROWS = 40

WIDE = 20
"""From so many columns on, no text inside a cell has as many delimiters in one line by chance."""


def sample_text(name: str, sample: bytes, style: Style, *, complete: bool) -> tuple[bytes, str | None]:
    """The sample's whole lines in UTF-8, and the encoding, None while all is ASCII."""
    text = sample[style.mark :]
    if style.wide:
        text = text.decode(style.encoding or "", "ignore").encode()
    if style.returns_only:
        text = text.replace(b"\r", b"\n")
    if not text.strip():
        raise InputRefused(
            f"{name}：文件是空的，没有表头也没有数据，请重新导出",
            f"{name}: the file is empty, without header and data; export it again",
        )
    if complete and not text.endswith(b"\n"):
        text += b"\n"
    elif not complete:
        text = text[: text.rfind(b"\n") + 1] or text + b"\n"
    if (place := text.find(b"\0")) >= 0:
        raise has_nul(name, 1 + text.count(b"\n", 0, place))
    if style.encoding is None:
        settled = enc.decide(text, name)
        return (text.decode(enc.GB18030).encode(), settled) if settled == enc.GB18030 else (text, settled)
    if not enc.holds(text, enc.UTF8):
        raise enc.refusal(text, name, 1, style.encoding)
    return text, enc.UTF8


def delimiter_and_header(name: str, text: bytes, known: Known | None) -> tuple[bytes, Header]:
    """The delimiter under which the header has most known names, or else most rows are alike, or has most cells."""
    best: tuple[tuple[int, int, int], bytes, Header] | None = None
    for delimiter in DELIMITERS:
        rows = [[cell.decode() for cell in row] for row in first_records(text, delimiter, SAMPLE_ROWS)]
        header = find_header(rows, known)
        if header is None:
            continue
        alike = Counter(len(row) for row in rows if len(row) > 1).most_common(1)
        rank = (header.known, alike[0][1] if alike else 0, len(header.names))
        if best is None or rank > best[0]:
            best = rank, delimiter, header
    if best is None:
        raise never_closes(name, 1)
    _, delimiter, header = best
    if len(header.names) < 2:
        raise _no_delimiter(name, header.names[0])
    below = [row for row in first_records(text, delimiter, SAMPLE_ROWS)[header.first_data :] if any(row)]
    if len(header.names) >= WIDE and below and all(len(row) == 1 for row in below):
        raise _other_delimiter(name, delimiter, below[0][0])
    return delimiter, header


def never_closes(name: str, line: int) -> InputRefused:
    """A quotation mark that is opened on a line and not closed."""
    return InputRefused(
        f"{name}：第 {line} 行有一个双引号没有配对，其后的各行会被并入同一单元格，请更正该行的引号后重新提交",
        f"{name}: line {line} has a quotation mark without its counterpart, which would swallow the lines after it; "
        "mend the quotation marks of that line",
    )


def _other_delimiter(name: str, delimiter: bytes, line: bytes) -> InputRefused:
    header_zh, header_en = DELIMITERS[delimiter]
    used = max(DELIMITERS, key=line.count)
    row_zh, row_en = DELIMITERS[used] if used in line else ("其他字符", "something else")
    return InputRefused(
        f"{name}：表头以{header_zh}分隔，数据行却以{row_zh}分隔，请统一分隔符后重新导出",
        f"{name}: the header is separated by {header_en}, the rows by {row_en}; export it again with one separator",
    )


def _no_delimiter(name: str, line: str) -> InputRefused:
    marks = Counter(re.findall(r"[^\w\s\"'.()（）/-]|\s{2,}", line)).most_common(1)
    seen_zh = f"（其中“{marks[0][0]}”出现 {marks[0][1]} 次）" if marks else ""
    seen_en = f" ('{marks[0][0]}' occurs {marks[0][1]} times in it)" if marks else ""
    return InputRefused(
        f"{name}：表头只有一列{seen_zh}，不是以逗号、制表符、分号或竖线分隔的表格，请以逗号分隔重新导出",
        f"{name}: the header has only one column{seen_en}; the file is not separated by comma, tab, semicolon or bar: "
        "export it again with commas",
    )
