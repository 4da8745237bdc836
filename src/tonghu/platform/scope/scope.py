"""A scope: who reads, from which post, what they may, and for what purpose.

Every request and job opens one inside its transaction; without one, every read of a protected table is an error of
the database (``TH001``), not an empty answer. Example::

    with open_scope(Scope(person=7, post=12, institution=3, permissions=frozenset({"children.read"}))):
        Child.objects.filter(...)

A system scope names a piece of the system itself (``migration``, ``login``, ``summary``) and gets the permissions that
the name has in :data:`SYSTEM`, nothing more.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Final

from django.db import connections, transaction

#: What each named piece of the system may do, and why it must reach across institutions.
SYSTEM: Final[dict[str, tuple[frozenset[str], str]]] = {
    "migration": (frozenset({"*"}), "moves rows between versions of a table; run by the owner, never by a request"),
    "login": (frozenset({"accounts.authenticate"}), "finds the person who logs in, before any post is known"),
    "provisioning": (
        frozenset({"accounts.provision", "network.provision"}),
        "fills a new site: regions, institutions, the first people; run by commands, never by a request",
    ),
    "rotation": (frozenset({"*"}), "writes sealed values again under a new key; run by the owner, never by a request"),
    "chain": (frozenset(), "links the events of the log into its chain and checks it; reads events of every place"),
    "summary": (
        frozenset({"registry.read", "surveillance.view"}),
        "counts reported cards by region and how points stand, without looking at who they are",
    ),
    "recheck": (
        frozenset({"registry.read", "registry.enter"}),
        "asks changed rules about the cards in hand, hospital by hospital; it writes findings, never what a card says",
    ),
    "names": (
        frozenset({"registry.read"}),
        "gathers what hospitals call codes, hospital by hospital; of a name it keeps only that several write it",
    ),
    "checking": (
        frozenset({"registry.read"}),
        "looks whether every card is consistent; run by a command, changes nothing",
    ),
    "telling": (
        frozenset({"accounts.view"}),
        "finds whom what a post did with a reported card concerns: at the national centre, or those who audit there",
    ),
    "calendar": (
        frozenset({"surveillance.view", "accounts.view"}),
        "finds who is to be reminded of a month that is due: points, what they owe, and who holds their posts",
    ),
    "regions": (
        frozenset({"accounts.view"}),
        "finds whom a region that has ended concerns: who moves its institutions, and who holds a post there",
    ),
    # Policies of the rooms name these four; they hold no permission that a post could hold.
    "worker": (frozenset(), "keeps the books on jobs of every institution: who runs what, how far, how it ended"),
    "upkeep": (frozenset(), "ends the lives of files and removes old records of jobs and notices, everywhere"),
    "notices": (frozenset(), "writes notices to people of every institution, and sends them"),
    "docking": (frozenset(), "finds the docking client of a token or secret, before any scope is known"),
}


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What one reader sees and may.

    Attributes:
        person: id of the person who acts; None for the system.
        post: id of the post they act from; None for the system and before a post is chosen.
        client: id of the docking client that calls the API; then there is no person and no post.
        institution: id of the institution whose rows they see; None for posts of an authority.
        region_from, region_to: range of region codes, ``from <= code < to``, whose institutions' rows they see; both
            None for posts of an institution. The nation is ``000000`` to ``999999``.
        permissions: codes of what they may do; ``*`` (system scopes only) is everything.
        purpose: why they read; kept with every logged read.
        reason: why they change what they change, in their own words; kept with the history of the rows.
        request: id of the request or job, the same in the logs and in the history.
        label: who acts, in words that stand in history and logs for good: name, role, institution.
        system: name of the piece of the system that acts, None for people.
    """

    person: int | None = None
    post: int | None = None
    client: int | None = None
    institution: int | None = None
    region_from: str | None = None
    region_to: str | None = None
    permissions: frozenset[str] = field(default_factory=frozenset)
    purpose: str = ""
    reason: str = ""
    request: str = ""
    label: str = ""
    system: str | None = None

    def may(self, permission: str) -> bool:
        """Whether the scope holds a permission."""
        return permission in self.permissions or "*" in self.permissions

    def as_setting(self) -> str:
        """The text that the database's ``scope`` functions read."""
        return json.dumps(
            {
                "person": self.person, "post": self.post, "client": self.client, "institution": self.institution,
                "from": self.region_from, "to": self.region_to, "may": sorted(self.permissions),
                "purpose": self.purpose, "reason": self.reason, "request": self.request, "label": self.label,
                "system": self.system,
            },
            separators=(",", ":"),
        )  # fmt: skip


def system_scope(name: str, by: Scope | None = None) -> Scope:
    """Return the scope of a named piece of the system; it may act for somebody, whom the history then names.

    Raises:
        KeyError: no such name in :data:`SYSTEM`.
    """
    permissions, why = SYSTEM[name]
    fresh = Scope(permissions=permissions, purpose=why, system=name)
    if by is None:
        return fresh
    return replace(fresh, person=by.person, post=by.post, reason=by.reason, request=by.request, label=by.label)


@contextmanager
def open_scope(scope: Scope, using: str = "default", *, savepoint: bool = True) -> Iterator[Scope]:
    """Open `scope` for the block, in a transaction of its own or the one that is open; afterwards the outer one holds.

    The setting is local to the transaction: nothing of it can reach the next user of a pooled connection.

    Args:
        savepoint: an error rolls back to before the block. Without one it dooms the whole transaction, which costs two
            statements less: for reads, and for a block that is the whole transaction.
    """
    connection, wanted = connections[using], scope.as_setting()
    held = getattr(connection, _HELD, None)
    with transaction.atomic(using=using, savepoint=savepoint):
        if held == wanted:
            yield scope
            return
        before = _set(using, wanted)
        setattr(connection, _HELD, wanted)
        try:
            yield scope  # an error takes the setting along when it rolls back
        finally:
            setattr(connection, _HELD, held)
        if not connection.needs_rollback:
            _set(using, before)


#: On a connection: the setting that :func:`open_scope` has made last, so that the same scope is not set twice.
_HELD: Final = "tonghu_scope"


def _set(using: str, setting: str) -> str:
    with connections[using].cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(current_setting('tonghu.scope', true), ''), set_config('tonghu.scope', %s, true)",
            [setting],
        )
        before: str = cursor.fetchone()[0]
    return before
