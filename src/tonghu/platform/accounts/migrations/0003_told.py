"""One more thing that can happen at the door: whoever issued a one-time link opens it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """The words of the new kind."""

    dependencies = [("accounts", "0002_walls")]
    operations = [
        migrations.AlterField(
            model_name="loginevent",
            name="kind",
            field=models.CharField(
                choices=[
                    ("logged_in", "Logged in"),
                    ("logged_out", "Logged out"),
                    ("wrong_password", "Wrong password"),
                    ("wrong_code", "Wrong one-time code"),
                    ("locked", "Locked after too many failures"),
                    ("unlocked", "Lock lifted"),
                    ("link_issued", "One-time link issued"),
                    ("link_used", "One-time link used"),
                    ("link_refused", "One-time link tried by whoever issued it"),
                    ("password_set", "Password changed"),
                    ("second_factor_set", "One-time codes set up"),
                    ("recovery_used", "Recovery code used"),
                    ("recovery_made", "New recovery codes made"),
                    ("device_ended", "Signed out elsewhere"),
                    ("suspended", "Account suspended"),
                    ("resumed", "Account resumed"),
                ],
                max_length=20,
                verbose_name="what",
            ),
        ),
    ]
