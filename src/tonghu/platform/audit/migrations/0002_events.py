"""The log of acts: inserted by the application, signed by the database, changed by nobody."""

import django.db.models.functions.datetime
from django.db import migrations, models

import tonghu.platform.crypto.fields
from tonghu.platform.scope.policies import IN_SCOPE, Protect, may, system

#: Acts of an authority's people stand in the books of the authorities above.
IN_AREA = "(by_region_from >= (SELECT scope.region_from()) AND by_region_to <= (SELECT scope.region_to()))"
#: What people of an institution did in another one's book is theirs too.
BY_OURS = "by_institution = ANY ((SELECT scope.institutions())::bigint[])"
#: Acts of the system that belong to no place are the nation's.
OF_THE_SITE = "(institution_id IS NULL AND by_region_from IS NULL AND (SELECT scope.region_from()) = '000000')"
READERS = f"({may('audit.read')} OR {may('audit.history')})"
CHAIN = system("chain")
#: Whether the chain is whole is for every reader of the log.
CHECK = f"(kind IN ('audit.checked', 'audit.chain_broken') AND {may('audit.read')})"

SIGN = """
-- Who, when and for which request is never taken from the statement.
CREATE FUNCTION audit.sign_event() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  entry jsonb := scope.entry();
BEGIN
  IF NEW.by_person IS DISTINCT FROM (entry ->> 'person')::bigint THEN
    RAISE EXCEPTION 'the event names another actor than the open scope' USING ERRCODE = 'TH002';
  END IF;
  NEW.at := now();
  NEW.by_post := (entry ->> 'post')::bigint;
  NEW.by_institution := (entry ->> 'institution')::bigint;
  NEW.by_region_from := entry ->> 'from';
  NEW.by_region_to := entry ->> 'to';
  NEW.institution_id := coalesce(NEW.institution_id, NEW.by_institution);
  NEW.who := coalesce(nullif(entry ->> 'label', ''), entry ->> 'system', '');
  NEW.purpose := coalesce(entry ->> 'purpose', '');
  NEW.reason := coalesce(entry ->> 'reason', '');
  NEW.request := coalesce(entry ->> 'request', '');
  RETURN NEW;
END
$$;
CREATE TRIGGER sign BEFORE INSERT ON audit_event FOR EACH ROW EXECUTE FUNCTION audit.sign_event();
REVOKE UPDATE, DELETE, TRUNCATE ON audit_event, audit_link FROM tonghu_app, tonghu_resolver;
REVOKE UPDATE, TRUNCATE ON audit_subjectkey FROM tonghu_app, tonghu_resolver;
"""


class Migration(migrations.Migration):
    """Makes events, links and subjects' keys, and their walls."""

    dependencies = [("audit", "0001_history"), ("network", "0002_scope_institutions")]
    operations = [
        migrations.CreateModel(
            name="Event",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name="time")),
                ("kind", models.CharField(max_length=60, verbose_name="kind")),
                ("subject_kind", models.CharField(blank=True, max_length=40)),
                ("subject_id", models.CharField(blank=True, max_length=40)),
                ("institution_id", models.BigIntegerField(null=True)),
                ("by_person", models.BigIntegerField(null=True)),
                ("by_post", models.BigIntegerField(null=True)),
                ("by_institution", models.BigIntegerField(null=True)),
                ("by_region_from", models.CharField(max_length=6, null=True)),
                ("by_region_to", models.CharField(max_length=6, null=True)),
                ("who", models.TextField()),
                ("purpose", models.TextField()),
                ("reason", models.TextField()),
                ("request", models.TextField()),
                ("data", models.JSONField(default=dict)),
                ("personal", models.BinaryField(null=True)),
            ],
            options={
                "db_table": "audit_event",
                "indexes": [
                    models.Index(fields=["institution_id", "id"], name="event_by_institution"),
                    models.Index(fields=["subject_kind", "subject_id", "id"], name="event_by_subject"),
                    models.Index(fields=["by_person", "id"], name="event_by_person"),
                    models.Index(fields=["at"], name="event_by_time"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Link",
            fields=[
                ("seq", models.BigIntegerField(primary_key=True, serialize=False)),
                ("event_id", models.BigIntegerField(unique=True)),
                ("hash", models.BinaryField()),
            ],
            options={"db_table": "audit_link"},
        ),
        migrations.CreateModel(
            name="SubjectKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("subject_kind", models.CharField(max_length=40)),
                ("subject_id", models.CharField(max_length=40)),
                ("secret", tonghu.platform.crypto.fields.EncryptedText(place="audit_subjectkey.secret")),
            ],
            options={
                "db_table": "audit_subjectkey",
                "constraints": [
                    models.UniqueConstraint(fields=("subject_kind", "subject_id"), name="one_key_a_subject")
                ],
            },
        ),
        migrations.RunSQL(SIGN, "DROP FUNCTION audit.sign_event CASCADE"),
        Protect(
            "audit_event",
            read=f"by_person = (SELECT scope.person()) OR {CHAIN} OR {CHECK} "
            f"OR ({READERS} AND ({IN_SCOPE} OR {BY_OURS} OR {IN_AREA} OR {OF_THE_SITE}))",
            insert="(SELECT scope.entry()) IS NOT NULL",
        ),
        Protect("audit_link", read=f"{CHAIN} OR {may('audit.read')}", insert=CHAIN),
        Protect(
            "audit_subjectkey",
            read="(SELECT scope.entry()) IS NOT NULL",
            insert="(SELECT scope.entry()) IS NOT NULL",
            delete=may("audit.shred"),
        ),
    ]
