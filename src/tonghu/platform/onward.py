"""Where a reader goes on to after a form, as the form says it: an address of ours, or the first screen."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme


def next_page(request: HttpRequest, *, of_address: bool = False) -> str:
    """Return what ``next`` asks for where that is an address on this site, else ``/``.

    Args:
        request: its form is read, as anybody may have written it.
        of_address: read the query of the address, too, where the form says nothing.
    """
    wanted = request.POST.get("next", "") or (request.GET.get("next", "") if of_address else "")
    ours = wanted.startswith("/") and url_has_allowed_host_and_scheme(
        wanted, {request.get_host()}, require_https=request.is_secure()
    )
    return wanted if ours else "/"
