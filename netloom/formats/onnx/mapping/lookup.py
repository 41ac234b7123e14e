"""Taking what indices name."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from netloom.formats.onnx.mapping.pieces import sliced
from netloom.formats.onnx.mapping.state import Maps, State, as_float32, axis_of, whole_size
from netloom.formats.onnx.node import Op
from netloom.formats.onnx.values import CannotMap, Flow, Known, Value
from netloom.layers.shapes import axes_of


def _gather(state: State, op: Op) -> Sequence[Value]:
    data, index = op.input(0), op.input(1)
    board = state.board
    rank = len(data.sizes) if isinstance(data, Flow) else data.array.ndim
    at = axis_of(op.int("axis", 0), rank)
    if isinstance(data, Flow) and isinstance(index, Known) and not index.is_symbolic:
        positions = index.array.astype(np.int64)
        if positions.ndim == 0 and rank > 1:
            return board.operator("select", [data], dim=at, index=int(positions))
        size = whole_size(data, at)
        if positions.size and not bool(((positions >= -size) & (positions < size)).all()):
            raise CannotMap("an index lies outside")
        positions = np.where(positions < 0, positions + size, positions)
        if positions.ndim == 1 and positions.size and bool((np.diff(positions) == 1).all()):
            return [sliced(state, data, at, int(positions[0]), int(positions[-1]) + 1, 1)]
        return board.operator("take", [data, board.constant(positions)], dim=at)
    if isinstance(data, Known) and isinstance(index, Flow) and data.array.ndim == 2 and at == 0:
        before = len(board.planned)
        try:
            return _embedding(state, data, index)
        except CannotMap:
            board.take_back(before)
    flow, places = state.flow(data), state.flow(index)
    return board.operator("take", [flow, places], dim=at, kinds=(flow.kind,))


def _embedding(state: State, table: Known, index: Flow) -> Sequence[Value]:
    weight = as_float32(table.array)
    shape = index.shape
    is_tokens = shape is not None and axes_of(shape) == "BT"
    if not is_tokens or shape is None or shape[1].vocabulary != weight.shape[0]:
        raise CannotMap("the indices are no tokens")
    return state.board.add(
        "Embedding", [index], {"num_features": weight.shape[1]}, weights={"weight": weight},
        kinds=("number",),
    )  # fmt: skip


def _positions(state: State, op: Op, index: int, size: int) -> Flow:
    value = op.input(index)
    if isinstance(value, Known) and not value.is_symbolic:
        array = value.array.astype(np.int64)
        if not bool(((array >= -size) & (array < size)).all()):
            raise CannotMap("an index lies outside")
        return state.board.constant(np.where(array < 0, array + size, array))
    return state.flow(value)


def _gather_elements(state: State, op: Op) -> Sequence[Value]:
    flow = state.flow(op.input(0))
    at = axis_of(op.int("axis", 0), len(flow.sizes))
    places = _positions(state, op, 1, whole_size(flow, at))
    return state.board.operator("gather", [flow, places], dim=at)


def _gather_nd(state: State, op: Op) -> Sequence[Value]:
    if op.int("batch_dims", 0):
        raise CannotMap("axes that both have in common")
    flow = state.flow(op.input(0))
    return state.board.operator("pick", [flow, state.flow(op.input(1))], kinds=(flow.kind,))


def _scatter_elements(state: State, op: Op) -> Sequence[Value]:
    if op.text("reduction", "none") != "none":
        raise CannotMap("numbers are added up where they meet")
    flow = state.flow(op.input(0))
    at = axis_of(op.int("axis", 0), len(flow.sizes))
    places = _positions(state, op, 1, whole_size(flow, at))
    return state.board.operator("scatter", [flow, places, state.flow(op.input(2))], dim=at)


def _compress(state: State, op: Op) -> Sequence[Value]:
    flow, board = state.flow(op.input(0)), state.board
    places = np.flatnonzero(op.array(1)).astype(np.int64)
    if "axis" not in op.attributes:
        [flow] = board.operator("flatten", [flow], start_dim=0, end_dim=-1)
    at = axis_of(op.int("axis", 0), len(flow.sizes))
    whole_size(flow, at)
    return board.operator("take", [flow, board.constant(places)], dim=at)


MAPS: Maps = {
    "Gather": _gather,
    "GatherElements": _gather_elements,
    "GatherND": _gather_nd,
    "ScatterElements": _scatter_elements,
    "Scatter": _scatter_elements,
    "Compress": _compress,
}
