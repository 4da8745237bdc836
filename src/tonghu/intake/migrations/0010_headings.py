"""Headings that the standard does not know are kept sealed while a file is looked at; of an ended one they are a number."""

from django.db import migrations

SCOPE = """SELECT set_config('tonghu.scope', '{"system": "migration", "may": ["*"]}', true)"""
COUNTED = """
UPDATE intake_batch
SET summary = jsonb_set(summary, '{unknown_columns}', to_jsonb(jsonb_array_length(summary -> 'unknown_columns')))
WHERE jsonb_typeof(summary -> 'unknown_columns') = 'array'
"""


class Migration(migrations.Migration):
    """Of a file that waits meanwhile, the page says how many headings there are, without naming them."""

    dependencies = [("intake", "0009_fills")]
    operations = [migrations.RunSQL((SCOPE, COUNTED), migrations.RunSQL.noop)]
