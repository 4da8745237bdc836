"""How often a caller may ask, counted in the database, so that all processes count together.

The generic cell rate algorithm keeps one moment for each caller, the one at which everything asked so far is paid for
at an even pace. One statement counts and decides; it commits at once, outside the request's transaction, so that calls
of one client never wait for each other. A refused call costs nothing.
"""

from __future__ import annotations

import math

from django.conf import settings
from django.db import connection
from django.utils.crypto import salted_hmac

from tonghu.platform.api import limits
from tonghu.platform.api.problems import Refused

_COUNT = """
INSERT INTO api_ratecount AS held (key, until, allowed)
VALUES (%(key)s, statement_timestamp() + %(step)s * interval '1 second', true)
ON CONFLICT (key) DO UPDATE SET
  allowed = greatest(held.until, statement_timestamp()) + %(step)s * interval '1 second'
            <= statement_timestamp() + %(span)s * interval '1 second',
  until = CASE
    WHEN greatest(held.until, statement_timestamp()) + %(step)s * interval '1 second'
         <= statement_timestamp() + %(span)s * interval '1 second'
    THEN greatest(held.until, statement_timestamp()) + %(step)s * interval '1 second'
    ELSE held.until END
RETURNING allowed, extract(epoch FROM until - statement_timestamp())::float8
"""


def count(key: str, limit: str) -> None:
    """Count one call.

    Args:
        key: whose, such as ``client:7``.
        limit: the entry of ``settings.yaml`` that holds, such as ``rate.client``.

    Raises:
        Refused: with 429 and the seconds to wait.
    """
    calls, span = limits.number(limit, "calls"), limits.number(limit, "seconds")
    step = span / calls
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"key": key, "step": step, "span": span})
        allowed, ahead = cursor.fetchone()
    if not allowed:
        wait = max(1, math.ceil(ahead + step - span))
        raise Refused(
            "too_many",
            f"每 {span} 秒最多 {calls} 次，请在 {wait} 秒后再试。",
            f"At most {calls} calls in {span} seconds; try again after {wait} seconds.",
            headers={"Retry-After": str(wait)},
        )


def of_address(address: str | None) -> str:
    """Return the key of a network address: a keyed hash, since an address is a trace of somebody."""
    return "address:" + salted_hmac("tonghu.api.rates", address or "", secret=settings.SECRET_KEY).hexdigest()
