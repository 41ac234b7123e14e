"""Classical models on features: fitted on one table, judged on another.

Nothing is pickled. A linear model is a matrix and can be kept; the others are their figures only.

Legend: N images, D features, K classes.
"""

# scikit-learn comes without types.
# pyright: reportMissingTypeStubs=false

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from netloom.explain.reports import class_reports, macro_f1
from netloom.features.results import (
    LINEAR_MODELS,
    MODEL_TITLES,
    MOST_KERNEL_ROWS,
    ClassicalResult,
    ClassicalSettings,
    FeatureError,
)
from netloom.features.table import FeatureTable

_ROWS_AT_ONCE = 4096
_ROUNDING = float(np.finfo(np.float32).eps)


@dataclass(frozen=True, slots=True)
class LinearModel:
    """A fitted linear model as arrays.

    Attributes:
        mean_D, scale_D: Standardisation, of the training images.
        weights_KD, bias_K: One row for each class; the highest score wins.
        classes: Names, in the order of the rows.
    """

    mean_D: NDArray[np.float32]
    scale_D: NDArray[np.float32]
    weights_KD: NDArray[np.float32]
    bias_K: NDArray[np.float32]
    classes: list[str]

    def predict(self, features_ND: NDArray[np.float32]) -> NDArray[np.int64]:
        """Return the class of each row."""
        standard_ND = (features_ND - self.mean_D) / self.scale_D
        return np.asarray((standard_ND @ self.weights_KD.T + self.bias_K).argmax(axis=1))

    def save(self, path: Path) -> None:
        """Write it as .npz, which holds arrays alone."""
        np.savez(
            path,
            mean=self.mean_D,
            scale=self.scale_D,
            weights=self.weights_KD,
            bias=self.bias_K,
            classes=np.array(self.classes, dtype=np.str_),
        )

    @classmethod
    def load(cls, path: Path) -> LinearModel:
        """Read what `save` wrote; raises FeatureError."""
        try:
            with np.load(path, allow_pickle=False) as file:
                classes = [str(name) for name in file["classes"].tolist()]
                return cls(file["mean"], file["scale"], file["weights"], file["bias"], classes)
        except (OSError, ValueError, KeyError) as error:
            raise FeatureError(f"{path.name} holds no linear model: {error}") from error


@dataclass(frozen=True, slots=True)
class Fitted:
    """Attributes: linear: None for models that are more than a matrix; they are not kept."""

    result: ClassicalResult
    predicted_N: NDArray[np.int64]
    linear: LinearModel | None


def fit_classical(
    train: FeatureTable,
    test: FeatureTable,
    settings: ClassicalSettings = ClassicalSettings(),  # noqa: B008 - frozen
) -> Fitted:
    """Fit a model on one table and ask it about another.

    Features are standardised by mean and deviation of the training images alone.

    Raises:
        FeatureError: The tables do not belong together, or there is one class only.
    """
    if train.about.classes != test.about.classes:
        raise FeatureError("The two tables have other classes.")
    if train.features_ND.shape[1] != test.features_ND.shape[1]:
        raise FeatureError("The two tables hold other features.")
    classes = train.about.classes
    started = time.monotonic()
    rows, notes = _chosen_rows(train.labels_N, settings)
    features_ND = np.asarray(train.features_ND[rows], dtype=np.float32)
    labels_N = train.labels_N[rows]
    if len(np.unique(labels_N)) < 2:
        raise FeatureError("The training images show one class only; there is nothing to tell.")
    largest_D = np.maximum(features_ND.max(axis=0), -features_ND.min(axis=0))
    mean_D = features_ND.mean(axis=0, dtype=np.float64).astype(np.float32)
    features_ND -= mean_D
    squares_D = np.einsum("nd,nd->d", features_ND, features_ND, dtype=np.float64)
    scale_D = np.sqrt(squares_D / len(features_ND)).astype(np.float32)
    # What changes by less than rounding says nothing either way. How large it is does not matter:
    # features of untrained networks can differ from image to image in the seventh digit alone.
    scale_D[scale_D <= _ROUNDING * largest_D] = 1
    features_ND /= scale_D
    model = _model_of(settings, len(features_ND))
    model.fit(features_ND, labels_N)
    fitted = time.monotonic()
    predicted_N = _predict(model, test, mean_D, scale_D)
    result = _judge(train, test, settings, predicted_N, classes).model_copy(
        update={
            "num_train": len(rows),
            "fit_seconds": fitted - started,
            "predict_seconds": time.monotonic() - fitted,
            "notes": notes + _convergence(model),
        }
    )
    linear = None
    if settings.model in LINEAR_MODELS:
        linear = _as_arrays(model, mean_D, scale_D, classes)
    return Fitted(result, predicted_N, linear)


