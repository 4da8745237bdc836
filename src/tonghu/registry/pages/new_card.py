"""A card that is being entered by hand: the same form on an empty card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, Final
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from tonghu.codes import hqms_fields
from tonghu.errors import InputRefused
from tonghu.network.models import Institution
from tonghu.platform.accounts.access import Request, requires
from tonghu.platform.scope.scope import Scope
from tonghu.registry.access import ENTER
from tonghu.registry.checks import Found, check
from tonghu.registry.content import Content
from tonghu.registry.drafts import discard, draft_content, keep_draft, new_drafts
from tonghu.registry.forms import cells
from tonghu.registry.forms.cells import Sight
from tonghu.registry.forms.findings import Shown, counted, shown
from tonghu.registry.models import Card, Draft
from tonghu.registry.months import read_month
from tonghu.registry.pages.opening import Waiting, lacking_of, waiting_for
from tonghu.registry.pages.posting import require_short, typed
from tonghu.registry.pages.stays import other_stays
from tonghu.registry.pages.telling import elsewhere, refusal_in_words
from tonghu.registry.pages.zero_first import contradicted
from tonghu.registry.pages.zero_first import shown as shown_of_zero
from tonghu.registry.services import MayBeOnRecord, OnRecord, enter_card
from tonghu.registry.services.comparing import among
from tonghu.registry.services.near import Near, near
from tonghu.registry.summary import facts, identity
from tonghu.registry.supplement import Item
from tonghu.registry.zero import Signed

#: The layout in which hospitals write today.
LAYOUT: Final = "2020"
#: What names a stay and its child, without which there is no card.
KEY: Final = ("medical_record_no", "patient_name", "discharge_datetime")
#: Why a card may be of the stay that is typed, by the code of ``near``.
NEAR: Final[dict[str, Promise]] = {
    "same_day": gettext_lazy("same record number, discharged on the same day at another time"),
    "another_writing": gettext_lazy(
        "discharged on the same day; the record number is the same but for leading zeros, letter case or marks"
    ),
    "same_child": gettext_lazy("the same child by the identity number, here on the same days"),
}
NOTHING_MASKED: Final = Sight(frozenset())


@dataclass(frozen=True)
class NewCard:
    """A card that is not there yet, with what an opened card has for its form."""

    by: Scope
    layout: str = LAYOUT
    number: int = 0

    @cached_property
    def institution(self) -> Institution:
        """The hospital that enters it.

        Raises:
            Http404: the reader's post is at none.
        """
        found = Institution.objects.filter(pk=self.by.institution or 0).first()
        if found is None:
            raise Http404
        return found

    @property
    def institution_id(self) -> int:
        """The hospital's number."""
        return self.institution.pk

    @cached_property
    def saved(self) -> Content:
        """What stands there before anything is typed: the hospital itself."""
        known = hqms_fields.layout(self.layout if self.layout in hqms_fields.LAYOUTS else LAYOUT)
        front = {"org_code": self.institution.code, "org_name": self.institution.name}
        return Content(known.id, {known.by_name[name].code: text for name, text in front.items()})

    def version(self, _wanted: int) -> Content:
        """What stands there before anything is typed."""
        return self.saved

    @property
    def sight(self) -> Sight:
        """Who types sees what they type."""
        return NOTHING_MASKED

    def found(self, content: Content) -> list[Found]:
        """What the rules find today, beside the record's other stays."""
        today, region = timezone.localdate(), self.institution.region_code
        (others,) = among([(self.institution.pk, None, facts(content, today, region))])
        return check(content, today, region, others)

    def shown(self, content: Content) -> list[Shown]:
        """The findings as the page shows them; what is merely not typed yet is none."""
        found = [one for one in self.found(content) if one.value]
        place = self.institution
        others = other_stays(
            found, content, card=None, institution=place.pk, region=place.region_code, by=self.by
        )  # fmt: skip
        return shown(content, found, {}, self.sight, others)

    def lacking(self, content: Content) -> list[Item]:
        """The items that are still to be supplemented."""
        return lacking_of(content, self.institution.region_code)

    def waiting(self, content: Content) -> Waiting:
        """What is blank and keeps a rule from deciding, in words."""
        return waiting_for(content, self.institution.region_code)


@requires(ENTER)
@require_GET
def new(request: Request) -> HttpResponse:
    """The empty form, or a card that was begun; the others that were begun are listed."""
    return _form(request, begun(request))


