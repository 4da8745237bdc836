"""The card as a form: every field with its label, value, list and name, in sections; blank ones that nobody needs fold.

A masked identity is never in the form: its field is empty and shows the mask behind what is typed; left empty it means
"as it was".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from django.utils.translation import get_language

from tonghu.codes.hqms_fields import Field
from tonghu.codes.hqms_fields import layout as layout_of
from tonghu.patients.masking import mask_address
from tonghu.platform.crypto.masks import mask_id, mask_phone
from tonghu.registry.content import Content
from tonghu.registry.forms import lists
from tonghu.registry.forms.sections import Grid, Row, Section, masked_kind, said_label, sections
from tonghu.registry.summary import sex_code
from tonghu.registry.supplement import STAGES_CHOICES, Item, items, stages_for

MASKS: Final[Mapping[str, Callable[[str], str]]] = {
    "document": mask_id, "phone": mask_phone, "address": mask_address,
}  # fmt: skip
#: Groups of the scope that are diseases of the blood, not tumours.
NO_TUMOUR: Final = frozenset({"aplastic_anaemia", "itp", "haemophilia", "hlh", "other_blood"})
#: The disposition of who died (RC019).
DIED: Final = "5"
#: Tables that are shown though nothing is written in them.
ALWAYS: Final = frozenset({"diagnoses"})
#: Longer texts get two columns of the form.
LONG: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One field as the form shows it.

    Attributes:
        name: the field's code in its layout, or the supplement item's name.
        value: what stands in the input; '' where it is masked.
        was: what stands there without what was typed and is not saved yet.
        masked: what is shown of an identity.
        told: what the list calls the code.
        list_id: the list behind it, '' for none.
        names: the field that holds the code's name, filled in when an entry is chosen.
        kind: ``text``, ``number``, ``money``, ``date``, ``datetime`` or ``choice``.
        choices: of a choice: (code, label).
        wide: takes two columns.
        offered: what the child's last card knew; `offered_told` with the name of the code.
    """

    name: str
    label: str
    value: str
    was: str
    masked: str = ""
    told: str = ""
    list_id: str = ""
    names: str = ""
    kind: str = "text"
    choices: tuple[tuple[str, str], ...] = ()
    needed: bool = False
    wide: bool = False
    limit: int | None = None
    offered: str = ""
    offered_told: str = ""
    help: str = ""

    @property
    def changed(self) -> bool:
        """Whether something was typed that is not saved yet."""
        return self.value != self.was


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a table: a cell a column, None where the layout has no such field."""

    stem: str
    title: str
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """One table; ``more`` is the stem of the row that comes next, '' when all are shown."""

    grid: Grid
    lines: tuple[Line, ...]
    more: str


@dataclass(frozen=True, slots=True)
class Part:
    """One section as shown; ``folded`` counts the blank fields that are left out."""

    section: Section
    blocks: tuple[Block, ...]
    cells: tuple[Cell, ...]
    folded: int


@dataclass(frozen=True, slots=True)
class Sight:
    """What a reader may see of identities: kinds that are masked, and fields that are shown whole nevertheless."""

    masked: frozenset[str] = frozenset(MASKS)
    whole: frozenset[str] = frozenset()

    def of(self, field: Field, value: str) -> str:
        """The mask over a value; '' where it is shown whole."""
        kind = masked_kind(field.name)
        if not _says_something(value) or kind not in self.masked or field.code in self.whole:
            return ""
        return MASKS[kind](value)

    def message(self, content: Content, text: str) -> str:
        """A message with the identities of the card that it names masked as well."""
        for each in _identities(content.layout):
            value = content.front.get(each.code, "").strip()
            if value and value in text and (mask := self.of(each, value)):
                text = text.replace(value, mask)
        return text


#: Who has the paper in hand: addresses must be read to be mended.
AT_THE_HOSPITAL: Final = Sight(frozenset({"document", "phone"}))


@dataclass(frozen=True, slots=True)
class View:
    """What is shown of a card, to whom.

    Attributes:
        content: with what was typed and is not saved yet.
        saved: without it.
        sight: what of identities is shown.
        wanted: fields that are shown though they are blank.
        offered: values of supplement items that the child's last card knew.
        group, subgroup: the group of the scope and of ICCC-3, which say what of the supplement is asked.
    """

    content: Content
    saved: Content
    sight: Sight
    wanted: frozenset[str] = frozenset()
    offered: Mapping[str, str] = field(default_factory=dict)
    group: str = ""
    subgroup: str = ""


def one_line(text: str) -> str:
    """What an input of one line can hold of a text: browsers take line breaks out, and nobody can type one there.

    A text that a file brought keeps them until somebody writes another one: it is compared as the form shows it.
    """
    return "".join(text.splitlines()).replace("\0", "").strip()


def parts(view: View) -> tuple[Part, ...]:
    """The whole card in sections."""
    return tuple(_part(section, view) for section in sections(view.content.layout))


def folded(view: View, section_id: str) -> list[Cell]:
    """The blank fields of a section that :func:`parts` leaves out."""
    found = [each for each in sections(view.content.layout) if each.id == section_id]
    return [cell(one, view) for each in found for one in each.fields if not _shown(one, view)]


def row(view: View, stem: str) -> tuple[Line, str] | None:
    """One row of a table, and the stem of the row after it; None where the layout has no such row."""
    for section in sections(view.content.layout):
        for grid in section.grids:
            for number, each in enumerate(grid.rows):
                if each.stem == stem:
                    after = grid.rows[number + 1].stem if number + 1 < len(grid.rows) else ""
                    return _line(each, view), after
    return None


def cell(one: Field, view: View) -> Cell:
    """One field of the front page."""
    written, before = view.content.front.get(one.code, ""), view.saved.front.get(one.code, "")
    mask = view.sight.of(one, before)
    list_id = lists.list_of(one)
    named = lists.name_field(one, view.content.layout) if list_id in lists.OWN else None
    return Cell(
        name=one.code,
        label=str(said_label(one.name) or label_of(one)),
        value="" if mask and written == before else one_line(written),
        was="" if mask else one_line(before),
        masked=mask,
        told="" if mask else lists.name_of(list_id, written.strip()),
        list_id=list_id,
        names=named.code if named else "",
        kind=_kind(one),
        needed=one.presence == "required",
        wide=(one.max_length or 0) > LONG,
        limit=one.max_length,
    )


def shown_text(column: str, text: str, content: Content, sight: Sight) -> str:
    """A field's text with the name of its code, an identity masked."""
    one = layout_of(content.layout).by_code.get(column)
    if one is None:
        return text
    name = lists.name_of(lists.list_of(one), text.strip())
    return sight.of(one, text) or (f"{text} {name}" if name else text)


