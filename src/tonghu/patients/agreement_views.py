"""Pages on consents and on letting another hospital see a child."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from tonghu.patients import agreements, queries
from tonghu.patients.access import CONSENT, GRANT
from tonghu.patients.edit_views import form_page
from tonghu.patients.forms import ConsentForm, GrantForm, ReasonForm
from tonghu.patients.models import Child, Consent
from tonghu.patients.models import Grant as GrantRow
from tonghu.patients.purposes import name_of
from tonghu.patients.views import own_side, shown
from tonghu.platform.accounts.access import Request, requires


@requires(CONSENT)
@require_http_methods(["GET", "POST"])
def consent(request: Request, pk: int) -> HttpResponse:
    """What the family of a child agreed to."""
    institution = _hospital(request)
    child, views = shown(request, pk, "记录同意")
    form = ConsentForm(request.POST or None, initial={"start": timezone.localdate()})

    def act() -> Child:
        agreements.record_consent(child=own_side(views), institution=institution, by=request.scope, **form.cleaned_data)
        return child

    title = _("Consent of the family of %(name)s") % {"name": views[0].patient_name}
    note = _("Consent is voluntary (按照自愿原则): care never depends on it.")
    return form_page(request, form, act, title=title, submit=_("Record"), at=child, note=note)


@requires(CONSENT)
@require_http_methods(["GET", "POST"])
def withdraw(request: Request, pk: int) -> HttpResponse:
    """A consent that a family takes back."""
    held = get_object_or_404(
        Consent.objects.select_related("child"), pk=pk, institution=request.scope.institution, withdrawn_at=None
    )
    shown(request, held.child_id, "撤回同意")
    form = ReasonForm(request.POST or None)

    def act() -> Child:
        agreements.withdraw_consent(consent=held, by=request.scope, reason=form.cleaned_data["reason"])
        return held.child

    count = len({one.hospital for one in agreements.resting(held)})
    note = _("%(count)d hospitals lose sight of the child at once.") % {"count": count} if count else ""
    title = _("Withdraw the consent “%(purpose)s”") % {"purpose": name_of(held.purpose)}
    return form_page(request, form, act, title=title, submit=_("Withdraw"), at=held.child, note=note)


@requires(GRANT)
@require_http_methods(["GET", "POST"])
def grant(request: Request, pk: int) -> HttpResponse:
    """Let another hospital see a child for a time."""
    institution = _hospital(request)
    child, views = shown(request, pk, "开放查看")
    form = GrantForm(request.POST or None, children=queries.together(child), initial={"start": timezone.localdate()})

    def act() -> Child:
        said: dict[str, Any] = dict(form.cleaned_data)
        to = said.pop("institution")
        agreements.let_see(child=own_side(views), institution=to.pk, given_by=institution, by=request.scope, **said)
        return child

    title = _("Let another hospital see %(name)s") % {"name": views[0].patient_name}
    return form_page(request, form, act, title=title, submit=_("Let see"), at=child)


@requires(GRANT, CONSENT)
@require_http_methods(["GET", "POST"])
def end_grant(request: Request, pk: int) -> HttpResponse:
    """End before its time that another hospital sees a child."""
    held = get_object_or_404(
        GrantRow.objects.select_related("child", "institution"), pk=pk, given_by=request.scope.institution
    )
    shown(request, held.child_id, "结束查看")
    form = ReasonForm(request.POST or None)

    def act() -> Child:
        agreements.end_grant(grant=held, by=request.scope, reason=form.cleaned_data["reason"])
        return held.child

    title = _("End that %(hospital)s sees the child") % {"hospital": held.institution.name}
    return form_page(request, form, act, title=title, submit=_("End now"), at=held.child)


def _hospital(request: Request) -> int:
    if request.scope.institution is None:
        raise PermissionDenied(_("This is done by hospitals: choose a post at a hospital."))
    return request.scope.institution
