"""What the warm child is asked and what it answers. No torch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from netloom.explain.activation_results import ActivationOptions, NodeActivation
from netloom.explain.detection_results import BoxOptions, FoundBoxes
from netloom.explain.results import ExplainOptions, Method
from netloom.features.results import ClassicalModel, ClassicalResult, Pooling


class ServeModel(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ModelFiles(ServeModel):
    """A trained network on disk.

    Attributes:
        sha256: Of the checkpoint; names the model in the cache.
        document: JSON file of the network.
        classes: Names in the order of the outputs, as far as they are known.
        device: Torch device to answer on.
        trained_as: The network that the weights belong to, where it is asked as it was drawn since.
        kind: Whether the weights are a run's checkpoint or a file's (safetensors).
    """

    sha256: str
    checkpoint: Path
    document: Path
    trained_as: Path | None = None
    classes: list[str]
    device: str = "cpu"
    kind: Literal["checkpoint", "file"] = "checkpoint"


class PredictRequest(ServeModel):
    """One image.

    Attributes:
        image: The file; its bytes are decoded here and nowhere else.
        top_k: Likeliest classes to name.
        boxes: Which boxes a detector keeps.
    """

    method: Literal["predict"] = "predict"
    model: ModelFiles
    image: Path
    top_k: Annotated[int, Field(ge=1)] = 5
    boxes: BoxOptions = BoxOptions()


class PredictManyRequest(ServeModel):
    """Any number of images.

    Attributes:
        items: File with a netloom.data.Item as JSON on each line.
        num_items: How many there are, for the progress.
        output: File for as many lines of netloom.explain.ItemPrediction, of a detector ItemBoxes.
    """

    method: Literal["predict_many"] = "predict_many"
    model: ModelFiles
    items: Path
    num_items: int
    top_k: Annotated[int, Field(ge=1)] = 5
    output: Path


class ExplainRequest(ServeModel):
    """Attributes: output: folder for the maps; target_class: None for the likeliest class."""

    method: Literal["explain"] = "explain"
    model: ModelFiles
    image: Path
    explain: Method
    target_class: int | None = None
    layer: str | None = None
    seed: int = 0
    options: ExplainOptions = ExplainOptions()
    output: Path


class EvaluateRequest(ServeModel):
    """Attributes: output: JSON file for the netloom.explain.Evaluation."""

    method: Literal["evaluate"] = "evaluate"
    model: ModelFiles
    manifest: Path
    split: Literal["train", "validation", "test"]
    output: Path


class BundleRequest(ServeModel):
    """Attributes: output: the zip to write."""

    method: Literal["bundle"] = "bundle"
    model: ModelFiles
    metrics: dict[str, float] = Field(default_factory=dict[str, float])
    description: str = ""
    output: Path


class TrainedWeights(ServeModel):
    """Weights of a run, or of a file that was opened.

    Attributes:
        sha256: Of the checkpoint, or of the safetensors file.
        document: The network they belong to.
    """

    sha256: str
    checkpoint: Path
    document: Path
    kind: Literal["checkpoint", "file"] = "checkpoint"


class PreviewRequest(ServeModel):
    """One sample through a network as it is drawn.

    Attributes:
        image: File of the sample; None makes one up.
        trained: None for weights drawn from the seed.
        weights_seed: For the weights that are not trained.
        sample_seed: For what is made up.
        only: Path of the one node to look at closely.
        output: JSON file for the Preview.
    """

    method: Literal["preview"] = "preview"
    document: Path
    image: Path | None
    trained: TrainedWeights | None
    weights_seed: int = 0
    sample_seed: int = 0
    classes: list[str] = Field(default_factory=list[str])
    only: str | None = None
    options: ActivationOptions = ActivationOptions()
    output: Path


class ExportRequest(ServeModel):
    """A network to be written in some format, by a process of its own.

    Attributes:
        trained: None for weights drawn from the seed.
        file_name: Of what is written.
        format: Name of a writer of `netloom.formats.write`, with its options.
    """

    document: Path
    trained: TrainedWeights | None
    weights_seed: int = 0
    file_name: str
    format: str
    options: dict[str, JsonValue] = Field(default_factory=dict[str, JsonValue])
    classes: list[str] = Field(default_factory=list[str])
    metrics: dict[str, float] = Field(default_factory=dict[str, float])
    licence: str = ""
    description: str = ""


PredictionKind = Literal["classes", "boxes"]
FeaturesKind = Literal["layer", "pixels", "hog", "colours"]


class ClassicalRequest(ServeModel):
    """Classical models on features of a dataset.

    Attributes:
        model: Whose layer gives features; None for hand-made ones alone.
        layer: Path of its node; None for the last one before the classifier.
        cache: Folder where features stay.
        output: Folder for the models that can be kept.
    """

    method: Literal["classical"] = "classical"
    model: ModelFiles | None
    manifest: Path
    features: list[FeaturesKind]
    layer: str | None = None
    pooling: Pooling = "average"
    models: list[ClassicalModel]
    split: Literal["validation", "test"]
    c: float = 1.0
    seed: int = 0
    cache: Path
    output: Path


Request = Annotated[
    PredictRequest
    | PredictManyRequest
    | ExplainRequest
    | EvaluateRequest
    | BundleRequest
    | PreviewRequest
    | ClassicalRequest,
    Field(discriminator="method"),
]


class ClassProbability(ServeModel):
    index: int
    name: str
    value: float


class PredictAnswer(ServeModel):
    """What a network says of one image.

    Attributes:
        probabilities: The likeliest classes; empty for a detector.
        found: Of a detector.
        input_png: The image as the network received it, as a data URL.
    """

    probabilities: list[ClassProbability]
    found: FoundBoxes | None
    input_shape: list[int]
    input_png: str
    seconds: float


class FittedModel(ServeModel):
    """Attributes: file: name in the output folder, where the model could be kept."""

    features_kind: FeaturesKind
    model: ClassicalModel | Literal["network"]
    result: ClassicalResult
    file: str | None


class ClassicalAnswer(ServeModel):
    """The network itself comes first, where it could be judged."""

    fitted: list[FittedModel]


class PredictManyAnswer(ServeModel):
    """Attributes: classes: names of the outputs, of a detector as far as they are known."""

    kind: PredictionKind
    classes: list[str]


class ExplainAnswer(ServeModel):
    """The files `heatmap.png`, `overlay.png`, `image.png` and `data.npz` lie in the output folder.

    Attributes:
        min, max: Range of the raw map; the 8-bit one spans it.
        source_box: Part of the original image that the map lies over: left, top, right, bottom.
    """

    layer: str | None
    target_class: int
    class_name: str
    probability: float
    min: float
    max: float
    r_squared: float | None
    num_superpixels: int | None
    num_samples: int | None
    baseline: list[float] | None
    seconds: float
    rows_forwarded: int
    width: int
    height: int
    source_box: list[float]


class FileAnswer(ServeModel):
    """Something was written to the request's output."""

    size_bytes: int


class Preview(ServeModel):
    """What each layer gave for one sample.

    Attributes:
        nodes: By path: the node's id, or `instance/inner` inside a block, of its first repeat.
        notes: On the sample and the weights, as sentences.
        num_fitted, num_tensors: Weights taken from the run, of how many; None without a run.
        seconds: Time it took, loading included.
    """

    nodes: dict[str, NodeActivation]
    notes: list[str]
    num_fitted: int | None
    num_tensors: int | None
    seconds: float
