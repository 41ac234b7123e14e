"""What the data endpoints take and give."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from ninja import Schema
from pydantic import Field, StringConstraints

from common.ids import Id
from netloom.train.spec import AugmentationConfig

DatasetName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
ClassName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
Color = Annotated[str, StringConstraints(pattern=r"^#[0-9a-f]{6}$")]
Split = Literal["train", "validation", "test", "unassigned"]
ItemState = Literal["unlabeled", "labeled", "reviewed_empty"]
Origin = Literal["human", "import", "model"]
Share = Annotated[float, Field(ge=0, le=0.9)]
EventId = Annotated[int, Field(ge=1, le=2**63 - 1)]
ItemIds = Annotated[list[Id], Field(min_length=1, max_length=5000)]
MAX_LABELED = 20_000
"""Items that one request labels: one gesture, and one undo of it, are one transaction."""


class LabelClass(Schema):
    id: str
    name: str
    color: str
    order: int
    count: int


class SplitCounts(Schema):
    train: int
    validation: int
    test: int
    unassigned: int


class DatasetSummary(Schema):
    id: str
    project_id: str
    name: str
    num_items: int
    num_labeled: int
    num_reviewed_empty: int
    classes: list[LabelClass]
    splits: SplitCounts
    created_at: datetime
    updated_at: datetime
    cover_item_ids: list[str]


class SizeRange(Schema):
    min: int
    median: int
    max: int


class ImageStats(Schema):
    """How the images are; `channels_suggested` is 1 when every image is grey."""

    modes: dict[str, int]
    width: SizeRange
    height: SizeRange
    channels_suggested: int


class Dataset(DatasetSummary):
    image_stats: ImageStats | None
    num_versions: int
    log_position: int
    can_label: bool
    can_edit: bool


class NewDataset(Schema):
    name: DatasetName


class DatasetChange(Schema):
    name: DatasetName


class NewClass(Schema):
    name: ClassName
    color: Color | None = None


class ClassChange(Schema):
    """What is left out stays. `order` is the place among the classes, from 0."""

    name: ClassName | None = None
    color: Color | None = None
    order: Annotated[int, Field(ge=0, le=100_000)] | None = None


class UploadSource(Schema):
    """Uploaded files: zips of class folders, or images one by one."""

    type: Literal["upload"] = "upload"
    upload_ids: Annotated[list[Id], Field(min_length=1, max_length=20_000)]


class FolderSource(Schema):
    """A folder of the server below NETLOOM_IMPORT_ROOTS; its files stay where they are."""

    type: Literal["folder"] = "folder"
    path: Annotated[str, StringConstraints(min_length=1, max_length=4096)]


class CsvSource(Schema):
    """A CSV (file, label, optional split and group) beside its files: a zip or a folder."""

    type: Literal["csv"] = "csv"
    upload_id: Id
    files_upload_id: Id | None = None
    folder: Annotated[str, StringConstraints(min_length=1, max_length=4096)] | None = None


ImportSource = Annotated[UploadSource | FolderSource | CsvSource, Field(discriminator="type")]


class SplitRatio(Schema):
    """Shares of the items that no folder or column assigns; the rest is for training."""

    validation: Share = 0.15
    test: Share = 0.15


class ImportOptions(Schema):
    """How an import is read.

    `group_pattern` names what belongs together and must never be torn between splits: `{group}`
    stands for the group, `*` for anything, e.g. `{group}_*` or `*/{group}/*`. Without a
    `split_ratio` items stay unassigned until somebody decides.
    """

    split_ratio: SplitRatio | None = SplitRatio()
    group_pattern: Annotated[str, StringConstraints(max_length=200)] | None = None
    label_from: Literal["folder", "none"] = "folder"


class NewImport(Schema):
    source: ImportSource
    options: ImportOptions = ImportOptions()


ImportState = Literal["queued", "running", "succeeded", "failed", "cancelled"]


class ImportProblem(Schema):
    file: str
    code: str
    reason: str


class ImportedClass(Schema):
    name: str
    count: int


class ImportReport(Schema):
    """What an import did. `problems` holds the first 200 of `total_problems`."""

    id: str
    job_id: str | None
    state: ImportState
    source: str
    created_at: datetime
    finished_at: datetime | None
    seconds: float | None
    num_files: int
    num_added: int
    num_duplicates: int
    num_conflicts: int
    num_skipped: int
    classes: list[ImportedClass]
    notes: list[str]
    problems: list[ImportProblem]
    problem_counts: dict[str, int]
    total_problems: int


class ImportFolderEntry(Schema):
    name: str
    path: str
    is_folder: bool
    num_files: int


class ImportFolders(Schema):
    """Folders that may be brought in; `entries` are those below `path`."""

    roots: list[str]
    path: str | None
    parent: str | None
    entries: list[ImportFolderEntry]


class Label(Schema):
    class_id: str
    origin: Origin
    author: str | None
    time: datetime


class Item(Schema):
    """Attributes: source: path of the file within the archive or folder that it came in."""

    id: str
    dataset_id: str
    file_name: str
    source: str
    width: int
    height: int
    mode: str
    split: Split
    state: ItemState
    label: Label | None
    group: str
    thumbnail_url: str
    image_url: str
    score: float | None = None


class ItemPage(Schema):
    items: list[Item]
    total: int
    next: str | None


class ItemEvent(Schema):
    """One line of an item's history; `class_id` is what it was after the event."""

    event_id: int
    kind: Literal["added", "label", "split", "removed", "restored"]
    class_id: str | None
    state: ItemState
    split: Split
    origin: Origin
    author: str | None
    time: datetime


