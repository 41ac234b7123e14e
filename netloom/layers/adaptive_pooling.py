"""Pooling to a given size, to one number per channel, and back from a maximum pooling."""

from __future__ import annotations

from typing import Any, ClassVar, Generic, TypeVar

from netloom.layers.activation import NoParams
from netloom.layers.base import (
    INPUT,
    Argument,
    Constructor,
    Inference,
    Inputs,
    LayerType,
    Port,
    ShapeProblem,
)
from netloom.layers.conv_params import each, kernel_param
from netloom.layers.expect import expect_axes, fixed_size
from netloom.layers.function import FunctionCall, FunctionLayer
from netloom.layers.params import (
    LayerParams,
    NonNegativeInt,
    NonNegativePair,
    NonNegativeTriple,
    OptionalPair,
    OptionalPositiveInt,
    OptionalTriple,
    PositiveInt,
    PositivePair,
    PositiveTriple,
    Sizes,
    param,
)
from netloom.layers.reach import Reach, Resample, Stamp
from netloom.layers.shapes import (
    Dim,
    Shape,
    Size,
    elements_per_sample,
    feature_shape,
    index_shape,
    named_shape_text,
)
from netloom.layers.sliding import (
    DIRECTIONS,
    EXTENTS,
    as_argument,
    directions_of,
    fixed_sizes,
    leaves_nothing,
    sizes_of,
    slid,
)

_UNITS = {1: "", 2: "px", 3: "px"}


def _output_size(count: int) -> Any:
    text = f"{EXTENTS[count]} of the result."
    return param(each(1, count), "Output size", text, unit=_UNITS[count], on_card=True)


class AdaptivePool1dParams(LayerParams):
    """The size to end with."""

    output_size: PositiveInt = _output_size(1)


class AdaptivePoolParams(LayerParams):
    """The size to end with."""

    output_size: PositivePair = _output_size(2)


class AdaptivePool3dParams(LayerParams):
    """The size to end with."""

    output_size: PositiveTriple = _output_size(3)


P = TypeVar("P", bound=LayerParams)


class AdaptivePooling(LayerType[P], Generic[P]):
    """Windows that are made to give a size, in any number of directions."""

    category = "Pooling"
    name_stem = "global_pool"
    icon = "arrows-minimize"
    num_directions: ClassVar[int]

    def infer(self, params: P, inputs: Inputs) -> Inference | ShapeProblem:
        shape = inputs["input"]
        if problem := expect_axes(self.title, shape, (f"BC{DIRECTIONS[self.num_directions]}",)):
            return problem
        output = slid(fixed_size(shape, "C"), self._sizes(params))
        return Inference({"output": output}, flops=elements_per_sample(shape))

    def reach(self, params: P, inputs: Inputs) -> Reach:
        axes = DIRECTIONS[self.num_directions]
        before = sizes_of(inputs["input"], self.num_directions)
        return Reach(
            {
                axis: Resample(size, after, "area") if isinstance(size, int) and after > 1 else None
                for axis, size, after in zip(axes, before, self._sizes(params), strict=True)
            }
        )

    def _sizes(self, params: P) -> tuple[int, ...]:
        sizes: Sizes = getattr(params, "output_size", 1)
        return directions_of(sizes, self.num_directions)

    def constructor(self, params: P, inputs: Inputs) -> Constructor:
        sizes = self._sizes(params)
        size = sizes[0] if len(set(sizes)) == 1 else as_argument(sizes)
        return Constructor(f"nn.{self.type_name}", (size,))


_AVERAGE_ALIASES = ("global average pooling", "gap", "mean", "pool")
_MAX_ALIASES = ("global max pooling", "maximum", "pool")


class AdaptiveAvgPool2d(AdaptivePooling[AdaptivePoolParams]):
    type_name = "AdaptiveAvgPool2d"
    title = "AdaptiveAvgPool2d"
    summary = "Averages down to a given size, whatever the input size."
    docs = (
        "With output size 1 it is global average pooling: one number per channel, so that the "
        "classifier behind it does not depend on the size of the image."
    )
    aliases = (*_AVERAGE_ALIASES, "globalAveragePooling2dLayer")
    num_directions = 2
    Params = AdaptivePoolParams


class AdaptiveAvgPool1d(AdaptivePooling[AdaptivePool1dParams]):
    type_name = "AdaptiveAvgPool1d"
    title = "AdaptiveAvgPool1d"
    summary = "Averages a signal down to a given length, whatever its own."
    docs = "Turns (B, C, T) of any length T into a fixed length, such as one step per channel."
    aliases = (*_AVERAGE_ALIASES, "globalAveragePooling1dLayer")
    num_directions = 1
    Params = AdaptivePool1dParams


class AdaptiveAvgPool3d(AdaptivePooling[AdaptivePool3dParams]):
    type_name = "AdaptiveAvgPool3d"
    title = "AdaptiveAvgPool3d"
    summary = "Averages a volume down to a given size, whatever its own."
    docs = "With output size 1 it gives one number per channel of (B, C, D, H, W)."
    aliases = (*_AVERAGE_ALIASES, "globalAveragePooling3dLayer")
    num_directions = 3
    Params = AdaptivePool3dParams


