"""The NinjaAPI of the site: errors, parser, description. ``tonghu.config.api`` adds the routers of the rooms."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.client import responses
from types import MappingProxyType
from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError, ValidationErrorContext
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation
from ninja.parser import Parser
from ninja.renderers import JSONRenderer
from pydantic import TypeAdapter

from tonghu.errors import InputRefused
from tonghu.platform.accounts.access import Access, access_of
from tonghu.platform.api import queries, wording
from tonghu.platform.api.gate import guard, undo
from tonghu.platform.api.idempotency import HEADER
from tonghu.platform.api.problems import CONTENT_TYPE, KINDS, Refused, chinese, problem, refusal
from tonghu.platform.api.schemas import Problem
from tonghu.platform.crypto.keys import KeysMissing

DESCRIPTION: Final = (
    "The interface of Tonghu for information systems and for its own pages. How to get credentials, and what holds for "
    "every call, stands in docs/api.md."
)


class StrictParser(Parser):
    """Reads JSON as it is sent: nothing doubled, nothing that other systems would read differently."""

    def parse_body(self, request: HttpRequest) -> Any:
        try:
            read = json.loads(request.body, object_pairs_hook=_once_each, parse_constant=_no_number)
        except (ValueError, RecursionError) as fault:  # UnicodeDecodeError is a ValueError
            raise Refused("not_json") from fault
        if "\\u0000" in request.body.decode() or b"\0" in request.body:
            _refuse_nul(read)
        return read

    def parse_querydict(self, data: Any, list_fields: list[str], request: HttpRequest) -> Any:
        read = super().parse_querydict(data, list_fields, request)
        _refuse_nul(read)
        return read


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) < len(pairs):
        raise ValueError("a key stands twice in one object")
    return read


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no number in JSON")


def _refuse_nul(read: Any) -> None:
    """PostgreSQL takes every character but this one."""
    if isinstance(read, str) and "\0" in read:
        raise Refused("bad_request", "内容含有空字符 U+0000，请删除。", "It holds the character U+0000: leave it out.")
    for part in [*read, *read.values()] if isinstance(read, dict) else read if isinstance(read, list) else ():
        _refuse_nul(part)


class PlainRenderer(JSONRenderer):
    """Chinese as it is, not as escapes."""

    json_dumps_params = MappingProxyType({"ensure_ascii": False})


class Api(NinjaAPI):
    """The API: every operation behind the gate, every expected error in one shape."""

    def __init__(self, version: str, namespace: str = "api") -> None:
        super().__init__(
            title="Tonghu 童护", version=version, description=DESCRIPTION, docs_url=None,
            openapi_url="/openapi.json", urls_namespace=namespace, parser=StrictParser(),
            renderer=PlainRenderer(),
        )  # fmt: skip
        self.add_decorator(guard, mode="view")
        self._described: dict[str, Any] | None = None

    def set_default_exception_handlers(self) -> None:
        """Answer what is expected; all else goes on to Django's ``handler500``, which knows what to do about it."""
        self.add_exception_handler(Exception, _raise)
        self.add_exception_handler(Refused, _undone(refusal))
        self.add_exception_handler(ValidationError, _undone(_not_valid))
        self.add_exception_handler(InputRefused, _undone(_input_refused))
        self.add_exception_handler(KeysMissing, _raise)
        self.add_exception_handler(PermissionDenied, _undone(_forbidden))
        self.add_exception_handler(Http404, _undone(lambda request, _error: problem(request, KINDS["not_found"])))
        self.add_exception_handler(HttpError, _undone(_unreadable))

    def validation_error_from_error_contexts(
        self, error_contexts: list[ValidationErrorContext[Any]]
    ) -> ValidationError:
        """Keep what was sent beside each error: ``problems`` decides whether it may be repeated."""
        said = super().validation_error_from_error_contexts(error_contexts)
        found = [error for context in error_contexts for error in context.pydantic_validation_error.errors()]
        return ValidationError(
            [{**item, "input": error["input"]} for item, error in zip(said.errors, found, strict=True)]
        )

    def get_openapi_operation_id(self, operation: Operation) -> str:
        """``children_search``: the module's room and the function's name."""
        room = operation.view_func.__module__.split(".")[-1]
        if room == "api":
            room = operation.view_func.__module__.split(".")[-2]
        return f"{room}_{operation.view_func.__name__}"

    def operations(self) -> Iterator[tuple[str, Operation]]:
        """Yield every operation with its path below the API's root."""
        for router in self._get_bound_routers():
            for path, view in router.path_operations.items():
                for operation in view.operations:
                    yield (
                        "/" + "/".join(part.strip("/") for part in (router.prefix, path) if part.strip("/")),
                        operation,
                    )

    def addresses(self) -> Any:
        """The URLs for ``urlpatterns``; the gate decides who may call, so the site's own middleware lets all in."""
        for _path, operation in self.operations():
            access = access_of(operation.view_func)
            queries.ASKED_BY_API.update(access.permissions if access else ())
        found = self.urls
        for entry in found[0]:
            if isinstance(entry, URLPattern):
                entry.callback.access = Access("public")  # type: ignore[attr-defined]
        return found

    def get_openapi_schema(self, *, path_prefix: str | None = None, path_params: Any = None) -> Any:
        """The description, with what holds for every operation; it is the same for every caller and made once."""
        if self._described is None:
            made = super().get_openapi_schema(path_prefix=path_prefix, path_params=path_params)
            self._described = _complete(made, dict(_by_place(self, made)))
        return self._described


