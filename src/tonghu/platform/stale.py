"""Two people change the same thing at once: what each of them changed is put together, or the later one is told.

A form carries what its reader saw (``components.as_shown``). The service that writes, with the row locked, asks
:func:`merged` what is left to write: fields that only one side changed stay as that side left them, and a field that
both changed is refused, whoever comes later. What is taken off must be what was shown: :func:`check_as_shown`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Any

from django.db.models import Model

from tonghu.errors import InputRefused


class ChangedMeanwhile(InputRefused):
    """Somebody else changed what a form is about after it was shown.

    Attributes:
        now: what stands there now, by field: all that the form is compared by.
        both: fields that both sides changed, differently.
        beside: field of this side → fields that the other side changed and that have to agree with it.
    """

    def __init__(self, now: Mapping[str, Any], both: Collection[str], beside: Mapping[str, Collection[str]]) -> None:
        super().__init__(
            "在您填写期间，其他人修改了同一内容，本次未保存：请核对下面标出的各栏，再次保存即以您所填为准",
            "Somebody else changed the same while you typed, and nothing was saved. Check the fields that are marked; "
            "saved once more, what you typed holds",
        )
        self.now, self.both, self.beside = dict(now), frozenset(both), dict(beside)


def merged(
    *,
    held: Mapping[str, Any],
    shown: Mapping[str, str] | None,
    wanted: Mapping[str, Any],
    agree: Iterable[tuple[str, str]] = (),
) -> dict[str, Any]:
    """Return what to write of `wanted`: without the fields that this side did not change.

    Args:
        held: what stands there now, read under a lock, by field.
        shown: what stood there when the form was shown, each as :func:`text_of` says it; a field that is missing is
            taken for changed by both. None: nothing was shown (a file, a message), everything wanted is written.
        wanted: what this side says; fields that are not `held` are passed on as they are.
        agree: pairs of fields that say one thing together: one side may not change the one, the other the other.

    Raises:
        ChangedMeanwhile: both sides changed one field, or each one field of a pair.
    """
    if shown is None:
        return dict(wanted)
    compared = wanted.keys() & held.keys()
    mine = {field for field in compared if shown.get(field) != text_of(wanted[field])}
    theirs = {field for field in held if shown.get(field) != text_of(held[field])}
    differing = {field for field in compared if text_of(wanted[field]) != text_of(held[field])}
    both = mine & theirs & differing
    beside: dict[str, set[str]] = {}
    for one, other in [pair for a, b in agree for pair in ((a, b), (b, a))]:
        if one in mine and one in differing and other in theirs and other not in mine:
            beside.setdefault(one, set()).add(other)
    if both or beside:
        raise ChangedMeanwhile(held, both, beside)
    return {field: value for field, value in wanted.items() if field not in compared or field in mine & differing}


class NotAsShown(InputRefused):
    """Somebody changed what another one wants to take off, after it was shown to them."""

    def __init__(self) -> None:
        super().__init__(
            "页面打开之后，其他人修改了这一项，未移除：请先看现在的内容，仍要移除再操作一次",
            "Somebody else changed this after the page was shown, and nothing was taken off. See what stands there "
            "now; take it off again if that is still meant",
        )


def check_as_shown(*, held: Mapping[str, Any], shown: Mapping[str, str] | None) -> None:
    """See that what is about to be taken off is what whoever asks for it saw.

    Args:
        held: what stands there now, read under a lock, by field.
        shown: what stood there when the page was shown, each as :func:`text_of` says it; None: nothing was shown.

    Raises:
        NotAsShown: a field stands differently now, or was not shown.
    """
    if shown is not None and any(shown.get(field) != text_of(value) for field, value in held.items()):
        raise NotAsShown


def text_of(value: Any) -> str:
    """Return a value of a field as it is compared: what is empty is alike, however it is empty.

    >>> text_of(None), text_of(""), text_of(date(2026, 1, 2)), text_of(True), text_of(2)
    ('', '', '2026-01-02', '1', '2')
    """
    if value is None or value is False:
        return ""
    if value is True:
        return "1"
    if isinstance(value, Model):
        return str(value.pk)
    return value.isoformat() if isinstance(value, date) else str(value)
