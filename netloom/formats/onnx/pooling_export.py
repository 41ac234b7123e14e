"""Pooling that PyTorch's exporter does not write, or writes wrong, said in other words.

Legend: B batch, C channels.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from netloom.formats.exported import ExportError
from netloom.layers.sizes import Size
from netloom.layers.sliding import extent, output_size

Sliding = nn.MaxPool1d | nn.MaxPool2d | nn.MaxPool3d | nn.AvgPool2d | nn.AvgPool3d
Adaptive = (
    nn.AdaptiveAvgPool1d
    | nn.AdaptiveAvgPool2d
    | nn.AdaptiveAvgPool3d
    | nn.AdaptiveMaxPool1d
    | nn.AdaptiveMaxPool2d
    | nn.AdaptiveMaxPool3d
)


class WindowsInside(nn.Module):
    """Pooling with partial windows, without those that would start in the padding behind.

    Torch drops them, ONNX counts them. Where each direction is as long without partial windows,
    none is asked for; maxima are taken of what is padded so far that every window is whole.
    """

    layer: Any  # Torch types sizes as numbers or tuples of whatever length.

    def __init__(self, layer: Sliding) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        """Return what the layer returns."""
        layer = self.layer
        sizes = cast("list[object]", list(x.shape[2:]))
        if not layer.ceil_mode or not all(isinstance(size, int) for size in sizes):
            return layer(x)
        lengths = [self._lengths(at, cast("int", size)) for at, size in enumerate(sizes)]
        if any(partial != whole for partial, whole, _ in lengths):
            is_right = all(partial == counted for partial, _, counted in lengths)
            return layer(x) if is_right else self._padded(x, [partial for partial, *_ in lengths])
        layer.ceil_mode = False
        try:
            return layer(x)
        finally:
            layer.ceil_mode = True

    def _padded(self, x: Tensor, lengths: Sequence[Size]) -> Tensor | tuple[Tensor, Tensor]:
        """Return maxima of windows that all lie within what is padded here; others as they are."""
        layer = self.layer
        if (
            not isinstance(layer, nn.MaxPool1d | nn.MaxPool2d | nn.MaxPool3d)
            or layer.return_indices
        ):
            return layer(x)
        sides: list[int] = []
        for at, length in enumerate(lengths):
            stride, before = _side(layer.stride, at), _side(layer.padding, at)
            window = extent(_side(layer.kernel_size, at), _side(layer.dilation, at))
            reach = (cast("int", length) - 1) * stride + window
            sides = [before, reach - before - x.shape[2 + at], *sides]
        wide = functional.pad(x, sides, value=-torch.inf)
        return type(layer)(layer.kernel_size, layer.stride, 0, layer.dilation)(wide)

    def _lengths(self, at: int, size: int) -> tuple[Size, Size, Size]:
        """Return how long a direction becomes with partial windows, without, and as ONNX counts."""
        layer = self.layer
        kernel, stride, padding = (
            _side(value, at) for value in (layer.kernel_size, layer.stride, layer.padding)
        )
        window = extent(kernel, _side(getattr(layer, "dilation", 1), at))
        return (
            output_size(size, window, stride, padding, ceil_mode=True),
            output_size(size, window, stride, padding, ceil_mode=False),
            -(-(size + 2 * padding - window) // stride) + 1,
        )


def _side(value: Any, at: int) -> int:
    """Return what a direction is given: one number is for all of them."""
    sides = cast("Sequence[int]", value if isinstance(value, tuple) else (value,) * (at + 1))
    return sides[at]


class SlicedPool(nn.Module):
    """Adaptive pooling; to sizes that do not divide what arrives, one slice for each window.

    Maxima and means of windows are those along one direction after the other.
    """

    layer: Any

    def __init__(self, layer: Adaptive) -> None:
        super().__init__()
        self.layer = layer
        self.is_mean = isinstance(
            layer, nn.AdaptiveAvgPool1d | nn.AdaptiveAvgPool2d | nn.AdaptiveAvgPool3d
        )

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        """Return what the layer returns.

        Raises:
            ExportError: A length is open, so that nobody knows its windows.
        """
        sizes = cast("list[object]", list(x.shape[2:]))
        wanted = _wanted(self.layer, len(sizes))
        if getattr(self.layer, "return_indices", False):
            return self.layer(x)
        if set(wanted) == {1}:
            # Torch lays the result out by strides here, which no other tool understands.
            axes = list(range(2, x.ndim))
            return x.mean(axes, keepdim=True) if self.is_mean else x.amax(axes, keepdim=True)
        if not all(isinstance(size, int) for size in sizes):
            raise ExportError(
                f"{type(self.layer).__name__} cuts a sequence into {wanted[0]} windows, which ONNX "
                "can say for one length only. Choose a number for “length”."
            )
        lengths = cast("list[int]", sizes)
        pairs = list(zip(lengths, wanted, strict=True))
        if all(length % count == 0 for length, count in pairs):
            return self.layer(x)
        for axis, (length, count) in enumerate(pairs, start=2):
            x = torch.cat([self._window(x, axis, *each) for each in _windows(length, count)], axis)
        return x

    def _window(self, x: Tensor, axis: int, start: int, stop: int) -> Tensor:
        part = x.narrow(axis, start, stop - start)
        return part.mean(axis, keepdim=True) if self.is_mean else part.amax(axis, keepdim=True)


def _wanted(layer: Any, count: int) -> Sequence[int]:
    size: object = layer.output_size
    return cast("Sequence[int]", size if isinstance(size, tuple | list) else [size] * count)


def _windows(length: int, count: int) -> list[tuple[int, int]]:
    """Return where windows begin and end, as torch places them."""
    return [(at * length // count, -(-(at + 1) * length // count)) for at in range(count)]
