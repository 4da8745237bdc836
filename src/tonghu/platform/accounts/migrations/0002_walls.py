"""Who reads and changes people and their posts."""

from django.db import migrations

from tonghu.platform.scope.policies import IN_SCOPE, OWN, Protect, may

AUTHENTICATE = may("accounts.authenticate")
MANAGE = may("accounts.manage")


class Migration(migrations.Migration):
    """Puts people and posts behind row-level security."""

    dependencies = [("accounts", "0001_initial"), ("network", "0002_scope_institutions")]
    operations = [
        Protect(
            "accounts_post",
            read=f"{OWN} OR {AUTHENTICATE} OR ({IN_SCOPE} AND {may('accounts.view')}) OR {MANAGE}",
            insert=MANAGE,
            update=MANAGE,
        ),
        Protect(
            "accounts_person",
            read=f"id = (SELECT scope.person()) OR {AUTHENTICATE} OR {MANAGE} OR ({may('accounts.view')} AND EXISTS "
            "(SELECT 1 FROM accounts_post WHERE accounts_post.person_id = accounts_person.id))",
            insert=MANAGE,
            update=f"id = (SELECT scope.person()) OR {AUTHENTICATE} OR {MANAGE}",
        ),
    ]
