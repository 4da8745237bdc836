"""The schema ``scope``: what policies ask. Every function raises TH001 where no scope is open."""

from django.db import migrations

FUNCTIONS = """
CREATE SCHEMA scope;

-- The open scope. After one SET LOCAL a pooled session answers '' instead of nothing, so both are refused.
CREATE FUNCTION scope.entry() RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
  held text := current_setting('tonghu.scope', true);
BEGIN
  IF held IS NULL OR held = '' THEN
    RAISE EXCEPTION 'no scope is open' USING ERRCODE = 'TH001',
      HINT = 'open one with tonghu.platform.scope.open_scope inside the transaction';
  END IF;
  RETURN held::jsonb;
END
$$;

CREATE FUNCTION scope.person() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT (scope.entry() ->> 'person')::bigint $$;

CREATE FUNCTION scope.post() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT (scope.entry() ->> 'post')::bigint $$;

CREATE FUNCTION scope.institution() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT (scope.entry() ->> 'institution')::bigint $$;

CREATE FUNCTION scope.region_from() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT scope.entry() ->> 'from' $$;

CREATE FUNCTION scope.region_to() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT scope.entry() ->> 'to' $$;

CREATE FUNCTION scope.system() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT scope.entry() ->> 'system' $$;

CREATE FUNCTION scope.purpose() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT coalesce(scope.entry() ->> 'purpose', '') $$;

CREATE FUNCTION scope.reason() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT coalesce(scope.entry() ->> 'reason', '') $$;

CREATE FUNCTION scope.request() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT coalesce(scope.entry() ->> 'request', '') $$;

-- Permissions are what the open post may do; '*' is kept for system scopes.
CREATE FUNCTION scope.may(permission text) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT (entry -> 'may') ?| ARRAY[permission, '*'] FROM (SELECT scope.entry() AS entry) AS open $$;

-- May the open scope do everything? True for the system scope 'migration' alone.
CREATE FUNCTION scope.everything() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT (scope.entry() -> 'may') ? '*' $$;

-- A column that says who did something names the person who acts, or nobody; see `actors` of policies.Protect.
CREATE FUNCTION scope.name_the_actor() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  named text := to_jsonb(NEW) ->> TG_ARGV[0];
BEGIN
  IF named IS DISTINCT FROM scope.entry() ->> 'person' AND NOT scope.everything()
     AND (TG_OP = 'INSERT' OR named IS DISTINCT FROM to_jsonb(OLD) ->> TG_ARGV[0]) THEN
    RAISE EXCEPTION 'the row names another actor than the open scope' USING ERRCODE = 'TH002';
  END IF;
  RETURN NEW;
END
$$;

GRANT USAGE ON SCHEMA scope TO PUBLIC;
"""


class Migration(migrations.Migration):
    """Makes the schema and its functions."""

    initial = True
    dependencies = []
    operations = [migrations.RunSQL(FUNCTIONS, "DROP SCHEMA scope CASCADE")]
