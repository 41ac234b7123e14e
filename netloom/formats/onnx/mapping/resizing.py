"""Resizing: a layer where torch computes the same, else one matrix or list of indices per axis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import cast

import numpy as np
import onnx

from netloom.formats.onnx.folding import evaluate
from netloom.formats.onnx.mapping.state import Maps, State, axis_of, whole_size
from netloom.formats.onnx.node import Attribute, Op
from netloom.formats.onnx.values import Array, CannotMap, Flow, Value
from netloom.graph.document import ParamValue

MAX_MATRIX = 2**22


def _resize(state: State, op: Op) -> Sequence[Value]:
    flow = state.flow(op.input(0))
    rank = len(flow.sizes)
    sizes, scales = _wanted(op, flow)
    changed = [at for at in range(rank) if sizes[at] is not None and sizes[at] != flow.sizes[at]]
    crops = op.text("coordinate_transformation_mode") == "tf_crop_and_resize"
    if not changed and not crops:
        return [flow]
    if not crops and (found := _layer(state, op, flow, sizes, scales)) is not None:
        return found
    axes = [at for at in range(rank) if sizes[at] is not None] if crops else changed
    if crops and op.float("extrapolation_value", 0.0):
        return _cropped(state, op, flow, axes, sizes, scales)
    for at in axes:
        flow = _along(state, flow, at, _matrix(op, flow, at, sizes, scales))
    return [flow]


def _wanted(op: Op, flow: Flow) -> tuple[list[int | None], list[float]]:
    """Return the size that each axis ends with, None where it stays, and the scales."""
    rank = len(flow.sizes)
    first = 1 if op.version < 11 or op.kind == "Upsample" else 2
    if op.kind == "Upsample" and op.version < 9:
        given = op.floats("scales")
        factors = None if given is None else [float(each) for each in given]
    else:
        has = op.has_input(first) and op.array(first).size > 0
        factors = [float(each) for each in op.array(first).reshape(-1)] if has else None
    named = op.ints("axes")
    axes = list(range(rank)) if named is None else [axis_of(at, rank) for at in named]
    sizes: list[int | None] = [None] * rank
    scales = [1.0] * rank
    if factors is not None:
        if len(factors) != len(axes) or not all(0 < each < math.inf for each in factors):
            raise CannotMap("the scales do not fit")
        for at, factor in zip(axes, factors, strict=True):
            scales[at] = factor
            if factor != 1 or isinstance(flow.sizes[at], int):
                sizes[at] = math.floor(whole_size(flow, at) * factor)
        return sizes, scales
    if op.version < 11 or not op.has_input(3):
        raise CannotMap("neither sizes nor scales are known")
    wanted = op.known(3).array.reshape(-1)
    if len(wanted) != len(axes):
        raise CannotMap("the sizes do not fit")
    told = [
        (at, int(cast("int", each)))
        for at, each in zip(axes, wanted, strict=True)
        if isinstance(each, int | np.integer) and (at != 0 or isinstance(flow.sizes[0], int))
    ]
    policy = op.text("keep_aspect_ratio_policy", "stretch")
    ratios = [size / whole_size(flow, at) for at, size in told]
    if policy != "stretch" and ratios:
        ratio = min(ratios) if policy == "not_larger" else max(ratios)
        told: list[tuple[int, int]] = [
            (at, math.floor(whole_size(flow, at) * ratio + 0.5)) for at, _ in told
        ]
        ratios = [ratio] * len(told)
    for (at, size), ratio in zip(told, ratios, strict=True):
        sizes[at], scales[at] = size, ratio
    if any(size is not None and size < 1 for size in sizes):
        raise CannotMap("nothing is left")
    return sizes, scales


def _layer(
    state: State, op: Op, flow: Flow, sizes: list[int | None], scales: list[float]
) -> Sequence[Value] | None:
    """Draw an Upsample where it computes the same; None elsewhere."""
    rank = len(flow.sizes)
    stays = all(sizes[at] in (None, flow.sizes[at]) for at in range(min(2, rank)))
    if rank not in (3, 4, 5) or not stays or op.int("antialias", 0):
        return None
    after = [sizes[at] or whole_size(flow, at) for at in range(2, rank)]
    before = [whole_size(flow, at) for at in range(2, rank)]
    is_exact = all(
        abs(size * scale - end) < 1e-6
        for size, scale, end in zip(before, scales[2:], after, strict=True)
    )
    mode = op.text("mode", "nearest")
    how = op.text("coordinate_transformation_mode", "half_pixel")
    if op.version < 11:
        how = "asymmetric"
    rounding = op.text("nearest_mode", "round_prefer_floor") if op.version >= 11 else "floor"
    grows = all(end % size == 0 for size, end in zip(before, after, strict=True))
    settings = {
        "nearest": (how == "asymmetric" and rounding == "floor")
        or (grows and how == "half_pixel" and rounding.startswith("round_")
            and all(end // size in (1, 2, 4, 8) for size, end in zip(before, after, strict=True))),
        "linear": how in ("half_pixel", "align_corners", "pytorch_half_pixel"),
        "cubic": rank == 4 and op.float("cubic_coeff_a", -0.75) == -0.75
        and not op.int("exclude_outside", 0)
        and how in ("half_pixel", "align_corners", "pytorch_half_pixel"),
    }  # fmt: skip
    if not settings.get(mode, False) or not is_exact:
        return None
    if how == "pytorch_half_pixel" and 1 in after:
        return None
    params: dict[str, ParamValue] = {"mode": mode, "align_corners": how == "align_corners"}
    factors = {end // size for size, end in zip(before, after, strict=True) if grows}
    usual = state.board.usual(flow)
    if len(factors) == 1 and how != "align_corners":
        return state.board.add("Upsample", [usual], {**params, "scale_factor": factors.pop()})
    return state.board.add("Upsample", [usual], {**params, "size": [*after]})


def _matrix(op: Op, flow: Flow, at: int, sizes: list[int | None], scales: list[float]) -> Array:
    """Return what resizing does along one axis, (before, after), by asking ONNX's reference."""
    size, after = whole_size(flow, at), sizes[at]
    if after is None or size * max(size, after) > MAX_MATRIX:
        raise CannotMap("the sides are too large for this way of resizing")
    rank = len(flow.sizes)
    kept: dict[str, Attribute] = {
        name: value
        for name, value in op.attributes.items()
        if name not in ("axes", "keep_aspect_ratio_policy", "extrapolation_value", "scales")
    }
    node = onnx.NodeProto(op_type="Resize")
    node.output.append("output")
    for name, value in kept.items():
        node.attribute.append(onnx.helper.make_attribute(name, value))  # pyright: ignore
    if op.version < 11 or op.kind == "Upsample":
        del node.attribute[:]
        node.attribute.append(onnx.helper.make_attribute("mode", op.text("mode", "nearest")))
        node.attribute.append(
            onnx.helper.make_attribute("coordinate_transformation_mode", "asymmetric")
        )
        node.attribute.append(onnx.helper.make_attribute("nearest_mode", "floor"))
    region = np.array([0, 0, 1, 1], dtype=np.float32)
    if op.version >= 11 and op.has_input(1) and op.array(1).size:
        given = op.array(1).reshape(-1)
        named = op.ints("axes")
        axes = list(range(rank)) if named is None else [axis_of(each, rank) for each in named]
        if at in axes:
            place = axes.index(at)
            region[1], region[3] = given[place], given[place + len(axes)]
    by_size = op.version >= 11 and op.has_input(3) and op.kind != "Upsample"
    one = replace(op, proto=node, domain="", version=19, attributes={})
    eye = np.eye(size, dtype=np.float32)
    if by_size:
        arrays = [eye, region, None, np.array([size, after], dtype=np.int64)]
    else:
        arrays = [eye, region, np.array([1, scales[at]], dtype=np.float32), None]
    found = evaluate(one, arrays)
    if found is None or found[0].shape != (size, after):
        raise CannotMap("this way of resizing is not known")
    return found[0].astype(np.float32)


