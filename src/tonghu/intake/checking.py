"""The engine of ``tonghu hqms check`` over an uploaded file, and its results as rows that can be staged.

The engine writes into a folder in memory (``private.py``) that is gone afterwards. What it found comes back in blocks:
each row in scope with the typed columns of a card, its front page, what it says of the child, and its findings.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Final

import polars as pl

from tonghu.codes.regions import province_of_address
from tonghu.codes.text import clean, halfwidth
from tonghu.hqms import facts, record
from tonghu.hqms.cases import OWN_COLUMNS
from tonghu.hqms.check import Options, Progress
from tonghu.hqms.check import check as check_the_file
from tonghu.hqms.judge import SET, reads_other_rows
from tonghu.hqms.layout import Columns, detect
from tonghu.hqms.outputs import CASES, FINDINGS, MARKED, SUMMARY
from tonghu.intake.item_findings import ItemFindings, mend_of
from tonghu.intake.items import items_in
from tonghu.intake.private import private_folder
from tonghu.intake.said import Said, rows_say
from tonghu.registry.checks import check, check_of_card
from tonghu.registry.content import Content
from tonghu.registry.summary import LONGEST_COUNT, LONGEST_RECORD, Identity, sex_code, whole
from tonghu.rulebook.ruleset import RuleSet

#: So many rows are read, sealed and staged together.
BLOCK: Final = 5_000
#: The typed columns of a row: those of a card, in the order in which they are staged.
TYPED: Final = (
    "record_number", "admission_count", "admission_at", "discharge_at", "sex", "age_years", "age_days",
    "residence_code", "principal_code", "scope_group", "scope_code", "scope_position", "iccc3_subgroup",
    "iccc3_method", "iccc3_certainty",
)  # fmt: skip
_FACTS: Final = (
    "medical_record_no", "admission_count", "admission_datetime", "discharge_datetime", "sex", "org_code",
    "patient_name", "birth_date", "ethnicity", "nationality", "national_id", "current_address", "registered_address",
    "contact_phone", "home_phone", "principal_diagnosis_code",
)  # fmt: skip
#: The columns of findings: the row, the rule with its version, the field's code, the level.
FINDING: Final = {"row": pl.Int64, "rule": pl.String, "version": pl.Int64, "column": pl.String, "level": pl.String}
#: So many values are shown of what a rule finds, each of at most so many characters.
SAMPLES, LONGEST_SAMPLE = 3, 40
#: What stands in the place of a document number where a child has none.
_NO_DOCUMENT: Final = frozenset({"-", "－"})


@dataclass(frozen=True, slots=True)
class Case:
    """One row in scope.

    Attributes:
        row: its place in the file, from 1.
        typed: the values of :data:`TYPED`, times without a zone as the page has them.
        front: codes of the fields → texts as written.
        supplement: what they say of the card's supplement, and what the file's own columns of it say.
        of_items: whether these columns say anything of the row.
        identity: what the page says of the child.
        organisation: the organisation code, '' where none is written.
        card_key: the card that an exported file names.
        card_key_version: the version of it that the file held; 0 where it does not say.
        why: why it cannot become a card; '' where it can.
        ragged: whether it has more or fewer cells than the header.
    """

    row: int
    typed: tuple[Any, ...]
    front: dict[str, str]
    supplement: dict[str, str]
    of_items: bool
    identity: Identity
    organisation: str
    card_key: int | None
    card_key_version: int
    why: str
    ragged: bool


@dataclass(frozen=True)
class Checked:
    """What the engine found in a file.

    Attributes:
        summary: ``summary.json``.
        folder: where the results lie for as long as the block of :func:`checked` lasts.
        on, region: the day and the place whose rules held.
        of_items: what the card's rules find in rows whose file has columns of the supplement.
    """

    summary: Mapping[str, Any]
    folder: Path
    on: date
    region: str | None = None
    of_items: pl.DataFrame = field(default_factory=partial(pl.DataFrame, schema=FINDING))
    _of_cards_alone: dict[str, dict[str, str]] = field(default_factory=dict)

    @cached_property
    def columns(self) -> Columns:
        """The columns of the file, understood."""
        lazy = pl.scan_csv(self.folder / CASES, has_header=False, infer_schema=False, n_rows=1)
        header = lazy.collect().row(0)[len(OWN_COLUMNS) :]
        return detect([cell or "" for cell in header])

    @property
    def marked(self) -> Path:
        """The marked workbook."""
        return self.folder / MARKED

    def blocks(self, size: int = BLOCK) -> Iterator[tuple[list[Case], pl.DataFrame]]:
        """The rows in scope in blocks, each with its findings (columns of :data:`FINDING`; one of each).

        They are those of the card that a row would become: what the file's check finds in the row alone, and what the
        card's own rules find while its supplement is what the row says of it. Rules that compare rows stand in the
        summary. A file that lacks columns is asked row by row: on a card they are blank fields, which a file's check
        does not ask about.
        """
        findings = pl.concat([self._findings(), self.of_items])
        lacking = bool(self.columns.missing)
        for block in self._frames(size):
            rows = block.get_column("row")
            found = findings.filter(pl.col("row").is_between(rows.min(), rows.max()))
            cases = list(self._cases(block))
            of_cards = self._of_cards(cases, whole=lacking)
            yield cases, of_cards if lacking else pl.concat([found, of_cards])

    def _of_cards(self, cases: Iterable[Case], *, whole: bool) -> pl.DataFrame:
        """What the rules find on the cards: those of the card itself, or all rules."""
        layout, asked, found = self.columns.named, check if whole else check_of_card, []
        for case in cases:
            if case.of_items and not whole:
                continue  # asked already, with the file's check
            for one in asked(Content(layout, case.front, case.supplement), self.on, self.region):
                found.append((case.row, one.rule, one.rule_version, one.column, one.level))
                samples = self._of_cards_alone.setdefault(one.rule, {})
                if one.value and len(samples) < SAMPLES:
                    samples.setdefault(one.column, one.value[:LONGEST_SAMPLE])
        return pl.DataFrame(found, schema=FINDING, orient="row")

    def organisations(self) -> dict[str, int]:
        """The organisation codes of the rows in scope, with how many rows name each."""
        at = self.columns.position.get("org_code")
        counted: dict[str, int] = {}
        for block in self._frames(BLOCK) if at is not None else ():
            named = block.get_column(f"c{at}").value_counts()
            for text, count in named.iter_rows():
                if code := organisation(text):
                    counted[code] = counted.get(code, 0) + count
        return counted

    def samples(self) -> dict[str, list[tuple[str, str]]]:
        """Rule → some of the values that it finds: (code of the field, or item; value), each once.

        Of rules that only cards are asked once their blocks have been read.
        """
        codes = self._codes | self._items
        found = (
            pl.scan_csv(self.folder / FINDINGS, infer_schema=False)
            .filter(pl.col("value").fill_null("") != "")
            .select("rule", "column", "value")
            .unique(["rule", "column"], keep="first", maintain_order=True)
            .group_by("rule", maintain_order=True)
            .head(SAMPLES)
            .collect()
        )
        samples: dict[str, list[tuple[str, str]]] = {}
        for rule, column, value in found.iter_rows():
            samples.setdefault(rule, []).append((codes.get(column or "", ""), value[:LONGEST_SAMPLE]))
        return {rule: list(of_rule.items()) for rule, of_rule in self._of_cards_alone.items() if of_rule} | samples

    def mend_of(self, rule: str) -> dict[str, str]:
        """How what a rule of cards finds is mended, in both languages, as in the findings of ``summary.json``."""
        zh, en = mend_of(rule, self.columns.named, self.on, self.region)
        return {"mend_zh": zh, "mend_en": en}

    def _frames(self, size: int) -> Iterator[pl.DataFrame]:
        names = [*OWN_COLUMNS, *(f"c{at}" for at in range(len(self.columns.header)))]
        lazy = pl.scan_csv(
            self.folder / CASES, has_header=True, new_columns=names, infer_schema=False, truncate_ragged_lines=True
        )
        for block in lazy.collect_batches(chunk_size=size, maintain_order=True):
            for part in block.iter_slices(size):
                yield part.with_columns(pl.col("row").cast(pl.Int64))

    def errors_among(self) -> list[int]:
        """The rows in which the rules that compare rows find errors: those stand in no block."""
        found = pl.scan_csv(self.folder / FINDINGS, infer_schema=False)
        found = found.filter(pl.col("rule").is_in(self._comparing) & (pl.col("level") == "error"))
        return found.select(pl.col("row").cast(pl.Int64).unique()).collect().to_series().to_list()

    @cached_property
    def _codes(self) -> dict[str, str]:
        """The codes of the fields by the file's headings."""
        return {self.columns.header[at]: field.code for at, field in self.columns.fields.items()}

    @cached_property
    def _items(self) -> dict[str, str]:
        """The items of the supplement by the file's headings."""
        return {self.columns.header[at]: item.name for at, item in items_in(self.columns.header).items()}

    @cached_property
    def _rules(self) -> RuleSet:
        return record.rules(self.columns.named, self.on, self.region)

    @cached_property
    def _comparing(self) -> list[str]:
        """What those rules report that compare rows."""
        return sorted({rule.reports for rule in self._rules.rules if reads_other_rows(self._rules, rule)})

    def _findings(self) -> pl.DataFrame:
        """What the file's own rules find in each row alone."""
        versions = {rule.reports: rule.version for rule in self._rules.rules if rule.set == SET}
        return (
            pl.scan_csv(self.folder / FINDINGS, infer_schema=False)
            .select(pl.col("row").cast(pl.Int64), "rule", "column", "level")
            .filter((pl.col("row") > 0) & pl.col("rule").is_in(list(versions)) & ~pl.col("rule").is_in(self._comparing))
            .filter(~pl.col("column").fill_null("").is_in(list(self._items)))
            .with_columns(
                pl.col("column").fill_null("").replace_strict(self._codes, default=""),
                pl.col("rule").replace_strict(versions, default=1, return_dtype=pl.Int64).alias("version"),
            )
            .unique(["row", "rule", "column"], keep="first", maintain_order=True)
            .select(*FINDING)
            .collect()
        )

    @cached_property
    def _ragged(self) -> frozenset[int]:
        return frozenset(self.summary["ragged_rows"])

    def _cases(self, block: pl.DataFrame) -> Iterator[Case]:
        columns = self.columns
        data = block.select(pl.exclude(OWN_COLUMNS))
        typed = facts.of_rows(columns, block["row"], data, self.on).table
        known = typed.select(
            pl.col(name) if name in typed.columns else pl.lit(None, pl.String).alias(name) for name in _FACTS
        )
        known = known.with_columns(pl.col("admission_datetime", "discharge_datetime").cast(pl.Datetime("us")))
        own = block.select(OWN_COLUMNS).iter_rows()
        rows = zip(own, rows_say(columns, data, block["scope_group"], self.on), known.iter_rows(), strict=True)
        for mine, said, typed_ in rows:
            yield _case(mine, said, dict(zip(_FACTS, typed_, strict=True)), self._ragged)