@requires(ENTER)
@require_POST
def enter(request: Request) -> HttpResponse:
    """Enter the card, and open it with its findings."""
    form = NewCard(request.scope, request.POST.get("_layout", LAYOUT))
    said, which = typed(request, form.saved, 0, form.sight), begun(request)
    content = form.saved.with_changes(said.front, said.supplement)
    keep_draft(
        card=None, institution=form.institution_id, versions=form.version, typed=said, by=request.scope, begun=which
    )
    apart, because = _apart(request)
    try:
        month = _month(request.POST.get("_month", ""))
        if (zero := contradicted(request, form.institution, content, month)) is not None:
            beside = _asked(form, content, apart)
            return _form(request, which, status=422, zero=zero, beside=beside, because=because)
        require_short(content.layout, said.front, said.supplement)
        held = enter_card(
            institution=form.institution, content=content, by=request.scope,
            archive_month=month, apart_from=apart, because=because,
        )  # fmt: skip
    except OnRecord as known:
        url = reverse("registry:card", args=[known.card])
        messages.error(request, refusal_in_words(known))
        return _form(request, which, known=url, status=422)
    except MayBeOnRecord as doubt:
        messages.warning(request, refusal_in_words(doubt))
        return _form(request, which, status=422, beside=doubt.near, because=because)
    except InputRefused as refused:
        messages.error(request, refusal_in_words(refused))
        fields = hqms_fields.layout(content.layout).by_name
        lacking = [fields[name].code for name in KEY if not content.front.get(fields[name].code)]
        beside = _asked(form, content, apart)
        return _form(request, which, status=422, lacking=lacking, beside=beside, because=because)
    discard(card=None, by=request.scope, begun=which)
    messages.success(request, _("The card is entered. Mend what was found, then submit it."))
    return redirect("registry:card", held.pk)


def _apart(request: Request) -> tuple[frozenset[int], str]:
    """Of which cards whoever types says that they are of another stay, and why; of none without a reason."""
    because = request.POST.get("_because", "").strip()
    named = request.POST.get("_near", "").split()
    said = (int(one) for one in named if one.isascii() and one.isdecimal() and len(one) < 19)
    return frozenset(said if because else ()), because


def _asked(form: NewCard, content: Content, apart: frozenset[int]) -> list[Near]:
    """The cards that were asked about, again, where the reason or something else was refused."""
    if not apart:
        return []
    said = facts(content, timezone.localdate(), form.institution.region_code)
    return [one for one in near(form.institution.pk, said, identity(content)) if one.card in apart]


def begun(request: Request) -> UUID:
    """Which new card a form is of; a tab that opens an empty form begins one."""
    try:
        return UUID(request.POST.get("_begun") or request.GET.get("draft", ""))
    except ValueError:
        return uuid4()


def _others(drafts: list[Draft]) -> list[dict[str, Any]]:
    """The cards that were begun, each with what tells it from the others."""
    said = []
    for draft in drafts:
        held = draft_content(draft, Content(LAYOUT))
        named = hqms_fields.layout(held.layout).by_name
        words = [held.front.get(named[name].code, "") for name in ("patient_name", "medical_record_no")]
        said.append({"draft": draft, "title": " · ".join(filter(None, words)) or _("no name yet")})
    return said


def _beside(form: NewCard, found: Sequence[Near]) -> list[dict[str, Any]]:
    """Cards that may be of the stay, with the reason: cards of the own hospital, by their stays and without a name."""
    held = Card.objects.filter(institution=form.institution).in_bulk([one.card for one in found])
    return [{"card": held[one.card], "why": NEAR[one.why]} for one in found if one.card in held]


def _form(
    request: Request, which: UUID, known: str = "", status: int = 200, lacking: Sequence[str] = (),
    beside: Sequence[Near] = (), because: str = "", zero: Signed | None = None,
) -> HttpResponse:  # fmt: skip
    drafts = new_drafts(request.scope)
    draft = next((one for one in drafts if one.begun == which), None)
    held = draft_content(draft, Content(request.GET.get("layout") or request.POST.get("_layout") or LAYOUT))
    form = NewCard(request.scope, held.layout)
    content = held if draft else form.saved
    found = form.shown(content)
    said = {
        "form": form, "layout": form.saved.layout, "layouts": hqms_fields.LAYOUTS, "draft": draft, "known": known,
        "begun_as": which, "others": _others([one for one in drafts if one is not draft]),
        "parts": cells.parts(cells.View(content, form.saved, form.sight)), "findings": found, "counts": counted(found),
        "waiting": form.waiting(content), "editable": True, "begun": content != form.saved, "months": _months(),
        "reasons": (), "elsewhere": elsewhere(), "lacking": lacking, **shown_of_zero(request, form.institution, zero),
        "near": _beside(form, beside) if beside else (), "because": because,
        "row_url": reverse("registry:new_row") + f"?layout={form.saved.layout}",
        "rest_url": reverse("registry:new_rest") + f"?layout={form.saved.layout}", "whole_url": "",
    }  # fmt: skip
    return render(request, "registry/card_new.html", said, status=status)


def _months() -> list[date]:
    """The archive months to choose from: this one and the year before it."""
    today = timezone.localdate()
    months = today.year * 12 + today.month - 1
    return [date((months - back) // 12, (months - back) % 12 + 1, 1) for back in range(13)]


def _month(said: str) -> date | None:
    return read_month(said) if said else None
