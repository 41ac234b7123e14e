"""Datasets: items, the log of what was said about them, and pinned versions.

`Event` is the truth: append-only, numbered per dataset, each row holding the item's whole state
after it. What stands on `Item` and the counters are its fold, kept so that pages and counts need
no log. A dataset version is a position in the log.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from netloom.graph.document import new_id

if TYPE_CHECKING:
    from django.db.models.manager import RelatedManager

    from designer.models import Network

AUTHOR = {"null": True, "blank": True, "on_delete": models.SET_NULL, "related_name": "+"}


class Split(models.TextChoices):
    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"
    UNASSIGNED = "unassigned"


class ItemState(models.TextChoices):
    """Not yet labeled and looked at without finding anything are different states."""

    UNLABELED = "unlabeled"
    LABELED = "labeled"
    REVIEWED_EMPTY = "reviewed_empty"


class Origin(models.TextChoices):
    HUMAN = "human"
    IMPORT = "import"
    MODEL = "model"


class EventKind(models.TextChoices):
    ADDED = "added"
    LABEL = "label"
    SPLIT = "split"
    REMOVED = "removed"
    RESTORED = "restored"


def new_seed() -> int:
    """A dataset's own seed, so that two datasets of the same files split differently."""
    return secrets.randbits(31)


class Dataset(models.Model):
    """A growing set of images.

    Attributes:
        seed: With an item's group or content, decides its split.
        log_position: Number of the last event.
        image_stats: Modes and sizes over all items, refreshed after each import.
        covers: Ids of up to four items, of different classes, that stand for the dataset.
        stored_bytes: Of the originals that are managed, those of removed items included.
    """

    project_id: str
    classes: RelatedManager[LabelClass]
    events: RelatedManager[Event]
    versions: RelatedManager[DatasetVersion]
    networks: RelatedManager[Network]
    id = models.CharField(primary_key=True, max_length=32, default=new_id, editable=False)
    project = models.ForeignKey(
        "accounts.Project", on_delete=models.CASCADE, related_name="datasets"
    )
    name = models.CharField(max_length=120)
    seed = models.PositiveIntegerField(default=new_seed)
    log_position = models.BigIntegerField(default=0)
    num_items = models.PositiveIntegerField(default=0)
    num_labeled = models.PositiveIntegerField(default=0)
    num_reviewed_empty = models.PositiveIntegerField(default=0)
    num_train = models.PositiveIntegerField(default=0)
    num_validation = models.PositiveIntegerField(default=0)
    num_test = models.PositiveIntegerField(default=0)
    image_stats: models.JSONField[Any] = models.JSONField(null=True, blank=True)
    covers = models.JSONField(default=list)
    stored_bytes = models.BigIntegerField(default=0)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, **AUTHOR)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    deleted_by = models.ForeignKey(settings.AUTH_USER_MODEL, **AUTHOR)
    is_purging = models.BooleanField(default=False)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["project", "deleted_at", "-updated_at"])]

    def __str__(self) -> str:
        return self.name


class LabelClass(models.Model):
    """A class of the label schema. Its place in the order is its index in the output."""

    dataset_id: str
    id = models.CharField(primary_key=True, max_length=32, default=new_id, editable=False)
    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="classes")
    name = models.CharField(max_length=120)
    color = models.CharField(max_length=7)
    order = models.PositiveIntegerField()
    num_items = models.PositiveIntegerField(default=0)
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["order", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["dataset", "name"],
                condition=Q(deleted_at=None),
                name="one_class_per_name",
            )
        ]

    def __str__(self) -> str:
        return self.name


class Import(models.Model):
    """One bringing-in of files and what came of it: the report.

    Attributes:
        source: What was asked for, as the API took it.
        problems: The first thousand files that were not taken as they are, and why.
    """

    dataset_id: str
    id = models.CharField(primary_key=True, max_length=32, default=new_id, editable=False)
    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="imports")
    job_id = models.CharField(max_length=32, blank=True)
    source = models.JSONField()
    options = models.JSONField()
    title = models.CharField(max_length=300)
    state = models.CharField(max_length=12, default="queued")
    num_files = models.PositiveIntegerField(default=0)
    num_added = models.PositiveIntegerField(default=0)
    num_duplicates = models.PositiveIntegerField(default=0)
    num_conflicts = models.PositiveIntegerField(default=0)
    num_skipped = models.PositiveIntegerField(default=0)
    classes = models.JSONField(default=dict)
    notes = models.JSONField(default=list)
    problems = models.JSONField(default=list)
    problem_counts = models.JSONField(default=dict)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, **AUTHOR)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["dataset", "-created_at"])]

    def __str__(self) -> str:
        return self.title