@contextmanager
def checked(file: Path, name: str, options: Options, progress: Progress) -> Iterator[Checked]:
    """Check a file; its results lie in memory for the block.

    Args:
        file: where its plaintext is.
        name: what its giver calls it, for messages.

    Raises:
        InputRefused: the file cannot be used, in one line.
    """
    with private_folder() as folder:
        named = folder / "in" / (name or "file")
        named.parent.mkdir()
        named.symlink_to(file)
        of_items = ItemFindings(options.on, options.region)
        check_the_file(named, folder / "out", options, progress, also=of_items)
        summary = json.loads((folder / "out" / SUMMARY).read_text("utf-8"))
        found = pl.DataFrame(of_items.found, schema=FINDING, orient="row")
        yield Checked(summary, folder / "out", options.on, options.region, found)


def organisation(text: str | None) -> str:
    """An organisation code as it is compared: without blanks, in half width and capitals; '' for none."""
    return halfwidth(clean(text) or "").strip().upper().removeprefix("-")


def _case(own: Sequence[Any], written: Said, said: Mapping[str, Any], ragged: Container[int]) -> Case:
    """A row: what the screen says of it, what it says as written, and the typed facts that it says."""
    row, group, code, position, years, days, subgroup, method, certainty = own
    record = halfwidth(_text(said["medical_record_no"]))
    discharge: datetime | None = said["discharge_datetime"]
    residence = province_of_address(said["current_address"]) or province_of_address(said["registered_address"]) or ""
    number, sex = _text(said["national_id"], 40), sex_code(said["sex"])
    typed = (
        record[:LONGEST_RECORD], whole(said["admission_count"], LONGEST_COUNT), said["admission_datetime"], discharge,
        sex, _int(years), _int(days), residence, _text(said["principal_diagnosis_code"], 20), group,
        _text(code, 20), _int(position), subgroup or "", method or "", certainty or "",
    )  # fmt: skip
    identity = Identity(
        patient_name=_text(said["patient_name"], 40),
        sex=sex,
        birth_date=said["birth_date"],
        ethnicity=_text(said["ethnicity"], 20),
        nationality=_text(said["nationality"], 40),
        document_number="" if number in _NO_DOCUMENT else number,
        residence=_text(said["current_address"], 200),
        phone=_text(said["contact_phone"] or said["home_phone"], 40),
        residence_code=residence,
    )
    return Case(
        row, typed, written.front, written.supplement, written.of_items, identity, organisation(said["org_code"]),
        _number(written.key, 18), _number(written.version, 6) or 0, _why(record, discharge, identity),
        row in ragged,
    )  # fmt: skip


def _why(record: str, discharge: datetime | None, identity: Identity) -> str:
    """Why a row cannot become a card: without these three nobody would find it again."""
    if not record:
        return "no_record"
    if len(record) > LONGEST_RECORD:
        return "long_record"
    if discharge is None:
        return "no_discharge"
    return "" if identity.patient_name else "no_name"


def _number(text: str | None, longest: int) -> int | None:
    """A number that our own export wrote into a cell; None for anything else."""
    digits = (text or "").strip()
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) <= longest else None


def _text(value: object, longest: int | None = None) -> str:
    return "" if value is None else str(value).strip()[:longest]


def _int(text: str | None) -> int | None:
    return int(text) if text else None
