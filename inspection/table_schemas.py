"""What the API says and takes about predictions over many images."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from ninja import Schema
from pydantic import Field, model_validator

from common.ids import Id
from datasets.schemas import Item
from inspection.sources import WeightsChoice
from netloom.serve.requests import PredictionKind

MAX_TOP_K = 20
TableSplit = Literal["", "train", "validation", "test"]
RowOrder = Literal["position", "score", "-score", "label", "predicted", "-boxes"]
Rightness = Literal["yes", "no", "unknown"]


class PredictionTableRequest(Schema):
    """A trained network and what it is to look at: a pinned version, or a dataset as it is now.

    Attributes:
        split: Empty for every item, also those of no split.
        top_k: Likeliest classes to keep of each image.
    """

    weights: WeightsChoice
    dataset_version_id: Id | None = None
    dataset_id: Id | None = None
    split: TableSplit = ""
    top_k: Annotated[int, Field(ge=1, le=MAX_TOP_K)] = 5

    @model_validator(mode="after")
    def _one_dataset(self) -> PredictionTableRequest:
        if (self.dataset_version_id is None) == (self.dataset_id is None):
            raise ValueError("name either dataset_version_id or dataset_id")
        return self


class PredictionTableSummary(Schema):
    """A finished table.

    Attributes:
        kind: `boxes` says what a detector found.
        asked: What people call who was asked; `checkpoint_id` is null once the checkpoint is gone.
        num_labeled: Rows whose label is a class of the network; `accuracy` is of these.
    """

    id: str
    kind: PredictionKind
    network_id: str
    network_name: str
    run_id: str | None
    checkpoint_id: str | None
    weight_set_id: str | None
    asked: str
    dataset_id: str
    dataset_name: str
    dataset_version_id: str
    split: TableSplit
    top_k: int
    num_items: int
    num_unreadable: int
    num_labeled: int
    num_right: int
    accuracy: float | None
    author: str
    created_at: datetime


class PredictionTableOut(PredictionTableSummary):
    """Attributes: classes: of the network's outputs; dataset_classes: what labels index."""

    classes: list[str]
    dataset_classes: list[str]
    csv_url: str


class PredictionTableList(Schema):
    items: list[PredictionTableSummary]
    total: int
    next: str | None


class RankedScore(Schema):
    """One of the likeliest classes of an image."""

    index: int
    score: float


class PredictedRow(Schema):
    """What the network said of one item.

    Attributes:
        label: Index into `dataset_classes`, null where nobody said it.
        top: The likeliest classes; of a detector those it found, each with its best score.
        num_boxes: What a detector found; null for a classifier.
        is_right: Null where it cannot be said.
        problem: Why the image could not be read; `top` is empty then.
    """

    item: Item
    label: int | None
    top: list[RankedScore]
    num_boxes: int | None
    is_right: bool | None
    problem: str


class PredictedRowList(Schema):
    items: list[PredictedRow]
    total: int
    next: str | None


class RowFilter(Schema):
    """Which rows, and in which order.

    Attributes:
        order: `-score` begins with what the network is surest of, `-boxes` with the most boxes.
        right: `unknown` are those without a label that the network knows.
        name: Part of where the image came from, its folder and its file's name, in capitals or not.
    """

    name: Annotated[str, Field(max_length=255)] | None = None
    predicted: Annotated[int, Field(ge=0, lt=2**31)] | None = None
    label: Annotated[int, Field(ge=0, lt=2**31)] | None = None
    right: Rightness | None = None
    min_score: Annotated[float, Field(ge=0, le=1)] | None = None
    max_score: Annotated[float, Field(ge=0, le=1)] | None = None
    order: RowOrder = "position"