class ItemDetail(Item):
    size_bytes: int
    sha256: str
    format: str
    is_referenced: bool
    created_at: datetime
    history: list[ItemEvent]


class LabelsIn(Schema):
    """Set the class of many items at once; null with `reviewed_empty` says: none is in it."""

    item_ids: Annotated[list[Id], Field(min_length=1, max_length=MAX_LABELED)]
    class_id: Id | None
    state: Literal["reviewed_empty"] | None = None


class LabelsSet(Schema):
    event_ids: list[int]
    changed: int


class UndoIn(Schema):
    event_ids: Annotated[list[EventId], Field(min_length=1, max_length=MAX_LABELED)]


class LabelsUndone(Schema):
    """Events that took the given ones back; an item labeled again since is left alone."""

    event_ids: list[int]
    changed: int


class ItemsChange(Schema):
    item_ids: ItemIds
    split: Literal["train", "validation", "test"]


class ItemSelection(Schema):
    item_ids: ItemIds


class ItemsChanged(Schema):
    changed: int


class SplitsAssigned(Schema):
    assigned: int
    splits: SplitCounts


class NewDatasetVersion(Schema):
    name: Annotated[str, StringConstraints(strip_whitespace=True, max_length=120)] = ""


class DatasetVersion(Schema):
    id: str
    dataset_id: str
    number: int
    name: str
    created_at: datetime
    author: str | None
    num_items: int
    classes: list[LabelClass]
    splits: SplitCounts
    log_position: int
    fingerprint: str


class ClassBalance(Schema):
    class_id: str
    name: str
    train: int
    validation: int
    test: int
    unassigned: int
    total: int


class SizeCount(Schema):
    width: int
    height: int
    count: int


class Statistics(Schema):
    """`notes` are sentences on what deserves a look, e.g. a class with a single image; `sizes`
    holds the 200 most frequent of `num_sizes`.
    """

    balance: list[ClassBalance]
    splits: SplitCounts
    states: dict[str, int]
    sizes: list[SizeCount]
    num_sizes: int
    modes: dict[str, int]
    notes: list[str]


class PreviewInput(Schema):
    """The input node that the augmented images are made for."""

    height: Annotated[int, Field(ge=1, le=1024)]
    width: Annotated[int, Field(ge=1, le=1024)]
    channels: Literal[1, 3] = 3
    resize_policy: Literal["stretch", "crop", "pad"] = "stretch"


class AugmentationPreview(Schema):
    """Ends in a job whose result is `{"images": [png data URLs], "item_ids": [...]}`."""

    augmentation: AugmentationConfig
    input: PreviewInput
    item_ids: Annotated[list[Id], Field(max_length=16)] | None = None
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
