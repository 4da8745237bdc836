"""What must hold before the site starts: every permission named is declared, and roles keep to their sight."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.checks import CheckMessage, Error

from tonghu.platform.accounts.access import ASKED
from tonghu.platform.accounts.roles import ROLES, Role, Sight
from tonghu.platform.scope.permissions import declared
from tonghu.platform.scope.scope import SYSTEM
from tonghu.policy.library import clause_ids


def check_permissions(**_kwargs: Any) -> list[CheckMessage]:
    """Check roles, views and system scopes against what the rooms declared."""
    return [
        *(fault for role in ROLES.values() for fault in _of_role(role)),
        *(_undefined(code, "a view asks for") for asked in ASKED for code in asked.permissions if not _known(code)),
        *(
            _undefined(code, f"the system scope {name} holds")
            for name, (codes, _why) in SYSTEM.items()
            for code in sorted(codes - {"*"})
            if not _known(code)
        ),
    ]


def _of_role(role: Role) -> Iterator[CheckMessage]:
    for code in sorted(role.permissions):
        held = declared().get(code)
        if held is None:
            yield _undefined(code, f"the role {role.code} holds")
        elif held.system_only:
            yield Error(f"{code} is for the system alone, but the role {role.code} holds it", id="accounts.E002")
        elif held.of_patients and role.sight is Sight.NOTHING:
            yield Error(f"{role.code} sees nothing of patients, but holds {code}", id="accounts.E003")
    for code in sorted(role.appoints - set(ROLES)):
        yield Error(f"{role.code} appoints {code}, which is no role", id="accounts.E004")
    if role.appoints and "accounts.appoint" not in role.permissions:
        yield Error(f"{role.code} appoints others without accounts.appoint", id="accounts.E004")
    for path in role.clauses:
        if path not in clause_ids():
            yield Error(f"{role.code} rests on the clause {path}, which does not exist", id="accounts.E005")
    if not (role.clauses or role.standard):
        yield Error(f"{role.code} says neither a clause nor a standard that it rests on", id="accounts.E005")


def _known(code: str) -> bool:
    return code in declared()


def _undefined(code: str, who: str) -> CheckMessage:
    return Error(
        f"{who} {code}, which no room declares",
        hint="declare it in the room's access.py with tonghu.platform.scope.permissions.declare",
        id="accounts.E001",
    )
