"""Who reads and changes people and their posts."""

from typing import Any

from django.db import migrations

from tonghu.platform.audit.history import ProtectHistory
from tonghu.platform.scope.policies import IN_SCOPE, OWN, Protect, may

AUTHENTICATE = may("accounts.authenticate")
PROVISION = may("accounts.provision")
VIEW = may("accounts.view")
#: Nobody appoints themselves, whatever else they may.
APPOINTS_OTHERS = f"{IN_SCOPE} AND {may('accounts.appoint')} AND person_id <> (SELECT scope.person())"
HOLDS_A_POST_IN_SCOPE = (
    f"EXISTS (SELECT 1 FROM accounts_post AS held WHERE held.person_id = accounts_person.id AND held.{IN_SCOPE})"
)

#: Written and read by the log-in alone; services open its scope after their own checks.
DOOR: dict[str, Any] = {"read": AUTHENTICATE, "insert": AUTHENTICATE, "update": AUTHENTICATE, "delete": AUTHENTICATE}
PERSON_IN_SCOPE = (
    f"EXISTS (SELECT 1 FROM accounts_person AS kept WHERE kept.id = accounts_loginevent.person_id AND kept.{IN_SCOPE})"
)


class Migration(migrations.Migration):
    """Puts people and posts behind row-level security."""

    dependencies = [
        ("accounts", "0001_initial"),
        ("audit", "0001_history"),
        ("network", "0002_scope_institutions"),
    ]
    operations = [
        Protect(
            "accounts_post",
            read=f"{OWN} OR {AUTHENTICATE} OR {PROVISION} OR ({IN_SCOPE} AND {VIEW})",
            insert=f"{PROVISION} OR ({APPOINTS_OTHERS})",
            update=f"{PROVISION} OR ({APPOINTS_OTHERS})",
            actors=("appointed_by_id",),
        ),
        Protect(
            "accounts_person",
            read=f"id = (SELECT scope.person()) OR {AUTHENTICATE} OR {PROVISION} "
            f"OR ({VIEW} AND ({IN_SCOPE} OR {HOLDS_A_POST_IN_SCOPE}))",
            insert=f"{PROVISION} OR ({IN_SCOPE} AND {may('accounts.register')})",
            update=f"id = (SELECT scope.person()) OR {AUTHENTICATE} OR {PROVISION} "
            f"OR ({IN_SCOPE} AND ({may('accounts.register')} OR {may('accounts.secure')}))",
            moves=("institution_id",),  # 0003 says by whom
        ),
        Protect("accounts_session", **DOOR, moves=("person_id",)),  # a session is nobody's until the password is right
        Protect("accounts_secondfactor", **DOOR),
        Protect("accounts_recoverycode", **DOOR),
        Protect("accounts_onetimelink", **DOOR, actors=("issued_by_id",)),
        Protect("accounts_loginguard", **DOOR),
        Protect(
            "accounts_loginevent",
            read=f"{OWN} OR {AUTHENTICATE} OR ({may('accounts.log_ins')} AND ({PERSON_IN_SCOPE} "
            "OR (person_id IS NULL AND (SELECT scope.region_from()) = '000000')))",
            insert=AUTHENTICATE,
            actors=("done_by_id",),
        ),
        ProtectHistory(
            "accounts_person_event",
            read=f"pgh_obj_id = (SELECT scope.person()) OR {PROVISION} OR ({VIEW} AND {IN_SCOPE})",
        ),
        ProtectHistory("accounts_post_event", read=f"{OWN} OR {PROVISION} OR ({VIEW} AND {IN_SCOPE})"),
    ]
