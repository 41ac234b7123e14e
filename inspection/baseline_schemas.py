"""What the API says and takes about classical models, and what they are compared with."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import Field, model_validator

from common.ids import Id
from inspection.schemas import EvaluationClass
from inspection.sources import WeightsChoice
from netloom.features.results import ClassicalModel, Pooling

FeaturesKind = Literal["layer", "pixels", "hog", "colours"]
JudgedModel = Literal["logistic", "linear_svm", "rbf_svm", "neighbours", "forest", "network"]
JudgedSplit = Literal["validation", "test"]
HAND_MADE: list[FeaturesKind] = ["pixels", "hog", "colours"]


class BaselineRequest(Schema):
    """Classical models to be fitted on the training split and judged on another.

    Attributes:
        weights: The network whose layer gives features; it is judged as well, where its outputs
            are the classes. Not needed for hand-made features.
        layer: Path of its node; null takes the last one before the classifier.
        features: Each is combined with each of `models`.
        c: Of logistic regression and SVMs: smaller holds the weights down more.
    """

    weights: WeightsChoice | None = None
    layer: Annotated[str, Field(min_length=1, max_length=2048)] | None = None
    pooling: Pooling = "average"
    features: Annotated[list[FeaturesKind], Field(min_length=1, max_length=4)] = HAND_MADE
    models: Annotated[list[ClassicalModel], Field(min_length=1, max_length=5)] = ["logistic"]
    dataset_version_id: Id | None = None
    dataset_id: Id | None = None
    split: JudgedSplit = "validation"
    c: Annotated[float, Field(gt=0, le=1e6)] = 1.0
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0

    @model_validator(mode="after")
    def _fits_together(self) -> BaselineRequest:
        if (self.dataset_version_id is None) == (self.dataset_id is None):
            raise ValueError("name either dataset_version_id or dataset_id")
        if "layer" in self.features and self.weights is None:
            raise ValueError("features of a layer need the weights of a network")
        return self


class BaselineSummary(Schema):
    """A classical model's figures, or the network's own (`model` is `network`).

    Attributes:
        has_model: Whether the fitted model was kept and can be downloaded: linear ones are.
        table_bytes: Memory that the features took.
    """

    id: str
    dataset_version_id: str
    split: JudgedSplit
    features_kind: FeaturesKind
    features: str
    model: JudgedModel
    title: str
    network_id: str | None
    run_id: str | None
    asked: str
    num_features: int
    num_train: int
    num_items: int
    accuracy: float
    balanced_accuracy: float
    macro_f1: float
    fit_seconds: float
    predict_seconds: float
    table_bytes: int
    notes: list[str]
    has_model: bool
    author: str
    created_at: datetime


class BaselineOut(BaselineSummary):
    """Attributes: confusion: rows are true classes, columns predicted ones."""

    options: dict[str, Any]
    classes: list[str]
    per_class: list[EvaluationClass]
    confusion: list[list[int]]


class JudgedRun(Schema):
    """An evaluation of a run on the same images."""

    evaluation_id: str
    run_id: str
    run_name: str
    network_name: str
    checkpoint_id: str
    accuracy: float
    balanced_accuracy: float
    macro_f1: float
    num_items: int
    created_at: datetime


class BaselineComparison(Schema):
    """Everything that was judged on one split of a dataset version, newest first."""

    dataset_id: str
    dataset_name: str
    dataset_version_id: str
    split: JudgedSplit
    baselines: list[BaselineSummary]
    runs: list[JudgedRun]
