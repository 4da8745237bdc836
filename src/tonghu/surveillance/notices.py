"""What people are told about their months."""

from __future__ import annotations

from typing import Final

from tonghu.platform.notices.kinds import Mail, declare

#: Before the due date, to those who do the work; the month is not finished.
DUE: Final = declare(
    "surveillance.due", group="reporting",
    zh="{month} 的病例 {due} 截止（还有 {days} 天）："
    "累计上报 {reported} 份，未上报 {waiting} 份；确无病例的请签署零报告",
    en="{month} is due on {due}, in {days} days: {reported} reported, {waiting} not; if none, sign a zero report",
    mail=Mail.AT_ONCE,
)  # fmt: skip
#: After the due date.
OVERDUE: Final = declare(
    "surveillance.overdue", group="reporting",
    zh="{month} 的病例已逾期 {days} 天：累计上报 {reported} 份，未上报 {waiting} 份，尚未报齐",
    en="Cases of {month} are {days} days overdue: {reported} reported, {waiting} not yet",
    mail=Mail.AT_ONCE, sms=True,
)  # fmt: skip
#: To the lead and the deputy head, once for a zero report: cards of its month came after it.
CONTRADICTED: Final = declare(
    "surveillance.contradicted", group="reporting",
    zh="{month} 已签零报告，现有 {cards} 份报告卡：该月按报告卡计。请核对：撤回零报告，或作废误录的卡",
    en="{month} was signed as without a case and has cards ({cards}), which count: withdraw it, or void the cards",
    mail=Mail.AT_ONCE,
)  # fmt: skip
#: To the officers of the health commissions above, once for all of their points.
REGION_OVERDUE: Final = declare(
    "surveillance.region_overdue", group="reporting",
    zh="{month} 逾期 {days} 天：辖区内仍有 {points} 个监测点欠报",
    en="{month} is {days} days overdue: {points} points of your region still owe something",
)  # fmt: skip
