"""Pooling: the largest number of a window, its mean, its norm."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np

from netloom.formats.onnx.mapping.borders import LOWEST, bordered
from netloom.formats.onnx.mapping.state import Map, Maps, State, sides, whole_size
from netloom.formats.onnx.mapping.windows import Window, read_window
from netloom.formats.onnx.node import Op
from netloom.formats.onnx.values import Array, CannotMap, Flow, Value
from netloom.graph.document import ParamValue


def _pool_params(window: Window) -> dict[str, ParamValue]:
    count = window.count
    return {
        "kernel_size": sides(window.kernel, count),
        "stride": sides(window.stride, count),
    }


def _fits_torch(window: Window) -> bool:
    """Say whether a pool of torch has such borders."""
    return window.is_symmetric and all(
        0 <= side <= kernel // 2 for side, kernel in zip(window.padding, window.kernel, strict=True)
    )


def _sizes(flow: Flow, window: Window) -> list[int]:
    return [whole_size(flow, 2 + at) for at in range(window.count)]


def _max(state: State, op: Op) -> Sequence[Value]:
    flow = state.flow(op.input(0))
    window = read_window(op, flow, op.ints("kernel_shape") or [])
    params, kind = _pool_params(window), flow.kind
    params["dilation"] = sides(window.dilation, window.count)
    usual = state.board.usual(flow)
    if _fits_torch(window):
        params["padding"] = sides(window.padding, window.count)
        params["ceil_mode"] = window.ceil
    elif kind == "number" and not op.gives(1):
        borders = window.whole_borders(_sizes(flow, window))
        usual = bordered(state, usual, [(0, 0), (0, 0), *borders], LOWEST)
    else:
        raise CannotMap("borders of this kind")
    if not op.gives(1):
        return state.board.add(f"MaxPool{window.count}d", [usual], params)
    if op.int("storage_order", 0):
        raise CannotMap("positions are counted column by column")
    params["return_indices"] = True
    largest, places = state.board.add(
        f"MaxPool{window.count}d", [usual], params, kinds=(kind, "integer")
    )
    samples, channels = whole_size(flow, 0), whole_size(flow, 1)
    plane = math.prod(_sizes(flow, window))
    offsets = np.arange(samples * channels, dtype=np.int64) * plane
    shaped = offsets.reshape(samples, channels, *[1] * window.count)
    moved = state.board.operator("add", [places, state.board.constant(shaped)], kinds=("integer",))
    return [largest, *moved]


def _average(state: State, op: Op) -> Sequence[Value]:
    flow = state.flow(op.input(0))
    window = read_window(op, flow, op.ints("kernel_shape") or [])
    counts_border = bool(op.int("count_include_pad", 0))
    usual = state.board.usual(flow)
    if _fits_torch(window) and set(window.dilation) == {1}:
        params = _pool_params(window)
        params["padding"] = sides(window.padding, window.count)
        params["ceil_mode"] = window.ceil
        params["count_include_pad"] = counts_border
        return state.board.add(f"AvgPool{window.count}d", [usual], params)
    [means] = _summed(state, usual, window, 1 / math.prod(window.kernel))
    sizes = _sizes(flow, window)
    share = _counted(window, sizes, counts_border) / math.prod(window.kernel)
    if bool((share == 1).all()):
        return [means]
    factors = (1 / share).astype(np.float32).reshape(1, 1, *share.shape)
    return state.board.operator("multiply", [means, state.board.constant(factors)])


def _summed(state: State, usual: Flow, window: Window, factor: float) -> list[Flow]:
    """Draw what windows hold altogether, times a factor; borders hold zeros."""
    borders = window.whole_borders(_sizes(usual, window))
    padded = bordered(state, usual, [(0, 0), (0, 0), *borders], 0.0)
    if set(window.dilation) == {1}:
        means = state.board.add(f"AvgPool{window.count}d", [padded], _pool_params(window))
        scale = factor * math.prod(window.kernel)
        return means if scale == 1 else state.board.operator("multiply", means, other=scale)
    channels = whole_size(usual, 1)
    params = _pool_params(window)
    params |= {
        "dilation": sides(window.dilation, window.count),
        "padding": sides([0] * window.count, window.count),
        "out_channels": channels,
        "groups": channels,
        "bias": False,
    }
    weight = np.full((channels, 1, *window.kernel), factor, dtype=np.float32)
    return state.board.add(
        f"Conv{window.count}d", [padded], params, weights={"weight": weight}, is_frozen=True
    )


def _counted(window: Window, sizes: list[int], counts_border: bool) -> Array:
    """Return how many positions of each window count."""
    found = np.ones(())
    for at, size in enumerate(sizes):
        before, behind = window.borders[at]
        low, high = (-before, size + behind) if counts_border else (0, size)
        counts = [
            sum(
                low <= start * window.stride[at] - before + step * window.dilation[at] < high
                for step in range(window.kernel[at])
            )
            for start in range(window.outputs(sizes)[at])
        ]
        found = np.multiply.outer(found, np.maximum(counts, 1))
    return found


def _norm(state: State, op: Op) -> Sequence[Value]:
    flow, board = state.flow(op.input(0)), state.board
    window = read_window(op, flow, op.ints("kernel_shape") or [])
    power = op.float("p", 2.0)
    usual = board.usual(flow)
    is_bare = not any(itertools.chain(*window.borders)) and set(window.dilation) == {1}
    if is_bare and power % 2 == 0 and not window.ceil:
        return board.add(
            f"LPPool{window.count}d", [usual], {**_pool_params(window), "norm_type": power}
        )
    [size] = board.operator("abs", [usual])
    [raised] = board.operator("pow", [size], exponent=power) if power != 1 else [size]
    [total] = _summed(state, raised, window, 1.0)
    return [total] if power == 1 else board.operator("pow", [total], exponent=1 / power)


def _global(kind: str) -> Map:
    def draw(state: State, op: Op) -> Sequence[Value]:
        flow = state.flow(op.input(0))
        count = len(flow.sizes) - 2
        if count not in (1, 2, 3):
            raise CannotMap(f"{count} directions")
        params: dict[str, ParamValue] = {"output_size": sides([1] * count, count)}
        return state.board.add(f"Adaptive{kind}Pool{count}d", [state.board.usual(flow)], params)

    return draw


def _global_norm(state: State, op: Op) -> Sequence[Value]:
    flow = state.flow(op.input(0))
    dims = list(range(2, len(flow.sizes)))
    return state.board.operator("norm", [flow], dim=dims, keepdim=True, p=op.float("p", 2.0))


MAPS: Maps = {
    "MaxPool": _max,
    "AveragePool": _average,
    "LpPool": _norm,
    "GlobalAveragePool": _global("Avg"),
    "GlobalMaxPool": _global("Max"),
    "GlobalLpPool": _global_norm,
}
