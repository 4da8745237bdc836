"""Reading YAML mappings by hand-written checks: they run at every start, where a JSON Schema validator is too slow.

The published ``rule.schema.json`` says the same to editors; a test holds every packaged file against it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tonghu.rulebook.rule_error import BadExpression, RuleError

try:
    from yaml import CSafeLoader as Loader
except ImportError:  # pragma: no cover -- a PyYAML without its C part reads the same, slower
    from yaml import SafeLoader as Loader  # type: ignore[assignment]


def read_yaml(path: Path, name: str) -> dict[str, Any]:
    """The mapping in a file. Raises RuleError with line and column when it does not read."""
    try:
        found = yaml.load(path.read_bytes(), Loader=Loader)
    except (OSError, UnicodeDecodeError) as error:
        raise RuleError(name, None, "文件不能读取", f"the file cannot be read ({error})") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{mark.line + 1}:{mark.column + 1}" if mark else "?"
        problem = getattr(error, "problem", None) or "not YAML"
        raise RuleError(name, None, f"第 {where} 处不是正确的 YAML", f"not right YAML at {where}: {problem}") from None
    if not isinstance(found, dict):
        raise RuleError(name, None, "文件内容应为键值", "the file should hold keys and values")
    return found


def check_keys(found: Mapping[str, Any], required: frozenset[str], allowed: frozenset[str]) -> None:
    """Raise BadExpression when a key is missing or unknown."""
    if missing := sorted(required - found.keys()):
        raise BadExpression(f"缺少 {'、'.join(missing)}", f"{', '.join(missing)} is missing")
    if unknown := sorted(map(str, found.keys() - allowed)):
        raise BadExpression(f"不认识的键 {'、'.join(unknown)}", f"unknown key {', '.join(unknown)}")


def check_type(key: str, value: object, *types: type) -> None:
    """Raise BadExpression when a value is not of one of the types (YAML's true is not a number)."""
    if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
        wanted = " / ".join("null" if t is type(None) else t.__name__ for t in types)
        raise BadExpression(f"{key} 的值“{value}”类型不对", f"{key} should be {wanted}, not “{value}”")
