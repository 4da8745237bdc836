"""Where a reader goes on to after a form, or back to before it: an address of ours, never of anybody else."""

from __future__ import annotations

from urllib.parse import urlsplit

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


def page_before(request: HttpRequest) -> str:
    """Return the page of ours that a form was sent from, as the browser says it; '' where it says none.

    The address that a form is sent to is seldom a page itself.
    """
    said = urlsplit(request.headers.get("Referer", ""))
    ours = said.netloc == request.get_host() and said.path.startswith("/")
    return said._replace(scheme="", netloc="", fragment="").geturl() if ours else ""
