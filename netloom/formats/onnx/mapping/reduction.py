"""What goes over axes: sums, extremes, places of extremes, running sums."""

from __future__ import annotations

from collections.abc import Sequence

from netloom.formats.onnx.mapping.state import Map, Maps, State, axis_of, whole_size
from netloom.formats.onnx.node import Op
from netloom.formats.onnx.values import Flow, Value


def _reduce(*names: str, attribute_until: int = 18) -> Map:
    """Map to operators one after the other; the one that goes over axes is called `over`."""

    def draw(state: State, op: Op) -> Sequence[Value]:
        flow, board = state.flow(op.input(0)), state.board
        rank = len(flow.sizes)
        axes = op.ints("axes") if op.version < attribute_until else op.numbers("", 1)
        if not axes and op.int("noop_with_empty_axes", 0):
            dims: list[int] = []
        else:
            dims = sorted({axis_of(at, rank) for at in (axes or range(rank))})
        kind = flow.kind
        was_boolean = kind == "boolean"
        if was_boolean:
            [flow] = board.operator("cast", [flow], to="integer", kinds=("integer",))
        keeps = op.int("keepdims", 1) == 1
        for name in names:
            if not name.startswith("over "):
                [flow] = board.operator(name, [flow])
            elif dims:
                flow = _over(state, flow, name.removeprefix("over "), dims, keeps)
        if was_boolean:
            [flow] = board.operator("cast", [flow], to="boolean", kinds=("boolean",))
        return [flow]

    return draw


def _over(state: State, flow: Flow, name: str, dims: list[int], keeps: bool) -> Flow:
    board = state.board
    is_all = len(dims) == len(flow.sizes)
    if not flow.sizes:
        return flow
    stays = keeps or is_all
    if name == "prod":
        for at in dims[::-1]:
            [flow] = board.operator("prod", [flow], dim=at, keepdim=stays)
    elif name == "length":
        [flow] = board.operator("norm", [flow], dim=dims, keepdim=stays)
    else:
        [flow] = board.operator(name, [flow], dim=dims, keepdim=stays)
    if is_all and not keeps:
        [flow] = board.operator("view", [flow], shape=[])
    return flow


def _place(name: str) -> Map:
    def draw(state: State, op: Op) -> Sequence[Value]:
        flow, board = state.flow(op.input(0)), state.board
        rank = len(flow.sizes)
        at = axis_of(op.int("axis", 0), rank)
        keeps = op.int("keepdims", 1) == 1
        is_turned = bool(op.int("select_last_index", 0))
        if is_turned:
            [flow] = board.operator("flip", [flow], dims=[at])
        [found] = board.operator(
            name, [flow], dim=at, keepdim=keeps or rank == 1, kinds=("integer",)
        )
        if is_turned:
            last = float(whole_size(flow, at) - 1)
            [found] = board.operator("subtract_from", [found], other=last, kinds=("integer",))
            [found] = board.operator("cast", [found], to="integer", kinds=("integer",))
        if rank == 1 and not keeps:
            [found] = board.operator("view", [found], shape=[])
        return [found]

    return draw


def _running(name: str) -> Map:
    def draw(state: State, op: Op) -> Sequence[Value]:
        flow, board = state.flow(op.input(0)), state.board
        at = axis_of(int(op.array(1).reshape(-1)[0]), len(flow.sizes))
        is_reverse, is_exclusive = bool(op.int("reverse", 0)), bool(op.int("exclusive", 0))
        if is_reverse:
            [flow] = board.operator("flip", [flow], dims=[at])
        [found] = board.operator(name, [flow], dim=at)
        if is_exclusive:
            found = _shifted(state, found, at, 0.0 if name == "cumsum" else 1.0)
        if is_reverse:
            [found] = board.operator("flip", [found], dims=[at])
        return [found]

    return draw


def _shifted(state: State, flow: Flow, at: int, first: float) -> Flow:
    """Draw a tensor moved by one along an axis, with a number at the beginning."""
    borders = [0, 0] * (len(flow.sizes) - 1 - at) + [1, -1]
    return state.board.operator("pad", [flow], padding=borders, value=first)[0]


def _top(state: State, op: Op) -> Sequence[Value]:
    flow = state.flow(op.input(0))
    k = op.int("k") if op.version < 10 else int(op.array(1).reshape(-1)[0])
    at = axis_of(op.int("axis", -1), len(flow.sizes))
    return state.board.operator(
        "topk", [flow], k=k, dim=at, largest=op.int("largest", 1) == 1,
        kinds=(flow.kind, "integer"),
    )  # fmt: skip


def _one_hot(state: State, op: Op) -> Sequence[Value]:
    flow, board = state.flow(op.input(0)), state.board
    depth = int(op.array(1).reshape(-1)[0])
    off, on = (float(item) for item in op.array(2).reshape(-1))
    kind = "number" if op.array(2).dtype.kind == "f" else "integer"
    rank = len(flow.sizes)
    at = axis_of(op.int("axis", -1), rank + 1)
    if flow.kind != "integer":
        [flow] = board.operator("cast", [flow], to="integer", kinds=("integer",))
    [known] = _within(state, flow, -depth, depth - 1)
    [flow] = board.operator("remainder", [flow], other=float(depth), kinds=("integer",))
    [flow] = board.operator("cast", [flow], to="integer", kinds=("integer",))
    [found] = board.operator("one_hot", [flow], num_classes=depth, kinds=("integer",))
    [found] = board.operator("cast", [found], to="number", kinds=("number",))
    [found] = board.operator("multiply", [found, known])
    if on - off != 1:
        [found] = board.operator("multiply", [found], other=on - off)
    if off:
        [found] = board.operator("add", [found], other=off)
    if kind == "integer":
        [found] = board.operator("cast", [found], to="integer", kinds=("integer",))
    order = [*range(rank)]
    order.insert(at, rank)
    if order != list(range(rank + 1)):
        [found] = board.operator("permute", [found], dims=order)
    return [found]


def _within(state: State, flow: Flow, least: int, most: int) -> Sequence[Flow]:
    """Give 1 where whole numbers are within bounds and 0 elsewhere, with an axis more at the end.

    An index beyond its bounds has no place in a one-hot vector: ONNX gives `off` everywhere.
    """
    board = state.board
    [nearest] = board.operator(
        "clamp", [flow], min=float(least), max=float(most), kinds=("integer",)
    )
    [same] = board.operator("equal", [flow, nearest], kinds=("boolean",))
    [same] = board.operator("cast", [same], to="number", kinds=("number",))
    return board.operator("unsqueeze", [same], dim=len(flow.sizes))


MAPS: Maps = {
    "ReduceMean": _reduce("over mean"),
    "ReduceSum": _reduce("over sum", attribute_until=13),
    "ReduceMax": _reduce("over amax"),
    "ReduceMin": _reduce("over amin"),
    "ReduceProd": _reduce("over prod"),
    "ReduceL1": _reduce("abs", "over sum"),
    "ReduceL2": _reduce("square", "over sum", "sqrt"),
    "ReduceSumSquare": _reduce("square", "over sum"),
    "ReduceLogSum": _reduce("over sum", "log"),
    "ReduceLogSumExp": _reduce("over logsumexp"),
    "ArgMax": _place("argmax"),
    "ArgMin": _place("argmin"),
    "CumSum": _running("cumsum"),
    "CumProd": _running("cumprod"),
    "TopK": _top,
    "OneHot": _one_hot,
}
