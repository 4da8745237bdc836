"""Invented hospitals: names that say so, codes in the three shapes seen in the field, and where they lie."""

from __future__ import annotations

from dataclasses import dataclass

from tonghu.synth.chance import Chance
from tonghu.synth.people import PROVINCES

KINDS = ("人民医院", "儿童医院", "中心医院", "妇幼保健院", "大学附属医院", "肿瘤医院", "第一医院")
_NUMERALS = "甲乙丙丁戊己庚辛壬癸"


@dataclass(frozen=True, slots=True)
class Hospital:
    """An invented hospital. `code` is 22, 18 or 9 characters long; `province` the first two digits of GB/T 2260.

    `for_children`: everybody there is under 20.
    """

    code: str
    name: str
    province: str
    level: str
    for_children: bool


def invent_hospital(seed: int, index: int) -> Hospital:
    """Hospital number `index` of the country of this seed: always the same one."""
    chance = Chance(seed, f"hospital/{index}")
    province, province_name = chance.one(PROVINCES)
    kind = KINDS[index % len(KINDS)]
    number = f"{index + 1:05d}"
    shape = chance.random()
    if shape < 0.6:  # the 22-character registration number
        code = f"TEST{number}{province}0000{province}11A1{index % 10}"
    elif shape < 0.9:  # the 18-character unified social credit code
        code = f"12{province}0000TEST{number}X"
    else:  # the 9 characters of WS 218
        code = f"TEST{number}"
    mark = _NUMERALS[index % 10]
    return Hospital(
        code=code,
        name=f"{province_name}虚构市示例{mark}{index // 10 + 1}{kind}",
        province=province,
        for_children=kind == "儿童医院",
        level="三级" if chance.happens(0.88) else "二级",
    )
