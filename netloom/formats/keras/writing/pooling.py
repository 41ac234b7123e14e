"""Poolings and means over positions in Keras."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol, cast

from netloom.formats.keras.writing.tensor import NotInKeras, Tensor
from netloom.formats.keras.writing.use import Use, wants
from netloom.formats.keras.writing.windows import same_borders, zeros_around
from netloom.layers.base import ShapeProblem
from netloom.layers.expect import infer_layer
from netloom.layers.params import Sizes
from netloom.layers.shapes import Dim, size_of
from netloom.layers.sliding import DIRECTIONS, directions_of


class _Pool(Protocol):
    kernel_size: Sizes
    stride: Sizes | None
    padding: Sizes
    ceil_mode: bool


def pooling(use: Use, *, is_max: bool) -> Tensor:
    """Say a max or average pooling: what it sees beyond the borders has to agree."""
    params = cast("_Pool", use.step.params)
    value = use.value
    count = value.rank - 2
    kernel = directions_of(params.kernel_size, count)
    stride = directions_of(params.kernel_size if params.stride is None else params.stride, count)
    padding = directions_of(params.padding, count)
    if is_max:
        wants(not getattr(params, "return_indices", False), "Keras does not tell where maxima are.")
        dilation = directions_of(getattr(params, "dilation", 1), count)
        wants(max(dilation) == 1, "Keras has no pooling with a dilation.")
    around = value.least_around or ((0, 0),) * count
    value = replace(value, least_around=None)
    before = [more + own for (more, _), own in zip(around, padding, strict=True)]
    borders = _needed_borders(use, value, kernel, stride, before)
    kind = f"{'Max' if is_max else 'Average'}Pooling{count}D"
    config = {"pool_size": list(kernel), "strides": list(stride)}
    if not any(any(pair) for pair in borders):
        return _pooled(use, kind, value, "valid", config)
    counts_border = not is_max and bool(getattr(params, "count_include_pad", True))
    if (counts_border and not params.ceil_mode) or (is_max and value.is_nonnegative):
        return _pooled(use, kind, zeros_around(use, value, borders), "valid", config)
    axes = DIRECTIONS[count]
    same = [
        same_borders(value.open_size(axis), span, step)
        for axis, span, step in zip(axes, kernel, stride, strict=True)
    ]
    if same == [tuple(pair) for pair in borders] and not counts_border:
        return _pooled(use, kind, value, "same", config)
    halves = [
        span % 2 == 1 and half == span // 2 for span, half in zip(kernel, padding, strict=True)
    ]
    if is_max and all(halves) and before == list(padding) and not params.ceil_mode:
        return _every_position(use, value, kernel, stride)
    raise NotInKeras("Keras has no pooling with such a border.")


def _pooled(
    use: Use, kind: str, value: Tensor, padding: str, config: Mapping[str, object]
) -> Tensor:
    return use.add(kind, value, padding=padding, more=config)


def _every_position(
    use: Use, value: Tensor, kernel: Sequence[int], stride: Sequence[int]
) -> Tensor:
    """Take the maxima around every position, and then every other of them."""
    count = len(kernel)
    kind = f"MaxPooling{count}D"
    ones = [1] * count
    whole = use.add(
        kind, value, shape=value.shape, pool_size=list(kernel), strides=ones, padding="same"
    )
    if set(stride) == {1}:
        return whole
    return use.add(
        kind, whole, suffix="stride", pool_size=ones, strides=list(stride), padding="valid"
    )


def _needed_borders(
    use: Use,
    value: Tensor,
    kernel: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[int],
) -> list[tuple[int, int]]:
    """Return how far the windows reach beyond the tensor before and behind."""
    borders: list[tuple[int, int]] = []
    for axis, span, step, before in zip(
        DIRECTIONS[len(kernel)], kernel, stride, padding, strict=True
    ):
        size, given = value.open_size(axis), size_of(use.shape, axis)
        if size is None or not isinstance(given, int):
            is_ceil = bool(getattr(use.step.params, "ceil_mode", False)) and step > 1
            wants(not is_ceil, "Its length is open, so that its last window may be cut.")
            borders.append((before, before))
        else:
            borders.append((before, max((given - 1) * step + span - size - before, 0)))
    return borders


def adaptive(use: Use, *, is_max: bool) -> Tensor:
    """Say a pooling to a given size: over everything, or in windows of one size."""
    value = use.value
    count = value.rank - 2
    axes = DIRECTIONS[count]
    word = "Max" if is_max else "Average"
    sizes = [size_of(use.shape, axis) for axis in axes]
    if sizes == [1] * count:
        return use.add(f"Global{word}Pooling{count}D", value, keepdims=True)
    kernel: list[int] = []
    for axis, given in zip(axes, sizes, strict=True):
        size = value.size(axis)
        wants(
            isinstance(given, int) and size % given == 0,
            f"{size} positions do not fall into {given} windows of one size.",
        )
        kernel.append(size // cast("int", given))
    if set(kernel) == {1}:
        return value
    return use.add(
        f"{word}Pooling{count}D", value, pool_size=kernel, strides=kernel, padding="valid"
    )


def global_pooling(use: Use, *, is_max: bool) -> Tensor:
    """Say a pooling over all positions."""
    value = use.value
    wants(value.axes[1:2] == "C" and value.rank > 2, "It works on a tensor without channels.")
    return use.add(f"Global{'Max' if is_max else 'Average'}Pooling{value.rank - 2}D", value)


def reduction(use: Use, *, is_max: bool) -> Tensor:
    """Say a mean or maximum over all positions; over anything else Keras has no layer."""
    params = use.step.params
    value = use.value
    kept = {dim.axis for dim in use.shape if dim.size != 1}
    keeps = bool(getattr(params, "keep_axes", False))
    gone = [dim.axis for dim in value.shape[1:] if dim.axis not in kept]
    named = [axis for axis in str(getattr(params, "axes", "")) if axis.isalpha()] or gone
    word = "Max" if is_max else "Average"
    last = value.shape[value.order[-1]].axis
    positions = [dim.axis for dim in value.shape[1:] if dim.axis != last]
    wants(
        sorted(named) == sorted(positions) and 1 <= len(positions) <= 3,
        f"Keras has no layer for this over {', '.join(named) or 'nothing'}.",
    )
    return use.add(f"Global{word}Pooling{len(positions)}D", value, keepdims=keeps)


def upsampling(use: Use) -> Tensor:
    """Say Upsample by whole factors."""
    params = use.step.params
    value = use.value
    count = value.rank - 2
    mode = str(getattr(params, "mode", "nearest"))
    wants(mode in ("nearest", "linear"), f"Keras enlarges by other rules than “{mode}”.")
    wants(not getattr(params, "align_corners", False), "Keras does not align corners.")
    wants(mode == "nearest" or count == 2, "Keras interpolates images alone.")
    factors: list[int] = []
    for axis in DIRECTIONS[count]:
        given = size_of(use.shape, axis)
        size = value.open_size(axis)
        if size is None or not isinstance(given, int):
            wants(not getattr(params, "size", ()), "It makes a given size of an open one.")
            factors.append(int(getattr(params, "scale_factor", 1)))
            continue
        wants(given % size == 0, f"{given} is no whole multiple of {size}.")
        factors.append(given // size)
    config: dict[str, object] = {"size": factors if count > 1 else factors[0]}
    if count == 2:
        config["interpolation"] = "bilinear" if mode == "linear" else "nearest"
    return use.add(f"UpSampling{count}D", value, more=config)


def squeeze_excite(use: Use) -> Tensor:
    """Say SqueezeExcite: the mean of each channel through two layers, and back onto the channel."""
    value = use.value
    count = value.rank - 2
    ones = (value.shape[0], value.shape[1], *(Dim(dim.axis, 1) for dim in value.shape[2:]))
    mean = use.add(f"GlobalAveragePooling{count}D", value, shape=ones, suffix="mean", keepdims=True)
    hidden = value
    for name, activation in (("squeeze", "relu"), ("excite", "sigmoid")):
        inferred = _weight_shape(use, f"{name}.weight")
        units = (ones[0], Dim("C", inferred[0]), *ones[2:])
        hidden = use.add(
            "Dense",
            mean if name == "squeeze" else hidden,
            shape=units,
            suffix=name,
            arrays=lambda name=name: {
                "vars/0": use.array(f"{name}.weight").T,
                "vars/1": use.array(f"{name}.bias"),
            },
            units=inferred[0],
            activation=activation,
        )
    return use.add("Multiply", [value, hidden])


def _weight_shape(use: Use, name: str) -> tuple[int, ...]:
    found = infer_layer(use.step.layer, use.step.params, use.step.input_shapes)
    if isinstance(found, ShapeProblem):
        raise NotInKeras(found.message)
    return found.parameters[name]