class Item(models.Model):
    """One image. The row is narrow on purpose: a million of them page by key.

    Attributes:
        position: Order of arrival within the dataset; pages continue after it.
        sha256: Of the original bytes; unique within the dataset, also in the bin.
        reference: Absolute path where the original stays when it is not managed.
        mode: How the original holds its colours: `gray`, `gray16`, `gray_alpha`, `palette`,
            `rgb`, `rgba` or `cmyk`.
        group: What must not be torn between splits; empty when it stands for itself.
    """

    dataset_id: str
    label_class_id: str | None
    label_author_id: str | None
    brought_by_id: str | None
    events: RelatedManager[Event]
    id = models.CharField(primary_key=True, max_length=32, default=new_id, editable=False)
    dataset = models.ForeignKey(
        Dataset, on_delete=models.CASCADE, related_name="items", db_index=False
    )
    position = models.BigIntegerField()
    file_name = models.CharField(max_length=255)
    source = models.CharField(max_length=1024)
    reference = models.CharField(max_length=4096, blank=True)
    sha256 = models.CharField(max_length=64)
    size_bytes = models.BigIntegerField()
    format = models.CharField(max_length=8)
    mode = models.CharField(max_length=16)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    group = models.CharField(max_length=200, blank=True)
    split = models.CharField(max_length=10, choices=Split.choices)
    state = models.CharField(max_length=14, choices=ItemState.choices)
    label_class = models.ForeignKey(
        LabelClass, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    label_origin = models.CharField(max_length=6, choices=Origin.choices, blank=True)
    label_author = models.ForeignKey(settings.AUTH_USER_MODEL, **AUTHOR)
    labeled_at = models.DateTimeField(null=True, blank=True)
    brought_by = models.ForeignKey(
        Import, null=True, blank=True, on_delete=models.SET_NULL, related_name="items"
    )
    is_removed = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["dataset", "sha256"], name="one_item_per_content")
        ]
        # A page seeks by one filter in the order of positions; the columns behind let the other
        # filters and the counts do without the rows. See `item_pages`.
        indexes: ClassVar = [
            models.Index(
                fields=["dataset", "position"], condition=Q(is_removed=False), name="item_page"
            ),
            models.Index(
                fields=["dataset", "label_class", "position", "split", "state"],
                condition=Q(is_removed=False),
                name="item_label_page",
            ),
            models.Index(
                fields=["dataset", "split", "position", "state", "label_class"],
                condition=Q(is_removed=False),
                name="item_split_page",
            ),
            models.Index(
                fields=["dataset", "state", "position", "split", "label_class"],
                condition=Q(is_removed=False),
                name="item_state_page",
            ),
            models.Index(
                fields=["dataset", "group"],
                condition=~Q(group=""),
                name="item_group",
            ),
        ]

    def __str__(self) -> str:
        return self.file_name


class Event(models.Model):
    """Something said about an item; the row holds the item's state after it. Never changed.

    Attributes:
        position: Number within the dataset, without gaps; the API's `event_id`.
        checkpoint_id: The checkpoint that said it, when `origin` is a model.
    """

    dataset_id: str
    item_id: str
    label_class_id: str | None
    author_id: str | None
    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="events")
    position = models.BigIntegerField()
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="events", db_index=False)
    kind = models.CharField(max_length=8, choices=EventKind.choices)
    label_class = models.ForeignKey(
        LabelClass,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    state = models.CharField(max_length=14, choices=ItemState.choices)
    split = models.CharField(max_length=10, choices=Split.choices)
    is_removed = models.BooleanField(default=False)
    origin = models.CharField(max_length=6, choices=Origin.choices)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, db_index=False, **AUTHOR)
    checkpoint_id = models.CharField(max_length=32, blank=True)
    time = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["dataset", "position"], name="one_event_per_position")
        ]
        indexes: ClassVar = [models.Index(fields=["item", "position"], name="item_history")]

    def __str__(self) -> str:
        return f"{self.dataset_id}@{self.position} {self.kind}"


class DatasetVersion(models.Model):
    """A dataset as it was at a position of its log: what a run refers to. Never changed.

    Attributes:
        classes: `[{id, name, color, order, count}]`; the order is the order of the outputs.
        fingerprint: SHA-256 over class names, contents, labels and splits.
    """

    dataset_id: str
    id = models.CharField(primary_key=True, max_length=32, default=new_id, editable=False)
    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    name = models.CharField(max_length=120, blank=True)
    log_position = models.BigIntegerField()
    num_items = models.PositiveIntegerField()
    classes = models.JSONField()
    splits = models.JSONField()
    fingerprint = models.CharField(max_length=64)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, **AUTHOR)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["dataset", "number"], name="one_version_per_number")
        ]

    def __str__(self) -> str:
        return self.name or f"version {self.number}"
