"""Tensors that are cut, split and joined."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from netloom.formats.onnx.mapping.state import Maps, State, axis_of, whole_size
from netloom.formats.onnx.node import Op
from netloom.formats.onnx.values import CannotMap, Flow, Known, Value
from netloom.layers.operators.naming import has_batch
from netloom.layers.shapes import axes_of
from netloom.layers.sizes import Expr


def _slice(state: State, op: Op) -> Sequence[Value]:
    flow = state.flow(op.input(0))
    if op.version < 10:
        starts, stops = op.ints("starts") or [], op.ints("ends") or []
        axes, steps = op.ints("axes"), None
    else:
        starts, stops = op.numbers("", 1) or [], _stops(op)
        axes, steps = op.numbers("", 3), op.numbers("", 4)
    axes = list(range(len(starts))) if axes is None else axes
    steps = [1] * len(starts) if steps is None else steps
    if not len(starts) == len(stops) == len(axes) == len(steps):
        raise CannotMap("starts, ends, axes and steps differ in number")
    for start, stop, axis, step in zip(starts, stops, axes, steps, strict=True):
        at = axis_of(axis, len(flow.sizes))
        size = flow.sizes[at]
        if isinstance(size, int) and step and not range(size)[slice(start, stop, step)]:
            return [_nothing(flow, at)]
        flow = sliced(state, flow, axis_of(axis, len(flow.sizes)), start, stop, step)
    return [flow]


def _stops(op: Op) -> list[int]:
    """Return where slices end; what is as long as an axis ends at its end."""
    known = op.known(2)
    return [int(item) if not isinstance(item, Expr) else 2**62 for item in known.array.reshape(-1)]


def sliced(state: State, flow: Flow, at: int, start: int, stop: int, step: int) -> Flow:
    """Draw what a slice leaves of an axis."""
    size = flow.sizes[at]
    if step == 0:
        raise CannotMap("a step of 0")
    if not isinstance(size, int):
        if start <= 0 and start > -(2**30) and stop >= 2**31 - 1 and step == 1 and start == 0:
            return flow
        if start > 0 and stop >= 2**31 - 1 and step == 1:
            return state.board.operator("slice", [flow], dim=at, start=start)[0]
        if (
            has_batch(size)
            and state.file_batch is not None
            and (start, step) == (0, 1)
            and (stop == state.file_batch)
        ):
            return flow
        raise CannotMap(f"what is left of {size} depends on the data")
    positions = list(range(size)[slice(start, stop, step)])
    if not positions:
        raise CannotMap("nothing is left of an axis")
    if positions == list(range(size)):
        return flow
    if step > 0:
        last = positions[-1] + 1
        return state.board.operator(
            "slice", [flow], dim=at, start=positions[0],
            stop=None if last == size else last, step=None if step == 1 else step,
        )[0]  # fmt: skip
    positions = positions[::-1]
    if positions != list(range(size)):
        [flow] = state.board.operator(
            "slice", [flow], dim=at, start=positions[0], stop=positions[-1] + 1, step=-step
        )
    return state.board.operator("flip", [flow], dims=[at])[0]


def _split(state: State, op: Op) -> Sequence[Value]:
    flow = state.flow(op.input(0))
    at = axis_of(op.int("axis", 0), len(flow.sizes))
    size = whole_size(flow, at)
    sizes = op.numbers("split", 1)
    if sizes is None:
        count = op.int("num_outputs", len(op.outputs))
        piece = -(-size // max(count, 1))
        sizes = [max(0, min(piece, size - start)) for start in range(0, count * piece, piece)]
    if len(sizes) == 1:
        return [flow]
    if min(sizes, default=-1) < 0:
        raise CannotMap("a piece has less than nothing")
    full = [piece for piece in sizes if piece]
    pieces = [flow]
    if len(full) > 1:
        pieces = state.board.operator("split", [flow], sizes=full, dim=at)
    drawn = iter(pieces)
    return [next(drawn) if piece else _nothing(flow, at) for piece in sizes]


def _nothing(flow: Flow, at: int) -> Known:
    """Return what is left of a tensor where nothing is; it can be joined with others."""
    sizes = [size if isinstance(size, int) else 1 for size in flow.sizes]
    sizes[at] = 0
    return Known(np.zeros(sizes))


def _concat(state: State, op: Op) -> Sequence[Value]:
    flows = [
        state.flow(value)
        for value in op.inputs
        if value is not None and not (isinstance(value, Known) and value.array.size == 0)
    ]
    if not flows:
        raise CannotMap("nothing arrives")
    at = axis_of(op.int("axis", 1), len(flows[0].sizes))
    kind, board = flows[0].kind, state.board
    if len(flows) == 1:
        return flows
    if at > 0:
        flows = _with_batch(state, flows)
    shapes = [flow.shape for flow in flows]
    is_channels = at == 1 and all(
        shape is not None and axes_of(shape) in ("BCHW", "BF", "BCDHW") for shape in shapes
    )
    if is_channels and kind == "number":
        before = len(board.planned)
        try:
            return board.add("Concatenate", flows, {"num_inputs": len(flows)})
        except CannotMap:
            board.take_back(before)
    if kind != "boolean":
        flows = [board.number(flow) for flow in flows]
    return board.operator("concatenate", flows, dim=at, num_inputs=len(flows), kinds=(kind,))


def _with_batch(state: State, flows: Sequence[Flow]) -> list[Flow]:
    """Repeat what is there once, such as the class token of a transformer, for every sample."""
    like = next((flow for flow in flows if flow.sizes and has_batch(flow.sizes[0])), None)
    if like is None:
        return [*flows]
    return [
        state.board.operator(
            "expand", [flow, like], shape=[1, *[-1] * (len(flow.sizes) - 1)], to_batch=True
        )[0]
        if flow.sizes and flow.sizes[0] == 1
        else flow
        for flow in flows
    ]


MAPS: Maps = {"Slice": _slice, "Split": _split, "Concat": _concat}
