"""The API asked with what its own description allows, and with what it forbids, by three kinds of callers.

schemathesis makes the calls from the description and checks the answers: nothing fails on our side, every answer is of
a described status, type and shape, and what breaks the description is refused.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

import docking
import made_up
from tonghu.config.api import api
from tonghu.patients.services import enter_view
from tonghu.platform.api import limits
from tonghu.platform.api.queries import for_clients

pytestmark = [pytest.mark.django_db]

CALLERS = ("nobody", "person", "client")
#: Calls a caller and operation; more of them now and then: ``TONGHU_TEST_API_CALLS=300``.
EXAMPLES = int(os.environ.get("TONGHU_TEST_API_CALLS", "10"))
CHECKS = [
    not_a_server_error, checks.status_code_conformance, checks.content_type_conformance,
    checks.response_headers_conformance, checks.response_schema_conformance, checks.negative_data_rejection,
    checks.allow_header_conformance,
]  # fmt: skip


def application(environ: Any, start_response: Any) -> Any:
    """The site, built when it is first asked: it lists its static files there and then."""
    from tonghu.config.wsgi import application as site

    return site(environ, start_response)


described = schemathesis.openapi.from_dict(api.get_openapi_schema())
described.app = application
OPERATIONS = {
    f"{one.method.upper()} {one.path}": one for one in (found.ok() for found in described.get_all_operations())
}


@pytest.fixture(autouse=True)
def _one_connection() -> Iterator[None]:
    """Keep the test's transaction through many requests, as Django's own test client does."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def sent(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> tuple[dict[str, str], dict[str, str]]:
    """Headers and cookies that the caller sends with every call. Limits of pace are tested elsewhere."""
    own = limits.number
    monkeypatch.setattr(limits, "number", lambda name, key: 10**6 if key == "calls" else own(name, key))
    post = made_up.post("records_department", made_up.hospital("GEN1"))
    with made_up.acting(post) as by:
        enter_view(institution=post.institution_id, record_number="1", patient_name="a", by=by)
    if request.param == "nobody":
        return {}, {}
    if request.param == "client":
        client = docking.client(post.institution, *for_clients(), "jobs.view")
        return {"Authorization": f"Bearer {docking.token(client)}"}, {}
    cookies = {name: held.value for name, held in made_up.browser(post).cookies.items()}
    return {"X-CSRFToken": "x" * 32}, cookies | {"csrftoken": "x" * 32}


@pytest.mark.parametrize("sent", CALLERS, indirect=True)
@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_answers_are_as_described(name: str, sent: tuple[dict[str, str], dict[str, str]]) -> None:
    operation, (headers, cookies) = OPERATIONS[name], sent
    seen: set[int] = set()

    @hypothesis.settings(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @hypothesis.given(
        st.one_of(*(operation.as_strategy(mode) for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)))
    )
    def call(case: Any) -> None:
        response = case.call(headers=headers, cookies=cookies)
        case.validate_response(response, checks=CHECKS)
        seen.add(response.status_code)

    call()
    known = bool(headers) or name == "POST /api/v1/oauth/token"
    assert (seen != {401}) if known else (seen == {401}), "who calls was known, or was not"
