"""Borders around a tensor."""

from __future__ import annotations

from collections.abc import Sequence

from netloom.formats.onnx.mapping.state import Maps, State, axis_of
from netloom.formats.onnx.node import Op
from netloom.formats.onnx.values import CannotMap, Flow, Value
from netloom.graph.document import ParamValue

LOWEST = -3.4028234663852886e38
"""What stands for minus infinity in borders: the lowest number there is."""


def _pad(state: State, op: Op) -> Sequence[Value]:
    flow = state.flow(op.input(0))
    rank = len(flow.sizes)
    pads = op.numbers("pads", 1) if op.version >= 11 else op.ints("pads") or op.ints("paddings")
    axes = op.numbers("", 3) if op.version >= 18 else None
    value = op.float("value", 0.0)
    if op.version >= 11 and op.has_input(2):
        value = float(op.array(2).reshape(-1)[0])
    named = list(range(rank)) if axes is None else [axis_of(at, rank) for at in axes]
    if pads is None or len(pads) != 2 * len(named):
        raise CannotMap("the borders do not fit")
    borders = [(0, 0)] * rank
    for place, at in enumerate(named):
        borders[at] = (pads[place], pads[place + len(named)])
    modes = {"constant": "constant", "reflect": "reflect", "edge": "replicate", "wrap": "circular"}
    mode = modes.get(op.text("mode", "constant"))
    if mode is None:
        raise CannotMap("the kind of border is not known")
    return [bordered(state, flow, borders, value, mode)]


def bordered(
    state: State, flow: Flow, borders: list[tuple[int, int]], value: float, mode: str = "constant"
) -> Flow:
    """Draw a border.

    Args:
        borders: Before and behind, for each axis.
    """
    rank, board = len(flow.sizes), state.board
    if not any(any(pair) for pair in borders):
        return flow
    value = max(LOWEST, min(-LOWEST, value))
    count = max(rank - at for at, pair in enumerate(borders) if any(pair))
    if mode != "constant" and (rank == 2 or any(any(pair) for pair in borders[:2])):
        return _one_by_one(state, flow, borders, mode)
    if mode != "constant":
        count = rank - 2
    padding = [side for pair in borders[::-1][:count] for side in pair]
    if rank in (3, 4, 5) and count <= rank - 2 and min(padding) >= 0:
        whole = [side for pair in borders[::-1][: rank - 2] for side in pair]
        before = len(board.planned)
        try:
            name = f"{board.name}_pad" if board.name else "pad"
            params: dict[str, ParamValue] = {"padding": [*whole], "mode": mode}
            if mode == "constant":
                params["value"] = value
            return board.add("Pad", [board.usual(flow)], params, name=name)[0]
        except CannotMap:
            board.take_back(before)
    if mode != "constant":
        return board.operator("pad", [flow], padding=padding, mode=mode)[0]
    return board.operator("pad", [flow], padding=padding, value=value)[0]


def _one_by_one(state: State, flow: Flow, borders: list[tuple[int, int]], mode: str) -> Flow:
    """Draw borders that repeat what is there, each axis as the last one."""
    board, rank = state.board, len(flow.sizes)
    if not 2 <= rank <= 5:
        raise CannotMap(f"this kind of border around {rank} axes")
    for at, pair in enumerate(borders):
        if not any(pair):
            continue
        if at != rank - 1:
            [flow] = board.operator("transpose", [flow], dim0=at, dim1=rank - 1)
        if rank == 2:
            [flow] = board.operator("unsqueeze", [flow], dim=1)
        padding = [*pair, *[0] * 2 * (max(rank, 3) - 3)]
        [flow] = board.operator("pad", [flow], padding=padding, mode=mode)
        if rank == 2:
            [flow] = board.operator("squeeze", [flow], dim=1)
        if at != rank - 1:
            [flow] = board.operator("transpose", [flow], dim0=at, dim1=rank - 1)
    return flow


MAPS: Maps = {"Pad": _pad}
