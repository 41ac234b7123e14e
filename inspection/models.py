"""What was asked of trained checkpoints, and the answers that are kept."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from netloom.graph.document import new_id


class Explanation(models.Model):
    """Why a network said what it said of one image. Everything that decides the map is here.

    Attributes:
        run, checkpoint: Null for weights that came with a file: `weight_set` is set then.
        image_name: File name of the item or upload, for people.
        options: As they were used, defaults filled in, the seed among them.
        heatmap, overlay, image, data: 8-bit PNG, coloured PNG, input PNG, float32 npz.
    """

    id = models.CharField(primary_key=True, max_length=32, default=new_id, editable=False)
    run_id: str | None
    checkpoint_id: str | None
    weight_set_id: str | None
    item_id: str | None
    run = models.ForeignKey(
        "training.Run", null=True, on_delete=models.CASCADE, related_name="explanations"
    )
    checkpoint = models.ForeignKey(
        "training.Checkpoint", null=True, on_delete=models.RESTRICT, related_name="explanations"
    )
    weight_set = models.ForeignKey(
        "designer.WeightSet", null=True, on_delete=models.CASCADE, related_name="explanations"
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


class Export(models.Model):
    """A network as a file to take away, kept for a day.

    Attributes:
        format: Name of the writer, e.g. `onnx`.
        report: How it was written (`netloom.formats.exported.ExportReport`).
    """

    job_id: str
    network_id: str
    blob_id: str
    job = models.OneToOneField(
        "jobs.Job", primary_key=True, on_delete=models.CASCADE, related_name="+"
    )
    network = models.ForeignKey(
        "designer.Network", on_delete=models.CASCADE, related_name="exports"
    )
    blob = models.ForeignKey("storage.Blob", on_delete=models.PROTECT, related_name="+")
    format = models.CharField(max_length=40)
    file_name = models.CharField(max_length=255)
    report = models.JSONField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["created_at"], name="exports_by_age")]

    def __str__(self) -> str:
        return self.file_name


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


class PredictionTable(models.Model):
    """What a trained network said of every item of a dataset version, or of one of its splits.

    Attributes:
        run, checkpoint, weight_set: Who was asked; the checkpoint may be gone by now.
        kind: Whether it names classes, or says what a detector found.
        asked: What people call who was asked.
        split: One of the dataset's splits; empty for all items, also those of no split.
        classes: Names of the network's outputs.
        dataset_classes: Names that the labels of the rows index.
        num_right: Of `num_labeled`, the rows whose label is a class of the network.
        csv: The whole table as a file.
    """

    run_id: str | None
    checkpoint_id: str | None
    weight_set_id: str | None
    network_id: str
    dataset_version_id: str
    id = models.CharField(primary_key=True, max_length=32, default=new_id, editable=False)
    network = models.ForeignKey(
        "designer.Network", on_delete=models.CASCADE, related_name="prediction_tables"
    )
    run = models.ForeignKey(
        "training.Run", null=True, on_delete=models.CASCADE, related_name="prediction_tables"
    )
    checkpoint = models.ForeignKey(
        "training.Checkpoint", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    weight_set = models.ForeignKey(
        "designer.WeightSet", null=True, on_delete=models.CASCADE, related_name="+"
    )
    kind = models.CharField(max_length=10, default="classes")
    asked = models.CharField(max_length=400)
    dataset_version = models.ForeignKey(
        "datasets.DatasetVersion", on_delete=models.CASCADE, related_name="prediction_tables"
    )
    split = models.CharField(max_length=10, blank=True)
    classes = models.JSONField()
    dataset_classes = models.JSONField()
    top_k = models.PositiveIntegerField()
    num_items = models.PositiveIntegerField()
    num_unreadable = models.PositiveIntegerField(default=0)
    num_labeled = models.PositiveIntegerField(default=0)
    num_right = models.PositiveIntegerField(default=0)
    csv = models.ForeignKey("storage.Blob", on_delete=models.PROTECT, related_name="+")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["network", "-created_at"], name="tables_of_network")
        ]

    def __str__(self) -> str:
        return f"predictions of {self.asked}"


class PredictedItem(models.Model):
    """A row of a prediction table, in the order of the dataset.

    Attributes:
        label: Index into the table's `dataset_classes`; null where nobody said it.
        predicted: Index into its `classes`, of the best box of a detector; null where the image
            could not be read, or nothing was found.
        top: The likeliest classes as (index, score); of a detector those of its boxes, each with
            the best score.
        num_boxes: What a detector found; null for a classifier.
        is_right: Null where it cannot be said.
        problem: Why the image could not be read.
    """

    id: int
    item_id: str
    table_id: str
    table = models.ForeignKey(PredictionTable, on_delete=models.CASCADE, related_name="rows")
    item = models.ForeignKey("datasets.Item", on_delete=models.CASCADE, related_name="+")
    label = models.PositiveIntegerField(null=True)
    predicted = models.PositiveIntegerField(null=True)
    score = models.FloatField(null=True)
    is_right = models.BooleanField(null=True)
    top = models.JSONField(default=list)
    num_boxes = models.PositiveIntegerField(null=True)
    problem = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["table", "id"], name="predicted_order"),
            models.Index(fields=["table", "score", "id"], name="predicted_score"),
            models.Index(fields=["table", "predicted", "score", "id"], name="predicted_class"),
            models.Index(fields=["table", "label", "score", "id"], name="predicted_label"),
            models.Index(fields=["table", "is_right", "score", "id"], name="predicted_right"),
        ]


class Baseline(models.Model):
    """A classical model on features of a dataset, or the network itself on the same images.

    Attributes:
        features_kind: `layer`, or one of those that nobody learned: `pixels`, `hog`, `colours`.
        features: What the numbers are, in words.
        model: A classical model, or `network` for the network's own answers.
        network: Whose layer it was; null for hand-made features.
        asked: What people call the network with its weights then.
        options: Everything that decides the figures.
        kept: Arrays of a linear model; null for those that cannot be opened again.
    """

    network_id: str | None
    run_id: str | None
    dataset_version_id: str
    kept_id: str | None
    id = models.CharField(primary_key=True, max_length=32, default=new_id, editable=False)
    dataset_version = models.ForeignKey(
        "datasets.DatasetVersion", on_delete=models.CASCADE, related_name="baselines"
    )
    split = models.CharField(max_length=10)
    features_kind = models.CharField(max_length=16)
    features = models.CharField(max_length=600)
    model = models.CharField(max_length=16)
    title = models.CharField(max_length=60)
    network = models.ForeignKey(
        "designer.Network", null=True, on_delete=models.CASCADE, related_name="baselines"
    )
    run = models.ForeignKey(
        "training.Run", null=True, on_delete=models.CASCADE, related_name="baselines"
    )
    asked = models.CharField(max_length=400, blank=True)
    options = models.JSONField(default=dict)
    num_features = models.PositiveIntegerField()
    num_train = models.PositiveIntegerField()
    num_items = models.PositiveIntegerField()
    accuracy = models.FloatField()
    balanced_accuracy = models.FloatField()
    macro_f1 = models.FloatField()
    classes = models.JSONField()
    per_class = models.JSONField()
    confusion = models.JSONField()
    fit_seconds = models.FloatField()
    predict_seconds = models.FloatField()
    table_bytes = models.BigIntegerField()
    notes = models.JSONField(default=list)
    kept = models.ForeignKey("storage.Blob", null=True, on_delete=models.PROTECT, related_name="+")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["dataset_version", "split", "-created_at"], name="baselines_of_split"
            )
        ]

    def __str__(self) -> str:
        return f"{self.title} on {self.features}"