class AdaptiveMaxPool2d(AdaptivePooling[AdaptivePoolParams]):
    type_name = "AdaptiveMaxPool2d"
    title = "AdaptiveMaxPool2d"
    summary = "Keeps the largest numbers, down to a given size."
    docs = "With output size 1: the strongest response of each channel, wherever it is."
    aliases = (*_MAX_ALIASES, "globalMaxPooling2dLayer")
    num_directions = 2
    Params = AdaptivePoolParams


class AdaptiveMaxPool1d(AdaptivePooling[AdaptivePool1dParams]):
    type_name = "AdaptiveMaxPool1d"
    title = "AdaptiveMaxPool1d"
    summary = "Keeps the largest numbers of a signal, down to a given length."
    docs = "Turns (B, C, T) of any length T into a fixed length."
    aliases = (*_MAX_ALIASES, "globalMaxPooling1dLayer")
    num_directions = 1
    Params = AdaptivePool1dParams


class AdaptiveMaxPool3d(AdaptivePooling[AdaptivePool3dParams]):
    type_name = "AdaptiveMaxPool3d"
    title = "AdaptiveMaxPool3d"
    summary = "Keeps the largest numbers of a volume, down to a given size."
    docs = "Turns (B, C, D, H, W) of any size into a fixed size."
    aliases = (*_MAX_ALIASES, "globalMaxPooling3dLayer")
    num_directions = 3
    Params = AdaptivePool3dParams


class GlobalPooling(FunctionLayer[NoParams]):
    """One number per channel, as features."""

    category = "Pooling"
    name_stem = "global_pool"
    icon = "arrows-minimize"
    Params = NoParams
    function: ClassVar[str]

    def infer(self, params: NoParams, inputs: Inputs) -> Inference | ShapeProblem:
        shape = inputs["input"]
        orders = tuple(f"BC{axes}" for axes in DIRECTIONS.values())
        if problem := expect_axes(self.title, shape, orders):
            return problem
        output = feature_shape(fixed_size(shape, "C"))
        return Inference({"output": output}, flops=elements_per_sample(shape))

    def function_call(self, params: NoParams, inputs: Inputs) -> FunctionCall:
        dims = tuple(range(2, len(inputs["input"])))
        return FunctionCall(self.function, kwargs={"dim": as_argument(dims)})


class GlobalAvgPool(GlobalPooling):
    type_name = "GlobalAvgPool"
    title = "Global average pooling"
    summary = "The mean of each channel over all positions, as features."
    docs = "Turns (B, C, T), (B, C, H, W) or (B, C, D, H, W) into (B, F): no Flatten is needed."
    aliases = (*_AVERAGE_ALIASES, "GlobalAveragePooling2D", "globalAveragePooling2dLayer")
    function = "mean"


class GlobalMaxPool(GlobalPooling):
    type_name = "GlobalMaxPool"
    title = "Global max pooling"
    summary = "The largest number of each channel over all positions, as features."
    docs = "Turns (B, C, T), (B, C, H, W) or (B, C, D, H, W) into (B, F): no Flatten is needed."
    aliases = (*_MAX_ALIASES, "GlobalMaxPooling2D", "globalMaxPooling2dLayer")
    function = "amax"


def _stride() -> Any:
    return param(None, "Stride", "Stride of the pooling; empty means the kernel size.")


def _padding(count: int) -> Any:
    return param(each(0, count), "Padding", "Padding of the pooling.")


class MaxUnpool1dParams(LayerParams):
    """The window of the pooling that is undone."""

    kernel_size: PositiveInt = kernel_param(2, 1, "the window of the pooling")
    stride: OptionalPositiveInt = _stride()
    padding: NonNegativeInt = _padding(1)


class MaxUnpool2dParams(LayerParams):
    """The window of the pooling that is undone."""

    kernel_size: PositivePair = kernel_param(2, 2, "the window of the pooling")
    stride: OptionalPair = _stride()
    padding: NonNegativePair = _padding(2)


class MaxUnpool3dParams(LayerParams):
    """The window of the pooling that is undone."""

    kernel_size: PositiveTriple = kernel_param(2, 3, "the window of the pooling")
    stride: OptionalTriple = _stride()
    padding: NonNegativeTriple = _padding(3)


