"""Detections as boxes over the picture that the network receives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor

from netloom.explain.activation_results import Box, Picture

MOST_BOXES = 200


def holds_detections(axes: Sequence[str]) -> bool:
    """Say whether a tensor with these axes holds boxes with scores and labels."""
    return any(axis.startswith("detections ") for axis in axes)


def box_picture(detections_BN6: Tensor) -> Picture:
    """Return the boxes of one sample, best first; nobody knows yet what lies behind them."""
    rows_N6 = detections_BN6[0].detach().float().cpu()
    is_found = (rows_N6[:, 5] >= 0) & torch.isfinite(rows_N6).all(dim=1)
    found = rows_N6[is_found]
    rows = cast("list[list[float]]", found[:MOST_BOXES].tolist())  # pyright: ignore[reportUnknownMemberType]
    boxes = [
        Box(
            x1=round(x1, 2), y1=round(y1, 2), x2=round(x2, 2), y2=round(y2, 2),
            score=round(score, 4), label=int(label),
        )
        for x1, y1, x2, y2, score, label in rows
    ]  # fmt: skip
    return Picture(kind="boxes", boxes=boxes, num_shown=len(boxes), num_all=len(found))


def over_image(picture: Picture, image: Picture, size: tuple[int, int]) -> Picture:
    """Return boxes with the picture they lie on.

    Args:
        size: Height and width of the tensor that the boxes are measured in, in pixels.
    """
    height, width = size
    return picture.model_copy(update={"url": image.url, "height": height, "width": width})


def with_names(picture: Picture, names: Sequence[str]) -> Picture:
    """Return boxes that say what they hold, where there are such names."""
    boxes = [
        box.model_copy(update={"name": names[box.label]}) if box.label < len(names) else box
        for box in picture.boxes or []
    ]
    return picture.model_copy(update={"boxes": boxes})
