"""A card that its hospital corrects counts above as it was reported, and at its hospital as it is.

The counts of cards that are being corrected now are mended. One of which nothing was put aside, since its correction
began before the registry's 0007, is seen by nobody above until it is reported, and counts there from then on.
"""

from pathlib import Path

from django.db import migrations, models

from tonghu.platform.scope.policies import IN_SCOPE, MIGRATION, may

ROOM = Path(__file__).parent.parent
ARRIVALS = (ROOM / "arrivals.sql").read_text(encoding="utf-8")
BEFORE = (ROOM / "migrations" / "arrivals_0003.sql").read_text(encoding="utf-8")
REACH = f"((SELECT scope.nationwide()) OR {IN_SCOPE}) AND {may('surveillance.view')}"
#: As the walls of the cards part what is one's own from what was reported.
AS_SEEN = "(own IS NULL OR own = (institution_id IS NOT DISTINCT FROM (SELECT scope.institution())))"
READS = "ALTER POLICY surveillance_arrival_read ON surveillance_arrival USING (({}) OR " + MIGRATION + ")"
SCOPE = """SELECT set_config('tonghu.scope', '{"system": "migration", "may": ["*"]}', true)"""
#: Nobody changes a card between the counting and the trigger that counts on.
QUIET = "LOCK TABLE registry_card IN SHARE ROW EXCLUSIVE MODE"
MENDED = """
INSERT INTO surveillance_arrival (institution_id, archive_month, reported_on, own, cards, assumed)
SELECT institution_id, archive_month, surveillance.day(first_reported_at), own, sum(n), sum(n * assumed::int)
FROM (
  SELECT institution_id, archive_month, first_reported_at, as_seen.own, archive_month_assumed AS assumed, as_seen.n
  FROM registry_card CROSS JOIN (VALUES (NULL::boolean, -1), (true, 1)) AS as_seen (own, n)
  WHERE version > reported_version AND state <> 'voided'
  UNION ALL
  SELECT institution_id, archive_month, first_reported_at, false, archive_month_assumed, 1
  FROM registry_reportedcard WHERE state <> 'voided'
) AS change
GROUP BY 1, 2, 3, 4"""
UNDO = (
    "DROP TRIGGER arrivals_new ON registry_reportedcard",
    "DROP TRIGGER arrivals_changed ON registry_reportedcard",
    "DROP TRIGGER arrivals_gone ON registry_reportedcard",
    "DROP FUNCTION surveillance.count_reported",
    BEFORE,
    # What its own hospital counts is what everybody counted.
    "DELETE FROM surveillance_arrival WHERE own = false",
)


class Migration(migrations.Migration):
    """The column, its wall, the counts as they are now, and what keeps them so."""

    dependencies = [("surveillance", "0007_figures_walls"), ("registry", "0019_restore_reported")]
    operations = [
        migrations.RunSQL(QUIET, migrations.RunSQL.noop),
        migrations.AddField("arrival", "own", models.BooleanField(null=True)),
        migrations.RunSQL(READS.format(f"{REACH} AND {AS_SEEN}"), READS.format(REACH)),
        migrations.RunSQL((SCOPE, MENDED), migrations.RunSQL.noop),
        migrations.RunSQL(ARRIVALS, UNDO),
    ]
