"""A text that is given back has its authors and its requesters; explanations stand as submitted; mends' own numbers.

The card's functions are put again: sites that are new have them already. Cards that were given something back before
get their authors, and where nobody has audited them their requesters; where somebody audited what they wrote, the card
stays as it was recorded and the checker names it. Versions of bulk mends hold their number below zero from here on: of
an undo, that of the newest change before it that had its number.
"""

from pathlib import Path

from django.db import migrations

CARDS = (Path(__file__).parent / "cards_0011.sql").read_text(encoding="utf-8")
SCOPE = """SELECT set_config('tonghu.scope', '{"system": "migration", "may": ["*"]}', true)"""
GIVEN_BACK = """
UPDATE registry_card AS card
   SET authors = found.authors,
       requested_by = CASE WHEN card.audited_by IS NULL AND now.origin = 'undo' THEN registry.asked_for(card.id)
                           ELSE card.requested_by END
  FROM registry.authors_of(ARRAY(SELECT DISTINCT card_id FROM registry_cardversion WHERE origin = 'undo')) AS found
  JOIN registry_cardversion AS now ON now.card_id = found.card_id
 WHERE card.id = found.card_id AND now.number = card.version
   AND (card.audited_by IS NULL OR card.audited_by <> ALL (found.authors))
"""
OWN_NUMBERS = (
    """
    UPDATE registry_cardversion AS undo SET batch = -undo.batch
     WHERE undo.origin = 'undo' AND undo.batch > 0 AND 'bulk' = (
       SELECT done.origin FROM registry_cardversion AS done
        WHERE done.card_id = undo.card_id AND done.batch = undo.batch AND done.number < undo.number
          AND done.origin IN ('bulk', 'import')
        ORDER BY done.number DESC LIMIT 1)
    """,
    "UPDATE registry_cardversion SET batch = -batch WHERE origin = 'bulk' AND batch > 0",
)
SHARED_NUMBERS = "UPDATE registry_cardversion SET batch = -batch WHERE batch < 0"


class Migration(migrations.Migration):
    """The functions first, since what is there is worked out by them."""

    dependencies = [("registry", "0010_requests")]
    operations = [
        migrations.RunSQL(CARDS, migrations.RunSQL.noop),
        migrations.RunSQL((SCOPE, GIVEN_BACK, *OWN_NUMBERS), (SCOPE, SHARED_NUMBERS)),
    ]
