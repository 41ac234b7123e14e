"""Networks, every save of them, and their named snapshots."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models

from netloom.graph.document import new_id

if TYPE_CHECKING:
    from django.db.models.manager import RelatedManager

    from datasets.models import Dataset

AUTHOR = {"null": True, "blank": True, "on_delete": models.SET_NULL, "related_name": "+"}


class Network(models.Model):
    """A network being designed. `document` is whole and belongs to `revision`: both are written
    by one statement, so that a save is there completely or not at all.

    Attributes:
        parameters: Number of learnable values, null while the analysis has errors or the number
            exceeds what the database can hold.
        deleted_at: When it was moved to the bin; null outside of it.
        is_purging: It is being deleted for good and cannot be taken out of the bin any more.
        origin: The version of another network that this one branched off.
    """

    project_id: str
    dataset_id: str | None
    origin_id: str | None
    revisions: RelatedManager[Revision]
    versions: RelatedManager[Version]
    snapshots: RelatedManager[Snapshot]
    comments: RelatedManager[Comment]
    weight_sets: RelatedManager[WeightSet]
    id = models.CharField(primary_key=True, max_length=32, default=new_id, editable=False)
    project = models.ForeignKey(
        "accounts.Project", on_delete=models.CASCADE, related_name="networks"
    )
    name = models.CharField(max_length=120)
    template = models.CharField(max_length=64, blank=True)
    dataset: models.ForeignKey[Dataset | None] = models.ForeignKey(
        "datasets.Dataset",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="networks",
    )
    origin: models.ForeignKey[Version | None] = models.ForeignKey(
        "designer.Version",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="branches",
    )
    revision = models.PositiveIntegerField(default=0)
    document = models.JSONField()
    num_layers = models.PositiveIntegerField(default=0)
    parameters = models.BigIntegerField(null=True, blank=True)
    num_errors = models.PositiveIntegerField(default=0)
    num_warnings = models.PositiveIntegerField(default=0)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, **AUTHOR)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True, blank=True)
    deleted_by = models.ForeignKey(settings.AUTH_USER_MODEL, **AUTHOR)
    is_purging = models.BooleanField(default=False)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["project", "deleted_at", "-updated_at"])]

    def __str__(self) -> str:
        return self.name


class Revision(models.Model):
    """One save: the operations that led from `number - 1` to `number`. Never changed.

    Attributes:
        base_revision: What the author had on screen; older than `number - 1` never happens.
        client_id: The browser tab that saved, which ignores its own echo.
    """

    network_id: str
    network = models.ForeignKey(Network, on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    base_revision = models.PositiveIntegerField()
    operations = models.JSONField()
    num_operations = models.PositiveIntegerField()
    gesture = models.CharField(max_length=120, blank=True)
    client_id = models.CharField(max_length=64, blank=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, **AUTHOR)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["network", "number"], name="one_save_per_revision")
        ]

    def __str__(self) -> str:
        return f"{self.network_id} revision {self.number}"


class Version(models.Model):
    """An immutable snapshot: named by a person, or pinned by a run (then `name` is empty)."""

    network_id: str
    id = models.CharField(primary_key=True, max_length=32, default=new_id, editable=False)
    network = models.ForeignKey(Network, on_delete=models.CASCADE, related_name="versions")
    name = models.CharField(max_length=120, blank=True)
    revision = models.PositiveIntegerField()
    document = models.JSONField()
    graph_hash = models.CharField(max_length=64)
    num_pins = models.PositiveIntegerField(default=0)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, **AUTHOR)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["network", "-created_at"])]

    def __str__(self) -> str:
        return self.name or f"revision {self.revision}"


class Snapshot(models.Model):
    """The document at a revision, from which the saves after it are replayed."""

    network_id: str
    network = models.ForeignKey(Network, on_delete=models.CASCADE, related_name="snapshots")
    number = models.PositiveIntegerField()
    document = models.JSONField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["network", "number"], name="one_snapshot_per_revision")
        ]

    def __str__(self) -> str:
        return f"{self.network_id} at revision {self.number}"


class WeightSet(models.Model):
    """Weights that came into the studio with a network, or were brought into one.

    Attributes:
        blob: A safetensors file, tensors by weight key; it may hold none, as when a file had an
            architecture alone.
        document: The network that the weights belong to: what was edited since is remapped.
        source: Name of the file.
        format: What the file was, e.g. `Keras 3`.
        classes: Class names in the order of the output, as far as the file says.
        report: How it came in (`netloom.formats.imported.ImportReport`).
    """

    network_id: str
    blob_id: str
    id = models.CharField(primary_key=True, max_length=32, default=new_id, editable=False)
    network = models.ForeignKey(Network, on_delete=models.CASCADE, related_name="weight_sets")
    blob = models.ForeignKey("storage.Blob", on_delete=models.PROTECT, related_name="+")
    document = models.JSONField()
    source = models.CharField(max_length=255)
    format = models.CharField(max_length=120)
    classes = models.JSONField(default=list)
    report = models.JSONField(default=dict)
    num_tensors = models.PositiveIntegerField(default=0)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, **AUTHOR)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["network", "-created_at"])]

    def __str__(self) -> str:
        return self.source


class WeightFile(models.Model):
    """Weights alone, brought in by a person: they wait for the network they belong to.

    Attributes:
        blob: A safetensors file, tensors by the names of the file that came.
        source: Name of that file.
        tensors: What it holds, in its order (`netloom.formats.weight_file.FileTensor`).
    """

    project_id: str
    blob_id: str
    id = models.CharField(primary_key=True, max_length=32, default=new_id, editable=False)
    project = models.ForeignKey(
        "accounts.Project", on_delete=models.CASCADE, related_name="weight_files"
    )
    blob = models.ForeignKey("storage.Blob", on_delete=models.PROTECT, related_name="+")
    source = models.CharField(max_length=255)
    format = models.CharField(max_length=120)
    tensors = models.JSONField(default=list)
    num_tensors = models.PositiveIntegerField(default=0)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, **AUTHOR)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["project", "-created_at"])]

    def __str__(self) -> str:
        return self.source


class MergePoint(models.Model):
    """What the last merge of another network brought over: the next one begins there.

    Attributes:
        document: Of the other network, as it was merged.
    """

    network_id: str
    other_id: str
    network = models.ForeignKey(Network, on_delete=models.CASCADE, related_name="merges")
    other = models.ForeignKey(Network, on_delete=models.CASCADE, related_name="merged_into")
    document = models.JSONField()
    merged_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["network", "other"], name="one_merge_point_per_pair")
        ]

    def __str__(self) -> str:
        return f"{self.other_id} in {self.network_id}"


class Comment(models.Model):
    """A remark on a layer or a region of a network, or an answer to one.

    Attributes:
        thread: The remark that it answers; null for one that begins a thread.
        scope: Block that the layer or region is in; empty on the top level.
        node_id: The layer; empty for a region.
        node_name: What the layer was called then, for when it is gone.
        region: `x`, `y`, `width_px`, `height_px` on the canvas; null for a layer.
        deleted_at: The text is gone then; what was answered to it stays.
    """

    network_id: str
    thread_id: str | None
    author_id: str | None
    replies: RelatedManager[Comment]
    id = models.CharField(primary_key=True, max_length=32, default=new_id, editable=False)
    network = models.ForeignKey(Network, on_delete=models.CASCADE, related_name="comments")
    thread: models.ForeignKey[Comment | None] = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.CASCADE, related_name="replies"
    )
    scope = models.CharField(max_length=64, blank=True)
    node_id = models.CharField(max_length=64, blank=True)
    node_name = models.CharField(max_length=64, blank=True)
    region = models.JSONField(null=True, blank=True)
    text = models.TextField(blank=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, **AUTHOR)
    created_at = models.DateTimeField(auto_now_add=True)
    edited_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(settings.AUTH_USER_MODEL, **AUTHOR)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["network", "created_at"])]

    def __str__(self) -> str:
        return self.text[:60]
