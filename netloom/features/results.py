"""What is asked of features and classical models, and what comes back. No torch, no scikit-learn.

Legend: K classes.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from netloom.explain.results import ClassReport

Pooling = Literal["average", "max", "flat"]
ClassicalModel = Literal["logistic", "linear_svm", "rbf_svm", "neighbours", "forest"]
HandMadeKind = Literal["pixels", "hog", "colours"]

MODEL_TITLES: dict[ClassicalModel, str] = {
    "logistic": "Logistic regression",
    "linear_svm": "Linear SVM",
    "rbf_svm": "SVM with RBF kernel",
    "neighbours": "Nearest neighbours",
    "forest": "Random forest",
}
LINEAR_MODELS: frozenset[ClassicalModel] = frozenset({"logistic", "linear_svm"})
"""Those that are a matrix, and can be kept as one."""
MOST_KERNEL_ROWS = 10_000
"""An RBF kernel compares every image with every other: time and memory grow with the square."""


class FeatureError(ValueError):
    """Features that cannot be had, or learned from; the text says why and what to do."""


class ClassicalSettings(BaseModel):
    """How a classical model learns. Features are standardised on the training images first.

    Attributes:
        c: Of logistic regression and SVMs: smaller holds the weights down more.
        num_neighbours: Of nearest neighbours.
        num_trees: Of a random forest.
        seed: Decides forests and which images are left out, where some are.
        most_rows: Learn from so many training images at most, as many of each class as in all.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: ClassicalModel = "logistic"
    c: Annotated[float, Field(gt=0, le=1e6)] = 1.0
    num_neighbours: Annotated[int, Field(ge=1, le=1000)] = 5
    num_trees: Annotated[int, Field(ge=1, le=2000)] = 200
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    most_rows: Annotated[int, Field(ge=2)] | None = None


class ClassicalResult(BaseModel):
    """A classical model on a split it has not learned from.

    Attributes:
        features: What it learned from, in words.
        num_train: Images it learned from.
        num_items: Images it was asked about.
        confusion_KK: Counts; rows are true classes, columns predicted ones.
        fit_seconds: Learning, standardisation included.
        table_bytes: Size of both feature tables, which are in memory while it learns.
        notes: What a person should know to read the figures.
    """

    model_config = ConfigDict(frozen=True)

    model: ClassicalModel
    title: str
    features: str
    num_features: int
    num_train: int
    num_items: int
    accuracy: float
    balanced_accuracy: float
    macro_f1: float
    per_class: list[ClassReport]
    confusion_KK: list[list[int]]
    fit_seconds: float
    predict_seconds: float
    table_bytes: int
    notes: list[str] = Field(default_factory=list[str])