def told(saved: Content, content: Content) -> list[tuple[str, str]]:
    """Field or item and name of every code that is not as it was saved."""
    known = layout_of(content.layout).by_code
    listed = {code: lists.list_of(known[code]) for code in content.front if code in known}
    listed |= {item.name: item.list_id for item in items() if item.name in content.supplement}
    return [
        (column, lists.name_of(list_id, content.value(column).strip()))
        for column, list_id in listed.items()
        if list_id and content.value(column) != saved.value(column)
    ]


@dataclass(frozen=True, slots=True)
class Clash:
    """A field that two people changed."""

    name: str
    label: str
    mine: str
    theirs: str


def conflicts(columns: Iterable[str], mine: Content, theirs: Content, sight: Sight) -> list[Clash]:
    """The fields that two people changed, side by side; what the other wrote of an identity is masked."""
    known = layout_of(mine.layout).by_code

    def said(column: str, text: str) -> str:
        return (sight.of(known[column], text) if column in known else "") or text

    return [
        Clash(column, label(column, mine.layout), mine.value(column), said(column, theirs.value(column)))
        for column in columns
    ]


def _says_something(value: str) -> bool:
    """Whether a text can name anybody: a dash for "none" cannot, nor can a digit or two."""
    told = sum(each.isalnum() for each in value)
    return told > 3 or (told > 0 and not value.isascii())


def label_of(field: Field) -> str:
    """What a field is called in the reader's language; the dictionary's English begins small, a label does not."""
    if not (get_language() or "").startswith("en"):
        return field.name_zh
    return field.name_en[:1].upper() + field.name_en[1:]


