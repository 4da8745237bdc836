"""One card for one reader: what of it they see, what they may do with it, and what they typed and did not save."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.core.exceptions import PermissionDenied
from django.db.models import F, Q
from django.http import Http404
from django.utils import timezone
from django.utils.translation import get_language

from tonghu.patients.models import Child
from tonghu.platform.audit.access import REVEAL
from tonghu.platform.audit.acts import log_read
from tonghu.platform.scope import wording
from tonghu.platform.scope.scope import Scope
from tonghu.registry import content as contents
from tonghu.registry.access import AUDIT, ENTER
from tonghu.registry.checks import Found, check, missing, to_supplement
from tonghu.registry.content import Content
from tonghu.registry.drafts import draft_changes, reasons_of
from tonghu.registry.forms.cells import AT_THE_HOSPITAL, Sight, label
from tonghu.registry.forms.findings import Shown, shown
from tonghu.registry.models import Card, CardAct, CardVersion, Draft, Finding
from tonghu.registry.pages.stays import other_stays
from tonghu.registry.rows import outside, said_by
from tonghu.registry.seen import card_seen
from tonghu.registry.services.comparing import among
from tonghu.registry.services.explaining import OVERRIDE, REOPEN
from tonghu.registry.services.moving import refusal
from tonghu.registry.services.saving import NotInHand
from tonghu.registry.states import RETURNED, Act, State, acts_in
from tonghu.registry.summary import Identity, facts, identity
from tonghu.registry.supplement import Item, items

#: So many blank fields are named, the rest is counted.
MOST_NAMED = 6
#: So many of the last acts on a card are shown.
MOST_ACTS = 100
#: So many of a child's earlier stays are asked what they knew of the tumour.
MOST_STAYS = 20
Waiting = tuple[list[str], int]
#: The items that say when the disease was diagnosed first and whether that was before this stay, and that it was.
DATED, STATUS, KNOWN_BEFORE = "first_diagnosis_date", "case_status", "2"
#: In which a card that came back is on its way again, or was withdrawn from it.
AFTER_A_RETURN = frozenset({State.DRAFT, State.SUBMITTED, State.APPROVED, State.REPORTED})
#: With these a card begins anew: what it came back for before is settled.
BEGINS_ANEW = frozenset({"accept", "revise", "restore", "restore_reported"})
#: What the log of looks says these pages are for; kept as it is, so not translated.
PURPOSE = "查看报告卡"


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody said of a card in an act, and to which state that led: why it came back, or the answer to it."""

    reason: str
    who: str
    at: datetime
    version: int
    state: str


