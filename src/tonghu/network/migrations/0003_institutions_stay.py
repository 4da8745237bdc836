"""What decides how far an institution's people reach is changed by an authority over it, never by itself."""

from django.db import migrations

GUARD = """
CREATE FUNCTION scope.guard_institution() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- A policy lets an institution change its own row; its kind, department and region say whose rows its posts see.
  IF (NEW.code, NEW.kind, NEW.department, NEW.region_code, NEW.made_up)
       IS DISTINCT FROM (OLD.code, OLD.kind, OLD.department, OLD.region_code, OLD.made_up)
     AND NOT scope.may('network.provision')
     AND NOT (OLD.region_code COLLATE "C" >= scope.region_from() AND OLD.region_code COLLATE "C" < scope.region_to()) IS TRUE
  THEN
    RAISE EXCEPTION 'outside the scope: an authority above changes this' USING ERRCODE = 'TH002';
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER guard BEFORE UPDATE ON network_institution FOR EACH ROW EXECUTE FUNCTION scope.guard_institution();
"""


class Migration(migrations.Migration):
    """Adds the trigger."""

    dependencies = [("network", "0002_scope_institutions")]
    operations = [
        migrations.RunSQL(GUARD, "DROP TRIGGER guard ON network_institution; DROP FUNCTION scope.guard_institution")
    ]
