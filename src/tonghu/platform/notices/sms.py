"""SMS behind an interface: a site that has a gateway names its adapter, others keep what they would send.

``SMS_PROVIDER`` is the dotted name of a class with :meth:`SmsProvider.send`. The adapter looks the person's number up
itself, so that no number passes through notices.
"""

from __future__ import annotations

from typing import Literal, Protocol

from django.conf import settings
from django.utils.module_loading import import_string


class SmsProvider(Protocol):
    """What a gateway's adapter does."""

    def send(self, *, person: int, text: str) -> Literal["sent", "kept"]:
        """Send `text` to a person; say whether it was sent or only kept.

        Raises:
            OSError: the gateway does not answer; it is tried again.
        """
        ...


class KeepInTable:
    """For a site without a gateway: nothing is sent. The message's row stays, marked as kept and not sent."""

    def send(self, *, person: int, text: str) -> Literal["sent", "kept"]:  # noqa: ARG002 -- the protocol's signature
        """Send nothing, and say so."""
        return "kept"


def provider() -> SmsProvider:
    """Return the site's provider."""
    made: SmsProvider = import_string(settings.SMS_PROVIDER)()
    return made
