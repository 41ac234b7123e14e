"""What poolings by a window share: how many windows fit, and which call makes them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

from netloom.graph.diagnostics import DiagnosticCode
from netloom.graph.document import ParamValue
from netloom.layers.base import (
    Argument,
    Constructor,
    Inference,
    Inputs,
    LayerType,
    SetParams,
    ShapeProblem,
)
from netloom.layers.expect import expect_axes, fixed_size
from netloom.layers.params import LayerParams, Sizes
from netloom.layers.reach import Reach, sliding
from netloom.layers.shapes import elements_per_sample
from netloom.layers.sizes import Expr, Size
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
        window = Window.of(params, count)
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
            smaller = smaller_window(window, sizes)
            return window_too_large(self.title, sizes, window.extents, window.padding, smaller)
        if window.can_miss(sizes):
            return self._missing_problem(window, sizes)
        output = slid(fixed_size(shape, "C"), pooled)
        flops = elements_per_sample(output) * math.prod(window.kernel)
        return Inference({"output": output}, flops=flops)

    def reach(self, params: P, inputs: Inputs) -> Reach:
        window = Window.of(params, self.num_directions)
        axes = DIRECTIONS[self.num_directions]
        return sliding(axes, window.extents, window.stride, window.padding)

    @staticmethod
    def _has_unknown_end(sizes: Sequence[Size], window: Window) -> bool:
        return any(
            isinstance(size, Expr) and has_late_window(span, stride, padding)
            for size, span, stride, padding in zip(
                sizes, window.extents, window.stride, window.padding, strict=True
            )
        )

    def constructor(self, params: P, inputs: Inputs) -> Constructor:
        window = Window.of(params, self.num_directions)
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

    def _missing_problem(self, window: Window, sizes: Sequence[Size]) -> ShapeProblem:
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
        window = Window.of(params, self.num_directions)
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
class Window:
    """A window with one number per direction."""

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    dilation: tuple[int, ...]
    ceil_mode: bool

    @classmethod
    def of(cls, params: LayerParams, count: int) -> Window:
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


def smaller_window(window: Window, sizes: Sequence[Size]) -> tuple[SetParams, ...]:
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
