"""Findings as pages show them: said by the engine in the reader's language, with what was explained already."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from django.utils.translation import get_language

from tonghu.codes.hqms_fields import layout as layout_of
from tonghu.platform.components.parts import Level
from tonghu.registry.checks import Found
from tonghu.registry.content import Content
from tonghu.registry.forms.cells import Sight, label

ORDER = tuple(Level)


@dataclass(frozen=True, slots=True)
class OtherStay:
    """Another stay of the record, which a rule compares with this one: where its card is, and which it is."""

    url: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One finding on the page.

    Attributes:
        where: the field that it names, in words.
        proposes: the value that M takes; '' where the rule knows none, or where it would show an identity.
        explained: the reason that somebody gave; '' while it is open.
        others: the other stays of the record that it is about, of a rule that compares stays.
    """

    rule: str
    column: str
    level: Level
    where: str
    what: str
    proposes: str = ""
    explained: str = ""
    others: tuple[OtherStay, ...] = ()


def shown(
    content: Content,
    found: Iterable[Found],
    explained: Mapping[tuple[str, str], str],
    sight: Sight,
    others: Mapping[str, tuple[OtherStay, ...]],
) -> list[Shown]:
    """The findings on a content: what blocks first, what is explained last; within that in the order of fields.

    Args:
        explained: the reasons that stand, by rule and column.
        others: the other stays of the record that rules are about, by rule.
    """
    english = (get_language() or "").startswith("en")
    known = layout_of(content.layout).by_code
    said = []
    for one in found:
        field = known.get(one.column)
        masked = field is not None and bool(sight.of(field, content.front.get(one.column, "")))
        said.append(
            Shown(
                rule=one.rule, column=one.column, level=Level(one.level), where=label(one.column, content.layout),
                what=sight.message(content, one.message_en if english else one.message_zh),
                proposes="" if masked else one.mend or "", explained=explained.get(one.at, ""),
                others=others.get(one.rule, ()),
            )
        )  # fmt: skip
    return sorted(said, key=lambda one: (bool(one.explained), ORDER.index(one.level)))


def counted(found: Collection[Shown]) -> list[tuple[Level, int]]:
    """How many are open, by level; levels without any are left out."""
    counts = [(level, sum(one.level is level and not one.explained for one in found)) for level in Level]
    return [(level, n) for level, n in counts if n]
