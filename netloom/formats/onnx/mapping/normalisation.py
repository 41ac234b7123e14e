"""Normalisation, with its statistics."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from netloom.formats.onnx.board import FEATURES_LAST
from netloom.formats.onnx.mapping.state import Maps, State, as_float32, axis_of, whole_size
from netloom.formats.onnx.node import Op
from netloom.formats.onnx.values import Array, CannotMap, Value
from netloom.graph.document import ParamValue


def _batch(state: State, op: Op) -> Sequence[Value]:
    flow, board = state.flow(op.input(0)), state.board
    if op.int("training_mode", 0) or (op.version < 7 and not op.int("is_test", 0) and op.gives(1)):
        raise CannotMap("it follows the batch even outside of training")
    if any(op.gives(index) for index in range(1, 5)):
        raise CannotMap("statistics leave it")
    scale, bias, mean, variance = (as_float32(op.array(index)) for index in range(1, 5))
    eps = op.float("epsilon", 1e-5)
    rank = len(flow.sizes)
    if rank in (2, 3, 4, 5):
        count = max(1, rank - 2)
        weights = {
            "weight": scale, "bias": bias, "running_mean": mean, "running_var": variance,
        }  # fmt: skip
        params: dict[str, ParamValue] = {"eps": eps}
        # Keras and others say how much stays, torch how much is new.
        momentum = 1 - op.float("momentum", 0.9)
        if 0 < momentum <= 1:
            params["momentum"] = round(momentum, 10)
        return board.add(f"BatchNorm{count}d", [board.usual(flow)], params, weights=weights)
    factor = scale / np.sqrt(variance + eps)
    shape = (-1, *[1] * max(0, rank - 2))
    [scaled] = board.operator("multiply", [flow, board.constant(factor.reshape(shape))])
    offset = (bias - mean * factor).reshape(shape)
    return board.operator("add", [scaled, board.constant(offset)])


def _instance(state: State, op: Op) -> Sequence[Value]:
    flow = state.flow(op.input(0))
    count = len(flow.sizes) - 2
    weights = {"weight": as_float32(op.array(1)), "bias": as_float32(op.array(2))}
    params: dict[str, ParamValue] = {"eps": op.float("epsilon", 1e-5), "affine": True}
    return state.board.add(
        f"InstanceNorm{count}d", [state.board.usual(flow)], params, weights=weights
    )


def _group(state: State, op: Op) -> Sequence[Value]:
    flow = state.flow(op.input(0))
    channels, groups = whole_size(flow, 1), op.int("num_groups", 1)
    weights: dict[str, Array] = {}
    for index, name in ((1, "weight"), (2, "bias")):
        array = as_float32(op.array(index))
        if array.size == groups and groups != channels:
            array = np.repeat(array, channels // groups)
        weights[name] = array
    params: dict[str, ParamValue] = {"eps": op.float("epsilon", 1e-5), "num_groups": groups}
    return state.board.add("GroupNorm", [state.board.usual(flow)], params, weights=weights)


def _layer(state: State, op: Op) -> Sequence[Value]:
    flow, board = state.flow(op.input(0)), state.board
    rank = len(flow.sizes)
    at = axis_of(op.int("axis", -1), rank)
    if op.gives(1) or op.gives(2):
        raise CannotMap("statistics leave it")
    names = ("weight", "bias") if op.kind == "LayerNormalization" else ("weight",)
    sizes = tuple(whole_size(flow, axis) for axis in range(at, rank))
    weights: dict[str, Array] = {}
    for index, name in enumerate(names, start=1):
        if op.has_input(index):
            weights[name] = np.broadcast_to(as_float32(op.array(index)), sizes)
        else:
            weights[name] = np.full(sizes, 1 - (index - 1), dtype=np.float32)
    params: dict[str, ParamValue] = {"eps": op.float("epsilon", 1e-5)}
    if rank == at + 1 and rank in FEATURES_LAST:
        params["over"] = "last"
        flow = board.declared(flow, FEATURES_LAST[rank], "number")
    elif at == 1 and rank in (4, 5):
        params["over"] = "sample"
        flow = board.usual(flow)
    else:
        raise CannotMap("it goes over axes that no layer goes over")
    type_name = "LayerNorm" if op.kind == "LayerNormalization" else "RMSNorm"
    return board.add(type_name, [flow], params, weights=weights)


def _local_response(state: State, op: Op) -> Sequence[Value]:
    params: dict[str, ParamValue] = {
        "size": op.int("size", 5),
        "alpha": op.float("alpha", 1e-4),
        "beta": op.float("beta", 0.75),
        "k": op.float("bias", 1.0),
    }
    flow = state.board.usual(state.flow(op.input(0)))
    return state.board.add("LocalResponseNorm", [flow], params)


def _lp(state: State, op: Op) -> Sequence[Value]:
    flow = state.flow(op.input(0))
    at = axis_of(op.int("axis", -1), len(flow.sizes))
    power = float(op.int("p", 2))
    return state.board.operator("normalize", [flow], p=power, dim=at)


MAPS: Maps = {
    "BatchNormalization": _batch,
    "InstanceNormalization": _instance,
    "GroupNormalization": _group,
    "LayerNormalization": _layer,
    "RMSNormalization": _layer,
    "LRN": _local_response,
    "LpNormalization": _lp,
}
