"""The page of one card: the form for whoever has it in hand, the card beside its raw row for everybody else."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from tonghu.errors import InputRefused
from tonghu.patients.access import READ as SEE_CHILDREN
from tonghu.platform.accounts.access import Request, requires
from tonghu.platform.audit.events import SHORTEST_REASON
from tonghu.platform.shell import stands_at
from tonghu.registry.access import AUDIT, ENTER, READ, REPORT, VERIFY
from tonghu.registry.drafts import Told, draft_changes, keep_draft, reason_name, take_out
from tonghu.registry.forms import cells
from tonghu.registry.forms.findings import counted
from tonghu.registry.forms.reasons import DEPARTMENTS, OVERRIDE, reasons
from tonghu.registry.locks import locked_since
from tonghu.registry.models import Card, Finding
from tonghu.registry.pages import card_lists, looking, void_views, working
from tonghu.registry.pages.beside import changes, history, raw_beside
from tonghu.registry.pages.opening import Opened, at_home, log_look, opened
from tonghu.registry.pages.posting import given_reasons, number, posted, posted_changes, require_short, sent, typed
from tonghu.registry.pages.telling import done, elsewhere, refusal_in_words
from tonghu.registry.pages.trail import Trail, trail
from tonghu.registry.seen import whom
from tonghu.registry.services import (
    Conflict,
    answered,
    ask_department,
    move,
    override,
    reopen,
    save_card,
)
from tonghu.registry.services.moving import Moved, refused_by_request, require_act, unanswered
from tonghu.registry.services.saving import NotInHand
from tonghu.registry.states import Act
from tonghu.registry.void_requests import VOIDS

#: The work of the auditor and of the centre: big on the page; what else may be done stands in a menu.
MAIN = frozenset({"approve", "return", "accept", "return_by_centre"})


@requires(READ)
@require_GET
def card(request: Request, pk: int) -> HttpResponse:
    """One card."""
    one = opened(pk, request.scope)
    log_look(one)
    return render_form(request, one) if one.editable else render_card(request, one)


def render_form(request: Request, one: Opened, status: int = 200) -> HttpResponse:
    """The form of a card that the reader may change, with what they typed and did not save."""
    content = one.typed
    found = one.shown(content)
    wanted = frozenset(each.column for each in found)
    view = cells.View(
        content, one.saved, one.sight, wanted, one.offered, one.card.scope_group, one.card.iccc3_subgroup
    )  # fmt: skip
    place, pk, parts = working.place(request), one.card.pk, cells.parts(view)
    stands_at(request, reverse("registry:queue"))
    said = {
        **_head(one),
        "parts": parts, "findings": found, "counts": counted(found), "waiting": one.waiting(content),
        "lacks": one.lacking(content), "submits": True, "editable": True, "begun": True,
        "raw": raw_beside(one, one.saved), "draft": one.draft,
        "outdated": one.outdated, "elsewhere": elsewhere(), "reasons": reasons(OVERRIDE),
        "departments": reasons(DEPARTMENTS), "returned": one.returned or one.came_back,
        "asks_answer": unanswered([one.card]).get(one.card.pk, ""),
        "offers": sum(bool(c.offered) for part in parts if part.section.supplement for c in part.cells),
        "colleague": _colleague(one, place.taken.get(pk)),
        "place": place, "next_url": place.url(one.card), "previous_url": place.url(one.card, back=True),
        "row_url": reverse("registry:row", args=[pk]), "rest_url": reverse("registry:rest", args=[pk]),
        "whole_url": reverse("registry:whole", args=[pk]) if one.may_reveal else "",
    }  # fmt: skip
    return render(request, "registry/card_form.html", said, status=status)


def render_card(request: Request, one: Opened) -> HttpResponse:
    """The card beside its raw row, with what the reader's post may do."""
    found = one.shown(one.saved)
    if not one.lent:
        looking.remember(request, one.card)
    acts = _acts(one)
    work = [each for each in acts if each["act"].code in MAIN]
    came_by = trail(request)
    in_list = came_by if work or came_by.said else None
    before, onward = in_list.beside(one.card) if in_list else ("", "")
    address, called, entry = came_by.place
    stands_at(request, entry)
    said = {
        **_head(one),
        "sections": raw_beside(one, one.saved), "findings": found, "counts": counted(found), "editable": False,
        "begun": True, "answer": one.answer, "waiting": one.waiting(one.saved),
        "lacks": one.lacking(one.saved),
        "flagged": {each.column for each in found if not each.explained}, "main_acts": work,
        "other_acts": [each for each in acts if each not in work], "back": (address, called),
        "next_url": onward, "previous_url": before, "came_by": came_by.said, "strip": _strip(one, in_list),
        "sampled": looking.sampled(one.card, one.by), "my_draft": _my_draft(one),
        "may_withdraw": any(each["act"].code == "withdraw" and not each["refused"] for each in acts),
    }  # fmt: skip
    return render(request, "registry/card.html", said)