@dataclass(frozen=True)
class Opened:
    """A card as a reader opened it; `in_correction`: its hospital has a newer version in hand, which is not theirs."""

    card: Card
    by: Scope
    in_correction: bool = False

    @cached_property
    def _told(self) -> tuple[list[CardVersion], CardVersion]:
        """What came from outside and was not taken back (of a typed card its first version), and the newest version
        that the reader sees."""
        known = list(
            CardVersion.objects.filter(card=self.card).order_by("number").values_list("number", "origin", "batch")
        )
        if not known:
            raise Http404
        came = outside(known)
        held = CardVersion.objects.filter(card=self.card, number__in=[*came, known[-1][0]])
        found = {one.number: one for one in held}
        return [found[number] for number in came], found[known[-1][0]]

    @property
    def number(self) -> int:
        """The version that the reader sees."""
        return self._told[1].number

    @cached_property
    def saved(self) -> Content:
        """What the card says."""
        return contents.open_(self._told[1].content)

    @cached_property
    def raw(self) -> Content:
        """What the row said that came last and of which the card took something; of a typed card its first version.
        Not told to a hospital that is let see the card."""
        return self.saved if self.lent else said_by(self._told[0])

    @property
    def institution_id(self) -> int:
        """The hospital's number."""
        return self.card.institution_id

    def version(self, wanted: int) -> Content:
        """What the card said in a version; what it says now, where there is none of that number."""
        if wanted == self.number:
            return self.saved
        held = CardVersion.objects.filter(card=self.card, number=wanted).first()
        return contents.open_(held.content) if held else self.saved

    @property
    def own(self) -> bool:
        """Whether the reader is at the card's hospital."""
        return self.by.institution == self.card.institution_id

    @property
    def lent(self) -> bool:
        """Whether the reader is at another hospital, which this one lets see the child: they read what was reported,
        and nothing of how it came to be."""
        return self.by.institution is not None and not self.own

    @property
    def editable(self) -> bool:
        """Whether the reader may change it now."""
        return self.own and self.card.editable and self.by.may(ENTER)

    @property
    def sight(self) -> Sight:
        """What of identities the reader sees."""
        return AT_THE_HOSPITAL if self.own and (self.by.may(ENTER) or self.by.may(AUDIT)) else Sight()

    @property
    def may_reveal(self) -> bool:
        """Whether a masked value may be shown whole here."""
        return self.own and self.by.may(REVEAL)

    @cached_property
    def draft(self) -> Draft | None:
        """What the reader typed and did not save; kept also while the card is on its way."""
        if not self.own or not self.by.may(ENTER):
            return None
        return Draft.objects.filter(card=self.card, person_id=self.by.person or 0).first()

    @cached_property
    def outdated(self) -> bool:
        """Whether fields of the draft were saved by somebody since it was typed."""
        if self.draft is None or self.draft.based_on_version == self.number:
            return False
        front, supplement = draft_changes(self.draft, self.version)
        since = contents.differences(self.version(self.draft.based_on_version), self.saved)
        return not {**front, **supplement}.keys().isdisjoint(since)

    @cached_property
    def typed(self) -> Content:
        """What the card says with what the reader typed and did not save, unless that is outdated."""
        if self.draft is None or self.outdated:
            return self.saved
        return self.saved.with_changes(*draft_changes(self.draft, self.version))

    @cached_property
    def reasons_typed(self) -> dict[str, str]:
        """The reasons that the reader gave and did not save, by their names."""
        return reasons_of(self.draft)

    @cached_property
    def said(self) -> Identity:
        """Who the child is, as the version that the reader sees says it."""
        return identity(self.saved)

    @cached_property
    def explained(self) -> dict[tuple[str, str], str]:
        """The reasons that stand, by rule and column; of what was reported, those that stood then."""
        if self.in_correction:
            given = [each for each in self.done if each.act in (OVERRIDE, REOPEN) and each.version == self.number]
            stood = {each.about: each.reason if each.act == OVERRIDE else "" for each in reversed(given)}
            return {_about(about): reason for about, reason in stood.items() if reason}
        held = Finding.objects.filter(card=self.card, overridden_at__isnull=False)
        return {(one.rule, one.column): one.overridden_reason for one in held}

    def called(self, who: str) -> str:
        """How the reader is told of somebody who acted."""
        return wording.called(who, self.by)

    @cached_property
    def returned(self) -> Said | None:
        """Why it came back, where it is back."""
        if self.card.state not in RETURNED:
            return None
        moves = CardAct.objects.filter(card=self.card, to_state=self.card.state).exclude(from_state=F("to_state"))
        return self._said(moves.order_by("-pk").first())

    @cached_property
    def came_back(self) -> Said | None:
        """Why it came back last, where it is on its way again: whoever audits it or has it in hand reads that first."""
        if self.card.state not in (*RETURNED, *AFTER_A_RETURN):
            return None
        for each in self.done:
            if each.act in BEGINS_ANEW:
                return None
            if each.to_state in RETURNED and each.from_state != each.to_state:
                return self._said(each)
        return None

    @cached_property
    def moved_by(self) -> Said | None:
        """Who moved the card into its state, and when."""
        return self._said(next((each for each in self.done if each.from_state != each.to_state), None))

    @cached_property
    def answer(self) -> Said | None:
        """The answer to its return with which this version was submitted again; None where there is none."""
        said = (each for each in self.done if each.act == "submit" and each.version == self.number and each.reason)
        return self._said(next(said, None))

    def _said(self, act: CardAct | None) -> Said | None:
        state = State(act.to_state).label if act else ""
        return Said(act.reason, self.called(act.who), act.at, act.version, str(state)) if act else None

    @cached_property
    def done(self) -> list[CardAct]:
        """What was done with it, the newest first."""
        return list(CardAct.objects.filter(card=self.card).order_by("-pk")[:MOST_ACTS])

    @cached_property
    def offered(self) -> dict[str, str]:
        """What the child's earlier cards here knew of the tumour: of each item the latest stay that knows it. A disease
        that an earlier stay dates is known by now."""
        group = self.card.child.group
        children = Child.objects.filter(Q(pk=group) | Q(one_with=group))
        before = Card.objects.filter(institution=self.card.institution_id, child__in=children.values("pk"))
        before = before.filter(discharge_at__lt=self.card.discharge_at).exclude(state=State.VOIDED)
        newest = list(before.order_by("-discharge_at", "-pk").values_list("pk", "version")[:MOST_STAYS])
        if not newest:
            return {}
        held = CardVersion.objects.filter(card__in=[pk for pk, _version in newest]).only("card_id", "number", "content")
        contents_of = {(one.card_id, one.number): one.content for one in held}
        lacking = {item.name for item in items() if of_the_tumour(item)}
        known: dict[str, str] = {}
        for stay in newest:
            if not lacking:
                break
            said = contents.open_(contents_of[stay]).supplement if stay in contents_of else {}
            known |= {name: said[name] for name in lacking & said.keys()}
            lacking -= said.keys()
        return known | ({STATUS: KNOWN_BEFORE} if DATED in known else {})

    def found(self, content: Content) -> list[Found]:
        """What the rules find on a content of this card today, beside the record's other stays."""
        today, region = timezone.localdate(), self.card.institution.region_code
        (others,) = among([(self.card.institution_id, self.card.pk, facts(content, today, region))])
        return check(content, today, region, others)

    def shown(self, content: Content) -> list[Shown]:
        """The findings on a content as the page shows them."""
        if self.lent:
            return []
        found, place = self.found(content), self.card.institution
        others = other_stays(
            found, content, card=self.card.pk, institution=place.pk, region=place.region_code, by=self.by
        )  # fmt: skip
        return shown(content, found, self.explained, self.sight, others)

    def waiting(self, content: Content) -> Waiting:
        """What is blank and keeps a rule from deciding, in words."""
        return waiting_for(content, self.card.institution.region_code)

    def lacking(self, content: Content) -> list[Item]:
        """The items that are still to be supplemented on a content of this card; none for whom it is only lent to."""
        return [] if self.lent else lacking_of(content, self.card.institution.region_code)

    def acts(self) -> list[tuple[Act, str]]:
        """The acts that the reader's post may do in the card's state, each with why it cannot be done now, or ''."""
        mine = [act for act in acts_in(self.card.state) if self.by.may(act.permission) and not self.lent]
        found = [(act, refusal(self.card, act, self.by)) for act in mine]
        # Nobody looks for these there; in the place of ``with_centre`` stands the request (``void_views``).
        nowhere = ("not_with_centre", "with_centre", "restored_by_clerk")
        return [(act, why) for act, why in found if why not in nowhere]


