"""A run may also start from the weights of a network that was merged into its own."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("training", "0004_unfrozen_groups")]

    operations = [
        migrations.AddField(
            model_name="run",
            name="merge_from",
            field=models.JSONField(null=True),
        ),
        migrations.AddField(
            model_name="run",
            name="merge_checkpoint",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="merged_runs",
                to="training.checkpoint",
            ),
        ),
    ]
