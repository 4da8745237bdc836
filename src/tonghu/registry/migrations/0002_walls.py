"""Who reads and changes cards; the states, versions, authors and counts that the database itself sees to."""

from pathlib import Path

from django.db import migrations

from tonghu.platform.audit.history import ProtectHistory
from tonghu.platform.scope.policies import IN_SCOPE, OWN, Protect, may

ROOM = Path(__file__).parent.parent
STATES = (ROOM / "states.sql").read_text(encoding="utf-8")
CARDS = (ROOM / "migrations" / "cards_0011.sql").read_text(encoding="utf-8")
TALLY = (ROOM / "migrations" / "tally_0002.sql").read_text(encoding="utf-8")
READ = may("registry.read")
ENTER = may("registry.enter")
#: The reader's own hospital sees all of its cards, whoever is above it those that were reported.
HERE = "institution_id = (SELECT scope.institution())"
REACH = f"((SELECT scope.nationwide()) OR {IN_SCOPE})"
CARD = f"({HERE} OR (first_reported_at IS NOT NULL AND {REACH})) AND {READ}"
OF_CARD = "EXISTS (SELECT 1 FROM registry_card AS card WHERE card.id = {table}.card_id{more})"
UP_TO_REPORTED = " AND {table}.{number} <= card.reported_version"
ANY_ACT = f"({ENTER} OR {may('registry.audit')} OR {may('registry.report')} OR {may('registry.verify')})"
WRITE = f"{IN_SCOPE} AND {ENTER}"
MINE = f"{OWN} AND {WRITE}"


def of_card(table: str, number: str = "") -> str:
    """Rows of a card of one's own hospital, else of one that is seen; up to the reported version where it has one."""
    more = UP_TO_REPORTED.format(table=table, number=number) if number else ""
    return f"({HERE} OR {OF_CARD.format(table=table, more=more)}) AND {READ}"


class Migration(migrations.Migration):
    """The table of states is filled by the migration that changed it last."""

    dependencies = [("registry", "0001_initial"), ("patients", "0002_walls"), ("audit", "0001_history")]
    operations = [
        migrations.RunSQL(
            STATES + TALLY + CARDS,
            "ALTER TABLE registry_card DROP CONSTRAINT card_has_its_version; DROP SCHEMA registry CASCADE",
        ),
        Protect("registry_transition", read="true"),
        # A corrected record number or document leads to another view, of another child perhaps: see change_card.
        Protect(
            "registry_card",
            read=CARD,
            insert=WRITE,
            update=f"{REACH} AND {ANY_ACT}",
            moves=("child_id", "view_id"),
        ),
        ProtectHistory("registry_card_event", read=CARD),
        Protect("registry_cardversion", read=of_card("registry_cardversion", "number"), insert=WRITE),
        Protect(
            "registry_finding",
            read=of_card("registry_finding"),
            insert=WRITE,
            update=WRITE,
            delete=WRITE,
            actors=("overridden_by",),
        ),
        Protect("registry_act", read=of_card("registry_act", "version"), insert=f"{REACH} AND {ANY_ACT}"),
        Protect("registry_draft", read=MINE, insert=MINE, update=MINE, delete=MINE),
        Protect("registry_tally", read=f"{REACH} AND ({READ} OR {may('surveillance.view')})"),
        migrations.RunSQL(
            "CREATE POLICY registry_tally_keep ON registry_tally FOR INSERT TO tonghu_owner WITH CHECK (true)",
            "DROP POLICY registry_tally_keep ON registry_tally",
        ),
    ]
