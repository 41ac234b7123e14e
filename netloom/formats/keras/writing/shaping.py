"""Laying tensors out anew in Keras, and bringing several together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from netloom.formats.keras.windows import LEAST
from netloom.formats.keras.writing.tensor import (
    NotInKeras,
    Tensor,
    flattened_sizes,
    keras_order,
)
from netloom.formats.keras.writing.use import Use, target_of, wants
from netloom.formats.keras.writing.windows import cropped, zeros_around
from netloom.layers.shapes import Dim
from netloom.layers.sizes import Size
from netloom.layers.sliding import DIRECTIONS


def flatten(use: Use) -> Tensor:
    """Say Flatten; that Keras lays channels out last is remembered."""
    given = use.given[0]
    if len(use.shape) != 2:
        return reshape(use)
    if given.rank == 2:
        return given
    value = use.usual(given)
    made = use.add("Flatten", value)
    return replace(
        made, flattened=flattened_sizes(value.shape), is_nonnegative=value.is_nonnegative
    )


def reshape(use: Use) -> Tensor:
    """Say any new layout of the same numbers: as Netloom has them, and back when needed."""
    value = use.natural(use.given[0])
    order = tuple(range(len(use.shape)))
    target = target_of(use.shape, order)
    wants(len(use.shape) >= 2, "Keras keeps an axis beside the batch.")
    return use.add("Reshape", value, order=order, target_shape=target)


def permute(use: Use) -> Tensor:
    """Say Permute: often the axes in Keras stand as they should already."""
    value = use.in_order(use.given[0])
    count = value.rank
    order = [axis % count for axis in cast("Sequence[int]", getattr(use.step.params, "order"))]  # noqa: B009
    wants(order[0] == 0, "Keras leaves the batch where it is.")
    # Axis i of what leaves is axis order[i] of what arrives.
    places = tuple(order.index(axis) for axis in value.order)
    return use.ordered(replace(value, shape=use.shape, order=places), keras_order(use.shape))


def combined(use: Use, kind: str, *, keeps_sign: bool = False) -> Tensor:
    """Say a layer that combines tensors number by number."""
    given = use.given
    first = given[0]
    alike = all(
        each.order == first.order and each.flattened == first.flattened and each.rank == first.rank
        for each in given
    )
    values = given if alike else use.values
    wants(len({each.rank for each in values}) == 1, "Its tensors have different numbers of axes.")
    wants(kind != "Subtract" or len(values) == 2, "Keras subtracts one tensor from another.")
    made = use.add(kind, list(values), order=values[0].order)
    return replace(
        made,
        flattened=first.flattened if alike else None,
        is_nonnegative=keeps_sign and all(each.is_nonnegative for each in values),
    )


def concatenate(use: Use) -> Tensor:
    """Say Concatenate along the axis that grows."""
    values = use.values
    axis = _joined_axis(use, values)
    made = use.add("Concatenate", list(values), axis=values[0].order.index(axis))
    return replace(made, is_nonnegative=all(each.is_nonnegative for each in values))


def _joined_axis(use: Use, values: Sequence[Tensor]) -> int:
    named = str(getattr(use.step.params, "axis", "auto"))
    if named != "auto":
        return values[0].place(named)
    grown = [
        at
        for at, dim in enumerate(use.shape)
        if at > 0 and any(dim.size != each.shape[at].size for each in values)
    ]
    if len(grown) != 1:
        raise NotInKeras("Along which axis its tensors are joined is not clear.")
    return grown[0]


def pad(use: Use) -> Tensor:
    """Say Pad with zeros around positions."""
    params = use.step.params
    value = use.value
    wants(getattr(params, "mode", "constant") == "constant", "Keras pads with zeros alone.")
    fill = float(getattr(params, "value", 0.0))
    wants(fill in (0, LEAST), "Keras pads with zeros alone.")
    flat = cast("Sequence[int]", getattr(params, "padding"))  # noqa: B009
    count = value.rank - 2
    wants(value.axes[1:2] == "C" and count > 0, "Keras pads positions of images and signals.")
    sizes = list(flat) * (2 * count) if len(flat) == 1 else list(flat)
    wants(len(sizes) <= 2 * count, "Keras does not pad channels.")
    sizes += [0] * (2 * count - len(sizes))
    borders = [(sizes[at], sizes[at + 1]) for at in range(2 * count - 2, -1, -2)]
    if fill == LEAST:
        return replace(value, least_around=tuple(borders))
    made = zeros_around(use, value, borders, suffix="")
    return replace(made, is_nonnegative=value.is_nonnegative)


def slice_(use: Use) -> Tensor:
    """Say Slice as a cropping of its axis."""
    params = use.step.params
    axis = str(getattr(params, "axis"))  # noqa: B009
    wants(getattr(params, "step", 1) == 1, "Keras takes every position of a range alone.")
    start, stop = (
        int(getattr(params, "start", 0)),
        cast("int | None", getattr(params, "stop", None)),
    )
    value = use.value
    size = value.open_size(axis)
    if size is None:
        wants(start >= 0 and (stop is None or stop < 0), "The size of its axis is open.")
        before, behind = start, -(stop or 0)
    else:
        first, last, _ = slice(start, stop).indices(size)
        before, behind = first, size - last
    return _axis_cropped(use, value, axis, before, behind)


def take_step(use: Use) -> Tensor:
    """Say TakeStep: everything else is cropped, and the axis of one step left out."""
    value = use.value
    wants(not getattr(use.step.params, "takes_padding_mask", False), "Keras takes masks elsewhere.")
    size, step = value.size("T"), int(getattr(use.step.params, "step", -1))
    at = step % size
    one = _axis_cropped(use, value, "T", at, size - 1 - at, suffix="step")
    return use.add("Reshape", one, target_shape=target_of(use.shape, range(len(use.shape))))


def _axis_cropped(
    use: Use, value: Tensor, axis: str, before: int, behind: int, suffix: str = ""
) -> Tensor:
    """Crop one axis: one of positions as it is, others behind a turn."""
    if before == behind == 0:
        return value
    count = value.rank - 2
    if value.axes[1:2] == "C" and axis in DIRECTIONS.get(count, ""):
        cuts = [(before, behind) if each == axis else (0, 0) for each in DIRECTIONS[count]]
        return cropped(use, value, cuts, suffix=suffix)
    wants(value.rank in (3, 4, 5), "Keras crops sequences, images and volumes.")
    # The axis goes to the first place behind the batch, where croppings begin.
    at = value.place(axis)
    order = (0, at, *(each for each in range(1, value.rank) if each != at))
    turned = use.ordered(value, order)
    shape = tuple(
        Dim(dim.axis, _less(dim.size, before + behind)) if each == at else dim
        for each, dim in enumerate(value.shape)
    )
    cuts = [[before, behind], *[[0, 0]] * (count - 1)]
    return use.add(
        f"Cropping{count}D",
        turned,
        shape=shape,
        suffix=suffix,
        order=order,
        cropping=cuts if count > 1 else cuts[0],
    )


def _less(size: Size, number: int) -> Size:
    return size - number if isinstance(size, int) else size


def pixel_shuffle(use: Use) -> Tensor:
    """Say PixelShuffle: channels become the pixels of small squares."""
    value = use.value
    factor = int(getattr(use.step.params, "factor", 2))
    height, width, channels = value.size("H"), value.size("W"), value.size("C")
    kept = channels // factor**2
    batch = value.shape[0]
    apart = (
        batch, Dim("H", height), Dim("W", width), Dim("C", kept), Dim("i", factor), Dim("j", factor)
    )  # fmt: skip
    plain = tuple(range(6))
    cut = use.add(
        "Reshape", value, shape=apart, suffix="apart", order=plain,
        target_shape=[height, width, kept, factor, factor],
    )  # fmt: skip
    turned = use.ordered(cut, (0, 1, 4, 2, 5, 3))
    return use.add("Reshape", turned, target_shape=[height * factor, width * factor, kept])
