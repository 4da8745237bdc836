"""Who reads and changes points, zero reports, locks and arrivals; their history behind the same walls."""

from django.db import migrations

from tonghu.platform.audit.history import ProtectHistory
from tonghu.platform.scope.policies import IN_SCOPE, Protect, may

#: The nation compares nothing: its reader sees every institution.
READ = f"((SELECT scope.nationwide()) OR {IN_SCOPE}) AND {may('surveillance.view')}"
OWN_POINT = f"institution_id = (SELECT scope.institution()) AND {may('surveillance.sign')}"
#: A lock holds for the nation: whoever sees how reporting stands sees it, the centre alone sets it.
NATIONS = f"{may('surveillance.lock')} AND (SELECT scope.region_from()) = '000000'"
#: Arrivals are written by the triggers on the cards, which run as their owner; the application has no right to.
KEPT_BY_TRIGGERS = """
CREATE POLICY surveillance_arrival_keep ON surveillance_arrival FOR ALL TO tonghu_owner USING (true) WITH CHECK (true);
REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON surveillance_arrival FROM tonghu_app, tonghu_resolver;
"""


class Migration(migrations.Migration):
    """Puts every table of the room behind its wall."""

    dependencies = [
        ("surveillance", "0001_initial"),
        ("patients", "0002_walls"),
        ("audit", "0001_history"),
    ]
    operations = [
        Protect(
            "surveillance_point",
            read=READ,
            insert=f"{IN_SCOPE} AND {may('surveillance.manage')}",
            update=f"{IN_SCOPE} AND {may('surveillance.manage')}",
        ),
        Protect(
            "surveillance_zeroreport",
            read=READ,
            insert=f"{OWN_POINT} AND signed_by_id = (SELECT scope.person())",
            update=OWN_POINT,
        ),
        Protect("surveillance_monthlock", read=may("surveillance.view"), insert=NATIONS, update=NATIONS),
        Protect("surveillance_arrival", read=READ),
        migrations.RunSQL(KEPT_BY_TRIGGERS, "DROP POLICY surveillance_arrival_keep ON surveillance_arrival"),
        ProtectHistory("surveillance_point_event", read=READ),
        ProtectHistory("surveillance_zeroreport_event", read=READ),
        ProtectHistory("surveillance_monthlock_event", read=may("surveillance.view")),
    ]
