"""What a post may do with monitoring points and their months. None of it shows a patient."""

from __future__ import annotations

from tonghu.platform.scope.permissions import declare

VIEW = declare(
    "surveillance.view",
    zh="查看上报进度", en="See how reporting stands",
    effect_zh="查看本单位或本辖区监测点各月的应报、累计上报、逾期、零报告和锁定情况，不含患儿资料。",
    effect_en="Sees, month by month, what points in scope owe, have reported, are late with; names no patient.",
)  # fmt: skip
SIGN = declare(
    "surveillance.sign",
    zh="签署零报告", en="Sign zero reports",
    effect_zh="代表本监测点签署零报告（该归档月没有病例），也可写明原因撤回。",
    effect_en="Signs for the point that a month had no case, and withdraws that with a reason.",
)  # fmt: skip
LOCK = declare(
    "surveillance.lock",
    zh="锁定月份", en="Lock months",
    effect_zh="锁定或解锁全国的一个归档月：锁定后不能批量撤销，单份更正照常并留痕。",
    effect_en="Locks or unlocks an archive month for the nation: then no bulk undo; single corrections go on.",
)  # fmt: skip
MANAGE = declare(
    "surveillance.manage",
    zh="管理监测点", en="Keep monitoring points",
    effect_zh="把本辖区的医疗机构确定为监测点，或终止，均写明起止日期和依据。",
    effect_en="Makes institutions of the region monitoring points, or ends that, with dates and grounds.",
)  # fmt: skip
