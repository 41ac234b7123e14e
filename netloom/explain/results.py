"""What is asked of an explanation or an evaluation, and what comes back. No torch.

Legend: H height, W width, K classes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Method = Literal["gradcam", "occlusion", "lime"]
MOST_SUPERPIXELS = 50
"""How many LIME takes of a large image when nobody says a number."""
Share = Annotated[float, Field(gt=0, le=1)]


class ExplainError(ValueError):
    """What was asked for cannot be explained; the text says why and what to do.

    Args:
        detail: Why.
        next_step: What to do, where it is not to choose another method or layer.
    """

    def __init__(self, detail: str, next_step: str = "") -> None:
        super().__init__(f"{detail} {next_step}".rstrip())
        self.detail = detail
        self.next_step = next_step


class Cancelled(Exception):
    """The caller's `should_cancel` said so."""


class ExplainOptions(BaseModel):
    """How an explanation is made. The defaults are good for photographs and for digits.

    Attributes:
        window_share: Side of the occluding window, as a share of the image's side.
        stride_share: Step of the window, likewise.
        num_superpixels: Wanted number for LIME; None scales it to the image's size.
        samples_per_superpixel: LIME needs at least ten samples for each coefficient.
        baseline: What hides a region: the image's mean colour, zero in the network's input, or a
            value for each channel of the input.
        max_rows: Most images in one forward pass; memory may allow fewer. Changes no result.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    window_share: Share = 0.2
    stride_share: Share = 0.1
    num_superpixels: Annotated[int, Field(ge=2, le=1000)] | None = None
    samples_per_superpixel: Annotated[int, Field(ge=10, le=1000)] = 10
    baseline: Literal["mean", "zero"] | list[float] = "mean"
    max_rows: Annotated[int, Field(ge=1, le=4096)] | None = None


class ExplanationMeta(BaseModel):
    """Everything needed to make the same map again, and what it cost.

    Attributes:
        layer: Path of the node whose activations Grad-CAM weighs.
        target_class: Index of the explained class; its logit is what the map is about.
        logit: The network's logit of that class.
        baseline: Value of each channel that hid a region; None for Grad-CAM.
        rows_forwarded: Images that went through the network.
        r_squared: Weighted share of the logit's variance that LIME's linear model explains; the
            map means little when it is low.
    """

    model_config = ConfigDict(frozen=True)

    method: Method
    target_class: int
    logit: float
    seed: int
    layer: str | None = None
    baseline: list[float] | None = None
    rows_forwarded: int
    seconds: float
    r_squared: float | None = None
    num_superpixels: int | None = None
    num_samples: int | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """A heat map.

    Attributes:
        heatmap_HW: float32, size of the network's input, in the method's own range; higher speaks
            for the class. Grad-CAM is never negative.
        segments_HW: int32 superpixels of LIME, None for other methods.
    """

    heatmap_HW: NDArray[np.float32]
    meta: ExplanationMeta
    segments_HW: NDArray[np.int32] | None = None


class Prediction(BaseModel):
    """What a network says of one labeled item. `loss` is its cross-entropy."""

    model_config = ConfigDict(frozen=True)

    item_id: str
    label: int
    predicted: int
    confidence: float
    loss: float


class ItemPrediction(BaseModel):
    """What a network says of one of many items.

    Attributes:
        label: True class where somebody said it.
        classes: The likeliest ones, the first before the others; empty with a problem.
        scores: Probability of each.
        problem: Why the image could not be read.
    """

    model_config = ConfigDict(frozen=True)

    item_id: str
    label: int | None
    classes: list[int]
    scores: list[float]
    problem: str = ""

    @property
    def is_right(self) -> bool | None:
        """Whether the likeliest class is the label; None where one of them is missing."""
        if self.label is None or not self.classes:
            return None
        return self.classes[0] == self.label


class ClassReport(BaseModel):
    """Quality for one class; None where nothing can be said, as recall without items."""

    model_config = ConfigDict(frozen=True)

    name: str
    precision: float | None
    recall: float | None
    f1: float | None
    support: int


class Evaluation(BaseModel):
    """A network on one split.

    Attributes:
        confusion_KK: Counts; rows are true classes, columns predicted ones.
        worst: Wrong predictions, the highest loss first.
        unreadable: Ids of items whose image could not be read, with the cause; not counted.
    """

    model_config = ConfigDict(frozen=True)

    split: str
    num_items: int
    loss: float
    accuracy: float
    balanced_accuracy: float
    per_class: list[ClassReport]
    confusion_KK: list[list[int]]
    worst: list[Prediction]
    predictions: list[Prediction]
    unreadable: dict[str, str] = Field(default_factory=dict[str, str])
