"""What a post may do with docking clients, and what the API asks for that no page does."""

from __future__ import annotations

from typing import Final

from tonghu.platform.scope.permissions import declare

ISSUE: Final = declare(
    "api.issue",
    zh="管理对接凭证", en="Keep docking clients",
    effect_zh="为本范围内的单位发放、更换和终止信息系统的对接凭证；只能交出本岗位自己也有的权限。",
    effect_en="Issues, renews and ends credentials of systems in scope; hands out no right that the post itself lacks.",
)  # fmt: skip
CHECK: Final = declare(
    "api.check",
    zh="校验病案首页", en="Check front pages",
    effect_zh="用规则库校验一份病案首页并得到提示；内容不保存。",
    effect_en="Has a front page checked against the rules and gets the findings; nothing is kept.",
)  # fmt: skip
