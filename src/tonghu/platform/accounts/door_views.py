"""Pages at the door: log-in, one-time code, activation, choice of a post, log-out."""

from __future__ import annotations

import time
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.core.exceptions import ValidationError
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render, resolve_url
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from tonghu.errors import InputRefused
from tonghu.platform.accounts import door as books
from tonghu.platform.accounts import log_in_rules as rules
from tonghu.platform.accounts import second_factor
from tonghu.platform.accounts.access import Request, public, signed_in
from tonghu.platform.accounts.door import Door
from tonghu.platform.accounts.forms import (
    CodeForm,
    ConfirmPasswordForm,
    FirstCodeForm,
    LogInForm,
    NewPasswordForm,
    in_words,
)
from tonghu.platform.accounts.links import find_link, refuse_maker, use_link
from tonghu.platform.accounts.log_in import (
    Answer,
    choose_post,
    confirm_password,
    enter,
    note_second_factor,
    second_step,
    try_code,
    try_password,
)
from tonghu.platform.accounts.models import LogInEvent, Person
from tonghu.platform.accounts.sign_in import SECOND_FACTOR
from tonghu.platform.onward import next_page
from tonghu.platform.scope.scope import open_scope, system_scope

#: Keys of a session that is on its way in: who gave which password, until when, where to; a secret being set up; and
#: until when, the password having been given again, one may be.
PENDING, PROPOSED, MAY_ENROL = "pending", "proposed", "may_enrol"


@public
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def log_in(request: Request) -> HttpResponse:
    """User name and password. Wrong, unknown, suspended, not activated: one answer."""
    if request.scope.person is not None:
        return redirect(_next(request))
    form = LogInForm(request.POST or None)
    if form.is_valid():
        answer = try_password(door=Door.of(request), **form.cleaned_data)
        if answer.person:
            return _after_password(request, answer.person)
        form.add_error(None, _refusal(answer, _("User name or password is wrong, or the account is not in use.")))
    ended = request.method == "GET" and settings.SESSION_COOKIE_NAME in request.COOKIES and request.session.is_empty()
    return render(request, "accounts/log_in.html", {"form": form, "next": request.GET.get("next", ""), "ended": ended})


@public
@never_cache
@require_http_methods(["GET", "POST"])
def code(request: Request) -> HttpResponse:
    """The one-time code: after the password, or when a post asks for it that did not before."""
    person = _pending(request) or _inside(request)
    if person is None:
        return redirect("accounts:login")
    form = CodeForm(request.POST or None)
    if form.is_valid():
        answer = try_code(person=person, code=form.cleaned_data["code"], door=Door.of(request))
        if answer.person:
            return _in_with_code(request, person)
        form.add_error("code", _refusal(answer, _("This code is wrong, used or over. Wait for the next one.")))
    return render(request, "accounts/code.html", {"form": form})


@public
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def enrol(request: Request) -> HttpResponse:
    """Set up one-time codes: on the way in, where a post asks for them; or anew, with the password given again."""
    person = _pending(request)
    if person is None:
        person = _inside(request)
        if person is None:
            return redirect("accounts:login")
        if request.session.get(MAY_ENROL, 0) < time.time():
            return _ask_password(request, person)
    elif second_step(person) == "code":  # a stolen password must not replace the telephone
        return redirect("accounts:code")
    form = FirstCodeForm(request.POST if PROPOSED in request.session and request.POST else None)
    if form.is_valid():
        secret = second_factor.proposed(request.session[PROPOSED])
        with open_scope(system_scope("login", request.scope)):
            codes = second_factor.confirm(person, secret, form.cleaned_data["code"])
            if codes:
                books.note(LogInEvent.Kind.SECOND_FACTOR_SET, person, Door.of(request))
        if codes:
            onward = _in_with_code(request, person).url
            return render(request, "accounts/recovery_codes.html", {"codes": codes, "onward": onward})
        form.add_error("code", _("This is not the code of this picture. Is the telephone's clock right?"))
    else:
        secret, request.session[PROPOSED] = second_factor.propose()
    picture = second_factor.picture(person, secret)
    return render(request, "accounts/enrol.html", {"form": form, "picture": picture, "secret": secret})


@public
@never_cache
@sensitive_post_parameters("new", "again")
@require_http_methods(["GET", "POST"])
def activate(request: Request, token: str) -> HttpResponse:
    """Set a password by a one-time link. Used, over, never issued: one answer."""
    link = find_link(token)
    if link is None:
        return render(request, "accounts/link_over.html", status=404)
    if refuse_maker(link, reader=request.scope, door=Door.of(request)):
        return render(request, "accounts/link_of_others.html", {"person": link.person}, status=403)
    form = NewPasswordForm(request.POST or None)
    if form.is_valid():
        try:
            person = use_link(token=token, password=form.cleaned_data["new"], door=Door.of(request))
        except ValidationError as weak:
            form.add_error("new", in_words(weak))
        else:
            if person is None:
                return render(request, "accounts/link_over.html", status=404)
            request.session.flush()
            return _after_password(request, person)
    return render(request, "accounts/activate.html", {"form": form, "person": link.person})


