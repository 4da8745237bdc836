"""What the log of acts keeps of report cards, and which notices they cause."""

from __future__ import annotations

from typing import Final

from tonghu.codes import hqms_fields
from tonghu.platform.audit.kinds import Kind, kind, subject_kind, word
from tonghu.registry.forms.sections import masked_kind
from tonghu.registry.states import ACTS

CARD: Final = subject_kind("card", zh="报告卡", en="report card")
CARDS: Final = subject_kind("cards_of", zh="机构的报告卡", en="report cards of institution")

for _field in (field for known in hqms_fields.LAYOUTS for field in hqms_fields.layout(known).fields):
    if masked_kind(_field.name):  # shown whole for a reason, under the layout's own name
        word(_field.name_zh, en=_field.name_en)

ENTERED: Final = kind("registry.entered", zh="录入了{subject}", en="entered {subject}")
ENTERED_BESIDE: Final = kind(
    "registry.entered_beside",
    zh="录入了{subject}，并说明与报告卡 {others} 不是同一次住院",
    en="entered {subject}, and said that card(s) {others} are of another stay",
    data=("others",),
)
#: One for each act; of many cards at once, one event names the hospital and how many.
MOVED: Final[dict[str, Kind]] = {
    code: kind(
        f"registry.{code}",
        zh=f"{act.zh}：{{subject}}，{{count}} 份",
        en=f"{act.en}: {{subject}}, {{count}} card(s)",
        data=("count",),
    )
    for code, act in ACTS.items()
}
VOID_ASKED: Final = kind(
    "registry.void_asked", zh="申请作废已上报的{subject}", en="asked to void the reported {subject}"
)
VOID_DECLINED: Final = kind("registry.void_declined", zh="没有同意作废{subject}", en="declined to void the {subject}")
MENDED: Final = kind(
    "registry.mended",
    zh="批量改正（第 {batch} 号，规则 {rule}）：{subject}，{count} 份",
    en="bulk mend {batch} by rule {rule}: {subject}, {count} card(s)",
    data=("rule", "count", "batch"),
)
UNDONE: Final = kind(
    "registry.mend_undone",
    zh="撤销批量改正（第 {batch} 号）：{subject}，{count} 份",
    en="took bulk mend {batch} back: {subject}, {count} card(s)",
    data=("count", "batch"),
)
