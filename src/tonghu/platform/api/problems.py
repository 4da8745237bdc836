"""What the API says when it does not do what was asked: RFC 9457, in the caller's language, in one shape.

Raise :class:`Refused` with one of :data:`KINDS`; ``problem`` makes the answer. An item of ``errors`` says where
(``pointer``: ``#/record/P5``, or the ``parameter``), what (``code``) and why; the value itself comes back only where it
cannot be part of anybody's identity.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language

CONTENT_TYPE: Final = "application/problem+json"
#: Numbers of up to six digits, and days: nothing by which somebody could be found.
_HARMLESS: Final = re.compile(r"-?\d{1,6}|\d{4}[-/.]\d{1,2}[-/.]\d{1,2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of problem: its code, the status, its title, and what to do about it."""

    code: str
    status: int
    zh: str
    en: str
    do_zh: str
    do_en: str


KINDS: Final = {
    kind.code: kind
    for kind in (
        Kind("bad_request", 400, "请求格式有误", "The request cannot be read",
             "请对照接口文档检查地址、请求头和内容。", "Compare address, headers and body with the documentation."),
        Kind("not_json", 400, "请求内容不是合法的 JSON", "The body is no JSON",
             "请以 UTF-8 编码发送 JSON；同一对象内的键不得重复，数字不得为 NaN 或无穷大。",
             "Send JSON in UTF-8, without doubled keys in an object, without NaN or infinities."),
        Kind("bad_key", 400, "Idempotency-Key 格式有误", "The Idempotency-Key cannot be used",
             "应为 8 至 80 位字母、数字、点、横线、下划线或波浪号，例如 UUID。",
             "It has 8 to 80 letters, digits, dots, dashes, underscores or tildes, such as a UUID."),
        Kind("unauthenticated", 401, "需要身份凭证", "Credentials are needed",
             "请先在 /api/v1/oauth/token 换取令牌，并以 Authorization: Bearer 发送；或在浏览器中登录。",
             "Get a token at /api/v1/oauth/token and send it as Authorization: Bearer; or log in with a browser."),
        Kind("invalid_token", 401, "令牌无效或已过期", "The token is unknown or has expired",
             "请重新换取令牌。令牌有效期很短，凭证终止或更换密钥后立即失效。",
             "Get a new one. Tokens are short-lived, and end at once with their client or its secret."),
        Kind("client_ended", 401, "对接凭证不在有效期内", "The docking client does not hold at present",
             "请联系发放凭证的管理员。", "Ask the administrator who issued it."),
        Kind("address_not_allowed", 403, "不允许从此网络地址调用", "Calls from this network address are not allowed",
             "请从登记的地址调用，或请管理员修改登记的地址。",
             "Call from a registered address, or have the registration changed."),
        Kind("forbidden", 403, "没有此项权限", "The right for this is missing",
             "没有任何改动。", "Nothing was changed."),
        Kind("csrf", 403, "缺少防伪令牌", "The CSRF token is missing",
             "浏览器会话的写操作须在 X-CSRFToken 请求头中带上页面的防伪令牌。",
             "Writes of a browser's session carry the page's token in the header X-CSRFToken."),
        Kind("not_found", 404, "找不到", "Not found",
             "没有这个地址，或者其内容不在您的范围内。",
             "There is no such address, or what it shows is not in your scope."),
        Kind("method_not_allowed", 405, "不支持此请求方法", "The method is not allowed here",
             "允许的方法见 Allow 响应头。", "The header Allow says which are."),
        Kind("key_reused", 409, "Idempotency-Key 已用于另一请求", "The Idempotency-Key belongs to another call",
             "同一个键只能重发完全相同的请求；新的请求请换一个键。",
             "A key repeats one call exactly; choose a new one for another call."),
        Kind("conflict", 409, "与现有数据冲突", "It conflicts with what is there",
             "请重新读取后再试。", "Read it again, then try once more."),
        Kind("too_large", 413, "请求内容过大", "The body is too large",
             "请减少内容，或分多次发送。", "Send less, or in several calls."),
        Kind("unsupported_media_type", 415, "不支持此内容类型", "The content type is not supported",
             "请按接口文档设置 Content-Type。", "Set Content-Type as the documentation says."),
        Kind("invalid", 422, "内容有误", "What was sent is not valid",
             "请按各项提示修改后重发。", "Mend each item, then send it again."),
        Kind("refused", 422, "未能办理", "This could not be done", "", ""),
        Kind("too_many", 429, "调用过于频繁", "Too many calls",
             "请在 Retry-After 所示秒数之后再试。", "Try again after the seconds that Retry-After says."),
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that is wrong: where, what, and in which words. `value` is left out where it may name somebody."""

    code: str
    message: str
    pointer: str | None = None
    parameter: str | None = None
    value: Any = None

    def as_dict(self) -> dict[str, Any]:
        """The item as it is sent."""
        said: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.pointer is not None:
            said["pointer"] = self.pointer
        if self.parameter is not None:
            said["parameter"] = self.parameter
        if is_harmless(self.value):
            said["value"] = self.value
        return said


class Refused(Exception):  # noqa: N818 -- it names what happened
    """Ends a call with one kind of problem.

    Args:
        code: of :data:`KINDS`.
        zh, en: what to say instead of the kind's own advice.
        headers: further headers of the answer.
    """

    def __init__(self, code: str, zh: str = "", en: str = "", *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(code)
        self.kind = KINDS[code]
        self.zh, self.en = zh, en
        self.headers = dict(headers or {})


def chinese() -> bool:
    """Whether the caller reads Chinese."""
    return (get_language() or "zh").startswith("zh")


def is_harmless(value: Any) -> bool:
    """Whether a value may be repeated in an answer, which systems log: it cannot be anybody's name or number."""
    if isinstance(value, bool):
        return True
    if isinstance(value, int):
        return abs(value) < 10**6
    return isinstance(value, str) and bool(_HARMLESS.fullmatch(value))


def problem(
    request: HttpRequest,
    kind: Kind,
    *,
    detail: str = "",
    errors: Iterable[Item] = (),
    headers: Mapping[str, str] | None = None,
) -> HttpResponse:
    """Return the answer for a problem; without `detail` it says what the kind says."""
    zh = chinese()
    said: dict[str, Any] = {
        "type": f"urn:tonghu:problem:{kind.code}",
        "title": kind.zh if zh else kind.en,
        "status": kind.status,
        "code": kind.code,
        "detail": detail or (kind.do_zh if zh else kind.do_en),
        "request_id": getattr(request, "request_id", ""),
    }
    items = [item.as_dict() for item in errors]
    if items:
        said["errors"] = items
    response = HttpResponse(json.dumps(said, ensure_ascii=False), status=kind.status, content_type=CONTENT_TYPE)
    if kind.status == 401:
        error = f', error="{kind.code}"' if kind.code == "invalid_token" else ""
        response["WWW-Authenticate"] = f'Bearer realm="tonghu"{error}'
    for name, value in (headers or {}).items():
        response[name] = value
    return response


def refusal(request: HttpRequest, refused: Refused) -> HttpResponse:
    """Return the answer for a :class:`Refused`."""
    return problem(request, refused.kind, detail=refused.zh if chinese() else refused.en, headers=refused.headers)
