from django.db import migrations


class Migration(migrations.Migration):
    """Of networks that are not saved again, the number stays that of the nodes outside of blocks."""

    dependencies = [
        ("designer", "0006_weight_files"),
    ]

    operations = [
        migrations.RenameField(
            model_name="network",
            old_name="num_nodes",
            new_name="num_layers",
        ),
    ]
