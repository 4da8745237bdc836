"""The function behind every history trigger."""

from django.db import migrations

KEEP = """
CREATE SCHEMA audit;

-- Writes what a statement changed into <table>_event: the columns that both tables have, and who, why and for which
-- request from the open scope; without a scope the statement fails. It runs as its owner, since nobody else may write
-- there, and asks the catalogue for the columns, so that a new column needs no new trigger.
CREATE FUNCTION audit.keep_history() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  entry jsonb := scope.entry();
  events regclass := (quote_ident(TG_TABLE_SCHEMA) || '.' || quote_ident(TG_TABLE_NAME || '_event'))::regclass;
  names text;
  fresh text;
  held text;
  source text;
BEGIN
  -- The change of keys writes the same values under another key; only the owner can do that.
  IF session_user = 'tonghu_owner' AND entry ->> 'system' = 'rotation' AND TG_OP = 'UPDATE' THEN
    RETURN NULL;
  END IF;
  SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum),
         string_agg('n.' || quote_ident(a.attname), ', ' ORDER BY a.attnum),
         string_agg('o.' || quote_ident(a.attname), ', ' ORDER BY a.attnum)
    INTO names, fresh, held
    FROM pg_attribute AS a
    JOIN pg_attribute AS kept ON kept.attrelid = events AND kept.attname = a.attname AND kept.attgenerated = ''
   WHERE a.attrelid = TG_RELID AND a.attnum > 0 AND NOT a.attisdropped;
  source := CASE TG_OP
    WHEN 'INSERT' THEN format('SELECT n.%I, %s FROM new_rows AS n', TG_ARGV[0], fresh)
    WHEN 'DELETE' THEN format('SELECT o.%I, %s FROM old_rows AS o', TG_ARGV[0], held)
    ELSE format(
      'SELECT n.%1$I, %2$s FROM new_rows AS n LEFT JOIN old_rows AS o ON o.%1$I = n.%1$I '
      'WHERE ROW(%2$s) IS DISTINCT FROM ROW(%3$s)', TG_ARGV[0], fresh, held)
  END;
  EXECUTE format(
    'INSERT INTO %s (pgh_obj_id, %s, pgh_label, pgh_created_at, pgh_act, pgh_person, pgh_post, pgh_institution, '
    'pgh_who, pgh_purpose, pgh_reason, pgh_request) '
    'SELECT change.*, $1, now(), $2, $3, $4, $5, $6, $7, $8, $9 FROM (%s) AS change', events, names, source)
  USING lower(TG_OP), pg_current_xact_id()::text::bigint,
    (entry ->> 'person')::bigint, (entry ->> 'post')::bigint, (entry ->> 'institution')::bigint,
    coalesce(nullif(entry ->> 'label', ''), entry ->> 'system', ''), coalesce(entry ->> 'purpose', ''),
    coalesce(entry ->> 'reason', ''), coalesce(entry ->> 'request', '');
  RETURN NULL;
END
$$;
-- Without this, somebody could hang it on a temporary table and forge a history.
REVOKE EXECUTE ON FUNCTION audit.keep_history() FROM PUBLIC;
GRANT USAGE ON SCHEMA audit TO PUBLIC;
"""


class Migration(migrations.Migration):
    """Makes the schema ``audit`` and the function."""

    initial = True
    dependencies = [("scope", "0001_scope")]
    operations = [migrations.RunSQL(KEEP, "DROP SCHEMA audit CASCADE")]
