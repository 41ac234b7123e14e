"""What a detector is asked and what it finds in an image. No torch."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0, le=1)]
MOST_BOXES = 1000
"""Of one image, the best ones: more can neither be seen nor read."""
MOST_CLASSES = 10_000
"""Of a detector: the largest sets of boxes in use have some hundred to nine thousand."""


class Box(BaseModel):
    """An object that was found: corners in pixels, of the image unless another one is named.

    Attributes:
        label: Number of the class.
        name: Of the class; empty where nobody says.
    """

    model_config = ConfigDict(frozen=True)

    x1: float
    y1: float
    x2: float
    y2: float
    score: float
    label: int
    name: str = ""


class BoxOptions(BaseModel):
    """Which boxes are kept; what is left out is as the network's own layer says.

    Attributes:
        score_threshold: Boxes with a lower score are dropped.
        iou_threshold: A box that covers a better one of its class by a larger share is dropped.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    score_threshold: Share | None = None
    iou_threshold: Share | None = None


class FoundBoxes(BaseModel):
    """What was found in one image.

    Attributes:
        width, height: Of the upright image, in pixels; boxes are measured in these.
        boxes: The best first.
        num_all: How many were found, also those beyond the boxes that are told.
        score_threshold, iou_threshold: By which they were chosen.
        own_score_threshold, own_iou_threshold: What the network's layer says.
        seen: Part of the image that the network receives: left, top, right, bottom; it reaches
            beyond the edges where the image is padded.
    """

    model_config = ConfigDict(frozen=True)

    width: int
    height: int
    boxes: list[Box]
    num_all: int
    score_threshold: float
    iou_threshold: float
    own_score_threshold: float
    own_iou_threshold: float
    seen: tuple[float, float, float, float]


class ItemBoxes(BaseModel):
    """What was found in one of many images.

    Attributes:
        width, height: Of the upright image, in pixels; 0 with a problem.
        boxes: The best first.
        num_all: How many were found, also those beyond the boxes that are told.
        problem: Why the image could not be read.
    """

    model_config = ConfigDict(frozen=True)

    item_id: str
    width: int = 0
    height: int = 0
    boxes: list[Box] = Field(default_factory=list[Box])
    num_all: int = 0
    problem: str = ""