def _colleague(one: Opened, told: Told | None) -> dict[str, Any] | None:
    """Who else is typing on the card, and since when."""
    return {"who": one.called(told.who), "at": told.at} if told else None


def _my_draft(one: Opened) -> dict[str, Any] | None:
    """What the reader typed on a card that somebody moved on since, beside what it says; None where that is nothing."""
    if one.draft is None:
        return None
    front, supplement = draft_changes(one.draft, one.version)
    mine = one.saved.with_changes(front, supplement)
    return {
        "lines": cells.conflicts([*front, *supplement], mine, one.saved, one.sight),
        "reasons": [(name.split("|")[1], why) for name, why in one.reasons_typed.items()],
    }


def _strip(one: Opened, in_list: Trail | None) -> str:
    """How much waits in the list that the reader goes through."""
    if in_list is None:
        return ""
    return in_list.place[1] if in_list.said else looking.strip(one.by)


def _head(one: Opened) -> dict[str, Any]:
    """What both pages say of a card."""
    held, asked = one.card, void_views.request_of(one)
    may_open_child = (one.own or one.lent) and one.by.may(SEE_CHILDREN)
    return {
        "one": one, "card": held, "own": one.own, "events": history(one),
        "name": one.said.patient_name,
        "child_url": reverse("patients:child", args=[held.child_id]) if may_open_child else "",
        "acts": [each for each in _acts(one) if each["act"].code != "submit"],
        "born": one.said.birth_date,
        "locked_since": locked_since(held.institution_id, held.archive_month) if one.own else None,
        "void_asked": asked, "may_ask_void": void_views.may_ask(one, asked),
        "void_reasons": reasons(VOIDS.code), "shortest_reason": SHORTEST_REASON,
        "changes": changes(one.saved, one.raw, one.sight),
        "discharged": timezone.localtime(held.discharge_at).date(), "state_mark": card_lists.state_mark(held),
    }  # fmt: skip


def _acts(one: Opened) -> list[dict[str, Any]]:
    """The acts that the reader's post may do in this state, with why not, and the reasons to choose from."""
    asked = void_views.request_of(one)
    waits = asked if asked and asked.no is None else None
    found = [
        (act, refused or (refused_by_request(act, waits.person, one.by) if waits else ""))
        for act, refused in one.acts()
    ]  # fmt: skip
    return [
        {
            "act": act, "refused": refused and _why(Moved(one.card.pk, refused)), "reasons": reasons(act.code),
            **void_views.prefilled(act.code, asked),
        }
        for act, refused in found
    ]  # fmt: skip


