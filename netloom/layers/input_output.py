"""Where tensors enter and leave a network."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from netloom.layers.base import INPUT, Constructor, Inference, Inputs, LayerType, Port
from netloom.layers.params import MAX_KERNEL, MAX_SIZE, FloatList, LayerParams, param
from netloom.layers.shapes import feature_shape, image_shape, volume_shape


class ImageInputParams(LayerParams):
    """How an image becomes a tensor: resized, scaled to 0..1, then normalised."""

    height: int = param(
        32,
        "Height",
        "Height of the tensor.",
        unit="px",
        minimum=1,
        maximum=MAX_KERNEL,
        on_card=True,
    )
    width: int = param(
        32,
        "Width",
        "Width of the tensor.",
        unit="px",
        minimum=1,
        maximum=MAX_KERNEL,
        on_card=True,
    )
    channels: int = param(
        3,
        "Channels",
        "1 for grey images, 3 for red, green and blue.",
        minimum=1,
        maximum=4096,
        on_card=True,
    )
    resize_policy: Literal["stretch", "crop", "pad"] = param(
        "stretch",
        "Resize",
        "Stretch changes the proportions; crop keeps the centre; pad adds black borders.",
    )
    mean: FloatList = param(
        (0.5,),
        "Mean",
        "Subtracted after scaling pixels to 0..1: one value, or one for each channel.",
        is_advanced=True,
    )
    std: FloatList = param(
        (0.5,),
        "Standard deviation",
        "Divides after subtracting the mean: one value, or one for each channel.",
        is_advanced=True,
    )

    @model_validator(mode="after")
    def _normalisation_fits_channels(self) -> Self:
        for name, values in (("mean", self.mean), ("std", self.std)):
            if len(values) not in (1, self.channels):
                raise ValueError(
                    f"{name} has {len(values)} values; give one, or {self.channels} for "
                    f"{self.channels} channels"
                )
        if min(self.std) <= 0:
            raise ValueError("every standard deviation must be above 0")
        return self


class ImageInput(LayerType[ImageInputParams]):
    type_name = "ImageInput"
    name_stem = "image"
    title = "Image input"
    category = "Input and output"
    summary = "Images, resized and normalised to one tensor shape."
    docs = (
        "Every image is decoded, resized to height × width by the chosen policy, scaled to 0..1 "
        "and normalised as (x − mean) / std. The same steps are used in training, prediction, "
        "explanation and export."
    )
    aliases = ("picture", "photo", "source", "data")
    icon = "photo"
    role = "input"
    Params = ImageInputParams

    def input_ports(self, params: ImageInputParams) -> tuple[Port, ...]:
        return ()

    def infer(self, params: ImageInputParams, inputs: Inputs) -> Inference:
        return Inference({"output": image_shape(params.channels, params.height, params.width)})

    def constructor(self, params: ImageInputParams, inputs: Inputs) -> Constructor:
        return Constructor("nn.Identity")


class FeatureInputParams(LayerParams):
    """A table row as numbers."""

    num_features: int = param(
        16, "Features", "Numbers in one sample.", minimum=1, maximum=MAX_SIZE, on_card=True
    )


class FeatureInput(LayerType[FeatureInputParams]):
    type_name = "FeatureInput"
    name_stem = "features"
    title = "Feature input"
    category = "Input and output"
    summary = "A vector of numbers for each sample, such as a table row."
    docs = "Gives a tensor of shape (B, F). The values are used as they are."
    aliases = ("vector", "table", "tabular", "numbers", "source", "data")
    icon = "table"
    role = "input"
    Params = FeatureInputParams

    def input_ports(self, params: FeatureInputParams) -> tuple[Port, ...]:
        return ()

    def infer(self, params: FeatureInputParams, inputs: Inputs) -> Inference:
        return Inference({"output": feature_shape(params.num_features)})

    def constructor(self, params: FeatureInputParams, inputs: Inputs) -> Constructor:
        return Constructor("nn.Identity")


class VolumeInputParams(LayerParams):
    """The size of a volume."""

    depth: int = param(
        16, "Depth", "Slices, or frames.", minimum=1, maximum=MAX_KERNEL, on_card=True
    )
    height: int = param(
        32, "Height", "Height of a slice.", unit="px", minimum=1, maximum=MAX_KERNEL, on_card=True
    )
    width: int = param(
        32, "Width", "Width of a slice.", unit="px", minimum=1, maximum=MAX_KERNEL, on_card=True
    )
    channels: int = param(
        1, "Channels", "Numbers at each position.", minimum=1, maximum=4096, on_card=True
    )


class VolumeInput(LayerType[VolumeInputParams]):
    type_name = "VolumeInput"
    name_stem = "volume"
    title = "Volume input"
    category = "Input and output"
    summary = "Volumes such as scans, or short videos with time as depth."
    docs = (
        "Gives a tensor of shape (B, C, D, H, W); the values are used as they are. Networks with "
        "it can be drawn, checked, exported and shown as code; training here works on images."
    )
    aliases = ("3d", "voxel", "scan", "video", "source", "data", "image3dInputLayer")
    icon = "cube"
    role = "input"
    Params = VolumeInputParams

    def input_ports(self, params: VolumeInputParams) -> tuple[Port, ...]:
        return ()

    def infer(self, params: VolumeInputParams, inputs: Inputs) -> Inference:
        sizes = (params.channels, params.depth, params.height, params.width)
        return Inference({"output": volume_shape(*sizes)})

    def constructor(self, params: VolumeInputParams, inputs: Inputs) -> Constructor:
        return Constructor("nn.Identity")


class OutputParams(LayerParams):
    """An output has nothing to set."""


class Output(LayerType[OutputParams]):
    type_name = "Output"
    name_stem = "output"
    title = "Output"
    category = "Input and output"
    summary = "What the network gives: for classification, one logit per class."
    docs = (
        "Marks the tensor that leaves the network. A classifier gives logits of shape (B, K); "
        "the loss applies log-softmax itself, so no Softmax is needed before it."
    )
    aliases = ("result", "logits", "head", "sink")
    icon = "flag"
    role = "output"
    has_own_activation = False
    Params = OutputParams

    def input_ports(self, params: OutputParams) -> tuple[Port, ...]:
        return (INPUT,)

    def output_ports(self, params: OutputParams) -> tuple[Port, ...]:
        return ()

    def infer(self, params: OutputParams, inputs: Inputs) -> Inference:
        return Inference({"output": inputs["input"]})

    def constructor(self, params: OutputParams, inputs: Inputs) -> Constructor:
        return Constructor("nn.Identity")


LAYERS = (ImageInput(), FeatureInput(), VolumeInput(), Output())
