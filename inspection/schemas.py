"""What the API says and takes about predictions, explanations and evaluations."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import Field, model_validator

from common.ids import Id
from datasets.schemas import Item
from inspection.sources import WeightsChoice
from netloom.explain.detection_results import BoxOptions, FoundBoxes
from netloom.explain.results import MOST_SUPERPIXELS
from netloom.features.results import Pooling
from training.schemas import StartFromCheckpoint

Method = Literal["gradcam", "occlusion", "lime"]
Split = Literal["train", "validation", "test"]
MAX_ROWS = 20_000
"""Images that one explanation may send through the network; everybody waits for it."""


class ImageChoice(Schema):
    """One image, an item of a dataset or a finished upload, and who is asked about it.

    Attributes:
        weights: The trained network; `checkpoint_id` alone is short for one of a run.
    """

    checkpoint_id: Id | None = None
    weights: WeightsChoice | None = None
    item_id: Id | None = None
    upload_id: Id | None = None

    @model_validator(mode="after")
    def _one_image(self) -> ImageChoice:
        if (self.item_id is None) == (self.upload_id is None):
            raise ValueError("name either item_id or upload_id")
        if (self.checkpoint_id is None) == (self.weights is None):
            raise ValueError("name either weights or checkpoint_id")
        return self

    @property
    def source(self) -> WeightsChoice:
        """Who is asked, whichever way it was said."""
        if self.weights is None:
            return StartFromCheckpoint(type="checkpoint", checkpoint_id=self.checkpoint_id or "")
        return self.weights


class PredictionRequest(ImageChoice):
    """A classifier names its likeliest classes, a detector what it finds.

    Attributes:
        boxes: Which boxes a detector keeps; left out, as its own layer says.
    """

    top_k: Annotated[int, Field(ge=1, le=1000)] = 5
    boxes: BoxOptions = BoxOptions()


class PredictedClass(Schema):
    """Attributes: class_id: of the dataset that a run learned from; null without a run."""

    class_id: str | None
    index: int
    name: str
    value: float


class PredictionOut(Schema):
    """What a network says of one image.

    Attributes:
        probabilities: The likeliest classes; empty for a detector.
        found: The boxes of a detector, in pixels of the upright image.
        is_as_drawn: Weights of a file were asked in the network as it is drawn now; if not, in the
            one that was opened, or that a run trained.
        image_url: The image as the network received it.
    """

    checkpoint_id: str | None
    weight_set_id: str | None
    item_id: str | None
    probabilities: list[PredictedClass]
    found: FoundBoxes | None
    is_as_drawn: bool
    image_url: str
    input_shape: list[int]
    seconds: float


class ExplanationOptions(Schema):
    """How a map is made; what is left out takes a value that suits photographs and digits.

    Attributes:
        seed: Decides LIME's samples.
        window_share: Side of the occluding window as a share of the image's side.
        stride_share: Step of the window as a share of the image's side.
        num_superpixels: About how many superpixels LIME switches on and off.
        samples_per_superpixel: Perturbed images LIME looks at, for each superpixel.
        baseline: What hides a region: the image's mean colour, or zero in the network's input.
    """

    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    window_share: Annotated[float, Field(gt=0, le=1)] = 0.2
    stride_share: Annotated[float, Field(gt=0, le=1)] = 0.1
    num_superpixels: Annotated[int, Field(ge=2, le=1000)] | None = None
    samples_per_superpixel: Annotated[int, Field(ge=10, le=1000)] = 10
    baseline: Literal["mean", "zero"] = "mean"


class ExplanationRequest(ImageChoice):
    """Attributes: target_class: index into the classes, None explains the likeliest."""

    method: Method
    target_class: Annotated[int, Field(ge=0)] | None = None
    layer: str | None = None
    options: ExplanationOptions = ExplanationOptions()

    @model_validator(mode="after")
    def _is_done_in_reasonable_time(self) -> ExplanationRequest:
        rows = _num_rows(self.method, self.options)
        if rows > MAX_ROWS:
            lower = {
                "lime": "choose fewer superpixels or fewer samples for each",
                "occlusion": "choose a larger step or a larger window",
            }[self.method]
            raise ValueError(
                f"this needs about {rows:,} passes through the network, at most {MAX_ROWS:,} are"
                f" made for one explanation; {lower}"
            )
        return self


def _num_rows(method: Method, options: ExplanationOptions) -> int:
    """The most images that a method sends through the network, whatever the image's size."""
    if method == "lime":
        return (options.num_superpixels or MOST_SUPERPIXELS) * options.samples_per_superpixel
    if method == "occlusion":
        step = min(options.stride_share, options.window_share)
        # A step that is next to nothing would make it infinite.
        num_steps = min((1 - options.window_share) / step, MAX_ROWS)
        return (math.ceil(num_steps) + 1) ** 2
    return 1


