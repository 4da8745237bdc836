"""A grant stays with the side whose consent it rests on, and rests on a consent to be shared."""

from pathlib import Path

from django.db import migrations

HERE = Path(__file__).parent.parent
RESTS, AGREED = ((HERE / name).read_text(encoding="utf-8") for name in ("rests.sql", "agreed.sql"))
#: The function as it was before.
_FROM = AGREED.index("CREATE FUNCTION resolver.rest_on_consent()")
BEFORE = AGREED[_FROM : AGREED.index("$$;", _FROM) + 3].replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION", 1)
UNDO = f"""
DROP TRIGGER settles_grants ON patients_child;
DROP TRIGGER settles_grants ON patients_split;
DROP FUNCTION resolver.settle_regrouped();
DROP FUNCTION resolver.settle_parted();
DROP FUNCTION resolver.settle_grants(bigint);
{BEFORE}
DROP FUNCTION resolver.shares(text, date);
"""


class Migration(migrations.Migration):
    """Grants that had lost their consent to another child end, or follow it."""

    dependencies = [("patients", "0008_agreed")]
    operations = [migrations.RunSQL(RESTS, UNDO)]
