"""Who may see what goes out. Everybody reads their own notices."""

from __future__ import annotations

from typing import Final

from tonghu.platform.scope.permissions import declare

OPERATE: Final = declare(
    "notices.operate",
    zh="查看消息发送", en="Watch what is sent",
    effect_zh="查看邮件和短信的发送状态与故障，可让未发出的重新发送；看不到通知内容。",
    effect_en="Sees how e-mails and SMS stand and what fails, has them sent again; does not see what they say.",
)  # fmt: skip
