"""What the card's rules find in the rows of a file that has columns of the supplement: the file's own check does not
know these columns. The answers go into its findings and its marked workbook like those of the file's rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import lru_cache
from typing import Final

import polars as pl

from tonghu.hqms import judge, record
from tonghu.hqms.findings import NO_COLUMN, Entry, Register, frame
from tonghu.hqms.layout import Columns
from tonghu.hqms.wording import Said
from tonghu.intake.items import items_in
from tonghu.intake.said import rows_say
from tonghu.registry import card_facts
from tonghu.registry.checks import Found, check
from tonghu.registry.content import Content
from tonghu.registry.supplement import item

#: Their words depend on the cell, and end with how to mend it.
_OF_THE_CELL: Final = frozenset({"HQ021", "HQ023"})


class ItemFindings:
    """Asks the rules of cards of the rows of one file that say something of the supplement themselves.

    Attributes:
        found: what they found so far: row, rule, its version, code or item, level; as a card's findings are stored.
    """

    def __init__(self, on: date, region: str | None) -> None:
        self.on, self.region = on, region
        self.found: list[tuple[int, str, int, str, str]] = []

    def __call__(
        self, columns: Columns, cases: pl.DataFrame, data: pl.DataFrame, register: Register
    ) -> pl.DataFrame | None:
        """Return the findings on some rows as the file's check keeps its own; None for a file without such columns.

        Args:
            cases: what the screen says of the rows.
            data: their cells.
        """
        items = {one.name: at for at, one in items_in(columns.header).items()}
        if not items:
            return None
        written = data.select(pl.any_horizontal(pl.col(f"c{at}").fill_null("") != "" for at in items.values()))
        mask = written.to_series()
        cases, data = cases.filter(mask), data.filter(mask)
        places = {field.code: at for at, field in columns.fields.items()} | items
        of_file = _of_file(columns.named, self.on, self.region)
        found = []
        for row, said in zip(cases["row"], rows_say(columns, data, cases["scope_group"], self.on), strict=True):
            if not said.of_items:
                continue
            content = Content(columns.named, said.front, said.supplement)
            for one in check(content, self.on, self.region) if self._finds(content) else ():
                if one.rule in of_file and item(one.column, self.on) is None:
                    continue  # the file's own check has found it
                self.found.append((row, one.rule, one.rule_version, one.column, one.level))
                rule = _entries(columns.named, self.on, self.region)[one.rule]
                entry = register.entry(replace(rule, level=one.level))
                place = places.get(one.column, _source(one.column, columns))
                found.append((row, place, entry, register.said(_words(one, rule)), one.value))
        return frame(found)

    def _finds(self, content: Content) -> bool:
        """Whether the rules of cards may find anything in what a row in scope says: most rows are right, and asking all
        rules takes three times as long.
        """
        known = card_facts.of_items(content.supplement, self.on) | {"in_scope": True}
        if "stage" in known or any(card_facts.unread(content, self.on)):
            return True
        if record.check_of_card(content.front, content.layout, self.on, self.region, known):
            return True
        from tonghu.tumours.checks import check_one

        tumour = card_facts.tumour(content, known)
        return tumour is not None and bool(check_one(tumour, on=self.on))


def mend_of(rule: str, layout: str, on: date, region: str | None) -> tuple[str, str]:
    """Return how a rule of cards has its findings mended, in Chinese and English."""
    entry = _entries(layout, on, region).get(rule)
    return (entry.mend_zh, entry.mend_en) if entry else ("", "")


@lru_cache(maxsize=64)
def _of_file(layout: str, on: date, region: str | None) -> frozenset[str]:
    """What the rules of a file's check report."""
    return frozenset(rule.reports for rule in record.rules(layout, on, region).rules if rule.set == judge.SET)


@lru_cache(maxsize=64)
def _entries(layout: str, on: date, region: str | None) -> Mapping[str, Entry]:
    """The rules that cards are asked, by what they report, as results show them."""
    from tonghu.tumours.checks import rules

    asked = (*record.rules(layout, on, region).rules, *rules(on=on).rules)
    entries: dict[str, Entry] = {}
    for rule in asked:  # of those that report the same the one of that id has the words, as in the titles on pages
        if rule.id == rule.reports or rule.reports not in entries:
            entries[rule.reports] = judge.entry(rule)
    return entries


def _source(column: str, columns: Columns) -> int:
    """Where the file says what an item says for which it has no column."""
    one = item(column)
    source = one.from_page.field if one is not None and one.from_page else ""
    return columns.position.get(source, NO_COLUMN)


def _words(one: Found, rule: Entry) -> Said:
    """The words of a finding, parted into the cause and how to mend it."""
    zh, en = one.message_zh, one.message_en.rstrip(".")
    if one.rule in _OF_THE_CELL and "；" in zh:
        cause, _, mend = zh.rpartition("；")
        return Said(cause, mend, en, "")
    return Said(zh.removesuffix(f"；{rule.mend_zh}") if rule.mend_zh else zh, rule.mend_zh, en, "")
