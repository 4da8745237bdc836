"""The same call twice changes nothing and answers the same: ``Idempotency-Key``, for operations that say so.

The row with the answer is written in the transaction of the call itself, so a crash leaves neither. A second call with
the same key waits for the first one at the unique constraint. Errors are not kept: the call may be mended and sent
again. Example::

    @router.post("/batches", response=BatchOut)
    @idempotent
    @requires(SEND)
    def send(request: Request, batch: BatchIn) -> Batch: ...
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeVar

from django.db import IntegrityError, transaction
from django.http import HttpResponse
from ninja.operation import Operation

from tonghu.platform.api.models import KeptAnswer
from tonghu.platform.api.problems import Refused

if TYPE_CHECKING:
    from tonghu.platform.api.gate import Request

Function = TypeVar("Function", bound=Callable[..., Any])
HEADER: Final = "Idempotency-Key"
_KEY: Final = re.compile(r"[A-Za-z0-9._~-]{8,80}")


def idempotent(function: Function) -> Function:
    """Let callers repeat the operation safely by sending an ``Idempotency-Key``."""
    function.idempotent = True  # type: ignore[attr-defined]
    return function


def hashed(content: bytes) -> bytes:
    """Return a hash of a body."""
    return hashlib.sha256(content).digest()


def once(request: Request, operation: Operation, run: Callable[[], HttpResponse]) -> HttpResponse:
    """Run the operation, or answer as it did before for the same key.

    Raises:
        Refused: the key has no usable form, or stood for another call.
    """
    key = request.headers.get(HEADER)
    if key is None:
        return run()
    if not _KEY.fullmatch(key):
        raise Refused("bad_key")
    of = {
        "person_id": request.scope.person,
        "post_id": request.scope.post,
        "client_id": request.scope.client,
        "operation": f"{request.method} {operation.path}",
        "key": key,
    }
    asked = hashed(request.get_full_path().encode() + b"\0" + request.body)
    try:
        with transaction.atomic():
            kept = KeptAnswer.objects.create(asked=asked, **of)
    except IntegrityError:
        return _again(KeptAnswer.objects.get(**of), asked)
    response = run()
    if response.status_code < 400:
        kept.status, kept.answer = response.status_code, response.content.decode()
        kept.save(update_fields=["status", "answer"])
    else:
        transaction.set_rollback(True)  # this row goes with the rest of the call
    return response


def _again(kept: KeptAnswer, asked: bytes) -> HttpResponse:
    if bytes(kept.asked) != asked:
        raise Refused("key_reused")
    response = HttpResponse(kept.answer, status=kept.status, content_type="application/json; charset=utf-8")
    response["Idempotency-Replayed"] = "true"
    return response
