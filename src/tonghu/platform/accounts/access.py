"""Who may open a page: every view says it with one of three decorators, and a view that says nothing is not served.

``requires("room.verb")`` asks for a permission of the active post, ``signed_in`` for a person, ``public`` for nobody.
What a reader may *see* on the page is not decided here but by row-level security: a record of others is simply not
found (404). Missing a permission is answered with 403 and a sentence; a stranger is sent to log in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, Final, Literal

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import resolve_url
from django.utils.translation import gettext as _

from tonghu.platform.onward import page_before
from tonghu.platform.scope.permissions import declare, permission
from tonghu.platform.scope.scope import Scope

if TYPE_CHECKING:
    from tonghu.platform.accounts.models import Person, Post

VIEW = declare(
    "accounts.view",
    zh="查看人员与岗位", en="See people and posts",
    effect_zh="查看本单位或本辖区的人员、岗位及其起止日期。",
    effect_en="Sees the people and posts of their institution or region, with dates.",
)  # fmt: skip
REGISTER = declare(
    "accounts.register",
    zh="登记人员", en="Register people",
    effect_zh="为本范围内的单位登记人员并发出一次性激活链接；本身不授予任何岗位。",
    effect_en="Registers people of institutions in scope and issues one-time links; gives nobody a post.",
)  # fmt: skip
APPOINT = declare(
    "accounts.appoint",
    zh="任免岗位", en="Appoint to posts",
    effect_zh="在本范围内任命、终止岗位和指定代理人；不能任命自己，也不能任命超出本岗位可任命的角色。",
    effect_en="Appoints, ends posts and names deputies in scope; never themselves, never a role beyond their own list.",
)  # fmt: skip
SECURE = declare(
    "accounts.secure",
    zh="管理登录安全", en="Keep log-ins safe",
    effect_zh="为本范围内的人员重置登录、解除锁定、停用账号和退出其设备。",
    effect_en="Resets log-ins, lifts locks, suspends accounts and signs devices out for people in scope.",
)  # fmt: skip
LOG_INS = declare(
    "accounts.log_ins",
    zh="查看登录记录", en="Read log-in records",
    effect_zh="查看本范围内人员的登录、失败、锁定、重置等记录，不能修改。",
    effect_en="Reads who in scope logged in, failed, was locked or reset; changes nothing.",
)  # fmt: skip
AUTHENTICATE = declare(
    "accounts.authenticate",
    zh="核对登录", en="Check log-ins",
    effect_zh="登录过程查找登录者本人；只供系统使用。",
    effect_en="Finds the person who logs in; for the system alone.",
    system_only=True,
)  # fmt: skip
PROVISION = declare(
    "accounts.provision",
    zh="初始化人员", en="Provision people",
    effect_zh="在新站点登记第一批单位的人员和岗位；只供系统使用。",
    effect_en="Registers the first people and posts of a new site; for the system alone.",
    system_only=True,
)  # fmt: skip


class Request(HttpRequest):
    """What views get once the middleware has opened the scope."""

    scope: Scope
    user: Person
    post: Post | None
    posts: list[Post]


Kind = Literal["public", "signed_in", "requires"]
View = Callable[..., HttpResponseBase]


@dataclass(frozen=True, slots=True)
class Access:
    """What a view says about who may open it: any one of `permissions` suffices."""

    kind: Kind
    permissions: tuple[str, ...] = ()


#: What every decorated view says, for the check at the start.
ASKED: Final[list[Access]] = []


def public(view: View) -> View:
    """Let anybody open the view, also without log-in."""
    return _guarded(view, Access("public"))


def signed_in(view: View) -> View:
    """Let every person who has logged in open the view, whatever their post."""
    return _guarded(view, Access("signed_in"))


def requires(*permissions: str) -> Callable[[View], View]:
    """Let those open the view whose active post holds one of the permissions."""
    return lambda view: _guarded(view, Access("requires", permissions))


def access_of(view: Any) -> Access | None:
    """Return what a view says about who may open it, or None where it says nothing."""
    said: Access | None = getattr(view, "access", None)
    return said


def check_may(scope: Scope, *permissions: str) -> None:
    """Check that the scope holds one of the permissions; services call it before they write.

    Raises:
        PermissionDenied: with a sentence that names what is missing.
    """
    if not any(scope.may(code) for code in permissions):
        names = _(" or ").join(f"“{permission(code).name}”" for code in permissions)
        raise PermissionDenied(
            _(
                "Your active post does not hold the right %(names)s. Choose another post, or ask whoever appoints for "
                "your institution."
            )
            % {"names": names}
        )


def _guarded(view: View, access: Access) -> View:
    ASKED.append(access)

    @wraps(view)
    def guarded(request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return _elsewhere(request, access) or view(request, *args, **kwargs)

    guarded.access = access  # type: ignore[attr-defined]
    return guarded


def let_in(request: Request, view: View) -> HttpResponseBase | None:
    """Ask at the door of a view before anything of the request's body is read; None: the reader may open it.

    Raises:
        PermissionDenied: the active post may not.
    """
    access = access_of(view)
    return _elsewhere(request, access) if access else None


def _elsewhere(request: Request, access: Access) -> HttpResponseBase | None:
    if access.kind != "public" and request.scope.person is None:
        return _to_log_in(request)
    if access.kind == "requires":
        if request.post is None and request.posts and request.method == "GET":
            return redirect_to_login(request.get_full_path(), resolve_url("accounts:switch"))
        check_may(request.scope, *access.permissions)
    return None


def _to_log_in(request: HttpRequest) -> HttpResponseBase:
    """Send a stranger to the log-in page and back; what they had posted is not repeated: the form is opened again."""
    where = request.get_full_path() if request.method == "GET" else page_before(request)
    if request.headers.get("HX-Request"):  # htmx would put the log-in page into a corner of this one
        return HttpResponse(status=401, headers={"HX-Redirect": resolve_url("accounts:login")})
    return redirect_to_login(where, resolve_url("accounts:login"))
