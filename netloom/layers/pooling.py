"""Layers that summarise neighbouring positions by a window: maximum, mean and power mean."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Generic, TypeVar

from netloom.graph.diagnostics import DiagnosticCode
from netloom.graph.document import ParamValue
from netloom.layers.base import (
    OUTPUT,
    Argument,
    Constructor,
    Inference,
    Inputs,
    LayerType,
    Port,
    SetParams,
    ShapeProblem,
)
from netloom.layers.expect import expect_axes, fixed_size
from netloom.layers.params import LayerParams, Sizes
from netloom.layers.pool_params import (
    AvgPool1dParams,
    AvgPool3dParams,
    AvgPoolParams,
    LPPool1dParams,
    LPPool2dParams,
    LPPool3dParams,
    MaxPool1dParams,
    MaxPool3dParams,
    MaxPoolParams,
)
from netloom.layers.reach import Reach, sliding
from netloom.layers.shapes import Expr, Size, elements_per_sample, index_shape
from netloom.layers.sliding import (
    DIRECTIONS,
    as_argument,
    as_param,
    directions_of,
    extent,
    fixed_sizes,
    has_late_window,
    leaves_nothing,
    output_size,
    sizes_of,
    sizes_text,
    slid,
    window_too_large,
)

P = TypeVar("P", bound=LayerParams)


class SlidingPool(LayerType[P], Generic[P]):
    """Pooling by a window of fixed size in any number of directions; channels stay."""

    category = "Pooling"
    icon = "arrows-minimize"
    num_directions: ClassVar[int]

    def infer(self, params: P, inputs: Inputs) -> Inference | ShapeProblem:
        shape, count = inputs["input"], self.num_directions
        if problem := expect_axes(
            self.title, shape, (f"BC{DIRECTIONS[count]}",)
        ) or self._padding_problem(params):
            return problem
        sizes = sizes_of(shape, count)
        window = _Window.of(params, count)
        if window.ceil_mode and self._has_unknown_end(sizes, window):
            return ShapeProblem(
                f"{self.title} cannot keep partial windows of a length that depends on the data, "
                "because windows are further apart than they are long.",
                port="input",
                param="ceil_mode",
                suggestions=(SetParams("Leave partial windows out", {"ceil_mode": None}),),
            )
        pooled = window.output_sizes(sizes)
        if leaves_nothing(pooled):
            smaller = _smaller_window(window, sizes)
            return window_too_large(self.title, sizes, window.extents, window.padding, smaller)
        if window.can_miss(sizes):
            return self._missing_problem(window, sizes)
        output = slid(fixed_size(shape, "C"), pooled)
        flops = elements_per_sample(output) * math.prod(window.kernel)
        return Inference({"output": output}, flops=flops)

    def reach(self, params: P, inputs: Inputs) -> Reach:
        window = _Window.of(params, self.num_directions)
        axes = DIRECTIONS[self.num_directions]
        return sliding(axes, window.extents, window.stride, window.padding)

    @staticmethod
    def _has_unknown_end(sizes: Sequence[Size], window: _Window) -> bool:
        return any(
            isinstance(size, Expr) and has_late_window(span, stride, padding)
            for size, span, stride, padding in zip(
                sizes, window.extents, window.stride, window.padding, strict=True
            )
        )

    def constructor(self, params: P, inputs: Inputs) -> Constructor:
        window = _Window.of(params, self.num_directions)
        kwargs: dict[str, Argument] = {"kernel_size": as_argument(window.kernel)}
        if window.stride != window.kernel:
            kwargs["stride"] = as_argument(window.stride)
        if any(window.padding):
            kwargs["padding"] = as_argument(window.padding)
        if set(window.dilation) != {1}:
            kwargs["dilation"] = as_argument(window.dilation)
        if window.ceil_mode:
            kwargs["ceil_mode"] = True
        return Constructor(f"nn.{self.type_name}", (), kwargs)

    def _missing_problem(self, window: _Window, sizes: Sequence[Size]) -> ShapeProblem:
        pairs = zip(DIRECTIONS[self.num_directions], sizes, strict=True)
        received = " × ".join(f"{axis} {size}" for axis, size in pairs)
        return ShapeProblem(
            f"The taps of {self.title} are {sizes_text(window.dilation)} apart, further than its "
            f"input of {received} reaches: some windows would hold only padding.",
            code=DiagnosticCode.SHAPE_TOO_SMALL,
            port="input",
            param="dilation",
            suggestions=(SetParams("Use dilation 1", {"dilation": None}),),
        )

    def _padding_problem(self, params: P) -> ShapeProblem | None:
        window = _Window.of(params, self.num_directions)
        most = [size // 2 for size in window.kernel]
        if all(given <= limit for given, limit in zip(window.padding, most, strict=True)):
            return None
        return ShapeProblem(
            f"Padding {sizes_text(window.padding)} is more than half of the kernel "
            f"{sizes_text(window.kernel)}: some windows would hold only padding.",
            param="padding",
            suggestions=(
                SetParams(f"Use padding {sizes_text(most)}", {"padding": as_param(most)}),
            ),
        )


@dataclass(frozen=True, slots=True)
class _Window:
    """A window with one number per direction."""

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    dilation: tuple[int, ...]
    ceil_mode: bool

    @classmethod
    def of(cls, params: LayerParams, count: int) -> _Window:
        """Read what the kind of pooling has; without padding or dilation there is none."""
        kernel: Sizes = getattr(params, "kernel_size", 1)
        stride: Sizes | None = getattr(params, "stride", None)
        padding: Sizes = getattr(params, "padding", 0)
        dilation: Sizes = getattr(params, "dilation", 1)
        return cls(
            directions_of(kernel, count),
            directions_of(kernel if stride is None else stride, count),
            directions_of(padding, count),
            directions_of(dilation, count),
            bool(getattr(params, "ceil_mode", False)),
        )

    @property
    def extents(self) -> tuple[int, ...]:
        """How many positions a window spans, with the holes between its taps."""
        return tuple(extent(*pair) for pair in zip(self.kernel, self.dilation, strict=True))

    def can_miss(self, sizes: Sequence[Size]) -> bool:
        """Say whether the input can fit into the hole between two taps that meet padding."""
        return any(
            isinstance(size, int) and padding and dilation > size
            for size, padding, dilation in zip(sizes, self.padding, self.dilation, strict=True)
        )

    def output_sizes(self, sizes: Sequence[Size]) -> list[Size]:
        """Return how many windows fit in each direction."""
        return [
            output_size(size, span, stride, padding, ceil_mode=self.ceil_mode)
            for size, span, stride, padding in zip(
                sizes, self.extents, self.stride, self.padding, strict=True
            )
        ]


def _smaller_window(window: _Window, sizes: Sequence[Size]) -> tuple[SetParams, ...]:
    numbers = fixed_sizes(sizes)
    if numbers is None or min(numbers) < 1:
        return ()
    is_dilated = set(window.dilation) != {1}
    if is_dilated and all(
        size <= limit for size, limit in zip(window.kernel, numbers, strict=True)
    ):
        return (SetParams("Use dilation 1", {"dilation": None}),)
    fitting = [min(pair) for pair in zip(window.kernel, numbers, strict=True)]
    values: dict[str, ParamValue] = {"kernel_size": as_param(fitting)}
    if is_dilated:
        values["dilation"] = None
    return (SetParams(f"Use kernel {sizes_text(fitting)}", values),)


class MaxPooling(SlidingPool[P], Generic[P]):
    """The largest number of each window, and where it stood."""

    name_stem = "maxpool"
    outputs = (OUTPUT, Port("indices", "Indices", param="return_indices"))

    def kept_inside(self, params: P, inputs: Inputs) -> Size:
        # Where each one stood: whole numbers of 8 bytes, two of ours.
        sizes = _Window.of(params, self.num_directions).output_sizes(
            sizes_of(inputs["input"], self.num_directions)
        )
        return elements_per_sample(slid(fixed_size(inputs["input"], "C"), sizes)) * 2

    def infer(self, params: P, inputs: Inputs) -> Inference | ShapeProblem:
        found = super().infer(params, inputs)
        if isinstance(found, ShapeProblem) or len(self.output_ports(params)) == 1:
            return found
        pooled = found.outputs["output"]
        return replace(
            found, outputs={"output": pooled, "indices": index_shape(pooled, inputs["input"])}
        )

    def constructor(self, params: P, inputs: Inputs) -> Constructor:
        call = super().constructor(params, inputs)
        if len(self.output_ports(params)) == 1:
            return call
        return Constructor(call.target, call.args, {**call.kwargs, "return_indices": True})


class AveragePooling(SlidingPool[P], Generic[P]):
    """The mean of each window."""

    name_stem = "avgpool"

    def constructor(self, params: P, inputs: Inputs) -> Constructor:
        call = super().constructor(params, inputs)
        if getattr(params, "count_include_pad", True):
            return call
        return Constructor(call.target, call.args, {**call.kwargs, "count_include_pad": False})


class PowerPooling(SlidingPool[P], Generic[P]):
    """The power mean of each window."""

    name_stem = "lppool"
    docs = (
        "The p-th root of the sum of p-th powers: between adding up (p = 1) and the maximum "
        "(large p). Feed it numbers that are not negative."
    )

    def constructor(self, params: P, inputs: Inputs) -> Constructor:
        call = super().constructor(params, inputs)
        norm_type: float = getattr(params, "norm_type", 2.0)
        return Constructor(call.target, (norm_type,), call.kwargs)


_MAX_ALIASES = ("max pooling", "downsample", "subsample", "pool")
_AVERAGE_ALIASES = ("average pooling", "mean", "downsample", "subsample", "pool")
_POWER_ALIASES = ("power average pooling", "lp pooling", "norm", "pool")


class MaxPool2d(MaxPooling[MaxPoolParams]):
    type_name = "MaxPool2d"
    title = "MaxPool2d"
    summary = "Keeps the largest number of each window."
    docs = "The usual way to halve height and width: a kernel of 2 with a stride of 2."
    aliases = (*_MAX_ALIASES, "maxPooling2dLayer", "MaxPooling2D")
    num_directions = 2
    Params = MaxPoolParams


class MaxPool1d(MaxPooling[MaxPool1dParams]):
    type_name = "MaxPool1d"
    title = "MaxPool1d"
    summary = "Keeps the largest number of each stretch of a signal."
    docs = "Halves the length T of (B, C, T) with a kernel of 2."
    aliases = (*_MAX_ALIASES, "maxPooling1dLayer", "MaxPooling1D")
    num_directions = 1
    Params = MaxPool1dParams


class MaxPool3d(MaxPooling[MaxPool3dParams]):
    type_name = "MaxPool3d"
    title = "MaxPool3d"
    summary = "Keeps the largest number of each box of a volume."
    docs = "Halves depth, height and width of (B, C, D, H, W) with a kernel of 2."
    aliases = (*_MAX_ALIASES, "maxPooling3dLayer", "MaxPooling3D")
    num_directions = 3
    Params = MaxPool3dParams


class AvgPool2d(AveragePooling[AvgPoolParams]):
    type_name = "AvgPool2d"
    title = "AvgPool2d"
    summary = "Takes the mean of each window."
    docs = "Smoother than max pooling; LeNet-5 and DenseNet transitions use it."
    aliases = (*_AVERAGE_ALIASES, "averagePooling2dLayer", "AveragePooling2D")
    num_directions = 2
    Params = AvgPoolParams


class AvgPool1d(AveragePooling[AvgPool1dParams]):
    type_name = "AvgPool1d"
    title = "AvgPool1d"
    summary = "Takes the mean of each stretch of a signal."
    docs = "Smooths and shortens (B, C, T): the running mean at every stride."
    aliases = (*_AVERAGE_ALIASES, "averagePooling1dLayer", "AveragePooling1D")
    num_directions = 1
    Params = AvgPool1dParams


class AvgPool3d(AveragePooling[AvgPool3dParams]):
    type_name = "AvgPool3d"
    title = "AvgPool3d"
    summary = "Takes the mean of each box of a volume."
    docs = "Shrinks (B, C, D, H, W) more smoothly than max pooling."
    aliases = (*_AVERAGE_ALIASES, "averagePooling3dLayer", "AveragePooling3D")
    num_directions = 3
    Params = AvgPool3dParams


class LPPool1d(PowerPooling[LPPool1dParams]):
    type_name = "LPPool1d"
    title = "LPPool1d"
    summary = "Takes the power mean of each stretch of a signal."
    aliases = _POWER_ALIASES
    num_directions = 1
    Params = LPPool1dParams


class LPPool2d(PowerPooling[LPPool2dParams]):
    type_name = "LPPool2d"
    title = "LPPool2d"
    summary = "Takes the power mean of each window."
    aliases = _POWER_ALIASES
    num_directions = 2
    Params = LPPool2dParams


class LPPool3d(PowerPooling[LPPool3dParams]):
    type_name = "LPPool3d"
    title = "LPPool3d"
    summary = "Takes the power mean of each box of a volume."
    aliases = _POWER_ALIASES
    num_directions = 3
    Params = LPPool3dParams


LAYERS = (
    MaxPool2d(),
    AvgPool2d(),
    MaxPool1d(),
    AvgPool1d(),
    MaxPool3d(),
    AvgPool3d(),
    LPPool1d(),
    LPPool2d(),
    LPPool3d(),
)
