"""A card that its hospital corrects is told above as it was reported, and at its hospital as it is: the tally too.

The counts of cards that are being corrected now are mended. One of which nothing was put aside, since its correction
began before 0007, is seen by nobody above until it is reported, and counts there from then on.
"""

from pathlib import Path

from django.db import migrations, models

from tonghu.platform.scope.policies import IN_SCOPE, MIGRATION, may

ROOM = Path(__file__).parent.parent
TALLY = (ROOM / "tally.sql").read_text(encoding="utf-8")
BEFORE = tuple((ROOM / "migrations" / f"tally_{at}.sql").read_text(encoding="utf-8") for at in ("0002", "0004"))
REACH = f"((SELECT scope.nationwide()) OR {IN_SCOPE}) AND ({may('registry.read')} OR {may('surveillance.view')})"
#: As the walls of the cards part what is one's own from what was reported.
AS_SEEN = "(own IS NULL OR own = (institution_id IS NOT DISTINCT FROM (SELECT scope.institution())))"
READS = "ALTER POLICY registry_tally_read ON registry_tally USING (({}) OR " + MIGRATION + ")"
SCOPE = """SELECT set_config('tonghu.scope', '{"system": "migration", "may": ["*"]}', true)"""
#: Nobody changes a card between the counting and the trigger that counts on.
QUIET = "LOCK TABLE registry_card IN SHARE ROW EXCLUSIVE MODE"
MENDED = """
INSERT INTO registry_tally (institution_id, archive_month, state, problem, problem_at_first, own, cards)
SELECT institution_id, archive_month, state, problem, problem_at_first, own, sum(n)
FROM (
  SELECT institution_id, archive_month, state, errors > 0 AS problem, problem_at_first, as_seen.own, as_seen.n
  FROM registry_card CROSS JOIN (VALUES (NULL::boolean, -1), (true, 1)) AS as_seen (own, n)
  WHERE version > reported_version
  UNION ALL
  SELECT institution_id, archive_month, state, errors > 0, problem_at_first, false, 1 FROM registry_reportedcard
) AS change
GROUP BY 1, 2, 3, 4, 5, 6"""
UNDO = (
    SCOPE,
    "DROP TRIGGER tally_new ON registry_reportedcard",
    "DROP TRIGGER tally_changed ON registry_reportedcard",
    "DROP TRIGGER tally_gone ON registry_reportedcard",
    "DROP FUNCTION registry.count_reported",
    *BEFORE,
    # What its own hospital counts is what everybody counted.
    "DELETE FROM registry_tally WHERE own = false",
)


class Migration(migrations.Migration):
    """The column, its wall, the counts as they are now, and what keeps them so."""

    dependencies = [("registry", "0019_restore_reported")]
    operations = [
        migrations.RunSQL(QUIET, migrations.RunSQL.noop),
        migrations.AddField("tally", "own", models.BooleanField(null=True)),
        migrations.RunSQL(READS.format(f"{REACH} AND {AS_SEEN}"), READS.format(REACH)),
        migrations.RunSQL((SCOPE, MENDED), migrations.RunSQL.noop),
        migrations.RunSQL(TALLY, UNDO),
    ]
