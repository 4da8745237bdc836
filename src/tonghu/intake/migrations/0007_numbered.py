"""The database alone numbers answers: the newest of a row is the one that counts."""

from django.db import migrations

from tonghu.platform.scope.policies import choose_numbers, number_rows


class Migration(migrations.Migration):
    """Leaves the importer everything else of an answer."""

    dependencies = [("intake", "0006_brought_by")]
    operations = [migrations.RunSQL(number_rows("intake_answer"), choose_numbers("intake_answer"))]
