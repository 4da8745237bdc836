"""What a browser sends of a form, read from its page; and the rows of files that a browser uploads."""

from __future__ import annotations

import csv
import secrets
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

#: The column of the organisation code in files of the 2012 layout.
ORGANISATION = "P900"


class _Form(HTMLParser):
    """The fields of one form with their values."""

    def __init__(self, form: str) -> None:
        super().__init__()
        self.form, self.inside, self.fields = form, False, dict[str, str]()
        self._select: str | None = None
        self._area: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.inside = said.get("id") == self.form
        name = said.get("name", "")
        if not self.inside:
            return
        if tag == "input" and name and said.get("type") not in ("submit", "button", "file"):
            if said.get("type") not in ("checkbox", "radio") or "checked" in said:
                self.fields[name] = said.get("value", "")
        elif tag == "select":
            self._select = name
            self.fields.setdefault(name, "")
        elif tag == "option" and self._select and "selected" in said:
            self.fields[self._select] = said.get("value", "")
        elif tag == "textarea":
            self._area = name
            self.fields[name] = ""

    def handle_data(self, data: str) -> None:
        if self._area and self.inside:
            self.fields[self._area] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = False
        elif tag == "select":
            self._select = None
        elif tag == "textarea":
            self._area = None


def fields(page: str, form: str) -> dict[str, str]:
    """The fields of a page's form, by name, as the browser would send them."""
    reader = _Form(form)
    reader.feed(page)
    return {name: value for name, value in reader.fields.items() if name}


def with_file(said: dict[str, str], field: str, file: Path) -> tuple[bytes, str]:
    """A form with a file as a browser sends it: the body and its content type."""
    limit = secrets.token_hex(16)
    parts = [
        f'--{limit}\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n'.encode() for n, v in said.items()
    ]
    head = (
        f'--{limit}\r\nContent-Disposition: form-data; name="{field}"; filename="{file.name}"\r\n'
        "Content-Type: text/csv\r\n\r\n"
    )
    body = b"".join([*parts, head.encode(), file.read_bytes(), f"\r\n--{limit}--\r\n".encode()])
    return body, f"multipart/form-data; boundary={limit}"


def as_of(file: Path, code: str) -> None:
    """Make a made-up file one hospital's: its organisation codes, but for the mistyped ones, become that one's."""
    with file.open(encoding="utf-8-sig", newline="") as opened:
        rows = csv.reader(opened)
        place = next(rows).index(ORGANISATION)
        named = Counter(row[place] for row in rows)
    text = file.read_bytes()
    for other, count in named.items():
        if other != code and count > named.total() / 100:
            text = text.replace(other.encode(), code.encode())
    file.write_bytes(text)
