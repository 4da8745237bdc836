"""An event has the shape of one: a kind called room.verb, and a subject with a number, or none."""

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models
from django.db.models import Q

KIND = Q(kind__regex=r"^[a-z][a-z_]*\.[a-z][a-z_]*$")
SUBJECT = Q(subject_kind="", subject_id="") | Q(
    subject_kind__regex=r"^[a-z][a-z_]*$", subject_id__regex=r"^[1-9][0-9]{0,17}$"
)


class Migration(migrations.Migration):
    """Holds for new events. Earlier ones are never rewritten and so not asked: the log keeps what was put into it."""

    dependencies = [("audit", "0003_signed")]
    operations = [
        AddConstraintNotValid("event", models.CheckConstraint(condition=KIND, name="event_kind")),
        AddConstraintNotValid("event", models.CheckConstraint(condition=SUBJECT, name="event_subject")),
    ]
