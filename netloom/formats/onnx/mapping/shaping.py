"""The same numbers in other axes, another order, or repeated."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from netloom.formats.onnx.folding import MAX_NUMBERS, filled, quotient
from netloom.formats.onnx.mapping.state import Maps, State, axis_of
from netloom.formats.onnx.node import Op
from netloom.formats.onnx.values import Array, CannotMap, Flow, Known, Value
from netloom.layers.operators.naming import has_batch
from netloom.layers.shapes import BATCH
from netloom.layers.sizes import Expr, Size, product


def _reshape(state: State, op: Op) -> Sequence[Value]:
    flow = state.flow(op.input(0))
    if op.version < 5 and not op.has_input(1):
        target: list[Size] = [*(op.ints("shape") or [])]
    else:
        target = [*_sizes(op.known(1))]
    keeps = op.int("allowzero", 0) == 0
    before = flow.sizes
    if keeps:
        if any(size == 0 and at >= len(before) for at, size in enumerate(target)):
            raise CannotMap("a size is taken over from an axis that is not there")
        target = [before[at] if size == 0 else size for at, size in enumerate(target)]
    return [reshaped(state, flow, solved(flow, target, state.file_batch))]


def _sizes(known: Known) -> list[Size]:
    if not known.is_symbolic and known.array.dtype.kind not in "iu":
        raise CannotMap("sizes are no whole numbers")
    return [item if isinstance(item, Expr) else int(item) for item in known.array.reshape(-1)]


def solved(flow: Flow, target: list[Size], file_batch: int | None) -> list[Size]:
    """Return the sizes of a reshape, where −1 follows from the others.

    A number of samples that an exporter wrote into the sizes becomes the batch again where the
    sizes work out for every number of samples.

    Raises:
        CannotMap: They do not work out.
    """
    total = product(flow.sizes)
    candidates = [target]
    first = target[0] if target else 0
    if has_batch(total) and file_batch is not None and isinstance(first, int) and first > 0:
        for_all = [BATCH.size * (first // file_batch), *target[1:]]
        if first == file_batch:
            candidates.insert(0, for_all)
        elif first % file_batch == 0:
            candidates.append(for_all)
    for sizes in candidates:
        known = product(size for size in sizes if size != -1)
        rest = quotient(total, known)
        if rest is None or sizes.count(-1) > 1 or (-1 not in sizes and rest != 1):
            continue
        return [rest if size == -1 else size for size in sizes]
    raise CannotMap(f"{total} numbers do not make up {[str(size) for size in target]}")


def reshaped(state: State, flow: Flow, sizes: list[Size]) -> Flow:
    """Draw the same numbers in other axes."""
    if tuple(sizes) == flow.sizes:
        return flow
    board = state.board
    if len(sizes) == 0 or len(flow.sizes) == 0:
        return board.operator("view", [flow], shape=[_whole(size) for size in sizes])[0]
    symbolic = [at for at, size in enumerate(sizes) if not isinstance(size, int)]
    is_flat = len(sizes) == 2 and sizes[0] == BATCH.size and len(flow.sizes) > 2
    if is_flat and flow.sizes[0] == BATCH.size and flow.shape and flow.shape[0].axis == "B":
        before = len(board.planned)
        try:
            return board.add("Flatten", [flow])[0]
        except CannotMap:
            board.take_back(before)
    if len(symbolic) > 1:
        raise CannotMap("several sizes depend on the data")
    shape = [size if isinstance(size, int) else -1 for size in sizes]
    return board.operator("reshape", [flow], shape=shape)[0]


def _whole(size: Size) -> int:
    if not isinstance(size, int):
        raise CannotMap("a size depends on the data")
    return size


def _flatten(state: State, op: Op) -> Sequence[Value]:
    flow = state.flow(op.input(0))
    rank = len(flow.sizes)
    axis = op.int("axis", 1)
    at = axis + rank if axis < 0 else axis
    if not 0 <= at <= rank:
        raise CannotMap(f"there is no axis {axis}")
    sizes: list[Size] = [product(flow.sizes[:at]), product(flow.sizes[at:])]
    return [reshaped(state, flow, sizes)]


def _transpose(state: State, op: Op) -> Sequence[Value]:
    flow = state.flow(op.input(0))
    rank = len(flow.sizes)
    order = op.ints("perm")
    order = list(range(rank))[::-1] if order is None else [axis_of(at, rank) for at in order]
    if sorted(order) != list(range(rank)):
        raise CannotMap("an axis is missing or named twice")
    if order == list(range(rank)):
        return [flow]
    return state.board.operator("permute", [flow], dims=order)


def _squeeze(state: State, op: Op) -> Sequence[Value]:
    flow = state.flow(op.input(0))
    rank = len(flow.sizes)
    axes = op.numbers("axes", 1)
    if axes is None:
        axes = [at for at, size in enumerate(flow.sizes) if size == 1]
    gone = {axis_of(at, rank) for at in axes}
    if any(flow.sizes[at] != 1 for at in gone):
        raise CannotMap("an axis that disappears has more than one position")
    if len(gone) == rank and rank:
        return state.board.operator("view", [flow], shape=[])
    for at in sorted(gone, reverse=True):
        [flow] = state.board.operator("squeeze", [flow], dim=at)
    return [flow]


def _unsqueeze(state: State, op: Op) -> Sequence[Value]:
    flow = state.flow(op.input(0))
    axes = op.numbers("axes", 1) or []
    rank = len(flow.sizes) + len(axes)
    if not flow.sizes:
        return state.board.operator("view", [flow], shape=[1] * rank)
    for at in sorted(axis_of(at, rank) for at in axes):
        [flow] = state.board.operator("unsqueeze", [flow], dim=at)
    return [flow]


def _expand(state: State, op: Op) -> Sequence[Value]:
    value, target = op.input(0), _sizes(op.known(1))
    if isinstance(value, Known):
        ones = _for_one_sample(target)
        return [Known(_broadcast(value.array, ones))]
    before = value.sizes
    missing = len(target) - len(before)
    padded: list[Size] = [*[1] * max(0, missing), *before]
    wanted: list[Size] = [*[1] * max(0, -missing), *target]
    shape: list[int] = []
    for size, wish in zip(padded, wanted, strict=True):
        if wish in (1, size) or (size != 1 and has_batch(size) and wish == state.file_batch):
            shape.append(-1)
        elif size == 1 and isinstance(wish, int):
            shape.append(wish)
        else:
            raise CannotMap("sizes cannot be repeated like this")
    flow = value
    if missing > 0:
        if not before:
            [flow] = state.board.operator("view", [flow], shape=[1] * missing)
        else:
            for _ in range(missing):
                [flow] = state.board.operator("unsqueeze", [flow], dim=0)
    if all(size == -1 for size in shape):
        return [flow]
    return state.board.operator("expand", [flow], shape=shape)


def _broadcast(array: Array, sizes: Sequence[int]) -> Array:
    try:
        return np.broadcast_to(array, np.broadcast_shapes(array.shape, tuple(sizes)))
    except ValueError:
        raise CannotMap(f"{list(array.shape)} cannot be repeated to {list(sizes)}") from None


def _tile(state: State, op: Op) -> Sequence[Value]:
    flow = state.flow(op.input(0))
    times = op.numbers("repeats", 1) or []
    if all(each == 1 for each in times):
        return [flow]
    return state.board.operator("tile", [flow], dims=times)


def _depth_to_space(state: State, op: Op) -> Sequence[Value]:
    flow, board = state.flow(op.input(0)), state.board
    block = op.int("blocksize", 1)
    if block < 1:
        raise CannotMap("a block has at least one element a side")
    batch, channels, height, width = flow.sizes
    inner = _whole(channels) // (block * block)
    sizes = (_whole(height), _whole(width))
    if op.kind == "SpaceToDepth":
        if op.text("mode", "DCR") == "CRD":
            return board.add("PixelUnshuffle", [board.usual(flow)], {"factor": block})
        rows, columns = sizes[0] // block, sizes[1] // block
        one = reshaped(state, flow, [batch, channels, rows, block, columns, block])
        [turned] = board.operator("permute", [one], dims=[0, 3, 5, 1, 2, 4])
        return [reshaped(state, turned, [batch, _whole(channels) * block * block, rows, columns])]
    if op.text("mode", "DCR") == "CRD":
        return board.add("PixelShuffle", [board.usual(flow)], {"factor": block})
    one = reshaped(state, flow, [batch, block, block, inner, *sizes])
    [turned] = board.operator("permute", [one], dims=[0, 3, 4, 1, 5, 2])
    return [reshaped(state, turned, [batch, inner, sizes[0] * block, sizes[1] * block])]


def _trilu(state: State, op: Op) -> Sequence[Value]:
    diagonal = int(op.array(1).reshape(-1)[0]) if op.has_input(1) else 0
    name = "triu" if op.int("upper", 1) else "tril"
    return state.board.operator(name, [state.flow(op.input(0))], diagonal=diagonal)


def _constant_of_shape(_: State, op: Op) -> Sequence[Value]:
    """Make a filled tensor whose size depends on the batch: one row serves all samples."""
    return [Known(filled(op, _for_one_sample(_sizes(op.known(0)))))]


def _for_one_sample(sizes: Sequence[Size]) -> list[int]:
    """Return sizes with 1 for the batch; those without one were too large to be folded.

    Raises:
        CannotMap: Too many numbers.
    """
    ones = [1 if has_batch(size) else _whole(size) for size in sizes]
    if math.prod(ones) > MAX_NUMBERS or not any(has_batch(size) for size in sizes):
        raise CannotMap("the tensor would be too large")
    return ones


MAPS: Maps = {
    "Reshape": _reshape,
    "Flatten": _flatten,
    "Transpose": _transpose,
    "Squeeze": _squeeze,
    "Unsqueeze": _unsqueeze,
    "Expand": _expand,
    "Tile": _tile,
    "DepthToSpace": _depth_to_space,
    "SpaceToDepth": _depth_to_space,
    "Trilu": _trilu,
    "ConstantOfShape": _constant_of_shape,
}
