"""What a network says of many images, one batch at a time.

Legend: B batch, C channels, H height, W width, K classes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import torch
from torch import Tensor

from netloom.compile.module import Network
from netloom.data.manifest import Item
from netloom.data.preprocess import Preprocessing
from netloom.data.readable import read_batches
from netloom.explain.logits import class_logits, device_of, giving_logits
from netloom.explain.results import Cancelled, ItemPrediction


def predict_items(
    network: Network,
    items: Iterable[Item],
    folder: Path,
    *,
    top_k: int = 5,
    batch_size: int = 64,
    should_cancel: Callable[[], bool] | None = None,
) -> Iterator[ItemPrediction]:
    """Predict every item, in any number: what is yielded is not kept.

    Images are read and preprocessed as in training; the next batch is read meanwhile. The order is
    that of the items; one that cannot be read has a problem instead of scores.

    Args:
        items: Labels are passed on, not looked at.
        folder: Where their relative paths start.
        top_k: Likeliest classes to name.
        should_cancel: Asked before each batch.

    Raises:
        ExplainError: The network does not classify.
        PreprocessingError: The network does not say how an image becomes its input.
        Cancelled: `should_cancel` said so.
    """
    preprocessing = Preprocessing.from_document(network.netloom_origins.document)
    device = device_of(network)
    for batch in read_batches(items, folder, preprocessing, batch_size):
        if should_cancel is not None and should_cancel():
            raise Cancelled
        scored: dict[str, tuple[list[int], list[float]]] = {}
        if batch.items:
            pixels_BCHW = torch.as_tensor(batch.pixels_BCHW).to(device)
            with torch.inference_mode(), giving_logits(network):
                logits_BK = class_logits(network, preprocessing.normalise(pixels_BCHW))
            scored = _ranked(batch.items, logits_BK.softmax(dim=1).cpu(), top_k)
        for item in batch.seen:
            classes, scores = scored.get(item.id, ([], []))
            yield ItemPrediction(
                item_id=item.id,
                label=item.label,
                classes=classes,
                scores=scores,
                problem=batch.problems.get(item.id, ""),
            )


def _ranked(
    items: list[Item], probabilities_BK: Tensor, top_k: int
) -> dict[str, tuple[list[int], list[float]]]:
    best = probabilities_BK.topk(min(top_k, probabilities_BK.shape[1]), dim=1)
    classes_BK: list[list[int]] = best.indices.numpy().tolist()
    scores_BK: list[list[float]] = best.values.numpy().tolist()
    rows = zip(items, classes_BK, scores_BK, strict=True)
    return {item.id: (classes, scores) for item, classes, scores in rows}
