"""What is said when a rule file or a facts file cannot be used."""

from __future__ import annotations

from tonghu.errors import InputRefused


class RuleError(InputRefused):
    """A rule that cannot be loaded: which file, which rule, and why, in both languages."""

    def __init__(self, file: str, rule: str | None, zh: str, en: str) -> None:
        where_zh = f"规则文件 {file}" + (f" 的规则 {rule}" if rule else "")
        where_en = f"{file}" + (f", rule {rule}" if rule else "")
        super().__init__(f"{where_zh}：{zh}", f"{where_en}: {en}")
        self.file = file
        self.rule = rule
        self.reason_zh = zh
        self.reason_en = en


class BadExpression(ValueError):  # noqa: N818 -- it names the thing that is wrong, as BadCode does
    """A condition that does not mean anything; the loader adds the file and the rule and raises :class:`RuleError`."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} / {en}")
        self.zh = zh
        self.en = en
