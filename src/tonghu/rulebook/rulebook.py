"""The rulebook: all rules of all layers and dates, and the choice of those that hold on a day at a place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import combinations
from pathlib import Path

from tonghu import policy
from tonghu.errors import InputRefused
from tonghu.rulebook.facts_file import read_schema
from tonghu.rulebook.reading import read_yaml
from tonghu.rulebook.rule_error import RuleError
from tonghu.rulebook.rule_file import read_rules
from tonghu.rulebook.rules import Layer, Rule, region_prefix
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
    files = [file for path in (paths if paths is not None else [PACKAGED]) for file in _files(path)]
    found = {file: read_yaml(file, name) for file, name in files}
    schemas: dict[str, Schema] = {}
    for file, name in files:
        if file.name == "facts.yaml":
            schema = read_schema(found[file], name)
            if schema.name in schemas:
                raise RuleError(
                    name,
                    None,
                    f"事实表“{schema.name}”已在 {schemas[schema.name].file} 中声明",
                    f"the schema “{schema.name}” is declared in {schemas[schema.name].file} already",
                )
            schemas[schema.name] = schema
    clauses = frozenset(policy.clause_ids())
    rules = [
        rule
        for file, name in files
        if file.name != "facts.yaml"
        for rule in read_rules(found[file], name, schemas, clauses.__contains__)
    ]
    rulebook = Rulebook(schemas, tuple(rules))
    for versions in rulebook.by_id.values():
        for one, other in combinations(versions, 2):
            _check_pair(one, other)
    return rulebook


def _files(path: Path) -> list[tuple[Path, str]]:
    """The YAML files under `path`, each with the name that messages use."""
    if path.is_dir():
        return [(file, file.relative_to(path).as_posix()) for file in sorted(path.rglob("*.yaml"))]
    return [(path, path.name)]


def _check_pair(one: Rule, other: Rule) -> None:
    """Refuse two rules of one id that contradict each other."""
    if one.set != other.set:
        raise RuleError(
            other.file,
            other.id,
            f"与规则集 {one.set} 中的规则同名（{one.file}）",
            f"the set {one.set} has a rule of that name ({one.file})",
        )
    if (one.layer, one.place) == (other.layer, other.place):
        if one.version == other.version:
            raise RuleError(other.file, other.id, f"版本 {one.version} 重复", f"version {one.version} is there twice")
        if _overlap(one, other):
            raise RuleError(
                other.file,
                other.id,
                f"版本 {one.version} 与 {other.version} 的有效期重叠",
                f"the versions {one.version} and {other.version} are valid at the same time",
            )
        return
    upper, lower = sorted((one, other), key=lambda rule: (rule.layer, rule.place or ""))
    if upper.fixed and _covers(upper, lower) and _overlap(one, other) and (loosened := _loosened(upper, lower)):
        raise RuleError(
            lower.file,
            lower.id,
            f"{loosened[0]}：上层规则（{upper.file}）标明不可放宽，下层只可提高等级、改写提示语",
            f"{loosened[1]}: the rule above ({upper.file}) is fixed; a lower layer may raise its level and reword it",
        )


def _overlap(one: Rule, other: Rule) -> bool:
    return (other.valid_to is None or one.valid_from < other.valid_to) and (
        one.valid_to is None or other.valid_from < one.valid_to
    )


def _covers(upper: Rule, lower: Rule) -> bool:
    """Whether the lower rule would replace the upper one anywhere (a hospital's region is not known here)."""
    if upper.layer is lower.layer:  # two places of one layer: a county within its province
        return (lower.place or "").startswith(region_prefix(upper.place or "")) and upper.layer is Layer.PROVINCE
    return True


def _loosened(upper: Rule, lower: Rule) -> tuple[str, str] | None:
    """What makes `lower` differ from the fixed `upper` otherwise than by a higher level or other words."""
    if lower.meaning != upper.meaning:
        return "改变了规则的适用或判断", "it changes when the rule applies or what it asks"
    if not lower.fixed:
        return "去掉了不可放宽的标记", "it drops the mark fixed"
    if upper.level is not None and (lower.level is None or lower.level.weight < upper.level.weight):
        return f"等级由 {upper.level} 降低", f"it lowers the level {upper.level}"
    return None
