"""The functions of the rule language: one row each, with its meaning in Python, DuckDB and Spark.

This table is the language. The parser takes names and types from it, the executors their texts, the documentation its
words; a function that is not here cannot be written in a rule. Every function is strict (NULL in, NULL out) except
``given``, ``coalesce`` and ``is null``, and none of them fails on any value of its types.

A text may use ``{0}``, ``{1}``… for its arguments and, in Python, ``{k}`` for what `prepare` made of a literal once,
when the rule was compiled.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from tonghu.codes import regions
from tonghu.codes.bad_code import BadCode
from tonghu.codes.code_list import CodeList
from tonghu.codes.text import BLANKS
from tonghu.rulebook import meaning
from tonghu.rulebook.expressions import BOOLEAN, DATE, TEXT, Call, Kind, Type
from tonghu.rulebook.rule_error import BadExpression

SqlText = str | Callable[[Sequence[str], Callable[[str], str]], str]


@dataclass(frozen=True, slots=True)
class Function:
    """One function. `takes` names what each parameter accepts, the last one repeated where `many`.

    ``text``, ``integer``, ``number``, ``boolean`` mean themselves; ``day`` takes a date or a datetime, whose day
    counts; ``moment`` a datetime; ``ordered`` takes anything with an order, all of one kind;
    ``literal text`` and ``literal integer`` must be written out in the rule; ``fact`` is a bare name. `result` None:
    the type of the arguments. `total` False: the answer can be NULL although no argument is. `uses`: functions of the
    same arguments whose texts the SQL names behind those of the arguments.
    """

    name: str
    takes: tuple[str, ...]
    result: Type | None
    python: str
    duckdb: SqlText
    spark: SqlText
    zh: str
    en: str
    example: str
    many: bool = False
    total: bool = True
    prepare: Callable[[str], object] | None = field(default=None, compare=False)
    uses: tuple[str, ...] = ()


def _integer(digits: int) -> Type:
    return Type(Kind.INTEGER, digits)


def _in_list(args: Sequence[str], quote: Callable[[str], str]) -> str:
    """The list as ranges of the key; `args[1]` is the list's own text.

    Many ranges become a search tree: a list of a hundred costs seven comparisons, not two hundred.
    """
    key = args[0]

    def search(bounds: Sequence[tuple[str, str]]) -> str:
        if len(bounds) <= 2:
            ranges = (f"({key} >= {quote(low)} AND {key} < {quote(high)})" for low, high in bounds)
            return "(" + " OR ".join(ranges) + ")"
        middle = len(bounds) // 2
        left, right = search(bounds[:middle]), search(bounds[middle:])
        return f"(CASE WHEN {key} < {quote(bounds[middle][0])} THEN {left} ELSE {right} END)"

    return search(code_list(args[1]).bounds())


def _begins_any(function: str) -> SqlText:
    def text(args: Sequence[str], quote: Callable[[str], str]) -> str:
        return "(" + " OR ".join(f"{function}({args[0]}, {quote(p)})" for p in meaning.prefixes(args[1])) + ")"

    return text


def _translate(table: tuple[str, str]) -> SqlText:
    def text(args: Sequence[str], quote: Callable[[str], str]) -> str:
        return f"translate({args[0]}, {quote(table[0])}, {quote(table[1])})"

    return text


def _quick_upper(args: Sequence[str], quote: Callable[[str], str]) -> str:
    """Texts of ASCII alone need no `translate`, which is ten times as dear."""
    slow = _translate(meaning.UPPER)
    assert callable(slow)
    return f"(CASE WHEN strlen({args[0]}) = length({args[0]}) THEN upper({args[0]}) ELSE {slow(args, quote)} END)"


def _code_key(plain: str) -> SqlText:
    """`translate` costs 0.4 µs a value; almost every code is plain ASCII, which goes a way four times as fast."""

    def text(args: Sequence[str], quote: Callable[[str], str]) -> str:
        quick = f"upper(replace(replace({args[0]}, '.', ''), ' ', ''))"
        slow = f"translate({args[0]}, {quote(meaning.CODE_KEY[0])}, {quote(meaning.CODE_KEY[1])})"
        return f"(CASE WHEN {plain.format(args[0])} THEN {quick} ELSE {slow} END)"

    return text


def code_list(text: str) -> CodeList:
    """The list that a rule writes. Raises BadExpression."""
    try:
        return CodeList.parse(text)
    except BadCode as bad:
        raise BadExpression(bad.zh, bad.en) from None


_18, _15 = "'[0-9]{{17}}[0-9Xx]'", "'[0-9]{{15}}'"
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def _digit(place: int) -> str:
    return f"(ascii(substr({{0}}, {place}, 1)) - 48)"


def _id_birth(full_match: str, days: tuple[str, str], cast: str) -> str:
    """`days`: the digits of the day in numbers of 18 and of 15 characters; `cast`: NULL where there is no such day."""
    long, short = map(cast.format, days)
    return (
        f"(CASE WHEN {full_match.format(_18)} THEN CASE WHEN substr({{0}}, 7, 2) IN ('19', '20') THEN {long} END"
        f" WHEN {full_match.format(_15)} THEN {short} END)"
    )


def _id_valid(remainder: str) -> str:
    """`{1}` is the birth date, which only a right shape has; `remainder`: of the weighted digits by 11."""
    right = f"substr('10X98765432', CAST({remainder} AS INTEGER) + 1, 1) = upper(substr({{0}}, 18, 1))"
    return f"(CASE WHEN {{1}} IS NOT NULL AND length({{0}}) = 18 THEN {right} WHEN {{0}} IS NOT NULL THEN FALSE END)"


def _remainder_of_digits() -> str:
    total = " + ".join(f"{_digit(place)} * {weight}" for place, weight in enumerate(_WEIGHTS, 1))
    return f"({total}) % 11"


def _remainder_of_integer() -> str:
    """The weighted digits modulo 11, out of the seventeen as one integer: a fifth of the price of cutting out each.

    Digit k from the right is ``n // 10^k - 10 * (n // 10^(k+1))``, so ``n // 10^k`` counts with its digit's weight less
    ten times that of the digit to its right, which modulo 11 is the sum of the two.
    """
    weights = _WEIGHTS[::-1]
    factors = [weights[0], *((one + other) % 11 for one, other in pairwise(weights))]
    total = " + ".join(f"n // {10**place} * {factor}" for place, factor in enumerate(factors))
    return f"list_transform([TRY_CAST(substr({{0}}, 1, 17) AS BIGINT)], lambda n: ({total}) % 11)[1]"


def _id_is_male(shaped: str) -> str:
    """`shaped`: whether it has the shape of a number. An odd digit has an odd character code."""
    digit = "substr({0}, CASE WHEN length({0}) = 18 THEN 17 ELSE 15 END, 1)"
    return f"(CASE WHEN {shaped} THEN ascii({digit}) % 2 = 1 END)"


def _shaped(full_match: str) -> str:
    return f"({full_match.format(_18)} OR {full_match.format(_15)})"


_DUCK_KEY = _code_key("regexp_full_match({0}, '[A-Za-z0-9. ]*')")
_SPARK_KEY = _code_key("rlike({0}, '^[A-Za-z0-9. ]*\\\\z')")


def _province_known(search: str) -> SqlText:
    """Blanks before the address are in the pattern: `ltrim` with a list of characters costs ten times the search."""

    def text(args: Sequence[str], quote: Callable[[str], str]) -> str:
        blanks = "".join(f"\\x{{{ord(blank):x}}}" for blank in BLANKS)
        begins, not_after_all = (quote(f"^[{blanks}]*{pattern}") for pattern in regions.address_patterns())
        return f"({search}({args[0]}, {begins}) AND NOT {search}({args[0]}, {not_after_all}))"

    return text


_DUCK_MATCH, _SPARK_MATCH = "regexp_full_match({{0}}, {0})", "rlike({{0}}, concat('^(?:', {0}, ')\\\\z'))"
_DUCK_DAYS = ("substr({0}, 7, 8)", "concat('19', substr({0}, 7, 6))")
_SPARK_DAYS = (
    "concat(substr({0}, 7, 4), '-', substr({0}, 11, 2), '-', substr({0}, 13, 2))",
    "concat('19', substr({0}, 7, 2), '-', substr({0}, 9, 2), '-', substr({0}, 11, 2))",
)
_YEARS = (
    "(year({1}) - year({0}) - CASE WHEN month({1}) * 100 + day({1}) < month({0}) * 100 + day({0}) THEN 1 ELSE 0 END)"
)
_MONTHS = "(CAST((CASE WHEN {0} >= 0 THEN 1 ELSE -1 END) * ((abs({0}) * 200 + 30) %s 60) AS DECIMAL(18, 0)) * %s)"

_ALL = (
    Function(
        "given", ("fact",), BOOLEAN, "", "", "",
        "该项是否填写（无论能否识读）；永不为未知，除非文件中没有该列",
        "whether the cell has anything in it, readable or not; never unknown, unless the file has no such column",
        "given(birth_date)",
    ),
    Function(
        "starts_with", ("text", "text"), BOOLEAN,
        "{0}.startswith({1})", "starts_with({0}, {1})", "startswith({0}, {1})",
        "文本是否以所给文字开头", "whether the text begins with another", "starts_with(code, 'Z51')",
    ),
    Function(
        "begins_any", ("text", "literal text"), BOOLEAN,
        "{0}.startswith({k})", _begins_any("starts_with"), _begins_any("startswith"),
        "文本是否以“|”分隔的任一文字开头", "whether the text begins with one of several, parted by “|”",
        "begins_any(code, 'S|T')", prepare=meaning.prefixes,
    ),
    Function(
        "substr", ("text", "literal integer", "literal integer"), TEXT,
        "{0}[{1} - 1:{1} - 1 + {2}]", "substr({0}, {1}, {2})", "substr({0}, {1}, {2})",
        "自第几个字符起（从 1 数）取若干字符", "so many characters from the n-th on, the first being 1",
        "substr(code, 1, 3)",
    ),
    Function(
        "length", ("text",), _integer(10), "len({0})", "length({0})", "char_length({0})",
        "字符数", "number of characters", "length(id_number) in (15, 18)",
    ),
    Function(
        "upper", ("text",), TEXT, "upper({0})", _quick_upper, _translate(meaning.UPPER),
        "英文字母转大写（只限 a–z）", "ASCII letters as capitals; nothing else changes", "upper(blood_group) = 'AB'",
    ),
    Function(
        "abs", ("number",), None, "abs({0})", "abs({0})", "abs({0})",
        "绝对值", "absolute value", "abs(total_cost - sum_of_parts) <= 0.01",
    ),
    Function(
        "least", ("ordered",), None, "min({0})", "least({0})", "least({0})",
        "最小者；任一未知则未知", "the smallest; unknown when one is unknown (unlike SQL's)", "least(a, b, c)",
        many=True,
    ),
    Function(
        "greatest", ("ordered",), None, "max({0})", "greatest({0})", "greatest({0})",
        "最大者；任一未知则未知", "the greatest; unknown when one is unknown (unlike SQL's)", "greatest(a, b, c)",
        many=True,
    ),
    Function(
        "code_key", ("text",), TEXT, "code_key({0})", _DUCK_KEY, _SPARK_KEY,
        "编码的比对形式：大写、半角、去掉点和空格", "the matching form of a code: capitals, no dots or spaces",
        "code_key(code) = 'C910'",
    ),
    Function(
        "in_list", ("text", "literal text"), BOOLEAN, "{k}({0})", _in_list, _in_list,
        "编码（先取比对形式）是否在清单内，清单写前缀或范围",
        "whether the code, in its matching form, is in a list of prefixes and ranges",
        "in_list(code, 'C00-C97, D35.2-D35.4')", prepare=meaning.code_list,
    ),
    Function(
        "matches", ("text", "literal text"), BOOLEAN, "({k}({0}) is not None)",
        "regexp_full_match({0}, {1})", "rlike({0}, concat('^(?:', {1}, ')\\\\z'))",
        "整个文本是否符合正则表达式", "whether the whole text matches a regular expression",
        "matches(code, 'M[89][0-9]{4}/[0-9]')", prepare=meaning.pattern,
    ),
    Function(
        "years_between", ("day", "day"), _integer(5), "years_between({0}, {1})", _YEARS, _YEARS,
        "两日之间的周岁数（2 月 29 日出生者平年 3 月 1 日满岁）",
        "completed years from the first day to the second; born on 29 February: 1 March in common years",
        "years_between(birth_date, admission_datetime)",
    ),
    Function(
        "days_between", ("day", "day"), _integer(8),
        "days_between({0}, {1})", "date_diff('day', {0}, {1})", "datediff({1}, {0})",
        "两日之间的天数", "days from the first day to the second", "days_between(birth_date, admission_datetime) <= 28",
    ),
    Function(
        "date_of", ("day",), DATE, "date_of({0})", "CAST({0} AS DATE)", "CAST({0} AS DATE)",
        "日期时间的日期", "the day of a date and time", "date_of(confirmed_at)",
    ),
    Function(
        "at_midnight", ("moment",), BOOLEAN, "at_midnight({0})", "({0} = CAST({0} AS DATE))",
        "({0} = CAST(CAST({0} AS DATE) AS TIMESTAMP_NTZ))",
        "时间是否恰为零点（只写日期、未写时间时即如此）",
        "whether the time is midnight, as it is where a file writes a day without a time", "at_midnight(confirmed_at)",
    ),
    Function(
        "days_as_months", ("integer",), Type(Kind.DECIMAL, 18, 2), "days_as_months({0})",
        _MONTHS % ("//", "0.01"), _MONTHS % ("DIV", "0.01BD"),
        "天数折合月数：除以 30，四舍五入到两位小数", "days as months: divided by 30, rounded half up to two places",
        "days_as_months(days_between(birth_date, admission_datetime))",
    ),
    Function(
        "stay_days", ("day", "day"), _integer(8), "stay_days({0}, {1})",
        "(CASE date_diff('day', {0}, {1}) WHEN 0 THEN 1 ELSE date_diff('day', {0}, {1}) END)",
        "(CASE datediff({1}, {0}) WHEN 0 THEN 1 ELSE datediff({1}, {0}) END)",
        "住院天数：入院、出院日合计一天，至少一天",
        "days of a stay: the days of admission and discharge count once together, at least 1",
        "stay_days(admission_datetime, discharge_datetime)",
    ),
    Function(
        "id_valid", ("text",), BOOLEAN, "id_valid({0})",
        _id_valid(_remainder_of_integer()), _id_valid(_remainder_of_digits()),
        "是否为正确的 18 位身份证号（出生日期存在、校验码正确）",
        "whether it is a right identity number of 18 characters: a birth date that exists, a right check character",
        "id_valid(id_number)", uses=("id_birth",),
    ),
    Function(
        "id_birth", ("text",), DATE, "id_birth({0})",
        _id_birth(_DUCK_MATCH, _DUCK_DAYS, "CAST(try_strptime({0}, '%Y%m%d') AS DATE)"),
        _id_birth(_SPARK_MATCH, _SPARK_DAYS, "try_cast({0} AS DATE)"),
        "身份证号中的出生日期；没有则未知", "the birth date inside an identity number; unknown when there is none",
        "id_birth(id_number) = birth_date", total=False,
    ),
    Function(
        "id_is_male", ("text",), BOOLEAN, "id_is_male({0})",
        # What has a birth date has the shape of a number; where rules ask for it as well, it is at hand.
        _id_is_male(f"({{1}} IS NOT NULL OR {_shaped(_DUCK_MATCH)})"), _id_is_male(_shaped(_SPARK_MATCH)),
        "身份证号所示是否为男性；不是身份证号则未知",
        "whether the identity number says male; unknown when it has not the shape of one",
        "id_is_male(id_number)", total=False, uses=("id_birth",),
    ),
    Function(
        "province_known", ("text",), BOOLEAN, "province_known({0})",
        _province_known("regexp_matches"), _province_known("rlike"),
        "地址是否以省级行政区名称开头（GB/T 2260，全称或简称）",
        "whether the address begins with a province (GB/T 2260, full name or usual short form)",
        "province_known(household_address)",
    ),
    Function(
        "to_text", ("integer",), TEXT, "str({0})", "CAST({0} AS VARCHAR)", "CAST({0} AS STRING)",
        "整数写成文本", "an integer as text", "to_text(payment_code) = '7'",
    ),
)  # fmt: skip

#: The language's functions by name.
FUNCTIONS: dict[str, Function] = {function.name: function for function in _ALL}


def used(call: Call) -> list[Call]:
    """The calls whose values the SQL of `call` names besides its arguments."""
    function = FUNCTIONS.get(call.op)
    return [Call(name, call.args, FUNCTIONS[name].result or TEXT) for name in function.uses] if function else []
