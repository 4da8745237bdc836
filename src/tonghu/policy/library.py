"""Loads clauses and requirements from the YAML files beside it, each file once and only when asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from tonghu.errors import InputRefused

#: Keys of the documents in the order of their dates.
DOCUMENT_KEYS = ("HP12", "RP17", "L18", "SC18", "JL19", "NHC20", "NCPCS", "TC20")

_FOLDER = Path(__file__).parent
_PATH_LINE = re.compile(r"^  - path: (\S+)$", re.MULTILINE)


class UnknownClause(InputRefused, KeyError):  # noqa: N818 -- it names what is wrong, as InputRefused does
    """Asked for a clause, document or requirement that there is not."""


@dataclass(frozen=True, slots=True)
class Document:
    """One policy document. ``number`` and ``date`` are None where the copy read does not print them."""

    key: str
    number: str | None
    title_zh: str
    title_en: str
    issuer_zh: str
    issuer_en: str
    date: date | None
    date_note: str | None
    annex_of: str | None
    forwards: str | None


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause: its path, its heading numbers as printed, what it asks in our own words, its key terms as printed."""

    path: str
    document: Document
    printed: str
    zh: str
    en: str
    terms: tuple[str, ...]

    @property
    def requirements(self) -> tuple[str, ...]:
        """The ids of the requirements that rest on this clause."""
        return _requirements_by_clause().get(self.path, ())

    @property
    def citation(self) -> str:
        """How a Chinese reader cites it: ``国卫办医函〔2020〕22号 三(二)``."""
        return f"{self.document.number or self.document.title_zh} {self.printed}"


@dataclass(frozen=True, slots=True)
class Area:
    """A group of requirements, which is also the name of a part of the system."""

    key: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Requirement:
    """What the policies ask the system to do. The id is permanent; ``clauses`` are the paths that it comes from."""

    id: str
    zh: str
    en: str
    clauses: tuple[str, ...]

    @property
    def area(self) -> Area:
        """The area that its id begins with."""
        return areas()[self.id.split("-")[0]]


@cache
def _load(key: str) -> tuple[Document, tuple[Clause, ...]]:
    content = _read_yaml(_FOLDER / "clauses" / f"{key}.yaml")
    printed = content["document"]
    document = Document(**{name: printed.get(name) for name in Document.__slots__})
    return document, tuple(
        Clause(row["path"], document, row["printed"], row["zh"], row["en"], tuple(row["terms"]))
        for row in content["clauses"]
    )


@cache
def _requirement_file() -> dict[str, Any]:
    return _read_yaml(_FOLDER / "requirements.yaml")


def _read_yaml(path: Path) -> dict[str, Any]:
    # Imported here: whoever only asks for clause ids does not pay for the YAML parser.
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    content: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506 -- a safe loader
    return content


@cache
def clause_ids() -> frozenset[str]:
    """Every clause path. Reads the files without parsing them, so that loading the rules stays quick."""
    texts = ((_FOLDER / "clauses" / f"{key}.yaml").read_text(encoding="utf-8") for key in DOCUMENT_KEYS)
    return frozenset(path for text in texts for path in _PATH_LINE.findall(text))


def documents() -> tuple[Document, ...]:
    """All documents in the order of their dates."""
    return tuple(_load(key)[0] for key in DOCUMENT_KEYS)


def document(key: str) -> Document:
    """The document with a key such as ``NHC20``. Raises UnknownClause (a KeyError) when there is none."""
    return _load(_known_key(key))[0]


def clauses(document_key: str | None = None) -> tuple[Clause, ...]:
    """All clauses, or those of one document, in printed order. Raises UnknownClause for an unknown document."""
    keys = DOCUMENT_KEYS if document_key is None else (_known_key(document_key),)
    return tuple(clause for key in keys for clause in _load(key)[1])


def clause(path: str) -> Clause:
    """The clause with a path such as ``NHC20.3.2``. Raises UnknownClause (a KeyError) when there is none."""
    if path not in clause_ids():
        raise UnknownClause(
            f"没有条款“{path}”；用 tonghu policy list 查看全部条款",
            f"There is no clause “{path}”; `tonghu policy list` shows them all",
        )
    return next(found for found in _load(path.split(".")[0])[1] if found.path == path)


@cache
def areas() -> Mapping[str, Area]:
    """The areas of requirements by key, in order."""
    return {row["key"]: Area(**row) for row in _requirement_file()["areas"]}


@cache
def requirements() -> tuple[Requirement, ...]:
    """All requirements in order."""
    return tuple(
        Requirement(row["id"], row["zh"], row["en"], tuple(row["clauses"]))
        for row in _requirement_file()["requirements"]
    )


def requirement(requirement_id: str) -> Requirement:
    """The requirement with an id such as ``REG-04``. Raises UnknownClause (a KeyError) when there is none."""
    for found in requirements():
        if found.id == requirement_id:
            return found
    raise UnknownClause(
        f"没有要求“{requirement_id}”；编号如 REG-04",
        f"There is no requirement “{requirement_id}”; ids look like REG-04",
    )


@cache
def _requirements_by_clause() -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for row in requirements():
        for path in row.clauses:
            found[path] = (*found.get(path, ()), row.id)
    return found


def _known_key(key: str) -> str:
    if key not in DOCUMENT_KEYS:
        raise UnknownClause(
            f"没有文件“{key}”，现有：{'、'.join(DOCUMENT_KEYS)}",
            f"There is no document “{key}”; there are {', '.join(DOCUMENT_KEYS)}",
        )
    return key
