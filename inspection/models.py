"""What was asked of trained checkpoints, and the answers that are kept."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from netloom.graph.document import new_id


class Explanation(models.Model):
    """Why a checkpoint said what it said of one image. Everything that decides the map is here.

    Attributes:
        image_name: File name of the item or upload, for people.
        options: As they were used, defaults filled in, the seed among them.
        heatmap, overlay, image, data: 8-bit PNG, coloured PNG, input PNG, float32 npz.
    """

    id = models.CharField(primary_key=True, max_length=32, default=new_id, editable=False)
    checkpoint_id: str
    item_id: str | None
    run = models.ForeignKey("training.Run", on_delete=models.CASCADE, related_name="explanations")
    checkpoint = models.ForeignKey(
        "training.Checkpoint", on_delete=models.RESTRICT, related_name="explanations"
    )
    item = models.ForeignKey(
        "datasets.Item", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    image_name = models.CharField(max_length=255)
    method = models.CharField(max_length=16)
    layer = models.CharField(max_length=512, null=True)
    target_class = models.PositiveIntegerField()
    class_name = models.CharField(max_length=1000)
    probability = models.FloatField()
    options = models.JSONField()
    min = models.FloatField()
    max = models.FloatField()
    r2 = models.FloatField(null=True)
    seconds = models.FloatField()
    rows_forwarded = models.PositiveIntegerField()
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    source_box = models.JSONField()
    heatmap = models.ForeignKey("storage.Blob", on_delete=models.PROTECT, related_name="+")
    overlay = models.ForeignKey("storage.Blob", on_delete=models.PROTECT, related_name="+")
    image = models.ForeignKey("storage.Blob", on_delete=models.PROTECT, related_name="+")
    data = models.ForeignKey("storage.Blob", on_delete=models.PROTECT, related_name="+")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.method} of {self.image_name}"


class Evaluation(models.Model):
    """A checkpoint over one split of a dataset version. On `test` it is a recorded act."""

    id = models.CharField(primary_key=True, max_length=32, default=new_id, editable=False)
    checkpoint_id: str
    run_id: str
    dataset_version_id: str
    run = models.ForeignKey("training.Run", on_delete=models.CASCADE, related_name="evaluations")
    checkpoint = models.ForeignKey(
        "training.Checkpoint", on_delete=models.RESTRICT, related_name="evaluations"
    )
    dataset_version = models.ForeignKey(
        "datasets.DatasetVersion", on_delete=models.CASCADE, related_name="evaluations"
    )
    split = models.CharField(max_length=10)
    classes = models.JSONField()
    accuracy = models.FloatField()
    balanced_accuracy = models.FloatField()
    loss = models.FloatField()
    per_class = models.JSONField()
    confusion = models.JSONField()
    num_items = models.PositiveIntegerField()
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["run", "-created_at"], name="evaluations_of_run")]

    def __str__(self) -> str:
        return f"evaluation on {self.split}"


class Preview(models.Model):
    """What the layers of a network gave for one sample: the answer to one page, soon overtaken.

    Attributes:
        content: netloom.serve.Preview as compressed JSON.
    """

    job_id: str
    network_id: str
    job = models.OneToOneField(
        "jobs.Job", primary_key=True, on_delete=models.CASCADE, related_name="+"
    )
    network = models.ForeignKey("designer.Network", on_delete=models.CASCADE, related_name="+")
    content = models.BinaryField()

    def __str__(self) -> str:
        return f"preview of {self.network_id}"


class EvaluatedItem(models.Model):
    """What the checkpoint said of one item."""

    id: int
    item_id: str
    evaluation = models.ForeignKey(Evaluation, on_delete=models.CASCADE, related_name="items")
    item = models.ForeignKey("datasets.Item", on_delete=models.CASCADE, related_name="+")
    label = models.PositiveIntegerField()
    predicted = models.PositiveIntegerField()
    confidence = models.FloatField()
    loss = models.FloatField()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["evaluation", "-loss", "id"], name="evaluated_worst"),
            models.Index(
                fields=["evaluation", "label", "predicted", "-loss", "id"], name="evaluated_cell"
            ),
        ]
