"""Convolutions, and their transposes."""

from __future__ import annotations

from collections.abc import Sequence

from netloom.formats.onnx.mapping.borders import bordered
from netloom.formats.onnx.mapping.state import Maps, State, as_float32, sides, whole_size
from netloom.formats.onnx.mapping.windows import Window, read_window, shared_border
from netloom.formats.onnx.node import Op
from netloom.formats.onnx.values import Array, CannotMap, Flow, Value
from netloom.graph.document import ParamValue


def _weights(op: Op) -> dict[str, Array]:
    weight = as_float32(op.array(1))
    if weight.ndim < 3:
        raise CannotMap("the kernel has too few axes")
    found = {"weight": weight}
    if op.has_input(2):
        found["bias"] = as_float32(op.array(2))
    return found


def _convolution(state: State, op: Op) -> Sequence[Value]:
    flow, weights = state.flow(op.input(0)), _weights(op)
    kernel = list(weights["weight"].shape[2:])
    window = read_window(op, flow, kernel)
    params: dict[str, ParamValue] = {
        "out_channels": weights["weight"].shape[0],
        "kernel_size": sides(kernel, window.count),
        "stride": sides(window.stride, window.count),
        "dilation": sides(window.dilation, window.count),
        "groups": op.int("group", 1),
        "bias": "bias" in weights,
    }
    if not window.is_symmetric or min(window.padding) < 0:
        flow = bordered(state, flow, [(0, 0), (0, 0), *window.borders], 0.0)
        params["padding"] = sides([0] * window.count, window.count)
    else:
        params["padding"] = sides(window.padding, window.count)
    return state.board.add(
        f"Conv{window.count}d", [state.board.usual(flow)], params, weights=weights
    )


def _transposed(state: State, op: Op) -> Sequence[Value]:
    flow, weights = state.flow(op.input(0)), _weights(op)
    kernel = list(weights["weight"].shape[2:])
    window = read_window(_without_padding(op), flow, kernel)
    count, groups = window.count, op.int("group", 1)
    extra = op.ints("output_padding") or [0] * count
    borders = _borders(op, flow, window, extra)
    params: dict[str, ParamValue] = {
        "out_channels": weights["weight"].shape[1] * groups,
        "kernel_size": sides(kernel, count),
        "stride": sides(window.stride, count),
        "dilation": sides(window.dilation, count),
        "groups": groups,
        "bias": "bias" in weights,
    }
    usual = state.board.usual(flow)
    is_plain = all(before == behind >= 0 for before, behind in borders) and all(
        size < max(stride, hole)
        for size, stride, hole in zip(extra, window.stride, window.dilation, strict=True)
    )
    if is_plain:
        params["padding"] = sides([before for before, _ in borders], count)
        params["output_padding"] = sides(extra, count)
        return state.board.add(f"ConvTranspose{count}d", [usual], params, weights=weights)
    if "bias" in weights and any(
        behind < size for (_, behind), size in zip(borders, extra, strict=True)
    ):
        raise CannotMap("the output is larger than the windows reach")
    params["padding"] = sides([0] * count, count)
    [whole] = state.board.add(f"ConvTranspose{count}d", [usual], params, weights=weights)
    cut = [(-before, size - behind) for (before, behind), size in zip(borders, extra, strict=True)]
    return [bordered(state, whole, [(0, 0), (0, 0), *cut], 0.0)]


def _without_padding(op: Op) -> Op:
    left = {
        name: value
        for name, value in op.attributes.items()
        if name not in ("auto_pad", "pads", "ceil_mode")
    }
    return Op(op.proto, op.domain, op.version, left, op.inputs)


def _borders(op: Op, flow: Flow, window: Window, extra: list[int]) -> list[tuple[int, int]]:
    count = window.count
    how = op.text("auto_pad", "NOTSET") or "NOTSET"
    shape = op.ints("output_shape")
    if shape is None and how in ("NOTSET", "VALID"):
        pads = op.ints("pads") if how == "NOTSET" else None
        pads = pads or [0] * 2 * count
        if len(pads) != 2 * count:
            raise CannotMap("the borders do not fit the window")
        return list(zip(pads[:count], pads[count:], strict=True))
    found: list[tuple[int, int]] = []
    for at in range(count):
        size = whole_size(flow, 2 + at)
        wanted = size * window.stride[at] if shape is None else shape[-count:][at]
        total = window.stride[at] * (size - 1) + extra[at] + window.reach(at) - wanted
        if total < 0:
            # What windows do not reach is added behind.
            found.append((0, total))
            continue
        found.append(shared_border(total, how if how != "NOTSET" else "SAME_LOWER"))
    return found


MAPS: Maps = {"Conv": _convolution, "ConvTranspose": _transposed}