def _along(state: State, flow: Flow, at: int, matrix: Array) -> Flow:
    """Draw what a matrix does along one axis."""
    board, rank = state.board, len(flow.sizes)
    is_pick = bool(((matrix == 0) | (matrix == 1)).all()) and bool((matrix.sum(axis=0) == 1).all())
    if is_pick:
        places = matrix.argmax(axis=0).astype(np.int64)
        return board.operator("take", [flow, board.constant(places)], dim=at)[0]
    if at != rank - 1:
        [flow] = board.operator("transpose", [flow], dim0=at, dim1=rank - 1)
    [flow] = board.operator("product", [flow, board.constant(matrix)])
    if at != rank - 1:
        [flow] = board.operator("transpose", [flow], dim0=at, dim1=rank - 1)
    return flow


def _cropped(
    state: State, op: Op, flow: Flow, axes: list[int], sizes: list[int | None],
    scales: list[float],
) -> Sequence[Value]:  # fmt: skip
    """Draw a crop whose outside holds a number."""
    inside = np.ones((1,) * len(flow.sizes), dtype=np.float32)
    for at in axes:
        matrix = _matrix(op, flow, at, sizes, scales)
        rows = np.isclose(matrix.sum(axis=0), 1, atol=1e-4).astype(np.float32)
        inside = inside * rows.reshape([-1 if axis == at else 1 for axis in range(len(sizes))])
        flow = _along(state, flow, at, matrix)
    board = state.board
    outside = (1 - inside) * np.float32(op.float("extrapolation_value", 0.0))
    [kept] = board.operator("multiply", [flow, board.constant(inside)])
    return board.operator("add", [kept, board.constant(outside)])


MAPS: Maps = {"Resize": _resize, "Upsample": _resize}
