"""A network on a split of a dataset. Legend: B batch, C channels, H height, W width, K classes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
import torch.nn.functional as functional
from torch import Tensor

from netloom.compile.module import Network
from netloom.data.manifest import Item, Manifest, Split
from netloom.data.preprocess import Preprocessing
from netloom.data.readable import read_batches
from netloom.explain.logits import class_logits, device_of, giving_logits
from netloom.explain.reports import class_reports
from netloom.explain.results import (
    Cancelled,
    Evaluation,
    ExplainError,
    Prediction,
)
from netloom.tasks.classification import ClassificationMeter


def evaluate(
    network: Network,
    manifest: Manifest,
    folder: Path,
    split: Split,
    *,
    batch_size: int = 64,
    num_worst: int = 100,
    progress: Callable[[float], None] | None = None,
    should_cancel: Callable[[], bool] | None = None,
) -> Evaluation:
    """Predict every labeled item of a split and compare with its label.

    Images are read and preprocessed as in training. An item that cannot be read is listed, not
    counted.

    Args:
        folder: Where relative paths of the manifest start.
        num_worst: Most wrong predictions listed as the worst.
        progress: Told the share that is done after each batch.
        should_cancel: Asked before each batch.

    Raises:
        ExplainError: The split has no labeled items, or the network has another number of
            classes.
        Cancelled: `should_cancel` said so.
    """
    items = [item for item in manifest.items if item.split == split and item.label is not None]
    if not items:
        raise ExplainError(f"The dataset has no labeled items in its {split} split.")
    num_classes, device = len(manifest.classes), device_of(network)
    preprocessing = Preprocessing.from_document(network.netloom_origins.document)
    meter = ClassificationMeter(num_classes, device)
    unreadable: dict[str, str] = {}
    losses: list[float] = []
    kept: list[Item] = []
    num_done = 0
    with torch.inference_mode(), giving_logits(network):
        for batch in read_batches(items, folder, preprocessing, batch_size):
            if should_cancel is not None and should_cancel():
                raise Cancelled
            readable, pixels_BCHW = batch.items, torch.as_tensor(batch.pixels_BCHW)
            unreadable |= batch.problems
            if readable:
                labels_B = torch.tensor([item.label for item in readable], device=device)
                images_BCHW = preprocessing.normalise(pixels_BCHW.to(device))
                logits_BK = _checked(class_logits(network, images_BCHW), num_classes)
                meter.update(logits_BK, labels_B)
                losses += _losses(logits_BK, labels_B)
                kept += readable
            num_done += len(batch.seen)
            if progress is not None:
                progress(num_done / len(items))
    metrics = meter.compute()
    predictions = [
        Prediction(
            item_id=item.id,
            label=item.label if item.label is not None else -1,
            predicted=int(predicted),
            confidence=float(confidence),
            loss=loss,
        )
        for item, predicted, confidence, loss in zip(
            kept, metrics.predicted, metrics.confidence, losses, strict=True
        )
    ]
    wrong = [prediction for prediction in predictions if prediction.predicted != prediction.label]
    return Evaluation(
        split=split,
        num_items=len(kept),
        loss=metrics.loss,
        accuracy=metrics.accuracy,
        balanced_accuracy=metrics.balanced_accuracy,
        per_class=class_reports(manifest.classes, metrics.confusion_KK),
        confusion_KK=metrics.confusion_KK,
        worst=sorted(wrong, key=lambda found: (-found.loss, found.item_id))[:num_worst],
        predictions=predictions,
        unreadable=unreadable,
    )


def _losses(logits_BK: Tensor, labels_B: Tensor) -> list[float]:
    losses_B = functional.cross_entropy(logits_BK, labels_B, reduction="none")
    return [float(loss) for loss in losses_B.cpu().numpy()]


def _checked(logits_BK: Tensor, num_classes: int) -> Tensor:
    if logits_BK.shape[1] != num_classes:
        raise ExplainError(
            f"The network gives {logits_BK.shape[1]} numbers; the dataset has {num_classes} "
            "classes. Set the last Linear layer to that many output features."
        )
    return logits_BK