def _chosen_rows(
    labels_N: NDArray[np.int64], settings: ClassicalSettings
) -> tuple[NDArray[np.int64], list[str]]:
    """Return which rows to learn from, and what to say when some are left out."""
    most = settings.most_rows
    if settings.model == "rbf_svm":
        most = min(most or MOST_KERNEL_ROWS, MOST_KERNEL_ROWS)
    rows = np.arange(len(labels_N), dtype=np.int64)
    if most is None or len(rows) <= most:
        return rows, []
    order = np.random.default_rng(settings.seed).permutation(rows)
    # The same share of every class: rows of a class are taken at even steps of the sorted order.
    by_class = order[np.argsort(labels_N[order], kind="stable")]
    chosen = np.sort(by_class[np.linspace(0, len(rows) - 1, most).astype(np.int64)])
    why = " An RBF kernel takes time by the square of their number."
    note = f"It learned from {most:,} of {len(rows):,} training images, of each class its share."
    return chosen, [note + (why if settings.model == "rbf_svm" else "")]


def _model_of(settings: ClassicalSettings, num_rows: int) -> Any:
    """Return an unfitted model of scikit-learn, which comes without types."""
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.svm import SVC, LinearSVC

    match settings.model:
        case "logistic":
            return LogisticRegression(C=settings.c, max_iter=300, random_state=settings.seed)
        case "linear_svm":
            # The usual C of 1 asks too much of features in the hundreds.
            return LinearSVC(C=settings.c / 100, max_iter=2000, random_state=settings.seed)
        case "rbf_svm":
            return SVC(C=settings.c, kernel="rbf", gamma="scale", random_state=settings.seed)
        case "neighbours":
            return KNeighborsClassifier(n_neighbors=min(settings.num_neighbours, num_rows))
        case "forest":
            return RandomForestClassifier(
                n_estimators=settings.num_trees, random_state=settings.seed, n_jobs=1
            )


def _predict(
    model: Any, test: FeatureTable, mean_D: NDArray[np.float32], scale_D: NDArray[np.float32]
) -> NDArray[np.int64]:
    found: list[NDArray[np.int64]] = []
    for start in range(0, len(test.features_ND), _ROWS_AT_ONCE):
        rows_BD = np.asarray(test.features_ND[start : start + _ROWS_AT_ONCE], dtype=np.float32)
        found.append(model.predict((rows_BD - mean_D) / scale_D))
    return np.concatenate(found)


def _judge(
    train: FeatureTable,
    test: FeatureTable,
    settings: ClassicalSettings,
    predicted_N: NDArray[np.int64],
    classes: list[str],
) -> ClassicalResult:
    counts_KK = np.zeros((len(classes), len(classes)), dtype=np.int64)
    np.add.at(counts_KK, (test.labels_N, predicted_N), 1)
    confusion_KK: list[list[int]] = counts_KK.tolist()
    reports = class_reports(classes, confusion_KK)
    recalls = [report.recall for report in reports if report.recall is not None]
    return ClassicalResult(
        model=settings.model,
        title=MODEL_TITLES[settings.model],
        features=train.about.words,
        num_features=train.features_ND.shape[1],
        num_train=0,
        num_items=len(predicted_N),
        accuracy=float((predicted_N == test.labels_N).mean()),
        balanced_accuracy=sum(recalls) / len(recalls),
        macro_f1=macro_f1(reports),
        per_class=reports,
        confusion_KK=confusion_KK,
        fit_seconds=0.0,
        predict_seconds=0.0,
        table_bytes=train.num_bytes + test.num_bytes,
    )


def _convergence(model: Any) -> list[str]:
    """Say when a model stopped before it was done."""
    rounds, most = getattr(model, "n_iter_", None), getattr(model, "max_iter", None)
    if rounds is None or most in (None, -1) or int(np.max(rounds)) < int(most):
        return []
    return [f"It stopped after {most:,} rounds before it had settled; a smaller C settles sooner."]


def _as_arrays(
    model: Any, mean_D: NDArray[np.float32], scale_D: NDArray[np.float32], classes: list[str]
) -> LinearModel:
    """Return a row for each class; of two classes scikit-learn keeps the second one's alone."""
    weights_KD = np.asarray(model.coef_, dtype=np.float32)
    bias_K = np.asarray(model.intercept_, dtype=np.float32)
    if len(weights_KD) == 1:
        weights_KD = np.concatenate([-weights_KD, weights_KD])
        bias_K = np.concatenate([-bias_K, bias_K])
    names = [classes[int(index)] for index in model.classes_]
    return LinearModel(mean_D, scale_D, weights_KD, bias_K, names)
