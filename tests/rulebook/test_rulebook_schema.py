"""The published JSON Schema says what the loader says: packaged files pass, and what it refuses the loader refuses."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path

import jsonschema
import pytest
import yaml
from tests.rulebook.helpers import FACTS, rule

from tonghu.rulebook import PACKAGED

SCHEMA = json.loads((PACKAGED.parent / "rule.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def plain(value):
    """YAML's dates as the texts that a JSON file would have."""
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return value.isoformat() if isinstance(value, date | datetime) else value


@pytest.mark.parametrize("path", sorted(PACKAGED.rglob("*.yaml")), ids=lambda path: path.name)
def test_packaged_files_fit(path: Path):
    content = plain(yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader))
    errors = [f"{list(error.absolute_path)}: {error.message[:200]}" for error in VALIDATOR.iter_errors(content)]
    assert errors == []


@pytest.mark.parametrize(
    "content",
    [
        {"set": "a", "schema": "visit"},
        {"set": "a", "schema": "visit", "rules": [plain(rule(colour="red"))]},
        {"set": "a", "schema": "visit", "rules": [plain(rule(level="fatal"))]},
        {"set": "a", "schema": "visit", "rules": [plain(rule(must="a", flag="b"))]},
        {"set": "a", "schema": "visit", "rules": [plain(rule(region="51"))]},
        plain(FACTS) | {"supplied": [{"name": "a", "type": "number", "zh": "a", "en": "a"}]},
    ],
)
def test_what_does_not_fit(content):
    assert not VALIDATOR.is_valid(content)


def test_the_schema_itself_is_right():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert VALIDATOR.is_valid(plain(FACTS))
    assert VALIDATOR.is_valid({"set": "a", "schema": "visit", "rules": [plain(rule(must="a"))]})
