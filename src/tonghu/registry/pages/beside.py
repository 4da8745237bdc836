"""The card beside the row as it came, and what happened to it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from tonghu.codes.hqms_fields import layout
from tonghu.platform.audit.changes import event_model, who_in_words
from tonghu.platform.components.parts import Change, Event
from tonghu.registry.content import Content, differences
from tonghu.registry.forms import lists
from tonghu.registry.forms.cells import Sight, label, label_of, shown_text
from tonghu.registry.forms.reasons import in_words
from tonghu.registry.forms.sections import Section, sections
from tonghu.registry.models import CardAct, CardVersion, Origin
from tonghu.registry.pages.opening import Opened
from tonghu.registry.services.explaining import STAYING
from tonghu.registry.states import ACTS
from tonghu.registry.supplement import Item, items


@dataclass(frozen=True, slots=True)
class Pair:
    """One field: what the card says, what the row said."""

    name: str
    label: str
    value: str
    raw: str

    @property
    def differs(self) -> bool:
        """Whether somebody changed it."""
        return self.value != self.raw


@dataclass(frozen=True, slots=True)
class Beside:
    """One section with what is written in it on either side; blank fields are left out."""

    section: Section
    pairs: tuple[Pair, ...]

    @property
    def differing(self) -> int:
        """How many fields somebody changed."""
        return sum(pair.differs for pair in self.pairs)


def raw_beside(one: Opened, content: Content) -> tuple[Beside, ...]:
    """Every section of the card beside its raw row."""
    return tuple(
        Beside(section, tuple(_pairs(section, content, one.raw, one.sight))) for section in sections(content.layout)
    )


def changes(content: Content, raw: Content, sight: Sight) -> list[Change]:
    """The fields that differ, before and after."""
    known = layout(content.layout).by_code
    return [
        Change(
            label=label(column, content.layout),
            before=shown_text(column, raw.value(column), raw, sight),
            after=shown_text(column, content.value(column), content, sight),
            secret=column in known and bool(sight.of(known[column], raw.value(column) or content.value(column))),
        )
        for column in differences(raw, content)
    ]


def history(one: Opened) -> list[Event]:
    """Versions and acts, the newest first."""
    versions = CardVersion.objects.filter(card=one.card).order_by("-number").defer("content")[:50]
    writers = _writers(one, versions)
    events = [Event(at=each.made_at, who=writers.get(each.number, "—"), what=_version(each)) for each in versions]
    events += [
        Event(
            at=each.at, who=one.called(each.who), what=act_in_words(each),
            why=in_words(each.reason, of_an_import=each.batch is not None),
        )
        for each in one.done
    ]  # fmt: skip
    return sorted(events, key=lambda event: event.at, reverse=True)


def _pairs(section: Section, content: Content, raw: Content, sight: Sight) -> Iterable[Pair]:
    if section.supplement:
        yield from (
            Pair(item.name, str(item.label), _of_item(item, content), _of_item(item, raw))
            for item in items()
            if item.name in content.supplement or item.name in raw.supplement
        )
        return
    fields = [one for grid in section.grids for row in grid.rows for one in row.fields if one]
    for one in (*fields, *section.fields):
        if one.code in content.front or one.code in raw.front:
            yield Pair(one.code, label_of(one), *_both(one.code, content, raw, sight))


def _both(code: str, content: Content, raw: Content, sight: Sight) -> tuple[str, str]:
    now, before = content.front.get(code, ""), raw.front.get(code, "")
    return shown_text(code, now, content, sight), shown_text(code, before, raw, sight)


def _of_item(item: Item, content: Content) -> str:
    value = content.supplement.get(item.name, "")
    name = dict(item.choices).get(value) or lists.name_of(item.list_id, value)
    return f"{value} {name}" if name else value


def came_about(each: CardVersion) -> str:
    """How a version came about: a card is typed once, after that it is edited."""
    edited = each.number > 1 and each.origin == Origin.MANUAL
    return _("edited by hand") if edited else str(Origin(each.origin).label)


def _version(each: CardVersion) -> str:
    said = came_about(each)
    if each.number == 1:
        return _("Version 1: %(how)s") % {"how": said}
    fields = _("%(n)d fields") % {"n": len(each.changed)}
    return _("Version %(number)d: %(how)s, %(fields)s") % {"number": each.number, "how": said, "fields": fields}


def act_in_words(each: CardAct) -> str:
    """What an act did with a card, past tense."""
    if each.act in ACTS:
        return ACTS[each.act].done
    said = STAYING[each.act][1 if (get_language() or "").startswith("en") else 0]
    return f"{said} {each.about}".strip()


def _writers(one: Opened, versions: Iterable[CardVersion]) -> dict[int, str]:
    """Who wrote each version, as the reader is told of people (:meth:`Opened.called`).

    In the hospital the card's own history keeps the words. Whoever is above it does not see the history from before a
    report: there it is the post of the version, by what it did with the card, else the hospital.
    """
    if one.own:
        events = event_model("registry.card").objects.filter(pgh_obj_id=one.card.pk).order_by("-pgh_id")
        said = events.values_list("version", "pgh_who")
        return {number: one.called(who_in_words(who)) for number, who in said}
    posts = {each.post_id: one.called(each.who) for each in one.done if each.post_id}
    return {each.number: posts.get(each.post_id or 0, one.card.institution.name) for each in versions}
