"""Sessions in the database: under their own wall, by the hash of their key, ended by idling and by age.

Named in the settings as ``SESSION_ENGINE``. A row is also what the list of devices shows.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any, cast

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import db
from django.utils import timezone

from tonghu.platform.accounts import log_in_rules as rules
from tonghu.platform.accounts.models import Session
from tonghu.platform.scope.scope import open_scope, system_scope

#: Keys in a session: when it began and was last seen, and where it knocks from.
STARTED, SEEN, ADDRESS, AGENT = "started", "seen", "address", "agent"
#: A request within this time of the last one noted is not noted again.
TOUCH = timedelta(minutes=1)


def digest(key: str) -> str:
    """Return what the database keeps instead of a session's key."""
    return hashlib.blake2b(key.encode(), digest_size=20).hexdigest()


class SessionStore(db.SessionStore):
    """Django's sessions in the database, with the differences above."""

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def _get_session_from_db(self) -> Session | None:
        if self.session_key is None:
            return None
        with open_scope(system_scope("login"), savepoint=False):
            found = Session.objects.filter(pk=digest(self.session_key), expire_date__gt=timezone.now()).first()
        if found is None:
            self._session_key = None
        return found

    def exists(self, session_key: str) -> bool:
        with open_scope(system_scope("login")):
            return super().exists(digest(session_key))

    def save(self, must_create: bool = False) -> None:
        with open_scope(system_scope("login")):
            super().save(must_create)

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key is not None:
            with open_scope(system_scope("login")):
                Session.objects.filter(pk=digest(key)).delete()

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        row = cast(Session, super().create_model_instance(data))
        row.session_key = digest(row.session_key)
        row.person_id = int(data[SESSION_KEY]) if SESSION_KEY in data else None
        row.started, row.seen = _time(data.get(STARTED)), _time(data.get(SEEN))
        row.address, row.agent = data.get(ADDRESS), data.get(AGENT, "")
        row.expire_date = min(row.seen + rules.span("idle_minutes"), row.started + rules.span("session_hours"))
        return row

    @classmethod
    def clear_expired(cls) -> None:
        with open_scope(system_scope("login")):
            super().clear_expired()

    def touch(self) -> None:
        """Note that the person is there, at most once a minute; what polls by itself does not count as being there."""
        if timezone.now() - _time(self.get(SEEN)) >= TOUCH:
            self[SEEN] = timezone.now().isoformat()


def _time(said: str | None) -> datetime:
    return datetime.fromisoformat(said) if said else timezone.now()
