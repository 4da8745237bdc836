"""What people are told about their log-in: that it was locked, that somebody issued a link for it, that one was used.

A job (``notices.door``) tells it, from the book at the door. Told in the request itself, a lock would cost a name that
exists more work than one that does not, and so say which is which.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Final

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils import timezone

from tonghu.platform.accounts.models import LogInEvent
from tonghu.platform.notices.kinds import Mail, declare
from tonghu.platform.notices.models import Notice
from tonghu.platform.notices.services import notify
from tonghu.platform.scope.scope import open_scope, system_scope

#: What no worker has told by then is told no more.
LATEST: Final = timedelta(days=2)
Kind = LogInEvent.Kind
LOCKED: Final = declare(
    "accounts.locked", group="accounts",
    zh="您的用户名因连续登录失败被暂时锁定。不是您本人操作？请在“我的账号”中查看登录记录并修改密码",
    en="Your user name was locked for a while after failed log-ins. Not you? See “My account” and change your password",
    mail=Mail.AT_ONCE,
)  # fmt: skip
LINK_ISSUED: Final = declare(
    "accounts.link_issued", group="accounts",
    zh="已为您的账号发出一次性链接，持有者可设置密码。不是您要求的？请在“我的账号”中查看由谁发出，并告知审计管理员",
    en="A one-time link was issued for your account; who has it can set the password. Not asked for? “My account” says "
    "by whom; tell the audit administrator",
    mail=Mail.AT_ONCE,
)  # fmt: skip
LINK_USED: Final = declare(
    "accounts.link_used", group="accounts",
    zh="您的密码已通过一次性链接重新设置，其他设备均已退出。不是您本人操作？请立即联系审计管理员",
    en="Your password was set by a one-time link, and every device signed out. Not you? Tell the audit administrator",
    mail=Mail.AT_ONCE,
)  # fmt: skip
LINK_REFUSED: Final = declare(
    "accounts.link_refused", group="accounts",
    zh="为您发出一次性链接的人自己打开了该链接，已被拒绝。请在“我的账号”中查看，并告知审计管理员",
    en="Whoever issued a one-time link for you opened it themselves and was refused. See “My account”, and tell the "
    "audit administrator",
    mail=Mail.AT_ONCE,
)  # fmt: skip
NOTICES: Final[Mapping[str, str]] = MappingProxyType(
    {Kind.LOCKED: LOCKED, Kind.LINK_ISSUED: LINK_ISSUED, Kind.LINK_USED: LINK_USED, Kind.LINK_REFUSED: LINK_REFUSED}
)


def waiting() -> list[LogInEvent]:
    """Return what happened at the door and was not told yet, the oldest first."""
    with open_scope(system_scope("login")):
        since = timezone.now() - LATEST
        before = LogInEvent.objects.filter(person=OuterRef("person"), kind=Kind.LOGGED_IN, at__lt=OuterRef("at"))
        # Whoever made a demo's people up set their passwords: nobody is to be alarmed by that at their first log-in.
        telling = Q(person__made_up=False) | Q(kind=Kind.LOCKED) | Exists(before)
        # A name that nobody has is locked like any other, and there is nobody to tell.
        held = LogInEvent.objects.filter(telling, kind__in=NOTICES, at__gt=since, person__isnull=False)
        found = list(held.order_by("pk"))
    with open_scope(system_scope("notices")):
        keys = [_key(one) for one in found]
        told = set(Notice.objects.filter(kind__in=NOTICES.values(), key__in=keys).values_list("key", flat=True))
    return [one for one in found if _key(one) not in told]


def tell() -> int:
    """Tell what waits, each event once; returns how many notices that were."""
    address = reverse("accounts:account")
    return sum(
        len(notify(NOTICES[one.kind], to=[one.person_id], url=address, key=_key(one)))
        for one in waiting()
        if one.person_id is not None
    )


def _key(event: LogInEvent) -> str:
    return f"event-{event.pk}"