def label(column: str, layout: str) -> str:
    """What a finding's column is called: a field of the layout, or a supplement item; '' for the whole card."""
    field = layout_of(layout).by_code.get(column)
    if field:
        return label_of(field)
    return next((str(item.label) for item in items() if item.name == column), "")


def supplement_cell(item: Item, view: View) -> Cell:
    """One item of the supplement; what the child's last card knew is offered where it is blank."""
    value = view.content.supplement.get(item.name, "")
    offered = "" if value else view.offered.get(item.name, "")
    named = dict(item.choices).get(offered) or lists.name_of(item.list_id, offered)
    return Cell(
        name=item.name, label=str(item.label), value=one_line(value),
        was=one_line(view.saved.supplement.get(item.name, "")),
        kind=item.kind, choices=_choices(item, view), list_id=item.list_id, told=lists.name_of(item.list_id, value),
        limit=item.limit, help=str(item.help), wide=(item.limit or 0) > LONG, offered=offered,
        offered_told=f"{offered} {named}".strip(),
    )  # fmt: skip


def _meant(item: Item, view: View) -> bool:
    """Whether an item is asked of this card; one that is filled in, or that a finding names, is shown in any case."""
    if item.name in view.wanted or view.content.supplement.get(item.name) or view.saved.supplement.get(item.name):
        return True
    if item.meant_for == "death":
        died = layout_of(view.content.layout).by_name["discharge_disposition"].code
        return view.content.front.get(died, "").strip() == DIED
    if item.choices_of == STAGES_CHOICES and view.subgroup and not stages_for(view.subgroup):
        return False
    return item.meant_for == "all" or view.group not in NO_TUMOUR


def _choices(item: Item, view: View) -> tuple[tuple[str, str], ...]:
    """The values that a card may have; of the stages those of the child's disease and sex, where they are known."""
    if item.choices_of != STAGES_CHOICES or not view.subgroup:
        return item.choices
    sex = sex_code(view.content.front.get(layout_of(view.content.layout).by_name["sex"].code))
    fit = {option.code for system in stages_for(view.subgroup, sex) for option in system.options}
    fit |= {view.content.supplement.get(item.name, ""), view.saved.supplement.get(item.name, "")}
    return tuple(each for each in item.choices if each[0] in fit)


def _part(section: Section, view: View) -> Part:
    if section.supplement:
        return Part(section, (), tuple(supplement_cell(item, view) for item in items() if _meant(item, view)), 0)
    shown = [one for one in section.fields if _shown(one, view)]
    return Part(
        section,
        tuple(_block(grid, view) for grid in section.grids),
        tuple(cell(one, view) for one in shown),
        len(section.fields) - len(shown),
    )


def _block(grid: Grid, view: View) -> Block:
    used = [number for number, each in enumerate(grid.rows) if any(one and _filled(one, view) for one in each.fields)]
    if not used and grid.id not in ALWAYS:
        return Block(grid, (), grid.rows[0].stem)
    # The first row stands in any case, and below what is filled one blank row to go on with.
    shown = max(used, default=-1) + 2
    kept = [each for number, each in enumerate(grid.rows[:shown]) if number in used or number in (0, shown - 1)]
    more = grid.rows[shown].stem if shown < len(grid.rows) else ""
    return Block(grid, tuple(_line(each, view) for each in kept), more)


def _line(each: Row, view: View) -> Line:
    return Line(each.stem, str(each.title), tuple(cell(one, view) if one else None for one in each.fields))


def _shown(one: Field, view: View) -> bool:
    return one.presence is not None or _filled(one, view)


def _filled(one: Field, view: View) -> bool:
    return one.code in view.wanted or bool(view.content.front.get(one.code) or view.saved.front.get(one.code))


def _kind(field: Field) -> str:
    if field.group == "cost":
        return "money"
    return {"integer": "number", "decimal": "number"}.get(field.type, field.type)


@cache
def _identities(layout: str) -> tuple[Field, ...]:
    return tuple(one for one in layout_of(layout).fields if masked_kind(one.name))
