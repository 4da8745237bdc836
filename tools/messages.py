"""Which texts of the platform are translated: `python tools/messages.py` lists what is missing, by room.

Reads every text that the code hands to gettext (a tokenizer, nothing is run) and every text that templates translate
(Django's own extraction), and holds them against the Chinese catalogue. English is the language of the code itself.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "tonghu"
CATALOGUE = SOURCE / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
FUNCTIONS = {
    "_": 1, "gettext": 1, "gettext_lazy": 1, "gettext_noop": 1, "ngettext": 2, "ngettext_lazy": 2,
    "pgettext": -1, "pgettext_lazy": -1, "npgettext": -2, "npgettext_lazy": -2,
}  # fmt: skip
CHINESE = re.compile(r"[\u3400-\u9fff]")


@dataclass(frozen=True, slots=True)
class Text:
    """One text to translate. ``plural`` and ``context`` are None where there is none."""

    msgid: str
    plural: str | None
    context: str | None
    where: str


def texts() -> list[Text]:
    """Every text of code and templates."""
    found: list[Text] = []
    for file in sorted(SOURCE.rglob("*.py")):
        if "migrations" not in file.parts:
            found += in_code(file.read_text("utf-8"), file.relative_to(SOURCE).as_posix())
    for file in templates():
        found += in_template(file.read_text("utf-8"), file.relative_to(SOURCE).as_posix())
    return found


def templates() -> list[Path]:
    """Every template of every room."""
    return sorted(file for file in SOURCE.rglob("templates/**/*") if file.suffix in (".html", ".txt"))


def in_code(code: str, name: str) -> Iterator[Text]:
    """The texts of one Python file, or of what Django makes of a template."""
    for node in ast.walk(ast.parse(code)):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        kind = FUNCTIONS.get(called)
        if kind is None:
            continue
        words = [part.value for part in node.args if isinstance(part, ast.Constant) and isinstance(part.value, str)]
        context = words.pop(0) if kind < 0 and words else None
        if words and words[0]:
            plural = words[1] if abs(kind) == 2 and len(words) > 1 else None
            yield Text(words[0], plural, context, f"{name}:{node.lineno}")


def in_template(text: str, name: str) -> Iterator[Text]:
    """The texts of one template, as Django extracts them."""
    from django.utils.translation.template import templatize

    for number, line in enumerate(templatize(text, origin=name).splitlines(), 1):
        for call in re.finditer(r"\b(?:_|n?p?gettext)\(", line):
            for end in (found.end() for found in re.finditer(r"\)", line[call.start() :])):
                try:
                    yield from in_code(line[call.start() : call.start() + end], f"{name}:{number}")
                except SyntaxError:  # a bracket inside the text: the call goes on
                    continue
                break


def missing() -> list[Text]:
    """The texts that the Chinese catalogue does not have, has empty, or has marked fuzzy."""
    import polib

    have: dict[tuple[str | None, str], bool] = {}
    for entry in polib.pofile(str(CATALOGUE)):
        said = [*entry.msgstr_plural.values()] if entry.msgid_plural else [entry.msgstr]
        have[entry.msgctxt, entry.msgid] = (
            bool(said) and all(said) and "fuzzy" not in entry.flags and not entry.obsolete
        )
    lacking: dict[tuple[str | None, str], Text] = {}
    for text in texts():
        if not have.get((text.context, text.msgid)):
            lacking.setdefault((text.context, text.msgid), text)
    return list(lacking.values())


def unused() -> list[str]:
    """What the catalogue translates and nothing says any more."""
    import polib

    said = {(text.context, text.msgid) for text in texts()}
    return [entry.msgid for entry in polib.pofile(str(CATALOGUE)) if (entry.msgctxt, entry.msgid) not in said]


def untranslated_chinese() -> list[str]:
    """Chinese written into a template: an English reader would meet it."""
    found = []
    for file in templates():
        text = re.sub(
            r"\{#.*?#\}|\{%\s*comment\s*%\}.*?\{%\s*endcomment\s*%\}", "", file.read_text("utf-8"), flags=re.S
        )
        for number, line in enumerate(text.splitlines(), 1):
            if CHINESE.search(line.replace("童护 Tonghu", "")):  # the name stands in both languages
                found.append(f"{file.relative_to(SOURCE).as_posix()}:{number}: {line.strip()}")
    return found


if __name__ == "__main__":
    lacking = missing()
    for text in lacking:
        print(f'#: {text.where}\nmsgid "{text.msgid}"\nmsgstr ""\n'.replace("\n\n", "\n"))
    for line in untranslated_chinese():
        print("Chinese in a template:", line)
    sys.exit(bool(lacking))
