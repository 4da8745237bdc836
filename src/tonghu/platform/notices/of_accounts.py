"""What people are told about their log-in: that their user name was locked after too many failures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.urls import reverse

from tonghu.platform.accounts.door import account_locked
from tonghu.platform.notices.kinds import Mail, declare
from tonghu.platform.notices.services import notify

if TYPE_CHECKING:
    from tonghu.platform.accounts.models import Person

LOCKED: Final = declare(
    "accounts.locked", group="accounts",
    zh="您的用户名因连续登录失败被暂时锁定。不是您本人操作？请在“我的账号”中查看登录记录并修改密码",
    en="Your user name was locked for a while after failed log-ins. Not you? See “My account” and change your password",
    mail=Mail.AT_ONCE,
)  # fmt: skip


def listen() -> None:
    """Hear when a user name is locked."""
    account_locked.connect(_tell, dispatch_uid="notices.of_accounts")


def _tell(*, person: Person | None, **_: Any) -> None:
    if person is not None:  # a name that nobody has is locked like any other
        notify(LOCKED, to=[person.pk], url=reverse("accounts:account"))