@requires(ENTER)
@require_POST
def save(request: Request, pk: int) -> HttpResponse:
    """Save what was typed with the reasons given, and submit it unless only saving was asked for."""
    one = at_home(pk, request.scope)
    if not one.editable:
        return _moved_on(request, one)
    based_on = number(request, one.number)
    base = one.version(based_on)
    if request.POST.get("_draft") and one.draft:  # what was typed on an older version, to be compared with the newest
        based_on, base = one.draft.based_on_version, one.version(one.draft.based_on_version)
        front, supplement = draft_changes(one.draft, one.version)
        reasons_given = one.reasons_typed
        names: Collection[str] = {**front, **supplement, **reasons_given}.keys()
    else:
        front, supplement = posted_changes(base, posted(request), one.sight)
        reasons_given, names = given_reasons(request), sent(request)
    try:
        require_short(base.layout, front, supplement)
        merged, version = _save(one, based_on, front, supplement)
    except Conflict as conflict:
        return _render_conflict(request, one, conflict, {**front, **supplement}, reasons_given)
    except InputRefused as refused:
        keep_draft(
            card=pk, institution=one.card.institution_id, versions=one.version, by=request.scope,
            typed=typed(request, base, based_on, one.sight),
        )  # fmt: skip
        messages.error(request, refusal_in_words(refused))
        return render_form(request, opened(pk, request.scope), status=422)
    take_out(card=pk, versions=one.version, names=names, by=request.scope)
    if merged:
        messages.info(request, _("Somebody else had changed other fields meanwhile; both changes are kept."))
    if not_kept := _explain(request, pk, reasons_given):
        for why in not_kept:
            messages.warning(request, _("Saved, not submitted: %(why)s") % {"why": why})
        return redirect(reverse("registry:card", args=[pk]) + working.place(request).query)
    return _go_on(request, pk, version)


def _save(one: Opened, based_on: int, front: dict[str, str], supplement: dict[str, str]) -> tuple[bool, int]:
    """Save; where somebody changed other fields meanwhile, on top of theirs: whether it was so, and the version now."""
    said: dict[str, Any] = {"card": one.card.pk, "front": front, "supplement": supplement, "by": one.by}
    try:
        return False, save_card(based_on=based_on, **said).version
    except Conflict as conflict:
        if conflict.both:
            raise
        return bool(front or supplement), save_card(based_on=conflict.version, **said).version


def _explain(request: Request, pk: int, given: Mapping[str, str]) -> list[str]:
    """Keep the reasons that were given for findings that still stand; returns why some were not kept."""
    if not any(given.values()):
        return []
    held = {reason_name(one.rule, one.column): one for one in Finding.objects.filter(card=pk)}
    not_kept = []
    for about, why in given.items():
        if about in held and why:
            try:
                override(findings=[held[about].pk], reason=why, by=request.scope)
            except InputRefused as refused:
                not_kept.append(refusal_in_words(refused))
    return not_kept


def _moved_on(request: Request, one: Opened) -> HttpResponse:
    """Somebody moved the card on while this page stood open: what was typed is kept, and shown beside the card."""
    base = one.version(based_on := number(request, one.number))
    keep_draft(
        card=one.card.pk, institution=one.card.institution_id, versions=one.version, by=request.scope,
        typed=typed(request, base, based_on, one.sight),
    )  # fmt: skip
    messages.warning(request, refusal_in_words(NotInHand(one.card.state)))
    return redirect(reverse("registry:card", args=[one.card.pk]) + working.place(request).query)


def _go_on(request: Request, pk: int, version: int) -> HttpResponse:
    """Submit what was saved, and go straight to the next card with something to do; what was only saved stays open."""
    place = working.place(request)
    here = reverse("registry:card", args=[pk]) + place.query
    only_save = request.POST.get("_act") == "save"
    if not only_save:
        said = request.POST.get("_answer", "")
        [answer] = move(cards={pk: version}, act="submit", by=request.scope, reason=said)
        if answer.refused:
            messages.warning(request, _("Saved, not submitted: %(why)s") % {"why": _why(answer)})
            return redirect(here)
    held = Card.objects.get(pk=pk)
    # The message stands over the next child's card: it says whose card it is of.
    whose = {"record": held.record_number, "name": whom([held])[pk].patient_name}
    said = (_("Saved: %(record)s %(name)s") if only_save else _("Submitted: %(record)s %(name)s")) % whose
    if held.to_supplement and not only_save:
        lacking = ngettext("%(n)d item of its supplement is blank", "%(n)d items of its supplement are blank",
                           held.to_supplement) % {"n": held.to_supplement}  # fmt: skip
        said = _("%(said)s; %(lacking)s") % {"said": said, "lacking": lacking}
    messages.success(request, said)
    if only_save:
        return redirect(here)
    return redirect(place.url(held) or reverse("registry:queue") + place.query)


