"""Image classification: loss, metrics and predictions, all on the device without a sync.

Legend: B batch, K classes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
import torch.nn.functional as functional
from numpy.typing import NDArray

from netloom.data.tensors import as_tensor
from netloom.tasks.config import TaskConfig

_SMALLEST_PROBABILITY = 1e-12


def to_logits(output_BK: torch.Tensor, *, is_probability: bool) -> torch.Tensor:
    """Return float32 logits; the output of a Softmax becomes log-probabilities.

    Log-probabilities are logits that already sum to one, so cross-entropy, with class weights and
    smoothing, is exact on them.
    """
    output_BK = output_BK.float()
    return output_BK.clamp_min(_SMALLEST_PROBABILITY).log() if is_probability else output_BK


def class_weights(labels: NDArray[np.int64], num_classes: int) -> NDArray[np.float32]:
    """Return N / (K * count) for each class, 0 for classes without items, float32 [K]."""
    counts = np.bincount(labels, minlength=num_classes).astype(np.float64)
    present = counts > 0
    weights = np.zeros(num_classes)
    weights[present] = len(labels) / (present.sum() * counts[present])
    return weights.astype(np.float32)


class ClassificationLoss:
    """Cross-entropy as configured, for training."""

    def __init__(
        self,
        config: TaskConfig,
        train_labels: NDArray[np.int64],
        num_classes: int,
        device: torch.device,
    ) -> None:
        self._smoothing = config.label_smoothing
        self._weights_K: torch.Tensor | None = None
        self._host_weights_K: NDArray[np.float64] | None = None
        if config.class_weights == "balanced":
            weights = class_weights(train_labels, num_classes)
            self._weights_K = as_tensor(weights).to(device)
            self._host_weights_K = weights.astype(np.float64)

    def weight(self, labels: NDArray[np.int64]) -> float:
        """Return what a batch with these labels weighs: the mean loss divides by it."""
        if self._host_weights_K is None:
            return float(len(labels))
        return float(self._host_weights_K[labels].sum())

    def __call__(self, logits_BK: torch.Tensor, labels_B: torch.Tensor) -> torch.Tensor:
        """Return the mean loss, a scalar on the device."""
        return functional.cross_entropy(
            logits_BK, labels_B, weight=self._weights_K, label_smoothing=self._smoothing
        )


@dataclass(frozen=True, slots=True)
class ClassificationMetrics:
    """What a split says about a network.

    Attributes:
        loss: Plain mean cross-entropy, without class weights or smoothing, so that runs compare.
        accuracy: Share of right answers.
        balanced_accuracy: Mean recall over the classes that occur.
        recall_K: Recall of each class, None where the split has no item of it.
        confusion_KK: Counts; rows are true classes, columns predicted ones.
        predicted: Predicted class of each item, int64 [N].
        confidence: Probability of the predicted class, float32 [N].
    """

    loss: float
    accuracy: float
    balanced_accuracy: float
    recall_K: list[float | None]
    confusion_KK: list[list[int]]
    predicted: NDArray[np.int64]
    confidence: NDArray[np.float32]

    def value(self, name: str) -> float:
        """Return `loss`, `accuracy` or `balanced_accuracy`."""
        return {
            "loss": self.loss,
            "accuracy": self.accuracy,
            "balanced_accuracy": self.balanced_accuracy,
        }[name]


class Pool(Protocol):
    """Processes that each measure a part of a split."""

    def sum(self, tensor: torch.Tensor) -> torch.Tensor:
        """Add up a tensor over the processes."""
        ...

    def join(self, part: torch.Tensor, total: int) -> torch.Tensor:
        """Put one-dimensional parts together, `total` elements long, in the split's order."""
        ...


class ClassificationMeter:
    """Accumulates metrics over the batches of a split on the device; one copy at the end."""

    def __init__(self, num_classes: int, device: torch.device) -> None:
        self._num_classes = num_classes
        self._confusion = torch.zeros(num_classes * num_classes, dtype=torch.int64, device=device)
        # float64 so that the mean does not depend on the batch size; MPS has none.
        wide = torch.float32 if device.type == "mps" else torch.float64
        self._loss_sum = torch.zeros((), dtype=wide, device=device)
        self._no_classes = torch.empty(0, dtype=torch.int64, device=device)
        self._no_shares = torch.empty(0, dtype=torch.float32, device=device)
        self._predicted: list[torch.Tensor] = []
        self._confidence: list[torch.Tensor] = []

    def update(self, logits_BK: torch.Tensor, labels_B: torch.Tensor) -> None:
        """Add a batch of float32 logits and int64 labels."""
        log_probabilities_BK = functional.log_softmax(logits_BK, dim=1)
        confidence_B, predicted_B = log_probabilities_BK.max(dim=1)
        losses_B = functional.nll_loss(log_probabilities_BK, labels_B, reduction="none")
        self._loss_sum += losses_B.to(self._loss_sum.dtype).sum()
        cells_B = labels_B * self._num_classes + predicted_B
        self._confusion += torch.bincount(cells_B, minlength=self._num_classes**2)
        self._predicted.append(predicted_B)
        self._confidence.append(confidence_B.exp())

    def merge(self, pool: Pool, total: int) -> None:
        """Add what the other processes measured, so that each has the whole split of `total`."""
        pool.sum(self._confusion)
        pool.sum(self._loss_sum)
        self._predicted = [pool.join(torch.cat([self._no_classes, *self._predicted]), total)]
        self._confidence = [pool.join(torch.cat([self._no_shares, *self._confidence]), total)]

    def compute(self) -> ClassificationMetrics:
        """Return the metrics of everything added; all zeros or None when nothing was."""
        confusion_KK = self._confusion.reshape(self._num_classes, -1).cpu().numpy()
        support_K = confusion_KK.sum(axis=1)
        right_K = np.diagonal(confusion_KK)
        total = int(support_K.sum())
        recall_K = [
            float(right / support) if support else None
            for right, support in zip(right_K, support_K, strict=True)
        ]
        known = [recall for recall in recall_K if recall is not None]
        return ClassificationMetrics(
            loss=float(self._loss_sum.cpu()) / total if total else math.nan,
            accuracy=float(right_K.sum() / total) if total else 0.0,
            balanced_accuracy=sum(known) / len(known) if known else 0.0,
            recall_K=recall_K,
            confusion_KK=confusion_KK.tolist(),
            predicted=torch.cat([self._no_classes, *self._predicted]).cpu().numpy(),
            confidence=torch.cat([self._no_shares, *self._confidence]).cpu().numpy(),
        )


def pick_samples(labels: NDArray[np.int64], count: int) -> list[int]:
    """Return rows of up to `count` items, taking turns over the classes in order of appearance."""
    turns = np.zeros(len(labels), dtype=np.int64)
    seen: dict[int, int] = {}
    for row, label in enumerate(labels.tolist()):
        turns[row] = seen.get(label, 0)
        seen[label] = int(turns[row]) + 1
    ranked = sorted(range(len(labels)), key=lambda row: (turns[row], labels[row], row))
    return ranked[:count]
