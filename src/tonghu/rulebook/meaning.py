"""What each function of the rule language means, in Python: one plain function each, never given None.

The SQL texts beside them in :mod:`tonghu.rulebook.language` say the same; generated tests hold the two together.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Context, Decimal
from functools import lru_cache

from tonghu.codes import dates, identity, regions
from tonghu.codes.code_list import CodeList
from tonghu.codes.icd10 import KEY_CHARACTERS, normalise
from tonghu.rulebook.rule_error import BadExpression

#: Arithmetic that never rounds: every sum and product that the language admits has at most 38 digits.
EXACT = Context(prec=80)

_LOWER, _UPPER = "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#: ``translate`` arguments of `upper`: ASCII letters only, since beyond them the executors disagree.
UPPER = (_LOWER, _UPPER)
#: ``translate`` arguments of `code_key`; what has no counterpart is dropped.
CODE_KEY = KEY_CHARACTERS
_UPPER_TABLE = str.maketrans(*UPPER)


def upper(text: str) -> str:
    """`text` with ASCII letters as capitals."""
    return text.translate(_UPPER_TABLE)


@lru_cache(maxsize=16_384)
def code_key(text: str) -> str:
    """The matching key of a code: :func:`tonghu.codes.icd10.normalise`, remembered."""
    return normalise(text)


def code_list(text: str) -> Callable[[str], bool]:
    """Whether a key is in the list `text`."""
    return lru_cache(maxsize=4096)(CodeList.parse(text).matches)


def prefixes(text: str) -> tuple[str, ...]:
    """The alternatives of ``'a|b|c'``."""
    return tuple(text.split("|"))


# One step of a pattern that Python, RE2 and Java read alike: no anchors, no look-around, no back reference, no lazy or
# possessive quantifier, no class escape but \d and \w, no nested or intersected class.
_IN_CLASS = r"(?:\\[dw\]\[\\^.-]|[^\\\]\[&^~|\s]|\ )"
_ESCAPED = r"\\[dw.\\()\[\]{}|*+?^$/-]"
_QUANTIFIER = r"(?<![*+?}(|])(?:[*+?]|\{\d{1,3}(?:,\d{0,3})?\})"
_STEP = re.compile(rf"\[\^?{_IN_CLASS}+\]|{_ESCAPED}|\((?:\?:)?|\)|\||[^\\\[\]()|*+?{{}}^$]|{_QUANTIFIER}")


def common_pattern(text: str) -> str:
    r"""A regular expression in the form that all executors read alike: ``.`` is written out as ``[^\n]``.

    Raises BadExpression for what they might read differently, and for what is no regular expression.
    """
    at, steps = 0, []
    while at < len(text):
        step = _STEP.match(text, at)
        if step is None:
            raise BadExpression(
                f"正则表达式“{text}”第 {at + 1} 个字符起的写法不在各执行器共通的范围内（不可用 ^ $ \\s 及前后断言）",
                f"in the pattern “{text}”, what begins at character {at + 1} is not common to all executors"
                " (no ^ $ \\s, no look-around)",
            )
        steps.append("[^\n]" if step[0] == "." else step[0])
        at = step.end()
    common = "".join(steps)
    try:
        re.compile(common, re.ASCII)
    except re.error as error:
        raise BadExpression(f"正则表达式“{text}”有误", f"the pattern “{text}” is wrong: {error}") from None
    return common


def pattern(text: str) -> Callable[[str], object]:
    """The full match of a pattern that :func:`common_pattern` made."""
    return re.compile(text, re.ASCII).fullmatch


def province_known(address: str) -> bool:
    """Whether `address` begins with the name of a province."""
    return regions.province_of_address(address) is not None


def date_of(moment: date) -> date:
    """The day of `moment`."""
    return moment.date() if isinstance(moment, datetime) else moment


def at_midnight(moment: datetime) -> bool:
    """Whether `moment` has no time of day."""
    return not (moment.hour or moment.minute or moment.second or moment.microsecond)


def days_as_months(days: int) -> Decimal:
    """`days` / 30, rounded half away from zero to two places: how a front page writes the age of an infant."""
    hundredths = (abs(days) * 200 + 30) // 60
    return Decimal(hundredths if days >= 0 else -hundredths).scaleb(-2)


years_between = dates.completed_years
days_between = dates.age_days
stay_days = dates.stay_days
id_valid = identity.is_valid
id_birth = identity.birth_date
id_is_male = identity.is_male
