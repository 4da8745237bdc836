"""What a mistyped command line is answered with: one line in both languages, and the exit code 2.

argparse says what it cannot use in English, over the whole usage. Its sentences are known; each is put into our words,
with the option or command that was probably meant.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from difflib import get_close_matches
from typing import NoReturn

from tonghu.errors import InputRefused

_MISSING = re.compile(r"the following arguments are required: (.+)")
_CHOICE = re.compile(r"argument (.+?): invalid choice: (.+?) \(choose from (.+)\)$", re.DOTALL)
_NO_VALUE = re.compile(r"argument (.+?): expected .*argument")
_BAD_VALUE = re.compile(r"argument (.+?): invalid (\w+) value: (.+)", re.DOTALL)
_SURPLUS = re.compile(r"argument (.+?): ignored explicit argument (.+)", re.DOTALL)
_AMBIGUOUS = re.compile(r"ambiguous option: (.+?) could match (.+)")
_OWN = re.compile(r"argument (.+?): (.+) / (.+)")  # what a command's own type says
_TYPES = {
    "int": ("整数", "a whole number"),
    "float": ("数字", "a number"),
}


class Arguments(argparse.ArgumentParser):
    """A parser whose complaints a user can read; sub-commands get the same."""

    def parse_known_args(  # type: ignore[override]  # argparse overloads it for namespaces of other types
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """As argparse does; but what is not known is refused here, by the command that it was given to."""
        found, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self._refuse(*self._unknown(unknown[0]))
        return found, unknown

    def error(self, message: str) -> NoReturn:
        """Say what is wrong in one line, and exit with 2."""
        self._refuse(*self._said(message))

    def _refuse(self, zh: str, en: str) -> NoReturn:
        line = InputRefused(
            f"{self.prog}：{zh}（用法见 {self.prog} --help）", f"{self.prog}: {en} (see {self.prog} --help)"
        )
        self.exit(2, f"{line}\n")

    def _said(self, message: str) -> tuple[str, str]:
        if found := _MISSING.match(message):
            return self._missing(found[1].split(", "))
        if found := _CHOICE.match(message):
            choices = [choice.strip("'\"") for choice in found[3].split(", ")]
            return _no_such(found[1], found[2].strip("'\""), choices)
        if found := _NO_VALUE.match(message):
            return f"{found[1]} 后面缺少值", f"{found[1]} needs a value"
        if found := _BAD_VALUE.match(message):
            zh, en = _TYPES.get(found[2], ("其他的值", "another value"))
            given = found[3].strip("'\"")
            return f"{found[1]} 应为{zh}，而不是“{given}”", f"{found[1]} should be {en}, not “{given}”"
        if found := _SURPLUS.match(message):
            given = found[2].strip("'\"")
            return f"{found[1]} 后面不能有值“{given}”", f"{found[1]} takes no value, such as “{given}”"
        if found := _AMBIGUOUS.match(message):
            return f"{found[1]} 不明确，可能是 {found[2].replace(', ', '、')}", f"{found[1]} may be any of {found[2]}"
        if found := _OWN.match(message):
            return f"{found[1]}：{found[2]}", f"{found[1]}: {found[3]}"
        return f"命令写法有误（{message}）", message

    def _missing(self, names: list[str]) -> tuple[str, str]:
        commands = next((action for action in self._actions if isinstance(action, argparse._SubParsersAction)), None)
        if commands and names == [str(commands.metavar)]:
            listed = list(commands.choices or ())
            return f"请给出命令：{'、'.join(listed)}", f"name a command: {', '.join(listed)}"
        return f"缺少 {'、'.join(names)}", f"{', '.join(names)} missing"

    def _unknown(self, given: str) -> tuple[str, str]:
        if not given.startswith("-"):
            for action in self._actions:
                if action.option_strings and given in (action.choices or ()):
                    option = f"{action.option_strings[0]} {given}"
                    return f"“{given}”前面缺少选项，应写 {option}", f"“{given}” lacks its option: write {option}"
            return (
                f"多出了“{given}”；文件名或目录名含空格时请加引号",
                f"“{given}” is too much; put names with spaces into quotes",
            )
        options = [name for action in self._actions for name in action.option_strings]
        meant = get_close_matches(given.partition("=")[0], options, n=1)
        zh, en = (f"，是否为 {meant[0]}？", f"; did you mean {meant[0]}?") if meant else ("", "")
        return f"不认识“{given}”{zh}", f"“{given}” is not known{en}"


def _no_such(where: str, given: str, choices: list[str]) -> tuple[str, str]:
    meant = get_close_matches(given, choices, n=1)
    zh, en = (f"，是否为 {meant[0]}？", f"; did you mean {meant[0]}?") if meant else ("", "")
    zh += f"可选：{'、'.join(choices)}" if zh else f"，可选：{'、'.join(choices)}"
    en += f" Choose from {', '.join(choices)}" if en else f"; choose from {', '.join(choices)}"
    if where == "COMMAND":
        return f"没有命令“{given}”{zh}", f"there is no command “{given}”{en}"
    return f"{where} 不能是“{given}”{zh}", f"{where} cannot be “{given}”{en}"
