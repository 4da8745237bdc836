"""Reads of docking clients, and what they can be given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import import_module

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from tonghu.platform.accounts.roles import ROLES, Role
from tonghu.platform.api.access import ISSUE
from tonghu.platform.api.models import DockingClient
from tonghu.platform.jobs.tasks import kinds
from tonghu.platform.scope.permissions import Permission, declared
from tonghu.platform.scope.scope import Scope

#: Rights that operations of the API ask for; filled when they are put together (``tonghu.config.api``).
ASKED_BY_API: set[str] = set()


def for_clients() -> Mapping[str, Permission]:
    """Return the rights that a client can be given: those that the API, or a job asked for through it, wants."""
    import_module(settings.ROOT_URLCONF)  # puts the operations together, in a process that answers no calls too
    wanted = ASKED_BY_API | {kind.asked_with for kind in kinds().values() if kind.asked_with}
    return {code: declared()[code] for code in sorted(wanted)}


def lacks(rights: Iterable[str], by: Scope) -> list[Permission]:
    """Return those of the rights that a post lacks itself; whoever lacks one sees no secret of a client that has it."""
    return [declared()[code] for code in rights if code in declared() and not by.may(code)]


def who_gives() -> list[Role]:
    """Return the roles that issue credentials with a right: those that hold one themselves."""
    rights = for_clients().keys()
    return [role for role in ROLES.values() if ISSUE in role.permissions and rights & role.permissions]


def clients() -> QuerySet[DockingClient]:
    """Return the docking clients that the open scope sees."""
    return DockingClient.objects.select_related("institution", "issued_by")


def state_of(client: DockingClient) -> str:
    """Return ``current``, ``future`` or ``past``."""
    now = timezone.now()
    if client.valid.isempty or (client.valid.upper and client.valid.upper <= now):
        return "past"
    return "future" if client.valid.lower and client.valid.lower > now else "current"
