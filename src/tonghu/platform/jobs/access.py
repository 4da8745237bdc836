"""Who may see and steer jobs. Everybody sees and cancels their own, from a post that reaches its institution."""

from __future__ import annotations

from typing import Final

from tonghu.platform.scope.permissions import declare

VIEW: Final = declare(
    "jobs.view",
    zh="查看本单位任务", en="See the institution's jobs",
    effect_zh="查看本范围内他人提交的后台任务及其进度和结果。",
    effect_en="Sees jobs that others in scope asked for, how far they are and how they ended.",
)  # fmt: skip
MANAGE: Final = declare(
    "jobs.manage",
    zh="处理失败任务", en="Settle dead letters",
    effect_zh="对本范围内失败的任务重试，或写明原因后放弃；可取消他人的任务。",
    effect_en="Has failed jobs in scope tried again or drops them with a reason; may cancel jobs of others.",
)  # fmt: skip
OPERATE: Final = declare(
    "jobs.operate",
    zh="处理系统任务", en="Settle the system's jobs",
    effect_zh="查看系统自身的定时任务，对失败的重试或写明原因后放弃；看不到患儿资料。",
    effect_en="Sees the system's own periodic jobs, has failed ones tried again or drops them; no patients.",
)  # fmt: skip
