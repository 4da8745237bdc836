"""The one kind of error that a user sees: what they gave cannot be used, and why, in both languages."""

from __future__ import annotations


class InputRefused(Exception):  # noqa: N818 -- it names what happened, not a fault of ours
    """What the user gave cannot be used as it is.

    `zh` and `en` each say what is wrong, where, and how to mend it, in one line without a trailing full stop's
    worth of technical detail. The command line prints ``str(error)`` and exits with 2; pages show one language.
    """

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(zh, en)
        self.zh = zh
        self.en = en

    def __str__(self) -> str:
        return f"{self.zh} / {self.en}"
