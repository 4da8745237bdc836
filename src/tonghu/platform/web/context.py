"""What every template knows as ``shell``; nothing of it is worked out before a template asks."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from tonghu.platform.scope.scope import Scope
from tonghu.platform.web import duties

THEME_COOKIE = "tonghu_theme"
THEMES = ("system", "light", "dark")


class Shell:
    """The page around the work, for one request."""

    #: Names of languages stand in their own language, whichever the page is in.
    chinese = "中文"

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    @property
    def _scope(self) -> Scope:
        scope: Scope = getattr(self._request, "scope", Scope(purpose="public"))
        return scope

    @cached_property
    def menu(self) -> tuple[duties.Group, ...]:
        """The menu by duty."""
        return duties.menu(self._scope, self._request.path)

    @property
    def theme(self) -> str:
        """What the reader chose: ``light``, ``dark``, or ``system``."""
        said = self._request.COOKIES.get(THEME_COOKIE, "")
        return said if said in THEMES else "system"

    @property
    def help_url(self) -> str:
        """Where the help on this page stands."""
        match = self._request.resolver_match
        return reverse("web:help", args=[match.view_name.replace(":", ".") if match and match.view_name else "start"])

    @property
    def login_url(self) -> str:
        """Where a stranger logs in; '' on a site without log-in."""
        return _address("accounts:login")

    @property
    def logout_url(self) -> str:
        """Where the log-out is posted."""
        return _address("accounts:logout")

    @property
    def switch_url(self) -> str:
        """Where the choice of another post is posted."""
        return _address("accounts:switch")


def shell(request: HttpRequest) -> dict[str, Any]:
    """The context processor."""
    return {"shell": Shell(request)}


def _address(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""