@signed_in
@require_http_methods(["GET", "POST"])
def switch(request: Request) -> HttpResponse:
    """Choose the post to act from."""
    if request.method == "POST":
        try:
            choose_post(request, int(request.POST.get("post", "0")))
        except (InputRefused, ValueError):
            messages.error(request, _("You do not hold this post today."))
            return redirect("accounts:switch")
        chosen = next(post for post in request.posts if post.pk == request.session["post"])
        if chosen.described.second_factor and not request.session.get(SECOND_FACTOR):
            request.session["next"] = _next(request)
            return redirect("accounts:code" if second_step(request.user) == "code" else "accounts:enrol")
        return redirect(_next(request))
    return render(request, "accounts/switch.html", {"posts": request.posts, "next": request.GET.get("next", "")})


@signed_in
@require_POST
def log_out(request: Request) -> HttpResponse:
    """Leave."""
    with open_scope(system_scope("login", request.scope)):
        books.note(LogInEvent.Kind.LOGGED_OUT, request.user, Door.of(request))
    logout(request)
    messages.success(request, _("You are logged out."))
    return redirect("accounts:login")


def _after_password(request: Request, person: Person) -> HttpResponse:
    step = second_step(person)
    if not step:
        return _enter(request, person, second_factor_given=False, onward=_next(request))
    onward = _next(request)
    request.session.flush()  # nothing that a stranger put into this browser's session comes along
    # Of the password a keyed hash: when it is another one, by a reset say, whoever came with this one comes no further.
    request.session[PENDING] = {
        "person": person.pk, "password": person.get_session_auth_hash(), "until": _soon(), "next": onward,
    }  # fmt: skip
    return redirect(f"accounts:{step}")


def _in_with_code(request: Request, person: Person) -> HttpResponseRedirect:
    if request.scope.person is not None:
        for key in (PROPOSED, MAY_ENROL):
            request.session.pop(key, None)
        note_second_factor(request)
        return HttpResponseRedirect(request.session.pop("next", "") or resolve_url("accounts:account"))
    onward = request.session[PENDING]["next"]
    return _enter(request, person, second_factor_given=True, onward=onward)


def _enter(request: Request, person: Person, *, second_factor_given: bool, onward: str) -> HttpResponseRedirect:
    failed = enter(request, person, second_factor_given=second_factor_given)
    if failed:
        said = ngettext(
            "Since you last logged in, %(count)d try with your user name failed. Not you? Change your password.",
            "Since you last logged in, %(count)d tries with your user name failed. Not you? Change your password.",
            failed,
        )
        messages.warning(request, said % {"count": failed})
    response = HttpResponseRedirect(onward)
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME, person.language, max_age=365 * 86400, samesite="Lax", secure=settings.HTTPS
    )
    return response


def _ask_password(request: Request, person: Person) -> HttpResponse:
    """Codes are set up anew only by who knows the password, not by whoever finds an open session."""
    form = ConfirmPasswordForm(request.POST or None)
    if form.is_valid():
        if confirm_password(person=person, password=form.cleaned_data["password"], door=Door.of(request)):
            request.session[MAY_ENROL] = _soon()
            return redirect("accounts:enrol")
        form.add_error("password", _("This password is wrong."))
    return render(request, "accounts/confirm_password.html", {"form": form})


def _pending(request: Request) -> Person | None:
    held: dict[str, Any] = request.session.get(PENDING) or {}
    if request.scope.person is not None or held.get("until", 0) < time.time():
        return None
    with open_scope(system_scope("login")):
        person = Person.objects.filter(pk=held["person"], is_active=True).first()
    same = person is not None and constant_time_compare(held["password"], person.get_session_auth_hash())
    return person if same else None


def _soon() -> float:
    """Until when the next step may follow."""
    return time.time() + rules.span("pending_minutes").total_seconds()


def _inside(request: Request) -> Person | None:
    return request.user if request.scope.person is not None else None


def _refusal(answer: Answer, wrong: str) -> str:
    if answer.wait_until is None:
        return wrong
    until = timezone.localtime(answer.wait_until)
    return _("Too many failures. Try again after %(time)s.") % {"time": until.strftime("%H:%M")}


def _next(request: HttpRequest) -> str:
    return next_page(request, of_address=True)


def add_errors(form: Form, refused: InputRefused) -> None:
    """Show a refusal on top of a form."""
    form.add_error(None, in_words(refused))


def with_next(url: str, request: HttpRequest) -> str:
    """Return an address that leads back to this page."""
    return f"{resolve_url(url)}?{urlencode({'next': request.get_full_path()})}"
