"""Which encoding a text file is in: BOM, else UTF-8 if it holds strictly, else GB18030 if that holds strictly.

GB18030 contains GBK and GB 2312. Its second bytes are 0x40-0xFE or, in four-byte characters, digits: a comma, a tab,
a quotation mark and a line end never occur inside a character, so lines can be cut before they are decoded. A bar
(0x7C) can.
"""

from __future__ import annotations

import codecs

from tonghu.errors import InputRefused

UTF8 = "utf-8"
UTF8_BOM = "utf-8-sig"
GB18030 = "gb18030"

BOMS = (
    (codecs.BOM_UTF8, UTF8_BOM),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

NAMES = {
    UTF8: "UTF-8",
    UTF8_BOM: "UTF-8 BOM",
    GB18030: "GB18030",
    "utf-16-le": "UTF-16 LE",
    "utf-16-be": "UTF-16 BE",
}

# A short Chinese text in GB18030 can be valid UTF-8 by chance; twelve high bytes in one line hardly ever are.
SURE_BYTES = 12


def bom(start: bytes) -> tuple[str, int] | None:
    """Encoding and length of the byte order mark, if the file begins with one."""
    for mark, name in BOMS:
        if start.startswith(mark):
            return name, len(mark)
    return None


def holds(text: bytes, encoding: str) -> bool:
    """Whether all of `text` is valid in `encoding`."""
    try:
        text.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def looks_like_utf8(line: bytes) -> bool:
    """Whether a line that is not ASCII is UTF-8 beyond reasonable chance."""
    return not line.isascii() and holds(line, UTF8) and len(line) - len(line.decode("ascii", "ignore")) >= SURE_BYTES


def decide(text: bytes, name: str, first_line: int = 1) -> str | None:
    """The encoding of whole lines without a byte order mark; None while they are plain ASCII.

    Raises `InputRefused` naming the line when neither UTF-8 nor GB18030 holds, or when lines are in both.
    """
    if text.isascii():
        return None
    if holds(text, UTF8):
        return UTF8
    if holds(text, GB18030):
        refuse_utf8_lines(text, name, first_line)
        return GB18030
    raise refusal(text, name, first_line)


def as_utf8(text: bytes, name: str, first_line: int) -> bytes:
    """Whole GB18030 lines as UTF-8. Raises `InputRefused` naming the line where they are something else."""
    try:
        decoded = text.decode(GB18030)
    except UnicodeDecodeError:
        raise refusal(text, name, first_line, GB18030) from None
    refuse_utf8_lines(text, name, first_line)
    return decoded.encode()


def refuse_utf8_lines(text: bytes, name: str, first_line: int) -> None:
    """Raise `InputRefused` when a line among GB18030 lines is in UTF-8: it would decode to other characters."""
    for number, line in enumerate(text.split(b"\n"), first_line):
        if looks_like_utf8(line):
            raise _mixed(name, number)


def refusal(text: bytes, name: str, first_line: int, expected: str | None = None) -> InputRefused:
    """Why `text` cannot be decoded: mixed encodings, or a broken byte, with its line and place.

    `expected` is the encoding that the file has shown so far, None if it has shown none.
    """
    utf8_line = other_line = None
    lines = text.split(b"\n")
    for number, line in enumerate(lines, first_line):
        if line.isascii():
            continue
        if holds(line, UTF8):
            utf8_line = utf8_line or number
        elif holds(line, GB18030):
            other_line = other_line or number
    if expected is None:
        if utf8_line and other_line:
            return _mixed(name, max(utf8_line, other_line))
        expected = UTF8 if utf8_line else GB18030
    elif expected != GB18030 and other_line:
        return _mixed(name, other_line)
    for number, line in enumerate(lines, first_line):
        try:
            line.decode(UTF8 if expected == UTF8_BOM else expected)
        except UnicodeDecodeError as error:
            return _broken(name, number, error.start + 1, line[error.start], NAMES[expected])
    raise AssertionError("called for text that decodes")


def _mixed(name: str, line: int) -> InputRefused:
    return InputRefused(
        f"{name}：文件中混用了 UTF-8 与 GB18030 两种编码（第 {line} 行起与其他行不同），请统一为一种编码后重新导出",
        f"{name}: UTF-8 and GB18030 are mixed in one file (line {line} differs from others); "
        "export it again in one encoding",
    )


def _broken(name: str, line: int, place: int, byte: int, encoding: str) -> InputRefused:
    return InputRefused(
        f"{name}：第 {line} 行第 {place} 个字节（0x{byte:02X}）按 {encoding} 无法解读，文件可能已损坏或被截断，"
        "请从原系统重新导出为 UTF-8 或 GB18030",
        f"{name}: line {line}, byte {place} (0x{byte:02X}) is not valid {encoding}; the file may be damaged or "
        "cut off: export it again as UTF-8 or GB18030",
    )
