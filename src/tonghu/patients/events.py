"""What the log of acts keeps of this room."""

from __future__ import annotations

from tonghu.platform.audit.kinds import kind

ENTERED = kind("children.entered", zh="登记了{subject}", en="entered {subject}")
MERGED = kind(
    "children.merged",
    zh="认定{subject}与患儿 #{other} 为同一人（第 {act} 号合并）",
    en="declared {subject} and child #{other} one (merge {act})",
    data=("other", "act"),
)
UNMERGED = kind(
    "children.unmerged",
    zh="撤销了{subject}与患儿 #{other} 的第 {act} 号合并",
    en="took back merge {act} of {subject} and child #{other}",
    data=("other", "act"),
)
DISMISSED = kind(
    "children.told_apart",
    zh="认定{subject}与患儿 #{other} 不是同一人",
    en="declared {subject} and child #{other} two",
    data=("other",),
)
PARTED = kind(
    "children.parted",
    zh="把{subject}与患儿 #{other} 拆分为两人（第 {act} 号拆分）",
    en="parted {subject} and child #{other} (split {act})",
    data=("other", "act"),
)
GRANTED = kind(
    "children.granted",
    zh="允许 {hospital} 查看{subject}（{ground}，{start} 至 {end}）",
    en="let {hospital} see {subject} ({ground}, {start} until {end})",
    data=("hospital", "ground", "start", "end"),
)
GRANT_ENDED = kind(
    "children.grant_ended",
    zh="终止了 {hospital} 对{subject}的查看",
    en="ended that {hospital} sees {subject}",
    data=("hospital",),
)
CONSENTED = kind(
    "children.consented",
    zh="记录了{subject}家属的同意：{purpose}",
    en="recorded the consent of the family of {subject}: {purpose}",
    data=("purpose",),
)
WITHDRAWN = kind(
    "children.withdrawn",
    zh="记录了{subject}家属撤回同意：{purpose}",
    en="recorded that the family of {subject} took its consent back: {purpose}",
    data=("purpose",),
)
