"""What rules are called on pages."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

from django.utils.translation import get_language

from tonghu.rulebook import packaged

#: Folders of the rule book whose rules find something on cards.
FOLDERS: Final = ("registry", "tumours")
#: What rules of different titles that report under one id have in common: a page that names the id means all of them.
TOGETHER: Final[Mapping[str, tuple[str, str]]] = {
    "D04": ("年龄应在合理范围内", "The age is a possible one"),
    "G01": ("非恶性肿瘤的分化程度", "The grade of a tumour that is not malignant"),
    "G02": ("分化程度应与肿瘤类型相符", "The grade fits the kind of tumour"),
    "G03": ("分化程度应与形态学相符", "The grade fits the histology"),
    "M02": ("形态学应与诊断依据相符", "The histology fits the basis of diagnosis"),
    "M03": ("按分子特征定义的类型与诊断依据", "Molecularly defined types and the basis of diagnosis"),
    "T01": ("部位应与形态学相符", "The site fits the histology"),
    "T02": ("部位应与形态学相符", "The site fits the histology"),
    "V04": ("性别、行为、依据、分化程度应为编码表内的值", "Sex, behaviour, basis and grade are codes of their lists"),
}


def title_of(rule: str) -> str:
    """The title of a rule in the reader's language; its id where the rule book has none of that id any more."""
    known = _titles().get(rule)
    if known is None:
        return rule
    return known[1 if (get_language() or "").startswith("en") else 0]


@cache
def _titles() -> Mapping[str, tuple[str, str]]:
    """The titles by reported id: that of the rule which has the id itself, else of the first that reports under it;
    of an id that many share, what they have in common."""
    found = dict(TOGETHER)
    for folder in FOLDERS:
        for rule in packaged(folder).rules:
            if rule.id == rule.reports or rule.reports not in found:
                found[rule.reports] = (rule.title.zh, rule.title.en)
    return found
