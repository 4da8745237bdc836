"""A log line never holds an identity, whoever writes it and whatever was filled in."""

from __future__ import annotations

import ast
import itertools
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DataError, connection, transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

import tonghu
from tonghu.platform.operations.logs import FIELDS, log
from tonghu.platform.operations.middleware import current_request_id

# Made up, in every form in which a child could slip into a line.
IDENTITIES = ("欧阳测童", "ouyang-cetong", "110101201501010017", "13912345678", "cetong@example.org", "M0099887766")
EVERY = " ".join(IDENTITIES)


def assert_clean(text: str) -> None:
    assert text, "nothing was logged: the test would prove nothing"
    for identity in IDENTITIES:
        escaped = identity.encode("ascii", "backslashreplace").decode()
        assert identity not in text
        assert escaped not in text


def routes(patterns: list[Any], prefix: str = "") -> Iterator[str]:
    """Every address of the site with identities in its arguments."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, prefix + filled(pattern))
        elif isinstance(pattern, URLPattern):
            yield "/" + prefix + filled(pattern)


def filled(pattern: Any) -> str:
    route = str(pattern.pattern).strip("^$")
    values = {"int": "110101201501010017", "str": "欧阳测童", "slug": "ouyang-cetong", "path": "欧阳测童/x",
              "uuid": "00000000-0000-4000-8000-110101201501"}  # fmt: skip
    for name, converter in pattern.pattern.converters.items():
        kind = type(converter).__name__.removesuffix("Converter").lower().replace("string", "str")
        for spelled in (f"<{kind}:{name}>", f"<{name}>"):
            route = route.replace(spelled, values.get(kind, "110101201501010017"))
    return route


@pytest.mark.django_db
def test_a_site_full_of_identities_logs_none_of_them(lines: Any) -> None:
    client = Client(raise_request_exception=False, headers={"user-agent": EVERY, "referer": f"/?q={EVERY}"})
    client.cookies["wish"] = "ouyang-cetong"
    addresses = [*routes(get_resolver().url_patterns), "/no-such-page/欧阳测童", "/search"]
    assert len(addresses) > 3
    fields = ("q", "name", "username", "password", "id_number", "phone", "email", "next", "reason", "text")
    for address, method in itertools.product(addresses, ("get", "post")):
        data: dict[str, Any] = dict.fromkeys(fields, EVERY)
        if method == "post":
            data["file"] = SimpleUploadedFile("欧阳测童.csv", EVERY.encode())
        getattr(client, method)(address, data)
    assert len(lines.of("request")) == 2 * len(addresses)
    assert_clean(lines.text)


@pytest.mark.django_db
def test_a_database_error_that_quotes_the_row_leaves_its_message_out(lines: Any) -> None:
    with pytest.raises(DataError, match="欧阳测童") as caught, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT '欧阳测童110101201501010017'::int")
    log.error("fault", kind="fault", exc_info=caught.value)
    logging.getLogger("django.request").error("Internal Server Error: %s", "/欧阳测童", exc_info=caught.value)
    assert_clean(lines.text)
    said = lines.all()
    assert said[0]["error"][0]["type"] == "django.db.utils.DataError"
    assert said[0]["error"][1]["sqlstate"] == psycopg.errors.InvalidTextRepresentation.sqlstate
    assert "test_operations_logs.py" in said[0]["error"][0]["places"][-1]


def test_what_is_not_in_the_list_is_withheld_and_said_to_be(lines: Any) -> None:
    log.info("upload.stored", file=17, name="欧阳测童", 欧阳测童=1)
    assert lines.all()[0]["withheld"] == ["name", "(withheld)"]
    assert lines.all()[0]["file"] == 17
    assert_clean(lines.text)


@pytest.mark.parametrize("value", [*IDENTITIES[:1], *IDENTITIES[2:5], 110101201501010017, "a sentence", "M0099887766"])
def test_a_listed_field_takes_plain_words_and_numbers_only(lines: Any, value: object) -> None:
    log.info("request", kind=value)
    assert lines.all()[0]["kind"] == "(withheld)"


def test_an_event_that_is_a_sentence_is_withheld(lines: Any) -> None:
    log.info("saw 欧阳测童 today")
    assert lines.all()[0]["event"] == "(withheld)"


def test_other_packages_keep_their_template_and_lose_what_was_filled_in(lines: Any) -> None:
    logging.getLogger("gunicorn.error").warning("Worker exiting (pid: %s)", "欧阳测童")
    logging.getLogger("anything").warning("ready text about 欧阳测童")
    first, second = lines.all()
    assert first["where"].endswith("| Worker exiting (pid: %s)")
    assert "|" not in second["where"]
    assert second["logger"] == "anything"
    assert_clean(lines.text)


@pytest.mark.django_db
def test_a_request_is_one_line_with_its_figures(lines: Any, client: Client) -> None:
    theirs = "0f0e0d0c-1111-4222-8333-445566778899"
    answer = client.post("/language", {"language": "en"}, headers={"x-request-id": theirs})
    line = lines.of("request")[0]
    assert answer["X-Request-ID"] == line["request"] == current_request_id()
    assert line["request"] != theirs, "nobody chooses the number under which they stand in history and log"
    assert line["caller"] == theirs
    assert line["route"] == "web:language"
    assert (line["method"], line["status"], line["person"]) == ("POST", 302, None)
    assert line["queries"] > 0
    assert line["ms"] > 0
    assert set(line) <= set(FIELDS)


@pytest.mark.django_db
@pytest.mark.parametrize("given", ["ouyang-cetong", "110101201501010017", "x" * 400, ""])
def test_a_number_from_outside_is_noted_only_when_it_cannot_be_an_identity(
    client: Client, lines: Any, given: str
) -> None:
    assert client.post("/language", headers={"x-request-id": given})["X-Request-ID"] not in ("", given)
    assert "caller" not in lines.of("request")[0]


def test_every_line_of_ours_carries_only_what_is_listed() -> None:
    """Of what is not in the list nothing is written: whoever is called at night would read that it was withheld."""
    seen = 0
    for file in Path(tonghu.__file__).parent.rglob("*.py"):
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)):
                continue
            if ast.unparse(call.func) in ("log.info", "log.warning", "log.error"):
                seen += 1
                fields = {field.arg for field in call.keywords if field.arg} - {"exc_info"}
                assert fields <= set(FIELDS), f"{file}:{call.lineno}"
    assert seen > 15


def test_an_exception_on_the_way_is_described_without_its_words(lines: Any) -> None:
    try:
        raise KeyError("欧阳测童")
    except KeyError:
        log.error("fault", kind="fault", exc_info=True)
    log.error("fault", kind="fault", exc_info=True)  # outside of any: nothing to describe
    first, second = lines.all()
    assert first["error"][0]["type"] == "builtins.KeyError"
    assert "error" not in second
    assert_clean(lines.text)


def test_static_files_are_not_logged(lines: Any) -> None:
    Client().get("/static/no-such-file.css")
    assert lines.of("request") == []