def _about(said: str) -> tuple[str, str]:
    """Rule and column of an act on a finding."""
    rule, _blank, column = said.partition(" ")
    return rule, column


def of_the_tumour(item: Item) -> bool:
    """Whether an item says something of the disease, which holds for the next stay as well."""
    return item.meant_for == "tumour" or item.name == DATED


def opened(pk: int, by: Scope) -> Opened:
    """The card of a number.

    Raises:
        Http404: there is none in the reader's scope.
    """
    found = card_seen(pk)
    if found is None:
        raise Http404
    card, corrected = found
    return Opened(card, by, corrected)


def at_home(pk: int, by: Scope) -> Opened:
    """The card of a number, whether or not its state allows changes now.

    Raises:
        Http404: there is none in the reader's hospital.
    """
    one = opened(pk, by)
    if not one.own:
        raise Http404
    return one


def in_hand(pk: int, by: Scope) -> Opened:
    """The card of a number, which the reader may change now.

    Raises:
        Http404: there is none in the reader's hospital.
        PermissionDenied: its state does not allow changes; says so.
    """
    one = at_home(pk, by)
    if not one.editable:
        refused = NotInHand(one.card.state)
        raise PermissionDenied(refused.en if (get_language() or "").startswith("en") else refused.zh)
    return one


def lacking_of(content: Content, region: str) -> list[Item]:
    """The items that are asked of such a card today and blank."""
    today = timezone.localdate()
    return to_supplement(content, facts(content, today, region).scope_group, today)


def waiting_for(content: Content, region: str) -> Waiting:
    """The blank fields that rules wait for, in words, and how many more there are."""
    columns = dict.fromkeys(one.column or one.fact for one in missing(content, timezone.localdate(), region))
    said = [words for column in columns if (words := label(column, content.layout))]
    return said[:MOST_NAMED], max(0, len(said) - MOST_NAMED)


def log_look(one: Opened) -> None:
    """Log that the reader was shown the card: a look at its own child, also while that is one with others."""
    log_read(one.card.child_id, PURPOSE, by=one.by, institution=one.card.institution_id)
