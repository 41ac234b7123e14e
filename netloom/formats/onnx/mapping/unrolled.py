"""Recurrent cells step by step, for those that no layer computes: weights are drawn once.

Legend: T time, B batch, I inputs, H hidden, G gates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from netloom.formats.onnx.mapping.state import State, whole_size
from netloom.formats.onnx.values import Array, CannotMap, Flow

MAX_TIME = 64
_LAYERS: Mapping[str, str] = {
    "sigmoid": "Sigmoid", "tanh": "Tanh", "relu": "ReLU", "softsign": "Softsign",
    "softplus": "Softplus",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cell:
    """One direction of a recurrent node, its gates in the file's order."""

    kind: str
    hidden: int
    input_weights_GI: Array
    hidden_weights_GH: Array
    biases: Array
    activations: list[str]
    peepholes: Array | None
    clip: float | None
    is_linear_before_reset: bool
    is_input_forget: bool


def unrolled(
    state: State, sequence_TBI: Flow, cell: Cell, is_reverse: bool, first: list[Flow | None]
) -> tuple[Flow, Flow, Flow | None]:
    """Draw all steps.

    Returns:
        The outputs (T, B, H), the last state (B, H) and of an LSTM the last cell.

    Raises:
        CannotMap: The length is open, or too large to be drawn step by step.
    """
    time = whole_size(sequence_TBI, 0)
    if time > MAX_TIME:
        raise CannotMap(f"{time} steps would have to be drawn one by one")
    run = _Run(state, cell)
    order = range(time - 1, -1, -1) if is_reverse else range(time)
    hidden, memory = first
    outputs: dict[int, Flow] = {}
    for at in order:
        [step] = (
            state.board.operator("select", [sequence_TBI], dim=0, index=at)
            if (len(sequence_TBI.sizes) == 3)
            else [sequence_TBI]
        )
        hidden, memory = run.step(step, hidden, memory)
        outputs[at] = hidden
    if hidden is None:
        raise CannotMap("there are no steps")
    [whole] = state.board.operator(
        "stack", [outputs[at] for at in range(time)], dim=0, num_inputs=time
    )
    return whole, hidden, memory


class _Run:
    """Draws steps; weights are drawn once for all of them."""

    def __init__(self, state: State, cell: Cell) -> None:
        self.board, self.cell = state.board, cell
        size = cell.hidden
        self.count = len(cell.input_weights_GI) // size
        half = self.count * size

        def part(array: Array, gate: int) -> Array:
            return array[gate * size : (gate + 1) * size]

        weights = (cell.input_weights_GI, cell.hidden_weights_GH)
        self.inputs, self.hiddens = (
            [self.board.constant(part(array, gate).T, is_learned=True, name="recurrent_weight")
             for gate in range(self.count)]
            for array in weights
        )  # fmt: skip
        self.bias_in = [part(cell.biases[:half], gate) for gate in range(self.count)]
        self.bias_hidden = [part(cell.biases[half:], gate) for gate in range(self.count)]
        self._rows: dict[bytes, Flow] = {}

    def step(
        self, step: Flow, hidden: Flow | None, memory: Flow | None
    ) -> tuple[Flow, Flow | None]:
        if self.cell.kind == "LSTM":
            return self._lstm(step, hidden, memory)
        if self.cell.kind == "GRU":
            return self._gru(step, hidden), None
        return self._activate(self._gate(step, hidden, 0), 0), None

    def _lstm(self, step: Flow, hidden: Flow | None, memory: Flow | None) -> tuple[Flow, Flow]:
        board = self.board
        names = ("i", "o", "f", "c")
        sums = {name: self._gate(step, hidden, at) for at, name in enumerate(names)}
        entering = self._activate(self._peeked(sums["i"], memory, 0), 0)
        [new] = board.operator("multiply", [entering, self._activate(sums["c"], 1)])
        if memory is not None:
            if self.cell.is_input_forget:
                [kept] = board.operator("subtract_from", [entering], other=1.0)
            else:
                kept = self._activate(self._peeked(sums["f"], memory, 2), 0)
            [old] = board.operator("multiply", [kept, memory])
            [new] = board.operator("add", [old, new])
        leaving = self._activate(self._peeked(sums["o"], new, 1), 0)
        [output] = board.operator("multiply", [leaving, self._activate(new, 2)])
        return output, new

    def _peeked(self, total: Flow, memory: Flow | None, place: int) -> Flow:
        peepholes, size = self.cell.peepholes, self.cell.hidden
        if peepholes is None or memory is None:
            return total
        row = peepholes[place * size : (place + 1) * size]
        if not row.any():
            return total
        [seen] = self.board.operator("multiply", [memory, self._row(row)])
        return self.board.operator("add", [total, seen])[0]

    def _gru(self, step: Flow, hidden: Flow | None) -> Flow:
        board = self.board
        update = self._activate(self._gate(step, hidden, 0), 0)
        reset = self._activate(self._gate(step, hidden, 1), 0)
        [total] = board.operator("product", [step, self.inputs[2]])
        total = self._plus(total, self.bias_in[2])
        if self.cell.is_linear_before_reset:
            if hidden is not None:
                [seen] = board.operator("product", [hidden, self.hiddens[2]])
                seen = self._plus(seen, self.bias_hidden[2])
                [seen] = board.operator("multiply", [reset, seen])
                [total] = board.operator("add", [total, seen])
            elif self.bias_hidden[2].any():
                [seen] = board.operator("multiply", [reset, self._row(self.bias_hidden[2])])
                [total] = board.operator("add", [total, seen])
        else:
            if hidden is not None:
                [held] = board.operator("multiply", [reset, hidden])
                [seen] = board.operator("product", [held, self.hiddens[2]])
                [total] = board.operator("add", [total, seen])
            total = self._plus(total, self.bias_hidden[2])
        new = self._activate(self._clipped(total), 1)
        [share] = board.operator("subtract_from", [update], other=1.0)
        [found] = board.operator("multiply", [share, new])
        if hidden is None:
            return found
        [old] = board.operator("multiply", [update, hidden])
        return board.operator("add", [found, old])[0]

    def _gate(self, step: Flow, hidden: Flow | None, gate: int) -> Flow:
        [total] = self.board.operator("product", [step, self.inputs[gate]])
        if hidden is not None:
            [seen] = self.board.operator("product", [hidden, self.hiddens[gate]])
            [total] = self.board.operator("add", [total, seen])
        return self._clipped(self._plus(total, self.bias_in[gate] + self.bias_hidden[gate]))

    def _clipped(self, flow: Flow) -> Flow:
        clip = self.cell.clip
        if clip is None:
            return flow
        return self.board.operator("clamp", [flow], min=-clip, max=clip)[0]

    def _plus(self, flow: Flow, bias: Array) -> Flow:
        if not bias.any():
            return flow
        return self.board.operator("add", [flow, self._row(bias)])[0]

    def _row(self, array: Array) -> Flow:
        key = array.tobytes()
        if key not in self._rows:
            self._rows[key] = self.board.constant(
                np.ascontiguousarray(array), is_learned=True, name="recurrent_bias"
            )
        return self._rows[key]

    def _activate(self, flow: Flow, place: int) -> Flow:
        layer = _LAYERS.get(self.cell.activations[place])
        if layer is None:
            raise CannotMap(f"the activation {self.cell.activations[place][:50]}")
        return self.board.add(layer, [self.board.number(flow)])[0]
