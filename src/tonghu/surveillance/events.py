"""What the log of acts keeps of this room."""

from __future__ import annotations

from tonghu.platform.audit.kinds import kind, subject_kind

POINT = subject_kind("surveillance_point", zh="监测点", en="monitoring point")

ADMITTED = kind(
    "surveillance.admitted",
    zh="自 {start} 起确定{subject}（{ground}）", en="made {subject} a point from {start} ({ground})",
    data=("start", "ground"),
)  # fmt: skip
ENDED = kind(
    "surveillance.ended", zh="终止了{subject}，最后一天为 {day}", en="ended {subject}, its last day is {day}",
    data=("day",),
)  # fmt: skip
SIGNED = kind(
    "surveillance.signed", zh="签署了{subject} {month} 的零报告", en="signed that {subject} had no case in {month}",
    data=("month",),
)  # fmt: skip
WITHDRAWN = kind(
    "surveillance.withdrawn",
    zh="撤回了{subject} {month} 的零报告", en="withdrew the zero report of {subject} for {month}", data=("month",),
)  # fmt: skip
CONTRADICTED = kind(
    "surveillance.contradicted",
    zh="{subject} {month} 已签零报告，又有了 {cards} 份报告卡：按报告卡计",
    en="{subject} signed no case for {month} and now has cards ({cards}): the cards count", data=("month", "cards"),
)  # fmt: skip
LOCKED = kind("surveillance.locked", zh="锁定了 {month}", en="locked {month}", data=("month",))
LIFTED = kind("surveillance.lifted", zh="解锁了 {month}", en="unlocked {month}", data=("month",))
