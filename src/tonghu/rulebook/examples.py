"""Examples are a rule's tests and its manual: every one is asked of both executors, and they must agree with it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from tonghu.rulebook.python_executor import FINDS, UNKNOWN
from tonghu.rulebook.rulebook import Rulebook
from tonghu.rulebook.rules import Example, Rule
from tonghu.rulebook.ruleset import RuleSet
from tonghu.rulebook.tables import table_of

PASSES = "passes"
#: So many rules are asked in one query: the time that DuckDB needs to plan one grows faster than its length.
_TOGETHER = 40


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an executor answered to an example: the verdict, and the missing facts where it is unknown."""

    rule: Rule
    number: int
    example: Example
    executor: str
    verdict: str
    missing: frozenset[str]

    @property
    def is_right(self) -> bool:
        """Whether the answer is the one that the example asks for."""
        wanted = self.example.missing
        return self.verdict == self.example.verdict and (
            wanted is None or self.verdict != UNKNOWN or self.missing == frozenset(wanted)
        )


def run_examples(rulebook: Rulebook, rules: Sequence[Rule]) -> Iterator[Outcome]:
    """Ask every example of `rules` of both executors, in the layout that its record names.

    A rule is asked alone, as it is, whatever day or place it is for.
    """
    by_layout: dict[tuple[str, str | None], list[tuple[Rule, int, Example]]] = defaultdict(list)
    for rule in rules:
        for number, example in enumerate(rule.examples, 1):
            layout = example.record.get("layout")
            by_layout[rule.schema, layout if isinstance(layout, str) else None].append((rule, number, example))
    for (schema, layout), asked in by_layout.items():
        chosen = list({id(rule): rule for rule, _, _ in asked}.values())
        for start in range(0, len(chosen), _TOGETHER):
            some = tuple(chosen[start : start + _TOGETHER])
            theirs = [one for one in asked if one[0] in some]
            yield from _ask(RuleSet(rulebook.schemas[schema], some, layout), theirs)


def _ask(ruleset: RuleSet, asked: Sequence[tuple[Rule, int, Example]]) -> Iterator[Outcome]:
    judge = ruleset.for_record()
    for rule, number, example in asked:
        answers = [(answer.verdict, answer.missing) for answer in judge(example.record) if answer.rule is rule]
        yield _outcome(rule, number, example, "python", answers)
    for at, answers in enumerate(_asked_of_duckdb(ruleset, asked)):
        rule, number, example = asked[at]
        yield _outcome(rule, number, example, "duckdb", answers)


def _asked_of_duckdb(
    ruleset: RuleSet, asked: Sequence[tuple[Rule, int, Example]]
) -> list[list[tuple[str, tuple[str, ...]]]]:
    import duckdb

    table = table_of(ruleset.schema, [example.record for _, _, example in asked])
    plan = ruleset.for_table(table.column_names)
    answers: list[list[tuple[str, tuple[str, ...]]]] = [[] for _ in asked]
    with duckdb.connect() as connection:
        connection.register("examples", table)
        for row, rule, _ in plan.run(connection, "examples").fetchall():
            if plan.rules[rule] is asked[row][0]:
                answers[row].append((FINDS, ()))
        for row, rule, _, missing in plan.unknowns(connection, "examples").fetchall():
            if plan.rules[rule] is asked[row][0]:
                answers[row].append((UNKNOWN, tuple(missing)))
    return answers


def _outcome(
    rule: Rule, number: int, example: Example, executor: str, answers: Collection[tuple[str, tuple[str, ...]]]
) -> Outcome:
    verdicts = {verdict for verdict, _ in answers}
    verdict = FINDS if FINDS in verdicts else UNKNOWN if UNKNOWN in verdicts else PASSES
    return Outcome(rule, number, example, executor, verdict, frozenset(name for _, names in answers for name in names))