@requires(ENTER, AUDIT, REPORT, VERIFY)
@require_POST
def act(request: Request, pk: int) -> HttpResponse:
    """Do one act of the table of states with one card, and go on."""
    one = opened(pk, request.scope)
    whose = f"{one.card.record_number} {one.said.patient_name}"  # the message stands over the next child's card
    came_by = trail(request)
    here = came_by.card_url(pk)
    onward = came_by.beside(one.card)[1] or came_by.place[0]
    try:
        wanted: Act = require_act(request.POST.get("_act", ""))
        reason = request.POST.get("typed", "").strip() or request.POST.get("reason", "").strip()
        [answer] = move(cards={pk: number(request, 0)}, act=wanted.code, by=request.scope, reason=reason)
    except InputRefused as refused:
        messages.error(request, refusal_in_words(refused))
        return redirect(here)
    if answer.refused:
        messages.error(request, _why(answer))
        return redirect(here)
    messages.success(request, done(wanted.code, whose))
    return redirect(here if wanted.permission == ENTER else onward)


@requires(ENTER)
@require_POST
def ask(request: Request, pk: int) -> HttpResponse:
    """Ask another department, and the card steps out of the queue; or say that it has answered."""
    one = at_home(pk, request.scope)
    place = working.place(request)
    here, onward = reverse("registry:card", args=[pk]) + place.query, place.url(one.card)
    department, note = request.POST.get("department", ""), request.POST.get("note", "")
    try:
        if request.POST.get("_act") == "answered":
            answered(card=pk, note=note, by=request.scope)
            messages.success(request, _("The card is in your queue again."))
            return redirect(here)
        ask_department(card=pk, department=department, note=note, by=request.scope)
    except InputRefused as refused:
        messages.error(request, refusal_in_words(refused))
        return redirect(here)
    messages.success(request, _("The card waits for %(department)s.") % {"department": department})
    return redirect(onward or reverse("registry:queue"))


@requires(ENTER)
@require_POST
def take_back(request: Request, pk: int) -> HttpResponse:
    """Take the reason of a finding back: it is open again."""
    at_home(pk, request.scope)
    rule, _bar, column = request.POST.get("_about", "").partition("|")
    held = Finding.objects.filter(card=pk, rule=rule, column=column).exclude(overridden_at=None)
    try:
        reopen(findings=list(held.values_list("pk", flat=True)), by=request.scope)
    except InputRefused as refused:
        messages.error(request, refusal_in_words(refused))
    return redirect(reverse("registry:card", args=[pk]) + working.place(request).query)


def _render_conflict(
    request: Request, one: Opened, conflict: Conflict, mine: dict[str, str], why: Mapping[str, str]
) -> HttpResponse:
    """Both versions side by side; what only one side changed is kept anyway, and so are the reasons given."""
    fresh = opened(one.card.pk, request.scope)
    stands_at(request, reverse("registry:queue"))
    said = {
        "card": fresh.card, "name": fresh.said.patient_name, "version": conflict.version,
        "newest": next(iter(history(fresh)), None), "place": working.place(request),
        "lines": cells.conflicts(conflict.both, conflict.mine, conflict.theirs, one.sight),
        "kept": [(code, text) for code, text in mine.items() if code not in conflict.both],
        "reasons": [(name, text, name.split("|")[1]) for name, text in why.items() if text],
        "act": request.POST.get("_act", ""),
    }  # fmt: skip
    return render(request, "registry/conflict.html", said, status=409)


def _why(answer: Moved) -> str:
    return answer.en if (get_language() or "").startswith("en") else answer.zh
