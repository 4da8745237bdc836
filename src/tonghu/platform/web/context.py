"""What every template knows as ``shell``; nothing of it is worked out before a template asks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from tonghu.platform.scope.scope import Scope
from tonghu.platform.shell import STANDS_AT
from tonghu.platform.web import duties

THEME_COOKIE = "tonghu_theme"
THEMES = ("system", "light", "dark")


@dataclass(frozen=True, slots=True)
class PostChoice:
    """A post as the switcher shows it."""

    pk: int
    label: str
    place: str
    active: bool


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
        return duties.menu(self._scope, getattr(self._request, STANDS_AT, self._request.path))

    @property
    def frame(self) -> str:
        """What stands around an answer that may meet anybody: the menu for who has logged in, else nothing."""
        return "web/page.html" if self._scope.person is not None else "web/plain.html"

    @property
    def theme(self) -> str:
        """What the reader chose: ``light``, ``dark``, or ``system``."""
        said = self._request.COOKIES.get(THEME_COOKIE, "")
        return said if said in THEMES else "system"

    @cached_property
    def posts(self) -> tuple[PostChoice, ...]:
        """The posts that the reader may act from."""
        now = getattr(self._request, "post", None)
        return tuple(
            PostChoice(post.pk, str(post.described.name), str(post.institution), bool(now and post.pk == now.pk))
            for post in getattr(self._request, "posts", ())
        )

    @property
    def post(self) -> PostChoice | None:
        """The post that the reader acts from."""
        return next((post for post in self.posts if post.active), None)

    @property
    def made_up(self) -> bool:
        """Whether the reader's place is marked made up: then everything that they see is, and the page says so."""
        now = getattr(self._request, "post", None)
        return bool(now and now.institution.made_up)

    @property
    def account_url(self) -> str:
        """Where the reader keeps their own account."""
        return _address("accounts:account")

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
