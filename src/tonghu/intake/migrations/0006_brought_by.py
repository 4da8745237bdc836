"""Versions of an import name who uploaded its file, where a colleague confirmed it: they are an author of the cards."""

from django.db import migrations

#: Asked once a statement, of the few batches that it writes for.
NAMED = """
CREATE FUNCTION registry.names_who_brought() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT scope.everything() AND EXISTS (
       SELECT FROM (SELECT DISTINCT batch, person_id, brought_by FROM new_rows WHERE origin = 'import') AS fresh
       JOIN public.intake_batch AS held ON held.id = fresh.batch
       WHERE held.person_id IS DISTINCT FROM fresh.person_id
         AND held.person_id IS DISTINCT FROM fresh.brought_by) THEN
    RAISE EXCEPTION 'a version of an import names who uploaded the file' USING ERRCODE = 'TH014';
  END IF;
  RETURN NULL;
END
$$;
CREATE TRIGGER names_who_brought AFTER INSERT ON registry_cardversion REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION registry.names_who_brought();
"""
UNNAMED = """
DROP TRIGGER names_who_brought ON registry_cardversion;
DROP FUNCTION registry.names_who_brought();
"""
#: Imports of before. Where the uploader approved what a colleague confirmed, the card stays as it was recorded and the
#: checker names it.
BEFORE = (
    """SELECT set_config('tonghu.scope', '{"system": "migration", "may": ["*"]}', true)""",
    """
    UPDATE registry_cardversion AS version SET brought_by = held.person_id
      FROM intake_batch AS held
     WHERE version.origin = 'import' AND version.batch = held.id AND version.institution_id = held.institution_id
       AND held.person_id IS DISTINCT FROM version.person_id
    """,
    """
    UPDATE registry_card AS card SET authors = found.authors
      FROM registry.authors_of(
             ARRAY(SELECT DISTINCT card_id FROM registry_cardversion WHERE brought_by IS NOT NULL)) AS found
     WHERE card.id = found.card_id AND (card.audited_by IS NULL OR card.audited_by <> ALL (found.authors))
    """,
)


class Migration(migrations.Migration):
    """The column is the registry's; whose an import is, is known here."""

    dependencies = [("intake", "0005_chosen"), ("registry", "0013_brought_by")]
    operations = [
        migrations.RunSQL(BEFORE, migrations.RunSQL.noop),
        migrations.RunSQL(NAMED, UNNAMED),
    ]
