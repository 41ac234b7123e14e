"""Detections as boxes over the picture that the network receives."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from netloom.explain.activation_results import Picture
from netloom.explain.detections import boxes_of, found_rows

MOST_BOXES = 200


def holds_detections(axes: Sequence[str]) -> bool:
    """Say whether a tensor with these axes holds boxes with scores and labels."""
    return any(axis.startswith("detections ") for axis in axes)


def box_picture(detections_BN6: Tensor) -> Picture:
    """Return the boxes of one sample, best first; nobody knows yet what lies behind them."""
    found_N6 = found_rows(detections_BN6[0])
    boxes = boxes_of(found_N6[:MOST_BOXES])
    return Picture(kind="boxes", boxes=boxes, num_shown=len(boxes), num_all=len(found_N6))


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
