"""What a post may do with history and logs."""

from __future__ import annotations

from tonghu.platform.scope.permissions import declare

HISTORY = declare(
    "audit.history",
    zh="查看修改记录", en="See what was changed",
    effect_zh="查看本范围内资料由谁、何时、从什么改为什么；看得到资料的人才看得到它的修改记录。",
    effect_en="Sees who changed what in scope, when, from what to what; only of records that the post may see.",
)  # fmt: skip
EXPORT = declare(
    "audit.export",
    zh="导出修改记录", en="Export what was changed",
    effect_zh="把本范围内的修改记录存为文件带走；每次导出须写明原因，留有记录和水印。",
    effect_en="Takes the changes in scope away as a file; every export needs a reason, is logged and watermarked.",
)  # fmt: skip
READ = declare(
    "audit.read",
    zh="查看操作日志", en="Read the log of acts",
    effect_zh="查看本范围内的操作日志和防篡改校验结果；看不到日志中的患儿个人信息。",
    effect_en="Reads the log of acts in scope and whether its chain is whole; personal data of patients stay closed.",
)  # fmt: skip
REVEAL = declare(
    "audit.reveal",
    zh="查看完整证件号和电话", en="See whole numbers",
    effect_zh="逐项查看被遮盖的证件号、电话、住址；每次须写明原因并留有记录。",
    effect_en="Sees a masked document number, telephone or address, one at a time; each needs a reason and is logged.",
    of_patients=True,
)  # fmt: skip
#: No act of ours keeps personal data yet, so no role is promised the right; a test asks for one once an act does.
SHRED = declare(
    "audit.shred",
    zh="销毁日志中的个人信息", en="Shred personal data in the log",
    effect_zh="销毁一名对象在操作日志中的个人信息，不可恢复；日志本身保留。",
    effect_en="Makes the personal data of one subject in the log unreadable for ever; the log itself remains.",
    of_patients=True, system_only=True,
)  # fmt: skip
