"""The front-page rules on the rows of a file: what each finds, on which column, with which value and in which words."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

import polars as pl

from tonghu.hqms import across, fields, words
from tonghu.hqms.asking import Asked
from tonghu.hqms.facts import Facts
from tonghu.hqms.findings import NO_COLUMN, SCHEMA, Entry, Register
from tonghu.hqms.layout import Columns
from tonghu.hqms.wording import Said
from tonghu.rulebook.rules import Level, Rule, Words
from tonghu.rulebook.ruleset import RuleSet

SET: Final = "registry.front_page"
_NOTHING: Final = pl.Series([None], dtype=pl.String)


def said(rule: Rule, values: Mapping[str, object]) -> Said:
    """The words of a rule's finding, placeholders filled."""
    message = rule.message.filled(values)
    mend = rule.mend.filled(values) if rule.mend else Words("", "")
    return Said(*(_line(text) for text in (message.zh, mend.zh, message.en, mend.en)))


def _line(text: str) -> str:
    """On one line, without the full stop that the sentence would have on its own."""
    return " ".join(text.split()).rstrip("。.")


def entry(rule: Rule) -> Entry:
    """A rule as results show it."""
    return Entry(
        id=rule.reports,
        level=str(rule.level or Level.ERROR),
        title_zh=rule.title.zh,
        title_en=rule.title.en,
        mend_zh=_line(rule.mend.zh) if rule.mend else "",
        mend_en=_line(rule.mend.en) if rule.mend else "",
        clauses=rule.clauses,
        verified=rule.verified,
    )


def reads_other_rows(rules: RuleSet, rule: Rule) -> bool:
    """Whether a rule compares a row with others of the file."""
    return any(rules.schema.facts[name].by == "file" for name in rules.facts_read[rule.id])


@dataclass
class Judge:
    """Judges rows as they come (:meth:`rows`), and what needs all of them at the end (:meth:`among`)."""

    rules: RuleSet
    columns: Columns
    register: Register
    dictionary: Mapping[str, Rule]
    supplied: Collection[str] = ()

    def __post_init__(self) -> None:
        ask = [rule for rule in self.rules.rules if rule.id not in self.dictionary]
        late = [rule for rule in ask if reads_other_rows(self.rules, rule)]
        alone = [rule for rule in ask if rule not in late]
        facts = {*self.columns.position, *self.supplied, "today", "layout"}
        self._alone = Asked(replace(self.rules, rules=tuple(alone)), facts)
        compared = set(across.KEPT) & set(self.columns.position)
        self._late = Asked(
            replace(self.rules, rules=tuple(late)), {*compared, *across.supplied(compared), "today", "layout"}
        )
        self._dictionary = {id_: self.register.entry(entry(rule)) for id_, rule in self.dictionary.items()}

    def ready_for_many(self) -> None:
        """Get ready for many rows (see :class:`tonghu.hqms.waiting.Waiting`)."""
        self._alone.ready_for_many()

    def rows(self, table: pl.DataFrame, data: pl.DataFrame) -> pl.DataFrame:
        """The findings of the rules on some rows by what they say themselves. `table`: their facts, `data`: cells."""
        return self._found(self._alone, table, data)

    def among(self, stays: pl.DataFrame, values: pl.DataFrame) -> pl.DataFrame:
        """The findings of the rules that compare rows. `stays`: all rows, as `across.kept` leaves them, with the run's
        facts; `values`: the cells of the same rows for the same columns."""
        if not self._late.rules or stays.is_empty():
            return pl.DataFrame(schema=SCHEMA)
        return self._found(self._late, across.among(stays), values)

    def misfits(self, facts: Facts, data: pl.DataFrame) -> pl.DataFrame:
        """The findings of the field dictionary on some rows."""
        rows = facts.table["row"]
        parts = []
        for misfit in fields.of_frame(data, facts.cast, self.columns):
            if misfit.rule not in self._dictionary:
                continue
            at = self.columns.position[misfit.fact]
            where = pl.Series(misfit.rows, dtype=pl.UInt32)
            parts.append(
                _frame(
                    rows.gather(where),
                    at,
                    self._dictionary[misfit.rule],
                    self.register.said(misfit.said),
                    data[f"c{at}"].gather(where),
                )
            )
        return pl.concat([pl.DataFrame(schema=SCHEMA), *parts])

    def _found(self, asked: Asked, table: pl.DataFrame, data: pl.DataFrame) -> pl.DataFrame:
        places = table.select("row").with_row_index("place")
        found = asked.of(table).join(places, on="row").sort("rule", "fact", maintain_order=True)
        parts = [pl.DataFrame(schema=SCHEMA)]
        begin = 0
        # What lies together is cut out by its length: grouping would gather each part anew.
        for number, fact, many in found.group_by("rule", "fact", maintain_order=True).len().iter_rows():
            group = found[begin : begin + many]
            begin += many
            rule, at, place = asked.rules[number], self.columns.position.get(fact, NO_COLUMN), group["place"]
            cells = data[f"c{at}"].gather(place) if f"c{at}" in data.columns else _NOTHING.new_from_index(0, many)
            texts = self._words(rule, fact, table, place)
            parts.append(_frame(group["row"], at, self.register.entry(entry(rule)), texts, cells))
        return pl.concat(parts)

    def _words(self, rule: Rule, fact: str, table: pl.DataFrame, place: pl.Series) -> pl.Series | int:
        """The numbers of the texts: one for all where the words do not depend on the row."""
        facts, known = words.sources(rule, fact, self.rules.schema)
        if not facts:
            return self.register.said(said(rule, known))
        values = words.columns(table, place, facts, self.rules)
        numbers: dict[tuple[object, ...], int] = {}
        found = []
        for row in values.iter_rows():
            if row not in numbers:
                numbers[row] = self.register.said(said(rule, {**known, **dict(zip(values.columns, row, strict=True))}))
            found.append(numbers[row])
        return pl.Series(found, dtype=pl.UInt32)


def _frame(rows: pl.Series, column: int, number: int, texts: pl.Series | int, values: pl.Series) -> pl.DataFrame:
    def numbered(name: str, value: int) -> pl.Series:
        return pl.Series(name, [value], dtype=SCHEMA[name]).new_from_index(0, len(rows))

    # Made of series: an expression would be planned, for some hundred small frames a pile.
    return pl.DataFrame(
        [
            rows.cast(SCHEMA["row"]).alias("row"),
            numbered("column", column),
            numbered("entry", number),
            texts.alias("said") if isinstance(texts, pl.Series) else numbered("said", texts),
            values.alias("value"),
        ]
    )


def answered_elsewhere(rules: Iterable[Rule]) -> dict[str, Rule]:
    """The rules without a condition of their own, by id: the field dictionary and the header check answer them."""
    return {rule.id: rule for rule in rules if rule.by != "condition"}
