"""What a post may do with regions and institutions. To read them needs no permission: they name no person."""

from __future__ import annotations

from tonghu.platform.scope.permissions import declare

MANAGE = declare(
    "network.manage",
    zh="管理机构", en="Keep institutions",
    effect_zh="登记、修改和停用本辖区内的机构及其编码、类别、级别、等次。",
    effect_en="Registers, changes and closes institutions of the region: codes, type, level, grade.",
)  # fmt: skip
PROVISION = declare(
    "network.provision",
    zh="初始化机构与区划", en="Provision institutions and regions",
    effect_zh="载入行政区划和第一批机构；只供系统使用。",
    effect_en="Loads the regions and the first institutions; for the system alone.",
    system_only=True,
)  # fmt: skip
