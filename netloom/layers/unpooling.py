"""The way back from a maximum pooling."""

from __future__ import annotations

from typing import Any, ClassVar, Generic, TypeVar

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
from netloom.layers.reach import Reach, Stamp
from netloom.layers.shapes import Dim, Shape, index_shape, named_shape_text
from netloom.layers.sizes import Size
from netloom.layers.sliding import (
    DIRECTIONS,
    as_argument,
    directions_of,
    fixed_sizes,
    leaves_nothing,
    sizes_of,
    slid,
)


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


P = TypeVar("P", bound=LayerParams)


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
    MaxUnpool1d(),
    MaxUnpool2d(),
    MaxUnpool3d(),
)
