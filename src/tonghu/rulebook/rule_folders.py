"""From folders of rule files to a :class:`~tonghu.rulebook.rulebook.Rulebook`: parsed, and no two rules at odds."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

from tonghu import policy
from tonghu.rulebook.facts_file import read_schema
from tonghu.rulebook.reading import read_yaml
from tonghu.rulebook.rule_error import RuleError
from tonghu.rulebook.rule_file import read_rules
from tonghu.rulebook.rulebook import Rulebook
from tonghu.rulebook.rules import Layer, Rule, region_prefix
from tonghu.rulebook.schema import Schema


def parsed(paths: Sequence[Path]) -> Rulebook:
    """The rulebook that files make; see :func:`tonghu.rulebook.load`. Raises RuleError."""
    files = [file for path in paths for file in _files(path)]
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
