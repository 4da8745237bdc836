"""What a post may see of the machine on its first screen."""

from __future__ import annotations

from typing import Final

from tonghu.platform.scope.permissions import declare

WARNINGS: Final = declare(
    "home.warnings",
    zh="查看服务器自检提示", en="See warnings about the server",
    effect_zh="首屏列出程序自检对服务器的提示，例如启用了交换分区；不涉及人员和患儿资料。",
    effect_en="The first screen lists what the program's checks warn of, such as swap that is on; no patients.",
)  # fmt: skip
