"""A run may take several devices at once: its slots get rows of their own."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


def move_slots(apps, schema_editor):
    """Attempts under way keep the slots they have."""
    del schema_editor
    Attempt = apps.get_model("training", "Attempt")
    TakenSlot = apps.get_model("training", "TakenSlot")
    TakenSlot.objects.bulk_create(
        TakenSlot(attempt=attempt, host=attempt.host, device=attempt.device, slot=attempt.slot)
        for attempt in Attempt.objects.filter(ended_at=None)
    )


class Migration(migrations.Migration):
    dependencies = [("training", "0002_bin")]

    operations = [
        migrations.AlterField(
            model_name="attempt", name="device", field=models.CharField(max_length=128)
        ),
        migrations.AlterField(
            model_name="run", name="device", field=models.CharField(blank=True, max_length=128)
        ),
        migrations.AlterField(
            model_name="attempt",
            name="slot",
            field=models.PositiveSmallIntegerField(db_default=0, default=0),
        ),
        migrations.RemoveConstraint(model_name="attempt", name="one_run_per_device_slot"),
        migrations.CreateModel(
            name="TakenSlot",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("host", models.CharField(max_length=255)),
                ("device", models.CharField(max_length=32)),
                ("slot", models.PositiveSmallIntegerField()),
                (
                    "attempt",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="slots",
                        to="training.attempt",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("host", "device", "slot"), name="one_attempt_per_device_slot"
                    )
                ],
            },
        ),
        migrations.RunPython(move_slots, migrations.RunPython.noop),
    ]
