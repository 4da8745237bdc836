"""The resolver, the search, and who reads and changes what is known of a child; its history behind the same walls."""

from pathlib import Path

from django.db import migrations

from tonghu.platform.audit.history import ProtectHistory
from tonghu.platform.scope.policies import IN_SCOPE, MIGRATION, Protect, may

ROOM = Path(__file__).parent.parent
RESOLVER = (ROOM / "resolver.sql").read_text(encoding="utf-8")
SEARCH = (ROOM / "search.sql").read_text(encoding="utf-8")
READ = may("children.read")
ENTER = f"{IN_SCOPE} AND {may('children.enter')}"
CONSENT = f"{IN_SCOPE} AND {may('children.consent')}"
GRANTED = "{child} = ANY ((SELECT scope.granted_children())::bigint[])"
GIVEN = "(child_id, institution_id) IN (SELECT given.child_id, given.institution_id FROM scope.granted() AS given)"
#: Rows of a hospital in reach, or of one that let the reader see its rows of the child. The nation compares nothing.
VISIBLE = f"((SELECT scope.nationwide()) OR {IN_SCOPE} OR {GIVEN}) AND {READ}"
#: A child is seen by whoever sees a hospital's view of it.
SEEN = "EXISTS (SELECT 1 FROM patients_hospitalview AS held WHERE held.child_id = {child})"
CHILD = f"({SEEN} OR {GRANTED}) AND {READ}"
GIVER = "given_by_id = ANY ((SELECT scope.institutions())::bigint[])"
GRANT = f"({IN_SCOPE} OR {GIVER}) AND {READ}"
EITHER = f"({SEEN.format(child='kept_id')} OR {SEEN.format(child='merged_id')}) AND {READ}"
BOTH = f"{SEEN.format(child='first_id')} AND {SEEN.format(child='second_id')} AND {READ}"
#: What a hospital knows of a child; each has `institution_id` and `child_id`.
KNOWN = ("patients_hospitalview", "patients_identifier", "patients_formername", "patients_guardian")


class Migration(migrations.Migration):
    """The resolver reads keys and counts views, the policies read views: so the functions come first."""

    dependencies = [("patients", "0001_initial"), ("network", "0002_scope_institutions"), ("audit", "0001_history")]
    operations = [
        migrations.RunSQL(
            RESOLVER,
            "DROP FUNCTION scope.granted_children; DROP FUNCTION scope.granted; DROP FUNCTION scope.nationwide; DROP FUNCTION scope.label; "
            "DROP SCHEMA resolver CASCADE",
        ),
        migrations.RunSQL(SEARCH, "DROP FUNCTION patients_search; DROP FUNCTION patients_tokens"),
        *(Protect(table, read=VISIBLE, insert=ENTER, update=ENTER, delete=ENTER) for table in KNOWN[1:]),
        Protect("patients_hospitalview", read=VISIBLE, insert=ENTER, update=ENTER),
        Protect("patients_nametoken", read=VISIBLE, insert=ENTER, update=ENTER, delete=ENTER),
        *(ProtectHistory(f"{table}_event", read=VISIBLE) for table in KNOWN),
        Protect("patients_child", read=CHILD.format(child="patients_child.id")),
        ProtectHistory("patients_child_event", read=CHILD.format(child="patients_child_event.id")),
        Protect("patients_documentkey", read=MIGRATION),
        Protect("patients_recordkey", read=MIGRATION),
        Protect("patients_consent", read=VISIBLE, insert=CONSENT, update=CONSENT),
        ProtectHistory("patients_consent_event", read=VISIBLE),
        Protect(
            "patients_grant",
            read=GRANT,
            insert=f"{GIVER} AND {may('children.grant')} AND resolver.knows(given_by_id, child_id)",
            update=f"{GIVER} AND ({may('children.grant')} OR {may('children.consent')})",
        ),
        ProtectHistory("patients_grant_event", read=GRANT),
        Protect("patients_merge", read=EITHER),
        ProtectHistory("patients_merge_event", read=EITHER),
        Protect("patients_mergeproposal", read=BOTH),
    ]
