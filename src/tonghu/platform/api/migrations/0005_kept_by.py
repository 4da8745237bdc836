"""Who answers for a docking client: at first who issued it, then who renewed its secret last."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

#: For those of before, who issued them. The application may set it, to whoever acts and to nobody else.
KEEPERS = """
SELECT set_config('tonghu.scope', '{"system": "migration", "may": ["*"]}', true);
UPDATE api_dockingclient SET kept_by_id = issued_by_id;
GRANT UPDATE (kept_by_id) ON api_dockingclient TO tonghu_app;
CREATE TRIGGER actor_kept_by_id BEFORE INSERT OR UPDATE OF kept_by_id ON api_dockingclient FOR EACH ROW
  WHEN (NEW.kept_by_id IS NOT NULL) EXECUTE FUNCTION scope.name_the_actor('kept_by_id');
"""
UNDO = "DROP TRIGGER actor_kept_by_id ON api_dockingclient"


class Migration(migrations.Migration):
    """The column, filled, and kept to whoever acts."""

    dependencies = [("api", "0004_rights_of_clients"), ("accounts", "0005_other_departments")]
    operations = [
        migrations.AddField(
            "dockingclient",
            "kept_by",
            models.ForeignKey(
                db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT,
                related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="kept by",
            ),
        ),
        migrations.RunSQL(KEEPERS, UNDO),
    ]  # fmt: skip
