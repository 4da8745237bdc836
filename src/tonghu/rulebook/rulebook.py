"""The rulebook: all rules of all layers and dates, and the choice of those that hold on a day at a place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from pathlib import Path

from tonghu.errors import InputRefused
from tonghu.rulebook import compiled
from tonghu.rulebook.rules import Rule
from tonghu.rulebook.ruleset import RuleSet
from tonghu.rulebook.schema import Schema

#: The rule files that come with the program.
PACKAGED = Path(__file__).parent / "rules"


@dataclass(frozen=True)
class Rulebook:
    """Every rule that was loaded, of every layer and date. Checked: no two can hold at once under one id and layer."""

    schemas: Mapping[str, Schema]
    rules: Sequence[Rule]

    @cached_property
    def by_id(self) -> Mapping[str, tuple[Rule, ...]]:
        """All versions and layers of each rule."""
        found: dict[str, list[Rule]] = defaultdict(list)
        for rule in self.rules:
            found[rule.id].append(rule)
        return {id_: tuple(rules) for id_, rules in found.items()}

    @cached_property
    def sets(self) -> tuple[str, ...]:
        """The ids of all rule sets, in order of loading."""
        return tuple(dict.fromkeys(rule.set for rule in self.rules))

    def on(
        self,
        day: date,
        region: str | None = None,
        sets: Collection[str] | None = None,
        layout: str | None = None,
        *,
        hospital: str | None = None,
        options: Collection[str] = (),
    ) -> RuleSet:
        """The rules that hold on `day` at a place: hospital over province over nation, by id.

        `region`: a six-digit code; `sets`: only these; `layout`: without the rules of other layouts (default: all).
        `options`: which optional rules are switched on, by their outcome or id. All rules chosen must share one
        schema: InputRefused otherwise, and for a set that there is not.
        """
        for name in sets or ():
            if name not in self.sets:
                known = "、".join(self.sets)
                raise InputRefused(
                    f"没有规则集“{name}”，现有：{known}", f"There is no rule set “{name}”; there are {known}"
                )
        chosen: dict[str, Rule] = {}
        for rule in self.rules:
            if not (rule.is_valid(day) and rule.is_at(region, hospital) and (sets is None or rule.set in sets)):
                continue
            held = chosen.get(rule.id)
            if held is None or (rule.layer, rule.place or "") > (held.layer, held.place or ""):
                chosen[rule.id] = rule
        rules = tuple(
            rule
            for rule in chosen.values()
            if (layout is None or rule.layouts is None or layout in rule.layouts)
            and (not rule.optional or rule.id in options or rule.outcome in options)
        )
        schemas = sorted({rule.schema for rule in rules})
        if len(schemas) > 1:
            names = "、".join(schemas)
            raise InputRefused(
                f"所选规则分属不同的事实表（{names}），请用规则集限定",
                f"The rules chosen speak of several schemas ({names}): name the sets",
            )
        if not schemas:
            schemas = [self._schema_of(sets)]
        return RuleSet(self.schemas[schemas[0]], rules, layout)

    def _schema_of(self, sets: Collection[str] | None) -> str:
        """The schema of an empty choice."""
        found = sorted({rule.schema for rule in self.rules if sets is None or rule.set in sets} or self.schemas)
        if not found:
            raise InputRefused("规则库是空的", "The rulebook is empty")
        return found[0]


def load(paths: Iterable[Path] | None = None) -> Rulebook:
    """Load rule files: folders are searched, a ``facts.yaml`` declares a schema, any other ``.yaml`` holds rules.

    Default: the packaged rules. To add a province's or a hospital's own, give ``[PACKAGED, folder]``. Raises
    RuleError naming file, rule and reason.
    """
    chosen = tuple(paths) if paths is not None else (PACKAGED,)
    if not all(path.is_relative_to(Path(__file__).parent) for path in chosen):
        return _parsed(chosen)
    # The packaged rules are parsed once for each state of the program.
    return compiled.rulebook("-".join(path.name for path in chosen), lambda: _parsed(chosen))


@cache
def packaged(folder: str) -> Rulebook:
    """The packaged rules of a folder of :data:`PACKAGED`: one book a process, whoever asks for it."""
    return load([PACKAGED / folder])


def _parsed(paths: Sequence[Path]) -> Rulebook:
    # What parses is imported only where something is to be parsed.
    from tonghu.rulebook.rule_folders import parsed

    return parsed(paths)
