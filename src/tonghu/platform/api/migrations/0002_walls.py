"""Who reads and writes docking clients, tokens and kept answers. Counts of calls name nobody and are open to the app."""

from django.db import migrations

from tonghu.platform.audit.history import ProtectHistory
from tonghu.platform.scope.policies import IN_SCOPE, Protect, may, system

DOCKING, UPKEEP = system("docking"), system("upkeep")
KEEPS = f"({IN_SCOPE} AND {may('api.issue')})"
OWN = "(person_id = (SELECT scope.person()) OR client_id = (SELECT scope.client()))"

CLIENT = """
CREATE FUNCTION scope.client() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT (scope.entry() ->> 'client')::bigint $$
"""


class Migration(migrations.Migration):
    """Puts the tables behind row-level security, and the counts outside the log of the database."""

    dependencies = [("api", "0001_initial")]
    operations = [
        migrations.RunSQL(CLIENT, "DROP FUNCTION scope.client()"),
        # Written with every call, and worth nothing after a crash.
        migrations.RunSQL("ALTER TABLE api_ratecount SET UNLOGGED", "ALTER TABLE api_ratecount SET LOGGED"),
        Protect(
            "api_dockingclient", read=f"{KEEPS} OR {DOCKING}", insert=KEEPS, update=KEEPS, actors=("issued_by_id",)
        ),
        Protect("api_dockingtoken", read=f"{DOCKING} OR {UPKEEP}", insert=DOCKING, delete=f"{DOCKING} OR {UPKEEP}"),
        Protect("api_keptanswer", read=f"{OWN} OR {UPKEEP}", insert=OWN, update=OWN, delete=UPKEEP),
        ProtectHistory("api_dockingclient_event", read=f"{IN_SCOPE} AND ({may('api.issue')} OR {may('audit.read')})"),
    ]
