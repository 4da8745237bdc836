"""Invented people: names from common characters, ID numbers nobody can hold, addresses in 示例路."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from tonghu.synth.calendar import compact
from tonghu.synth.chance import Chance

SURNAMES: tuple[str, ...] = (
    *"王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢",
    *("欧阳", "上官", "司徒", "单", "仇", "解"),
)
BOY = tuple("浩宇轩子涵博文俊杰梓睿泽铭晨阳嘉豪志强明辉建国")
GIRL = tuple("欣怡梓涵诗琪雨婷思颖佳慧雅静美玲淑芬丽娟秀兰桂")
# Characters outside the Basic Multilingual Plane or outside GBK occur in real names: GB18030 writes them in 4 bytes.
RARE = ("㐂", "𠮷", "䶮", "堃", "喆", "璟")
DOTTED = ("阿依·示例", "卡米拉·示例", "扎西·示例", "买买提·示例", "古丽·示例")
CONTACTS = ("父亲", "母亲")

PROVINCES: tuple[tuple[str, str], ...] = (
    ("11", "北京市"),
    ("12", "天津市"),
    ("13", "河北省"),
    ("14", "山西省"),
    ("15", "内蒙古自治区"),
    ("21", "辽宁省"),
    ("22", "吉林省"),
    ("23", "黑龙江省"),
    ("31", "上海市"),
    ("32", "江苏省"),
    ("33", "浙江省"),
    ("34", "安徽省"),
    ("35", "福建省"),
    ("36", "江西省"),
    ("37", "山东省"),
    ("41", "河南省"),
    ("42", "湖北省"),
    ("43", "湖南省"),
    ("44", "广东省"),
    ("45", "广西壮族自治区"),
    ("46", "海南省"),
    ("50", "重庆市"),
    ("51", "四川省"),
    ("52", "贵州省"),
    ("53", "云南省"),
    ("54", "西藏自治区"),
    ("61", "陕西省"),
    ("62", "甘肃省"),
    ("63", "青海省"),
    ("64", "宁夏回族自治区"),
    ("65", "新疆维吾尔自治区"),
)
PROVINCE_NAME = dict(PROVINCES)
ETHNICITIES = (("01", "汉族"), ("03", "回族"), ("11", "满族"), ("06", "苗族"), ("15", "土家族"), ("08", "壮族"))

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"


@cache
def _weighted(digits: str, start: int) -> int:
    return sum(int(d) * w for d, w in zip(digits, _WEIGHTS[start:], strict=False))


def id_number(province: str, born: int, sequence: int) -> str:
    """An 18-character ID number with a right check character, which nobody holds.

    `province` two digits, then `0000`: numbers are issued by counties, never by a province as such. `born` is an
    ordinal; `sequence` 0-999, odd for a male. Source of the check: GB 11643 (ISO 7064 MOD 11-2).
    """
    birth, tail = compact(born), f"{sequence:03d}"
    total = _weighted(province, 0) + _weighted(birth, 6) + _weighted(tail, 14)
    return f"{province}0000{birth}{tail}{_CHECK[total % 11]}"


@dataclass(slots=True)
class Person:
    """One invented person as one hospital knows them. `sex` is 1 or 2; `born` and `last_out` are ordinal days."""

    name: str
    sex: str
    born: int
    record_number: str
    id_number: str
    province: str
    address: str
    phone: str
    postcode: str
    ethnicity: tuple[str, str]
    contact: str
    payment: str
    stays_before: int = 0
    last_out: int = 0

    def set_birth(self, born: int) -> None:
        """Give the birth day (an ordinal), and with it the ID number, of somebody made before it was known."""
        self.born = born
        sequence = int(self.id_number[14:17])
        self.id_number = id_number(self.province, born, sequence)


def invent_name(chance: Chance, sex: str) -> str:
    """A name of common characters; one in some hundreds with a rare character or a middle dot."""
    draw = chance.random
    given = BOY if sex == "1" else GIRL
    lot = draw()
    surname = SURNAMES[int(draw() * len(SURNAMES))]
    first = given[int(draw() * len(given))]
    if lot < 0.004:
        return surname + RARE[int(draw() * len(RARE))] + first
    if lot < 0.008:
        return DOTTED[int(draw() * len(DOTTED))]
    if lot < 0.2:
        return surname + first
    return surname + first + given[int(draw() * len(given))]


_PAYMENTS = "2222223312578"


def invent_person(chance: Chance, sex: str, born: int, home: str, number: int) -> Person:
    """A new patient. `home` is the hospital's province: two in three live there. `number` counts the records."""
    draw = chance.random
    province = home if draw() < 0.67 else PROVINCES[int(draw() * len(PROVINCES))][0]
    name = invent_name(chance, sex)
    sequence = int(draw() * 500) * 2 + (sex == "1")
    return Person(
        name=name,
        sex=sex,
        born=born,
        record_number=f"{number:08d}",
        id_number=id_number(province, born, sequence),
        province=province,
        address=f"{PROVINCE_NAME[province]}示例市示例区示例路{int(draw() * 900) + 1}号",
        # No number of a person begins with 100.
        phone=f"100{int(draw() * 100_000_000):08d}",
        postcode=f"{province}9999",
        ethnicity=ETHNICITIES[0] if draw() < 0.92 else ETHNICITIES[1 + int(draw() * 5)],
        contact=name[0] + CONTACTS[int(draw() * 2)],
        payment=_PAYMENTS[int(draw() * len(_PAYMENTS))],
    )
