"""What a post may do with children."""

from __future__ import annotations

from tonghu.platform.scope.permissions import declare

READ = declare(
    "children.read",
    zh="查看患儿",
    en="See children",
    effect_zh="查看本范围内患儿的资料，每次查看都有记录。",
    effect_en="Sees the children in scope; every look is logged.",
    of_patients=True,
)
ENTER = declare(
    "children.enter",
    zh="登记患儿",
    en="Enter children",
    effect_zh="登记和修改本机构患儿的资料。",
    effect_en="Enters and changes what the own institution knows of a child.",
    of_patients=True,
)
MERGE = declare(
    "children.merge",
    zh="合并患儿",
    en="Merge children",
    effect_zh="认定两份资料属于同一名患儿，两份资料都须属于本范围内的机构；或撤销这一认定，包括其他机构对本机构患儿的认定。",
    effect_en="Says that two children are one, where institutions in scope hold both; takes that back, "
    "also what others said of a child of theirs.",
    of_patients=True,
)
GRANT = declare(
    "children.grant",
    zh="授权查看患儿",
    en="Let another hospital see a child",
    effect_zh="凭转诊、会诊、接诊或家属同意，让另一家医院在规定时间内查看一名患儿。",
    effect_en="Lets another hospital see a child for a time, by referral, consultation, custody or consent.",
    of_patients=True,
)
CONSENT = declare(
    "children.consent",
    zh="记录知情同意",
    en="Record consent",
    effect_zh="记录家属的同意和撤回。",
    effect_en="Records what a family agrees to, and when it takes that back.",
    of_patients=True,
)