def _by_place(api: Api, made: OpenAPISchema) -> Iterator[tuple[tuple[str, str], Operation]]:
    known = {(method, path): op for path, op in api.operations() for method in op.methods}
    for full in made["paths"]:
        for method in made["paths"][full]:
            path = full.removeprefix("/api/v1")
            yield (full, method), known[method.upper(), path]


def _raise(_request: HttpRequest, error: Any) -> HttpResponse:
    raise error


def _undone(answer: Any) -> Any:
    def handler(request: HttpRequest, error: Any) -> HttpResponse:
        undo(request)
        response: HttpResponse = answer(request, error)
        return response

    return handler


def _unreadable(request: HttpRequest, error: HttpError) -> HttpResponse:
    """Ninja's own refusals, which are English; behind one stands what our parser said."""
    said = error.__cause__ or error.__context__
    return refusal(request, said) if isinstance(said, Refused) else problem(request, KINDS["bad_request"])


def _not_valid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    return problem(request, KINDS["invalid"], errors=wording.items(error.errors))


def _input_refused(request: HttpRequest, error: InputRefused) -> HttpResponse:
    return problem(request, KINDS["refused"], detail=error.zh if chinese() else error.en)


def _forbidden(request: HttpRequest, error: PermissionDenied) -> HttpResponse:
    return problem(request, KINDS["forbidden"], detail=str(error))


#: Answers that any operation may give, beside its own.
_ANY: Final = (400, 401, 403, 404, 413, 422, 429, 500, 503)


def _complete(made: Any, operations: dict[tuple[str, str], Operation]) -> dict[str, Any]:
    """Add errors, credentials and common headers to the description of every operation."""
    said: dict[str, Any] = json.loads(json.dumps(made))
    schemas = said["components"]["schemas"]
    schema = TypeAdapter(Problem).json_schema(ref_template="#/components/schemas/{model}")
    schemas |= schema.pop("$defs")
    schemas["Problem"] = schema
    said["components"]["securitySchemes"] = {
        "client": {
            "type": "oauth2",
            "description": "Of a docking client; see docs/api.md.",
            "flows": {"clientCredentials": {"tokenUrl": "/api/v1/oauth/token", "scopes": {}}},
        },
        "session": {"type": "apiKey", "in": "cookie", "name": "tonghu_session"},
    }
    for (path, method), operation in operations.items():
        described, access = said["paths"][path][method], access_of(operation.view_func)
        assert access is not None, f"{method} {path} does not say who may call it"
        if access.kind != "public":
            described["security"] = [{"client": []}, {"session": []}]
        described["x-permissions"] = sorted(access.permissions)
        headers = [_header("Accept-Language", "Language of the answer: `zh` (default) or `en`.")]
        if getattr(operation.view_func, "idempotent", False):
            headers.append(_header(HEADER, "8 to 80 letters, digits, dots, dashes or tildes; see docs/api.md."))
        described.setdefault("parameters", []).extend(headers)
        wants = {*_ANY, *((415,) if "requestBody" in described else ())}
        wants |= {409} if getattr(operation.view_func, "idempotent", False) else set()
        for status in sorted(wants):
            described["responses"].setdefault(str(status), _problem_answer(status))
        if method == "get":
            described["responses"]["304"] = {"description": "Not changed since the `ETag` in `If-None-Match`"}
        described["responses"] = dict(sorted(described["responses"].items()))
    return said


def _problem_answer(status: int) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "description": responses[status],
        "content": {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    if status in (429, 503):
        answer["headers"] = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds to wait."}}
    return answer


def _header(name: str, description: str) -> dict[str, Any]:
    return {"in": "header", "name": name, "schema": {"type": "string"}, "required": False, "description": description}
