"""Who reads notices, and who sees what goes out."""

from django.db import migrations

from tonghu.platform.scope.policies import OWN, Protect, may, system

NOTICES, UPKEEP = system("notices"), system("upkeep")
OPERATE = may("notices.operate")


class Migration(migrations.Migration):
    """Puts notices, messages and preferences behind row-level security."""

    dependencies = [("notices", "0001_initial")]
    operations = [
        Protect(
            "notices_notice",
            read=f"{OWN} OR {NOTICES} OR {UPKEEP}",
            insert=NOTICES,
            update=OWN,
            delete=UPKEEP,
        ),
        # Operators see that something waits for somebody and why, not what it says.
        Protect(
            "notices_message",
            read=f"{OWN} OR {NOTICES} OR {UPKEEP} OR {OPERATE}",
            insert=NOTICES,
            update=f"{NOTICES} OR {OPERATE}",
            delete=UPKEEP,
        ),
        Protect("notices_preference", read=f"{OWN} OR {NOTICES}", insert=OWN, update=OWN, delete=OWN),
    ]
