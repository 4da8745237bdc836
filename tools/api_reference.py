"""Makes docs/reference/openapi.json and the page of operations from the API itself; `--check` says what is stale."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "reference"
MADE = "<!-- Made by `./run docs` from the API's description (openapi.json); do not edit. -->\n"
SNAPSHOT, PAGE = "openapi.json", "api/operations.md"


def description() -> dict[str, Any]:
    """The API's description in OpenAPI 3.1, as the site serves it at ``/api/v1/openapi.json``."""
    if "DJANGO_SETTINGS_MODULE" not in os.environ:
        import django

        os.environ["DJANGO_SETTINGS_MODULE"] = "tonghu.config.settings"
        with tempfile.TemporaryDirectory() as home:  # the settings make a session key where the site's folder is
            os.environ["TONGHU_HOME"] = home
            django.setup()
    from tonghu.config.api import api

    return dict(api.get_openapi_schema())


def pages() -> dict[str, str]:
    """File name below docs/reference → text."""
    said = description()
    return {
        SNAPSHOT: json.dumps(said, ensure_ascii=False, indent=1, sort_keys=True) + "\n",
        PAGE: MADE + "\n".join(_operations(said)) + "\n",
    }


def _operations(said: dict[str, Any]) -> Iterator[str]:
    yield "# Operations of the API"
    yield ""
    yield "How to get credentials, and what holds for every call, stands in [docs/api.md](../../api.md); the whole"
    yield "description, with every field, in [openapi.json](../openapi.json)."
    for path, methods in said["paths"].items():
        for method, one in methods.items():
            yield from _operation(path, method, one)


def _operation(path: str, method: str, one: dict[str, Any]) -> Iterator[str]:
    yield f"\n## {one['summary']}\n"
    yield f"`{method.upper()} {path}`\n"
    yield f"{one['description']}\n"
    needs = ", ".join(f"`{code}`" for code in one["x-permissions"]) or "none beyond credentials"
    yield f"Right: {needs if one.get('security') else 'none, and no credentials'}.\n"
    named = [given for given in one["parameters"] if given["in"] != "header"]
    if named:
        yield "| parameter | in | required | what |"
        yield "|---|---|---|---|"
        for given in named:
            what = given.get("description") or _kind(given["schema"])
            yield f"| `{given['name']}` | {given['in']} | {'yes' if given['required'] else ''} | {what} |"
        yield ""
    for kind, sent in one.get("requestBody", {}).get("content", {}).items():
        yield f"Body: {_kind(sent['schema'])} as `{kind}`.\n"
    answers = [f"{code} {_kind(next(iter(answer['content'].values()))['schema'])}"
               for code, answer in one["responses"].items() if code.startswith("2")]  # fmt: skip
    yield f"Answer: {'; '.join(answers)}. Errors: {', '.join(code for code in one['responses'] if code >= '4')}."


def _kind(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return f"`{schema['$ref'].rpartition('/')[2]}`"
    if schema.get("type") == "array":
        return f"a list of {_kind(schema['items'])}"
    return str(schema.get("type", "value"))


def stale() -> list[str]:
    """The names of files that differ from what the API says now."""
    wanted = pages()
    return [name for name, text in wanted.items() if not (FOLDER / name).exists() or _held(name) != text]


def _held(name: str) -> str:
    return (FOLDER / name).read_text("utf-8")


def main() -> int:
    """Write the files, or with `--check` name the stale ones and return 1."""
    if "--check" in sys.argv[1:]:
        for name in (names := stale()):
            print(f"docs/reference/{name} is stale: ./run docs")
        return bool(names)
    for name, text in pages().items():
        (FOLDER / name).parent.mkdir(parents=True, exist_ok=True)
        (FOLDER / name).write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
