"""Products of matrices; with a weight they are Linear layers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from netloom.formats.onnx.board import FEATURES_LAST
from netloom.formats.onnx.mapping.state import Maps, State, as_float32
from netloom.formats.onnx.node import Op
from netloom.formats.onnx.values import Array, CannotMap, Flow, Known, Value


def _gemm(state: State, op: Op) -> Sequence[Value]:
    board = state.board
    alpha, beta = op.float("alpha", 1.0), op.float("beta", 1.0)
    left, right = op.input(0), op.input(1)
    bias = op.maybe(2)
    is_weight = isinstance(right, Known) and not right.is_symbolic and right.array.ndim == 2
    if isinstance(left, Flow) and is_weight and not op.int("transA", 0):
        weight = as_float32(op.array(1))
        weight = weight if op.int("transB", 0) else weight.T
        if bias is None:
            return _linear(state, left, weight * alpha, None)
        if (
            isinstance(bias, Known)
            and bias.array.size in (1, weight.shape[0])
            and (bias.array.ndim < 2 or bias.array.shape[0] == 1)
        ):
            row = np.broadcast_to(as_float32(bias.array).reshape(-1), weight.shape[:1])
            return _linear(state, left, weight * np.float32(alpha), row * np.float32(beta))
    one, other = state.flow(left), state.flow(right)
    if op.int("transA", 0):
        [one] = board.operator("transpose", [one], dim0=0, dim1=1)
    if op.int("transB", 0):
        [other] = board.operator("transpose", [other], dim0=0, dim1=1)
    [found] = board.operator("product", [one, other])
    if alpha != 1:
        [found] = board.operator("multiply", [found], other=alpha)
    if bias is None:
        return [found]
    added = state.flow(bias)
    if beta != 1:
        [added] = board.operator("multiply", [added], other=beta)
    return board.operator("add", [found, added])


def _linear(state: State, flow: Flow, weight: Array, bias: Array | None) -> list[Flow]:
    axes = FEATURES_LAST.get(len(flow.sizes))
    if axes is None:
        raise CannotMap(f"a weighted sum over {len(flow.sizes)} axes")
    weights = {"weight": np.ascontiguousarray(weight, dtype=np.float32)}
    if bias is not None:
        weights["bias"] = np.ascontiguousarray(bias, dtype=np.float32)
    named = flow
    if flow.shape is not None and flow.shape[-1].axis != "F":
        named = state.board.declared(flow, axes, "number")
    params = {"out_features": weight.shape[0], "bias": bias is not None}
    return state.board.add("Linear", [state.board.number(named)], params, weights=weights)


def _matmul(state: State, op: Op) -> Sequence[Value]:
    left, right = op.input(0), op.input(1)
    is_weight = isinstance(right, Known) and not right.is_symbolic and right.array.ndim == 2
    if is_weight and isinstance(left, Flow) and left.kind == "number":
        before = len(state.board.planned)
        try:
            return _linear(state, left, as_float32(op.array(1)).T, None)
        except CannotMap:
            state.board.take_back(before)
    one, other = state.flow(left), state.flow(right)
    if not one.sizes or not other.sizes:
        raise CannotMap("a single number is no matrix")
    return state.board.operator("product", [one, other])


def with_bias(state: State, op: Op, left: Value, right: Value) -> list[Flow] | None:
    """Add a bias to the Linear layer that an addition stands behind; None where there is none.

    The product must go nowhere else: what others take of it has no bias.
    """
    flow, bias = (left, right) if isinstance(left, Flow) else (right, left)
    if not isinstance(flow, Flow) or not isinstance(bias, Known) or bias.is_symbolic:
        return None
    planned = state.board.planned[flow.wire.node]
    weight = planned.weights.get("weight")
    if planned.type_name != "Linear" or weight is None or planned.params.get("bias") is not False:
        return None
    size = weight.shape[0]
    is_row = bias.array.ndim > 0 and bias.array.size == bias.array.shape[-1] == size
    if not is_row or bias.array.ndim > len(flow.sizes) or bias.array.dtype.kind != "f":
        return None
    if any(state.num_uses(name) != 1 for name in op.proto.input):
        return None
    state.board.replace(
        flow.wire.node,
        params={**planned.params, "bias": True},
        weights={**planned.weights, "bias": as_float32(bias.array).reshape(-1)},
    )
    return [flow]


def _einsum(state: State, op: Op) -> Sequence[Value]:
    flows = [state.flow(value) for value in op.inputs if value is not None]
    equation = op.text("equation").replace(" ", "")
    if "->" not in equation or "." in equation:
        raise CannotMap("the pattern says no output")
    from netloom.layers.operators import OPERATORS

    if "einsum" in OPERATORS:
        return state.board.operator("einsum", flows, equation=equation)
    raise CannotMap("the pattern is no layer")


MAPS: Maps = {"Gemm": _gemm, "MatMul": _matmul, "Einsum": _einsum}
