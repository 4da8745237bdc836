"""Pages on people and posts: who is there, what they hold, and every act on it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db.models import Q, QuerySet
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tonghu.errors import InputRefused
from tonghu.platform.accounts import access, links, log_in, services
from tonghu.platform.accounts import door as books
from tonghu.platform.accounts.access import Request, requires, signed_in
from tonghu.platform.accounts.forms import AppointForm, DeputyForm, EndForm, MoveForm, RegisterForm, in_words
from tonghu.platform.accounts.models import LogInEvent, Person, Post
from tonghu.platform.accounts.queries import called, events_of, people, posts_in_words, posts_of, state_of
from tonghu.platform.accounts.reach import in_scope, watches
from tonghu.platform.accounts.roles import ROLES, Role, RoleGroup
from tonghu.platform.components.as_shown import refuse
from tonghu.platform.components.parts import Confirm, Event
from tonghu.platform.components.table import Column, Filter, Mark, Table
from tonghu.platform.scope.permissions import permission
from tonghu.platform.scope.scope import open_scope, system_scope
from tonghu.policy.library import clause

#: How many events at the door a person's page shows.
SHOWN = 30


@requires(access.VIEW)
@require_GET
def people_list(request: Request) -> HttpResponse:
    """Everybody in scope."""
    table = Table(
        request=request,
        name="people",
        rows=people(),
        order="name",
        columns=(
            Column("name", _("Name"), link=lambda one: reverse("accounts:person", args=[one.pk]), fixed=True),
            Column("username", _("User name"), kind="code"),
            Column("institution", _("Kept by"), sort=None),
            Column("posts", _("Posts"), value=posts_in_words, sort=None),
            Column("state", _("Account"), value=_state, kind="mark", sort=None),
        ),
        filters=(
            Filter("q", _("Name, pinyin or user name"), called),
            Filter("role", _("Role"), _by_role, choices=[(role.code, role.name) for role in ROLES.values()]),
            Filter("account", _("Account"), _by_state, choices=_STATES),
        ),
        empty=_("People whom you register appear here."),
    )
    return render(request, "accounts/people.html", {"table": table, "may_register": request.scope.may(access.REGISTER)})


@requires(access.VIEW)
@require_GET
def person_page(request: Request, pk: int) -> HttpResponse:
    """One person: posts, account, what happened at the door, and what the reader may do about it."""
    person = get_object_or_404(Person.objects.select_related("institution"), pk=pk)
    by = request.scope
    kept_here, other = in_scope(person.institution, by), person.pk != by.person
    first = not person.has_usable_password()
    may_secure = by.may(access.SECURE) and kept_here and other
    watcher = may_secure and watches(person, by)
    may_register = by.may(access.REGISTER) and kept_here and other
    locked = False
    if may_secure:
        with open_scope(system_scope("login", by)):
            locked = books.is_locked(person.username)
    posts = [
        {"post": post, "state": state_of(post), "may_end": _still(post) and services.may_end(post, by)}
        for post in posts_of(person)
    ]
    return render(
        request,
        "accounts/person.html",
        {
            "person": person,
            "account": _state(person),
            "posts": posts,
            "may_appoint": by.may(access.APPOINT) and other and person.is_active,
            "may_move": may_register and by.region_from is not None,
            "may_link": person.is_active and not watcher and (may_secure or (first and may_register)),
            "first": first,
            "locked": locked,
            "confirm_account": _confirm_account(person) if may_secure and not watcher else None,
            "may_secure": may_secure and (locked or not watcher),
            "events": _events(person) if by.may(access.LOG_INS) else None,
        },
    )


@requires(access.REGISTER)
@require_http_methods(["GET", "POST"])
def register(request: Request) -> HttpResponse:
    """Somebody new; the page after it hands over the activation link, once."""
    form = RegisterForm(request.POST or None, by=request.scope)

    def act(said: dict[str, Any]) -> HttpResponse:
        person = services.register_person(by=request.scope, **said)
        return _show_link(request, person)

    return _form_page(request, form, act, title=_("Register somebody"), submit=_("Register"), back="accounts:people")


@requires(access.APPOINT)
@require_http_methods(["GET", "POST"])
def appoint(request: Request, pk: int) -> HttpResponse:
    """A post for somebody."""
    person = get_object_or_404(Person.objects.select_related("institution"), pk=pk)
    by = request.scope
    typed = {name: said for name, said in request.GET.items() if name in ("role", "starts", "ends")}
    at = request.POST.get("institution") or request.GET.get("institution")
    form = AppointForm(request.POST or None, by=by, place=at or person.institution.code, initial=typed)

    def act(said: dict[str, Any]) -> HttpResponse:
        post = services.appoint(person=person, by=by, **said)
        messages.success(
            request, _("%(name)s holds the post %(role)s now.") % {"name": person.name, "role": post.described.name}
        )
        return redirect("accounts:person", pk=person.pk)

    return _form_page(
        request, form, act, title=_("Appoint %(name)s") % {"name": person.name}, submit=_("Appoint"),
        back="accounts:person", person=person,
    )  # fmt: skip


@requires(access.APPOINT)
@require_http_methods(["GET", "POST"])
def end_post(request: Request, pk: int) -> HttpResponse:
    """The end of a post."""
    post = get_object_or_404(Post.objects.select_related("institution", "person"), pk=pk)
    form = EndForm(
        request.POST or None, initial={"last_day": timezone.localdate()}, held={"last_day": post.last_day}, about=pk
    )

    def act(said: dict[str, Any]) -> HttpResponse:
        services.end_post(post=post, by=request.scope, shown=form.shown, **said)
        messages.success(request, _("The post ends with %(day)s.") % {"day": said["last_day"]})
        return redirect("accounts:person", pk=post.person_id)

    title = _("End the post %(role)s of %(name)s") % {"role": post.described.name, "name": post.person.name}
    return _form_page(
        request, form, act, title=title, submit=_("End the post"), back="accounts:person", person=post.person
    )


@requires(access.APPOINT)
@require_http_methods(["GET", "POST"])
def deputy(request: Request, pk: int) -> HttpResponse:
    """Somebody who stands in."""
    post = get_object_or_404(Post.objects.select_related("institution", "person"), pk=pk)
    others = Person.objects.filter(is_active=True).exclude(pk__in=[post.person_id, request.scope.person])
    form = DeputyForm(request.POST or None, people=others)

    def act(said: dict[str, Any]) -> HttpResponse:
        services.name_deputy(post=post, by=request.scope, **said)
        messages.success(request, _("%(name)s stands in.") % {"name": said["person"].name})
        return redirect("accounts:person", pk=post.person_id)

    title = _("A deputy for %(name)s as %(role)s") % {"role": post.described.name, "name": post.person.name}
    return _form_page(
        request, form, act, title=title, submit=_("Name the deputy"), back="accounts:person", person=post.person
    )


@requires(access.REGISTER)
@require_http_methods(["GET", "POST"])
def move(request: Request, pk: int) -> HttpResponse:
    """Somebody changes institution."""
    person = get_object_or_404(Person.objects.select_related("institution"), pk=pk)
    form = MoveForm(
        request.POST or None, by=request.scope, initial={"last_day": timezone.localdate()},
        held={"to": person.institution}, about=pk,
    )  # fmt: skip

    def act(said: dict[str, Any]) -> HttpResponse:
        services.move_person(person=person, by=request.scope, shown=form.shown, **said)
        messages.success(request, _("%(name)s moves to %(place)s.") % {"name": person.name, "place": said["to"].name})
        return redirect("accounts:person", pk=person.pk)

    def more() -> dict[str, object]:
        yesterday = timezone.localdate() - timedelta(days=1)
        held = [(post, services.may_end(post, request.scope)) for post in services.posts_after(person, yesterday)]
        barred = {post.institution_id for post, mine in held if not mine}
        # A post at the new institution goes on: there alone may stand what is not for this mover to end.
        return {"held": held, "barred": barred, "nowhere": len(barred) > 1 or person.institution_id in barred}

    return _form_page(
        request, form, act, title=_("Move %(name)s") % {"name": person.name}, submit=_("Move"),
        back="accounts:person", person=person, template="accounts/move.html", more=more,
    )  # fmt: skip


@requires(access.REGISTER, access.SECURE)
@require_POST
def link(request: Request, pk: int) -> HttpResponse:
    """A fresh one-time link, shown this once."""
    person = get_object_or_404(Person.objects.select_related("institution"), pk=pk)
    return _acting(
        request, person, lambda: _show_link(request, person, without_second_factor=bool(request.POST.get("telephone")))
    )


@requires(access.SECURE)
@require_POST
def secure(request: Request, pk: int, act: str) -> HttpResponse:
    """Suspend, resume or unlock an account."""
    person = get_object_or_404(Person.objects.select_related("institution"), pk=pk)
    reason = request.POST.get("reason", "")
    acts: dict[str, tuple[Callable[[], None], str]] = {
        "suspend": (
            lambda: services.suspend(person=person, reason=reason, by=request.scope),
            _("The account is suspended, every device signed out."),
        ),
        "resume": (
            lambda: services.resume(person=person, reason=reason, by=request.scope),
            _("The account is in use again."),
        ),
        "unlock": (lambda: log_in.unlock(person=person, by=request.scope), _("The lock is lifted.")),
    }
    do, said = acts[act]

    def acted() -> HttpResponse:
        do()
        messages.success(request, said)
        return redirect("accounts:person", pk=person.pk)

    return _acting(request, person, acted)


@signed_in
@require_GET
def roles(request: Request) -> HttpResponse:
    """Every role, by where it is held: what for, what it may, whose patients it sees, on which clause it rests."""
    mine = {post.role for post in request.posts}
    groups = [
        (
            group.label,
            [
                (role, role.code in mine, [permission(code) for code in sorted(role.permissions)], _grounds(role))
                for role in ROLES.values()
                if role.group is group
            ],
        )
        for group in RoleGroup
    ]
    return render(request, "accounts/roles.html", {"groups": groups})


def _grounds(role: Role) -> list[str]:
    """The clauses that a role rests on, as a reader cites them; else the standard."""
    return [clause(path).citation for path in role.clauses] or [role.standard]


def _form_page(
    request: Request,
    form: Form,
    act: Callable[[dict[str, Any]], HttpResponse],
    *,
    title: str,
    submit: str,
    back: str,
    person: Person | None = None,
    template: str = "accounts/act.html",
    more: Callable[[], dict[str, object]] = dict,
) -> HttpResponse:
    """Show a form, act on it when it is sent, and show again what was refused; `template` may show `more`."""
    if form.is_valid():
        try:
            return act(dict(form.cleaned_data))
        except InputRefused as refused:
            refuse(form, refused, in_words)
    cancel = reverse(back, args=[person.pk] if person else [])
    said = {"form": form, "heading": title, "submit": submit, "cancel": cancel, "person": person}
    return render(request, template, said | more())


def _acting(request: Request, person: Person, act: Callable[[], HttpResponse]) -> HttpResponse:
    try:
        return act()
    except InputRefused as refused:
        messages.error(request, str(in_words(refused)))
        return redirect("accounts:person", pk=person.pk)


def _show_link(request: Request, person: Person, *, without_second_factor: bool = False) -> HttpResponse:
    token = links.issue_link(person=person, by=request.scope, without_second_factor=without_second_factor)
    address = request.build_absolute_uri(reverse("accounts:activate", args=[token]))
    return render(request, "accounts/link.html", {"person": person, "address": address})


def _still(post: Post) -> bool:
    return state_of(post) in ("current", "future")


_STATES = (
    ("active", gettext_lazy("in use")),
    ("invited", gettext_lazy("not activated")),
    ("suspended", gettext_lazy("suspended")),
)


def _state(person: Person) -> Mark:
    if not person.is_active:
        return Mark(_("suspended"), "block")
    return Mark(_("in use"), "done") if person.has_usable_password() else Mark(_("not activated"), "ask")


def _by_role(rows: QuerySet[Person], chosen: str) -> QuerySet[Person]:
    held = Post.objects.filter(role=chosen, valid__contains=timezone.localdate())
    return rows.filter(pk__in=held.values("person"))


def _by_state(rows: QuerySet[Person], chosen: str) -> QuerySet[Person]:
    if chosen == "suspended":
        return rows.filter(is_active=False)
    not_activated = Q(password__startswith=UNUSABLE_PASSWORD_PREFIX)
    return rows.filter(not_activated if chosen == "invited" else ~not_activated, is_active=True)


def _events(person: Person) -> list[Event]:
    return [
        Event(
            at=event.at,
            who=event.done_by.name if event.done_by else person.name,
            what=LogInEvent.Kind(event.kind).label,
            post=event.address or "",
        )
        for event in events_of(person)[:SHOWN]
    ]


def _confirm_account(person: Person) -> Confirm:
    if person.is_active:
        return Confirm(
            question=_("Suspend the account of %(name)s?") % {"name": person.name},
            consequences=((_("at once"), _("every device is signed out, and no post has effect until it is resumed")),),
            act=_("Suspend"),
            url=reverse("accounts:secure", args=[person.pk, "suspend"]),
            reason=True,
            final=False,
        )
    return Confirm(
        question=_("Resume the account of %(name)s?") % {"name": person.name},
        consequences=((_("at once"), _("posts that have not ended hold again")),),
        act=_("Resume"),
        url=reverse("accounts:secure", args=[person.pk, "resume"]),
        reason=True,
        tone="ask",
        final=False,
    )