class ExplanationOut(Schema):
    """A finished explanation.

    Attributes:
        weight_set_id: Of what was explained without a run; `checkpoint_id` is null then.
        min, max: Range of the raw map; the 8-bit heatmap spans it from 0 to 255.
        rows_forwarded: Images sent through the network for it.
        r2: How well LIME's linear model fits; the map means little when it is low.
        source_box: Part of the upright original (left, top, right, bottom, in its pixels) that the
            map lies over.
    """

    id: str
    checkpoint_id: str | None
    weight_set_id: str | None
    method: Method
    layer: str | None
    target_class: int
    class_name: str
    probability: float
    min: float
    max: float
    options: dict[str, Any]
    seconds: float
    rows_forwarded: int
    r2: float | None
    width: int
    height: int
    source_box: list[float]
    item_id: str | None
    image_name: str
    heatmap_url: str
    overlay_url: str
    input_image_url: str
    data_url: str
    author: str
    created_at: datetime


class ExplainableLayer(Schema):
    """A layer Grad-CAM can look at. The default is the last convolution."""

    path: str
    name: str
    type: str
    output_text: str
    is_convolution: bool
    is_default: bool


class AskableWeights(Schema):
    """Weights that came with a file, of a network that is not in the bin."""

    id: str
    network_id: str
    network_name: str
    source: str
    format: str
    classes: list[str]
    created_at: datetime


class FeatureLayerOut(Schema):
    """A layer whose output can be taken as features.

    Attributes:
        num_features: Numbers of an image by pooling; null where nobody can tell before it is run.
    """

    path: str
    name: str
    type: str
    output_text: str
    num_features: dict[Pooling, int | None]
    is_default: bool


class EvaluationRequest(Schema):
    """Without a version or dataset: the version the run was trained on."""

    checkpoint_id: Id
    dataset_version_id: Id | None = None
    dataset_id: Id | None = None
    split: Split = "validation"


class EvaluationClass(Schema):
    name: str
    precision: float | None
    recall: float | None
    f1: float | None
    support: int


class EvaluationSummary(Schema):
    id: str
    checkpoint_id: str
    run_id: str
    dataset_version_id: str
    split: Split
    accuracy: float
    balanced_accuracy: float
    loss: float
    num_items: int
    author: str
    created_at: datetime


class EvaluationOut(EvaluationSummary):
    """Attributes: confusion: rows are true classes, columns predicted ones."""

    classes: list[str]
    per_class: list[EvaluationClass]
    confusion: list[list[int]]


class EvaluationList(Schema):
    items: list[EvaluationSummary]
    total: int
    next: str | None


class EvaluatedItem(Schema):
    """What the network said of one item; `label` and `predicted` index the classes."""

    item: Item
    label: int
    predicted: int
    confidence: float
    loss: float


class EvaluatedItemList(Schema):
    items: list[EvaluatedItem]
    total: int
    next: str | None
