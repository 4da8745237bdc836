"""The database alone numbers events and says when they were: whoever could choose a number could stall the chain."""

from django.db import migrations

#: Everything else of an event is drawn or signed by the database. The number with it: one far ahead of all others
#: would stand above every event to come, and the linker looks no further back than a while (chain.LOOK_BACK).
GIVEN = "kind, subject_kind, subject_id, institution_id, by_person, data, personal"

NUMBERED = f"""
REVOKE INSERT ON audit_event FROM tonghu_app, tonghu_resolver;
GRANT INSERT ({GIVEN}) ON audit_event TO tonghu_app;
"""
BACK = f"""
REVOKE INSERT ({GIVEN}) ON audit_event FROM tonghu_app;
GRANT INSERT ON audit_event TO tonghu_app, tonghu_resolver;
"""


class Migration(migrations.Migration):
    """Leaves the application the columns of an act that are the act's own to give."""

    dependencies = [("audit", "0004_shape")]
    operations = [migrations.RunSQL(NUMBERED, BACK)]
