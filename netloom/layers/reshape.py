"""Layers that lay the numbers of a tensor out anew."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, Self

from pydantic import model_validator

from netloom.layers.base import (
    Constructor,
    Inference,
    Inputs,
    LayerType,
    SetParams,
    ShapeProblem,
)
from netloom.layers.params import LayerParams, param
from netloom.layers.reach import EVERYTHING, Reach
from netloom.layers.shapes import BATCH, Dim, Shape, elements_per_sample, named_shape_text
from netloom.layers.sizes import Expr, Size, exact_divide, product

AxisName = Literal["C", "D", "H", "W", "T", "F"]
RESHAPE_ALIASES = ("reshape", "view", "axes", "dimensions")
_LONGEST_PATTERN = 200


def named_anew(dims: Sequence[Dim]) -> Shape:
    """Return a shape whose axes are called by what other layers take them for.

    Channels that come last are features and features that do not are channels, one axis of
    positions behind channels is time, and an axis that is left alone holds features.
    """
    axes = [dim.axis for dim in dims]
    last = len(dims) - 1
    for index, axis in enumerate(axes):
        wanted = "F" if index == last else "C"
        if axis in ("C", "F") and wanted not in axes:
            axes[index] = wanted
    if len(axes) == 2:
        axes[1] = "F"
    elif len(axes) == 3 and axes[1] == "C" and axes[2] in ("D", "H", "W"):
        axes[2] = "T"
    return tuple(Dim(axis, dim.size) for axis, dim in zip(axes, dims, strict=True))


class FlattenParams(LayerParams):
    """Which axes become one."""

    from_axis: Literal["first", "C", "D", "H", "W", "T", "F"] = param(
        "first", "From", "First axis that is laid out; “first” is the one behind the batch."
    )
    to_axis: Literal["last", "C", "D", "H", "W", "T", "F"] = param(
        "last", "To", "Last axis that is laid out."
    )


class Flatten(LayerType[FlattenParams]):
    type_name = "Flatten"
    name_stem = "flatten"
    title = "Flatten"
    category = "Shape"
    summary = "Lays out all numbers of a sample in one row."
    docs = (
        "Turns (B, C, H, W) into (B, F) with F = C · H · W, as Linear needs it. From H to W it "
        "gives (B, C, T): all positions one after the other."
    )
    aliases = ("reshape", "view", "vectorize", "flattenLayer")
    icon = "baseline-density-small"
    has_own_activation = False
    Params = FlattenParams

    def infer(self, params: FlattenParams, inputs: Inputs) -> Inference | ShapeProblem:
        shape = inputs["input"]
        found = self._range(params, shape)
        if found is None:
            return ShapeProblem(
                f"Flatten from {params.from_axis} to {params.to_axis} does not fit "
                f"{named_shape_text(shape)}.",
                port="input",
                param="from_axis",
                suggestions=(
                    SetParams("Flatten everything", {"from_axis": None, "to_axis": None}),
                ),
            )
        first, last = found
        merged = shape[first : last + 1]
        has_channels = any(dim.axis in ("C", "F") for dim in merged)
        axis = "F" if has_channels else "T"
        size = product(dim.size for dim in merged)
        dims = (*shape[:first], Dim(axis, size), *shape[last + 1 :])
        return Inference({"output": named_anew(dims)})

    def reach(self, params: FlattenParams, inputs: Inputs) -> Reach:
        shape = inputs["input"]
        place = self._range(params, shape)
        if place is None:
            return EVERYTHING
        merged = shape[place[0] : place[1] + 1]
        if any(dim.axis in ("C", "F") for dim in merged):
            return Reach({dim.axis: None for dim in merged})
        return Reach(laid_out={dim.axis: "T" for dim in merged})

    @staticmethod
    def _range(params: FlattenParams, shape: Shape) -> tuple[int, int] | None:
        axes = [dim.axis for dim in shape]
        first = 1 if params.from_axis == "first" else _index(axes, params.from_axis)
        last = len(axes) - 1 if params.to_axis == "last" else _index(axes, params.to_axis)
        return (first, last) if 1 <= first <= last else None

    def constructor(self, params: FlattenParams, inputs: Inputs) -> Constructor:
        shape = inputs["input"]
        first, last = self._range(params, shape) or (1, len(shape) - 1)
        kwargs = {} if first == 1 else {"start_dim": first}
        if last < len(shape) - 1:
            kwargs["end_dim"] = last
        return Constructor("nn.Flatten", (), kwargs)


def _index(axes: Sequence[str], axis: str) -> int:
    return axes.index(axis) if axis in axes else -1


_TOKEN = re.compile(r"([CDHWTF])=(\?|[0-9]{1,10})")


def read_axes(text: str) -> list[tuple[str, int | None]]:
    """Read `C=4, H=?, W=8`; None stands for the one size that follows from the others.

    Raises:
        ValueError: It is written otherwise, or says what no tensor can have.
    """
    words = re.sub(r"\s*=\s*", "=", text[:_LONGEST_PATTERN]).replace(",", " ").split()
    matches = [_TOKEN.fullmatch(word) for word in words]
    if not words or len(text) > _LONGEST_PATTERN or not all(matches):
        raise ValueError("write axes with sizes, such as C=4, H=?, W=8")
    found = [(match[1], None if match[2] == "?" else int(match[2])) for match in matches if match]
    axes = [axis for axis, _ in found]
    if len(set(axes)) < len(axes):
        raise ValueError("every axis can be there once")
    if sum(size is None for _, size in found) > 1:
        raise ValueError("only one size can be left open with a question mark")
    if any(size == 0 for _, size in found):
        raise ValueError("every size must be at least 1")
    if axes == ["T"]:
        raise ValueError("a single axis holds features: write F instead of T")
    return found


class ReshapeParams(LayerParams):
    """The axes to end with."""

    shape: str = param(
        "F=?",
        "Shape",
        "Axes and sizes behind the batch, such as C=4, H=?, W=8; the one with a question mark "
        "follows from the others.",
        on_card=True,
    )

    @model_validator(mode="after")
    def _is_readable(self) -> Self:
        read_axes(self.shape)
        return self


class Reshape(LayerType[ReshapeParams]):
    type_name = "Reshape"
    name_stem = "reshape"
    title = "Reshape"
    category = "Shape"
    summary = "Gives the numbers of a sample another shape, in the same order."
    docs = (
        "C=8, H=4, W=4 makes images of 128 features, as a generator needs it. The sizes must hold "
        "as many numbers as arrive."
    )
    aliases = (*RESHAPE_ALIASES, "unflatten", "project", "reshapeLayer", "projectAndReshapeLayer")
    icon = "transform"
    has_own_activation = False
    Params = ReshapeParams

    def infer(self, params: ReshapeParams, inputs: Inputs) -> Inference | ShapeProblem:
        sizes = self._sizes(params, inputs["input"])
        if isinstance(sizes, ShapeProblem):
            return sizes
        axes = [axis for axis, _ in read_axes(params.shape)]
        dims = (Dim(axis, size) for axis, size in zip(axes, sizes, strict=True))
        return Inference({"output": (BATCH, *dims)})

    def _sizes(self, params: ReshapeParams, shape: Shape) -> list[Size] | ShapeProblem:
        asked = read_axes(params.shape)
        total = elements_per_sample(shape)
        known = 1
        for _, size in asked:
            known *= size or 1
        is_open = any(size is None for _, size in asked)
        rest = exact_divide(total, known)
        if rest is None or (not is_open and rest != 1):
            return ShapeProblem(
                f"Reshape to {params.shape} does not fit the {total} numbers of "
                f"{named_shape_text(shape)}.",
                port="input",
                param="shape",
                suggestions=(SetParams("Lay all out as features", {"shape": "F=?"}),),
            )
        return [rest if size is None else size for _, size in asked]

    def constructor(self, params: ReshapeParams, inputs: Inputs) -> Constructor:
        sizes = self._sizes(params, inputs["input"])
        given = [] if isinstance(sizes, ShapeProblem) else sizes
        numbers = [-1 if isinstance(size, Expr) else size for size in given]
        return Constructor("Reshape", (numbers,))


LAYERS = (
    Flatten(),
    Reshape(),
)