class MaxUnpooling(LayerType[P], Generic[P]):
    """Puts numbers back where a maximum pooling found them."""

    category = "Pooling"
    name_stem = "unpool"
    icon = "arrows-maximize"
    docs = (
        "Takes the indices of the pooling that is undone, by a connection from its second port; "
        "everything else becomes zero (SegNet). The size is the one that the pooling received."
    )
    aliases = ("max unpooling", "unpool", "upsample", "decoder", "segnet", "maxUnpooling2dLayer")
    inputs = (INPUT, Port("indices", "Indices", takes_integers=True))
    num_directions: ClassVar[int]

    def infer(self, params: P, inputs: Inputs) -> Inference | ShapeProblem:
        shape, indices = inputs["input"], inputs["indices"]
        if problem := expect_axes(self.title, shape, (f"BC{DIRECTIONS[self.num_directions]}",)):
            return problem
        if _without_reach(indices) != index_shape(shape):
            return ShapeProblem(
                f"{self.title} needs the indices that a pooling gave for a tensor like its input, "
                f"{named_shape_text(shape)}, but receives {named_shape_text(indices)}. Switch on "
                "“Give indices” of the pooling and connect that port.",
                port="indices",
            )
        usual, sizes = self._usual_sizes(params, inputs), self._sizes(params, inputs)
        _, stride, _ = self._window(params)
        if leaves_nothing(usual) or any(
            isinstance(size, int) and isinstance(given, int) and abs(size - given) >= step
            for size, given, step in zip(sizes, usual, stride, strict=True)
        ):
            return ShapeProblem(
                f"{self.title} with this window does not lead from {named_shape_text(shape)} back "
                "to what the pooling received. Give it the kernel, stride and padding of the "
                "pooling.",
                port="indices",
                param="kernel_size",
            )
        return Inference({"output": slid(fixed_size(shape, "C"), sizes)})

    def reach(self, params: P, inputs: Inputs) -> Reach:
        kernel, stride, padding = self._window(params)
        steps = zip(kernel, stride, padding, strict=True)
        axes = DIRECTIONS[self.num_directions]
        return Reach({axis: Stamp(*step) for axis, step in zip(axes, steps, strict=True)})

    def _usual_sizes(self, params: P, inputs: Inputs) -> list[Size]:
        """Return the sizes that pooling reduces to the input without leaving anything out."""
        kernel, stride, padding = self._window(params)
        sizes = sizes_of(inputs["input"], self.num_directions)
        return [
            size * step + (window - step - 2 * zeros)
            for size, window, step, zeros in zip(sizes, kernel, stride, padding, strict=True)
        ]

    def _sizes(self, params: P, inputs: Inputs) -> list[Size]:
        """Return the sizes that the pooling received, where its indices tell."""
        reach = [dim.vocabulary for dim in inputs["indices"][2:]]
        usual = self._usual_sizes(params, inputs)
        return [size if known is None else known for known, size in zip(reach, usual, strict=True)]

    def _window(self, params: P) -> tuple[tuple[int, ...], ...]:
        kernel: Sizes = getattr(params, "kernel_size", 1)
        stride: Sizes | None = getattr(params, "stride", None)
        padding: Sizes = getattr(params, "padding", 0)
        given = (kernel, kernel if stride is None else stride, padding)
        return tuple(directions_of(sizes, self.num_directions) for sizes in given)

    def constructor(self, params: P, inputs: Inputs) -> Constructor:
        kernel, stride, padding = self._window(params)
        sizes = fixed_sizes(self._sizes(params, inputs))
        if sizes is not None and [*sizes] != self._usual_sizes(params, inputs):
            return Constructor("MaxUnpoolTo", ([*sizes], [*kernel], [*stride], [*padding]))
        kwargs: dict[str, Argument] = {"kernel_size": as_argument(kernel)}
        if stride != kernel:
            kwargs["stride"] = as_argument(stride)
        if any(padding):
            kwargs["padding"] = as_argument(padding)
        return Constructor(f"nn.{self.type_name}", (), kwargs)


def _without_reach(shape: Shape) -> Shape:
    return tuple(Dim(dim.axis, dim.size) for dim in shape)


class MaxUnpool1d(MaxUnpooling[MaxUnpool1dParams]):
    type_name = "MaxUnpool1d"
    title = "MaxUnpool1d"
    summary = "Undoes a MaxPool1d: numbers go back where they came from."
    num_directions = 1
    Params = MaxUnpool1dParams


class MaxUnpool2d(MaxUnpooling[MaxUnpool2dParams]):
    type_name = "MaxUnpool2d"
    title = "MaxUnpool2d"
    summary = "Undoes a MaxPool2d: numbers go back where they came from."
    num_directions = 2
    Params = MaxUnpool2dParams


class MaxUnpool3d(MaxUnpooling[MaxUnpool3dParams]):
    type_name = "MaxUnpool3d"
    title = "MaxUnpool3d"
    summary = "Undoes a MaxPool3d: numbers go back where they came from."
    num_directions = 3
    Params = MaxUnpool3dParams


LAYERS = (
    AdaptiveAvgPool2d(),
    AdaptiveMaxPool2d(),
    GlobalAvgPool(),
    GlobalMaxPool(),
    AdaptiveAvgPool1d(),
    AdaptiveMaxPool1d(),
    AdaptiveAvgPool3d(),
    AdaptiveMaxPool3d(),
    MaxUnpool1d(),
    MaxUnpool2d(),
    MaxUnpool3d(),
)
