"""Logs as JSON lines on standard error, without identities.

What a line may carry is a list (:data:`FIELDS`), not a filter over whatever comes: a field not in it is withheld, and
so is a text value that is not a plain code word. Of other packages' messages only the template is written, never
what was filled in; of an exception its type and where it was raised, never its message, since PostgreSQL's messages
quote the row. Example::

    from tonghu.platform.operations.logs import log
    log.info("upload.stored", file=stored.pk, bytes=stored.size)
"""

from __future__ import annotations

import re
import sys
import traceback
from types import TracebackType
from typing import Any, Final

import structlog
from structlog.typing import EventDict

#: Every field of a line of ours, and what it holds.
FIELDS: Final[dict[str, str]] = {
    "event": "what happened: words joined by dots",
    "level": "info, warning, error",
    "at": "when, UTC",
    "request": "id of the request",
    "caller": "what the caller, or the proxy, calls the same request; a UUID",
    "route": "name of the address, not the address",
    "method": "HTTP method",
    "status": "HTTP status",
    "ms": "server time, milliseconds",
    "queries": "SQL statements of the request",
    "person": "id of the person who acts",
    "job": "id of a job",
    "kind": "registered name of a job, a notice, an event",
    "file": "id of a stored file",
    "bytes": "a size",
    "rows": "a count of rows",
    "attempt": "which try it is",
    "seconds": "a duration",
    "process": "which of the site's processes",
    "code": "exit code or SQLSTATE",
    "link": "number of a link of the log's chain",
    "number": "number of an event in the log",
    "what": "what does not fit there: a code word",
}
#: What a text value may look like; a name, a number of a document or a sentence does not.
_PLAIN: Final = re.compile(r"[A-Za-z][\w.:/<>-]{0,99}", re.ASCII)
_REQUEST_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")
_LONG_NUMBER: Final = re.compile(r"\d{7,}")
_WITHHELD: Final = "(withheld)"
#: What our own lines keep apart from FIELDS; worked out here, never given by a caller.
_OURS: Final = frozenset({"logger", "where", "error", "_record", "_from_structlog"})


def _keep_listed(_logger: object, _method: str, line: EventDict) -> EventDict:
    """Withhold what is not in the list, and text that is not a plain word."""
    kept: EventDict = {}
    for name, value in line.items():
        if name in _OURS:
            kept[name] = value
        elif name in FIELDS:
            kept[name] = value if _is_plain(value) else _WITHHELD
        else:
            kept.setdefault("withheld", []).append(name if _is_plain(name) else _WITHHELD)
    return kept


def _is_plain(value: object) -> bool:
    if value is None or isinstance(value, bool | float):
        return True
    if isinstance(value, int):
        return abs(value) < 10**15  # an identity number has 18 digits
    text = str(value)
    if _REQUEST_ID.fullmatch(text) or _TIME.fullmatch(text):
        return True
    return bool(_PLAIN.fullmatch(text)) and not _LONG_NUMBER.search(text)


def _without_message(_logger: object, _method: str, line: EventDict) -> EventDict:
    """Say of an exception which it was and where it came from; its message stays out."""
    given = line.pop("exc_info", None)
    if not given:
        return line
    if given is True:
        given = sys.exc_info()
    error = given if isinstance(given, BaseException) else given[1]
    if error is not None:
        line["error"] = describe(error)
    return line


def describe(error: BaseException) -> list[dict[str, Any]]:
    """An exception and what caused it, as types and places (``file:line function``), the innermost first in each."""
    chain: list[dict[str, Any]] = []
    at: BaseException | None = error
    while at is not None and len(chain) < 5:
        said: dict[str, Any] = {"type": f"{type(at).__module__}.{type(at).__qualname__}", "places": _places(at)}
        if state := getattr(at, "sqlstate", None):
            said["sqlstate"] = state
            said["constraint"] = getattr(getattr(at, "diag", None), "constraint_name", None)
        chain.append(said)
        at = at.__cause__ or at.__context__
    return chain


def _places(error: BaseException) -> list[str]:
    held: TracebackType | None = error.__traceback__
    frames = traceback.extract_tb(held)[-8:]
    return [f"{'/'.join(f.filename.split('/')[-3:])}:{f.lineno} {f.name}" for f in reversed(frames)]


def _foreign(_logger: object, _method: str, line: EventDict) -> EventDict:
    """Of another package's message keep its template where it has one; a text that is ready may quote anything."""
    record = line["_record"]
    template = line.pop("event") if line.pop("positional_args", None) else _WITHHELD
    line["logger"], line["where"] = record.name, f"{record.module}:{record.lineno} {record.funcName}"
    line["event"] = "log"
    if template != _WITHHELD:
        line["where"] += f" | {template}"
    return line


_SHARED: Final[list[Any]] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
    _without_message,
    _keep_listed,
]


class JsonLines(structlog.stdlib.ProcessorFormatter):
    """The formatter of every line, ours and other packages'."""

    def __init__(self, *_args: object, **_options: object) -> None:
        super().__init__(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=True),
            ],
            foreign_pre_chain=[_foreign, *_SHARED],
            use_get_message=False,
            pass_foreign_args=True,
        )


#: Django's ``LOGGING``: everything goes through the one formatter to standard error.
LOGGING: Final[dict[str, Any]] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": JsonLines}},
    "handlers": {"lines": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["lines"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "procrastinate": {"level": "WARNING"},
        # Every request and every fault has a line of its own already.
        "django.request": {"handlers": [], "level": "CRITICAL", "propagate": True},
    },
}

structlog.configure(
    processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger,
    cache_logger_on_first_use=True,
)
log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger("tonghu")
