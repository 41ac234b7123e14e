"""Groups of layers that began to learn during a run are kept for its page."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("training", "0003_devices")]

    operations = [
        migrations.AddField(
            model_name="rundetail",
            name="unfrozen",
            field=models.JSONField(db_default=[], default=list),
        )
    ]
