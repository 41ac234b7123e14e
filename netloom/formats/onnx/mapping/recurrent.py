"""Recurrent networks: a layer where torch computes the same, else step by step.

Legend: T time, B batch, I inputs, H hidden, D directions, G gates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from netloom.formats.onnx.mapping.shaping import reshaped
from netloom.formats.onnx.mapping.state import Maps, State, as_float32, is_filled
from netloom.formats.onnx.mapping.unrolled import Cell, unrolled
from netloom.formats.onnx.node import Op
from netloom.formats.onnx.values import Array, CannotMap, Flow, Known, Value
from netloom.graph.document import ParamValue
from netloom.layers.shapes import BATCH
from netloom.layers.sizes import Size

_GATES: Mapping[str, tuple[int, ...]] = {"LSTM": (0, 2, 3, 1), "GRU": (1, 0, 2), "RNN": (0,)}
"""Place in the file of each gate of torch: i o f c and i f g o; z r h and r z n."""
_USUAL: Mapping[str, tuple[str, ...]] = {
    "LSTM": ("Sigmoid", "Tanh", "Tanh"), "GRU": ("Sigmoid", "Tanh"), "RNN": ("Tanh",),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Read:
    """A recurrent node as the file has it."""

    kind: str
    hidden: int
    directions: list[str]
    input_weights: Array
    hidden_weights: Array
    biases: Array
    activations: list[str]


def _read(op: Op) -> Read:
    weights, hidden_weights = as_float32(op.array(1)), as_float32(op.array(2))
    if weights.ndim != 3 or hidden_weights.ndim != 3:
        raise CannotMap("the weights have no direction")
    hidden = op.int("hidden_size", hidden_weights.shape[-1])
    count = len(_GATES[op.kind])
    if hidden_weights.shape[1:] != (count * hidden, hidden):
        raise CannotMap("the weights do not fit the hidden features")
    which = op.text("direction", "forward")
    directions = {"forward": [""], "reverse": ["_reverse"], "bidirectional": ["", "_reverse"]}
    if which not in directions or len(directions[which]) != weights.shape[0]:
        raise CannotMap(f"the direction {which!r}")
    biases = np.zeros((weights.shape[0], 2 * count * hidden), dtype=np.float32)
    if op.has_input(3):
        biases = as_float32(op.array(3))
    functions = op.texts("activations") or [*_USUAL[op.kind]] * weights.shape[0]
    return Read(op.kind, hidden, directions[which], weights, hidden_weights, biases, functions)


def _is_usual(op: Op, read: Read) -> bool:
    """Say whether a layer of torch computes the same."""
    names = [name.lower() for name in read.activations]
    usual = [name.lower() for name in _USUAL[op.kind]] * len(read.directions)
    is_relu = op.kind == "RNN" and set(names) == {"relu"}
    has_more = op.has_input(7) and not _is_zero(op.maybe(7))
    return (
        (names == usual or is_relu)
        and "clip" not in op.attributes
        and not has_more
        and not op.int("input_forget", 0)
        and read.directions != ["_reverse"]
    )


def _is_zero(value: Value | None) -> bool:
    return value is None or (isinstance(value, Known) and is_filled(value.array, 0))


def _has_lengths(op: Op, time: Size) -> bool:
    lengths = op.maybe(4)
    if lengths is None:
        return False
    return not (
        isinstance(lengths, Known) and isinstance(time, int) and is_filled(lengths.array, time)
    )


def _recurrent(state: State, op: Op) -> Sequence[Value]:
    flow, read = state.flow(op.input(0)), _read(op)
    if len(flow.sizes) != 3:
        raise CannotMap("the sequence has no three axes")
    is_batch_first = bool(op.int("layout", 0))
    time = flow.sizes[1 if is_batch_first else 0]
    if _has_lengths(op, time):
        raise CannotMap("samples have lengths of their own")
    if _is_usual(op, read):
        before = len(state.board.planned)
        try:
            return _layer(state, op, read, flow, is_batch_first)
        except CannotMap:
            state.board.take_back(before)
    return _steps(state, op, read, flow, is_batch_first)


def _layer(state: State, op: Op, read: Read, flow: Flow, is_batch_first: bool) -> Sequence[Value]:
    board = state.board
    sequence = flow if is_batch_first else board.operator("transpose", [flow], dim0=0, dim1=1)[0]
    sequence = board.declared(sequence, "BTF", "number")
    states = [op.maybe(index) for index in ((5, 6) if op.kind == "LSTM" else (5,))]
    takes = not all(_is_zero(each) for each in states)
    inputs = [sequence]
    if takes:
        inputs += [_state_in(state, each, read, is_batch_first) for each in states]
    gives = any(op.gives(index) for index in (1, 2))
    params: dict[str, ParamValue] = {
        "hidden_size": read.hidden,
        "bidirectional": len(read.directions) == 2,
        "takes_state": takes,
        "gives_state": gives,
    }
    if op.kind == "RNN" and read.activations[0].lower() == "relu":
        params["nonlinearity"] = "relu"
    if op.kind == "GRU" and not op.int("linear_before_reset", 0):
        params["reset_after"] = False
    found = board.add(op.kind, inputs, params, weights=_torch_weights(read))
    return _results(state, op, read, found, is_batch_first)


def _state_in(state: State, value: Value | None, read: Read, is_batch_first: bool) -> Flow:
    """Return a state as (B, D·H)."""
    if value is None or isinstance(value, Known):
        raise CannotMap("a state that begins with fixed numbers")
    flow, board = value, state.board
    if not is_batch_first:
        [flow] = board.operator("transpose", [flow], dim0=0, dim1=1)
    flow = reshaped(state, flow, [flow.sizes[0], len(read.directions) * read.hidden])
    return board.declared(flow, "BF", "number")


def _torch_weights(read: Read) -> dict[str, Array]:
    found: dict[str, Array] = {}
    order, hidden = _GATES[read.kind], read.hidden
    half = len(order) * hidden

    def rows(array: Array) -> Array:
        return np.concatenate([array[place * hidden : (place + 1) * hidden] for place in order])

    for at, suffix in enumerate(read.directions):
        found[f"weight_ih_l0{suffix}"] = rows(read.input_weights[at])
        found[f"weight_hh_l0{suffix}"] = rows(read.hidden_weights[at])
        found[f"bias_ih_l0{suffix}"] = rows(read.biases[at][:half])
        found[f"bias_hh_l0{suffix}"] = rows(read.biases[at][half:])
    return found


def _results(
    state: State, op: Op, read: Read, found: list[Flow], is_batch_first: bool
) -> list[Value]:
    """Return the outputs as the file lays them out: Y (T, D, B, H), and states (D, B, H)."""
    board, count, hidden = state.board, len(read.directions), read.hidden
    output, *states = found
    results: list[Value] = []
    if op.gives(0):
        batch, time, _ = output.sizes
        if count == 1:
            if is_batch_first:
                results += board.operator("unsqueeze", [output], dim=2)
            else:
                [turned] = board.operator("transpose", [output], dim0=0, dim1=1)
                results += board.operator("unsqueeze", [turned], dim=1)
        else:
            if not isinstance(time, int):
                raise CannotMap("two directions of a varying length")
            split = reshaped(state, output, [batch, time, count, hidden])
            order = [0, 1, 2, 3] if is_batch_first else [1, 2, 0, 3]
            results += [split] if is_batch_first else board.operator("permute", [split], dims=order)
    else:
        results.append(output)
    for index, each in enumerate(states, start=1):
        if not op.gives(index):
            continue
        split = reshaped(state, each, [BATCH.size, count, hidden])
        results += (
            [split] if is_batch_first else board.operator("transpose", [split], dim0=0, dim1=1)
        )
    return results


def _steps(state: State, op: Op, read: Read, flow: Flow, is_batch_first: bool) -> list[Value]:
    """Draw every step, for what no layer computes."""
    peepholes = as_float32(op.array(7)) if op.has_input(7) else None
    clip = op.float("clip", 0.0) or None
    each = len(_USUAL[op.kind])
    alphas, betas = op.floats("activation_alpha") or [], op.floats("activation_beta") or []
    if alphas or betas:
        raise CannotMap("activations with parameters of their own")
    board = state.board
    [sequence] = board.operator("transpose", [flow], dim0=0, dim1=1) if is_batch_first else [flow]
    sides: list[tuple[Flow, Flow, Flow | None]] = []
    for at, suffix in enumerate(read.directions):
        cell = Cell(
            read.kind, read.hidden, read.input_weights[at], read.hidden_weights[at],
            read.biases[at], [name.lower() for name in read.activations[at * each :][:each]],
            None if peepholes is None else peepholes[at], clip,
            bool(op.int("linear_before_reset", 0)), bool(op.int("input_forget", 0)),
        )  # fmt: skip
        first = [_first_state(state, op.maybe(index), at, is_batch_first) for index in (5, 6)]
        sides.append(unrolled(state, sequence, cell, bool(suffix), first))
    results: list[Value] = []
    # Y (T, D, B, H), the states (D, B, H), or with the batch first (B, T, D, H) and (B, D, H).
    outputs = [side[0] for side in sides]
    [whole] = board.operator("stack", outputs, dim=1, num_inputs=len(outputs))
    results += board.operator("permute", [whole], dims=[2, 0, 1, 3]) if is_batch_first else [whole]
    for index in (1, 2):
        if op.gives(index):
            parts = [side[index] for side in sides]
            lasts = [part for part in parts if part is not None]
            results += board.operator(
                "stack", lasts, dim=1 if is_batch_first else 0, num_inputs=len(lasts)
            )
    return results


def _first_state(state: State, value: Value | None, at: int, is_batch_first: bool) -> Flow | None:
    if _is_zero(value) or value is None:
        return None
    axis = 1 if is_batch_first else 0
    flow = state.flow(value)
    if flow.sizes[axis] == 1:
        return state.board.operator("squeeze", [flow], dim=axis)[0]
    return state.board.operator("select", [flow], dim=axis, index=at)[0]


MAPS: Maps = dict.fromkeys(("LSTM", "GRU", "RNN"), _recurrent)
