"""One's own account: posts, devices, password, recovery codes, language, and what happened at the door."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tonghu.platform.accounts import door as books
from tonghu.platform.accounts import log_in, second_factor
from tonghu.platform.accounts.access import Request, signed_in
from tonghu.platform.accounts.devices import in_two_words
from tonghu.platform.accounts.door import Door
from tonghu.platform.accounts.forms import ChangePasswordForm, ConfirmPasswordForm, LanguageForm, in_words
from tonghu.platform.accounts.models import LogInEvent, Post
from tonghu.platform.accounts.sessions import digest
from tonghu.platform.scope.scope import open_scope, system_scope

#: How many of the latest events at the door the page shows.
SHOWN = 20


@signed_in
@require_GET
def account(request: Request) -> HttpResponse:
    """Everything about one's own log-in on one page."""
    person = request.user
    with open_scope(system_scope("login", request.scope)):
        has_codes = second_factor.enrolled(person)
        left = second_factor.recovery_codes_left(person)
        # Here, so that everybody learns who did something about their log-in, whether they may see people or not.
        events = list(LogInEvent.objects.filter(person=person).select_related("done_by").order_by("-at")[:SHOWN])
    return render(
        request,
        "accounts/account.html",
        {
            "person": person,
            "posts": Post.objects.filter(person=person).select_related("institution").order_by("-valid"),
            "devices": [(device, in_two_words(device.agent)) for device in log_in.devices(person)],
            "this_device": digest(request.session.session_key or ""),
            "events": events,
            "has_codes": has_codes,
            "recovery_left": left,
            "language_form": LanguageForm(initial={"language": person.language}),
        },
    )


@signed_in
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def password(request: Request) -> HttpResponse:
    """A new password."""
    form = ChangePasswordForm(request.POST or None)
    if form.is_valid():
        said = form.cleaned_data
        try:
            changed = log_in.change_password(request=request, person=request.user, old=said["old"], new=said["new"])
        except ValidationError as weak:
            form.add_error("new", in_words(weak))
        else:
            if changed:
                messages.success(request, _("The password is changed. Other devices are signed out."))
                return redirect("accounts:account")
            form.add_error("old", _("This password is wrong."))
    return render(request, "accounts/password.html", {"form": form})


@signed_in
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def recovery(request: Request) -> HttpResponse:
    """New recovery codes, shown this once."""
    form = ConfirmPasswordForm(request.POST or None)
    person, door = request.user, Door.of(request)
    if form.is_valid():
        if log_in.confirm_password(person=person, password=form.cleaned_data["password"], door=door):
            with open_scope(system_scope("login", request.scope)):
                codes = second_factor.fresh_recovery_codes(person)
                books.note(LogInEvent.Kind.RECOVERY_MADE, person, door)
            return render(request, "accounts/recovery_codes.html", {"codes": codes, "onward": "/account"})
        form.add_error("password", _("This password is wrong."))
    return render(request, "accounts/confirm_password.html", {"form": form})


@signed_in
@require_POST
def language(request: Request) -> HttpResponse:
    """The language of one's pages, on this device and every other."""
    form = LanguageForm(request.POST)
    response = redirect("accounts:account")
    if form.is_valid():
        chosen = form.cleaned_data["language"]
        request.user.language = chosen
        request.user.save(update_fields=["language"])
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME, chosen, max_age=365 * 86400, samesite="Lax", secure=settings.HTTPS
        )
    return response


@signed_in
@require_POST
def end_device(request: Request) -> HttpResponse:
    """Sign one device out, or with ``others`` every other one."""
    if request.POST.get("others"):
        ended = log_in.end_other_devices(request=request, person=request.user)
    else:
        key = request.POST.get("device", "")
        ended = int(log_in.end_device(person=request.user, key=key, door=Door.of(request)))
    said = ngettext("%(count)d device is signed out.", "%(count)d devices are signed out.", ended)
    messages.success(request, said % {"count": ended})
    return redirect("accounts:account")
