"""From a request's session to the scope that it reads with."""

from __future__ import annotations

from django.http import HttpRequest

from tonghu.platform.scope.scope import Scope, open_scope, system_scope

PUBLIC = Scope(purpose="public")


def scope_of(request: HttpRequest) -> Scope:
    """Return the scope of the post that the signed-in person acts from; strangers get the public one."""
    with open_scope(system_scope("login")):
        person = request.user
        if not person.is_authenticated:
            return PUBLIC
        return Scope(person=person.pk, purpose="sign-in")
