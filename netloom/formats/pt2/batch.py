"""Programs that were exported for so many samples alone, run for another number of them.

Sizes that such a program has written into its reshapes hold the number of samples somewhere. Where
it could be in several places, each is tried until the program computes every sample alike.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from netloom.formats.pt2.graph import Graph, Name, Node

_RESHAPES = frozenset(("view", "reshape", "_unsafe_view"))
_FILLED = frozenset(("zeros", "ones", "full", "new_zeros", "new_ones", "new_full"))
_RECURRENT = frozenset(("lstm", "gru", "rnn_tanh"))


@dataclass(slots=True)
class Choices:
    """Which of several places was taken, one number for each question.

    Attributes:
        made: Answers in order; further questions are answered with the first place.
        counts: How many places there were.
    """

    made: list[int]
    counts: list[int] = field(default_factory=list[int])

    def take(self, options: Sequence[list[int]]) -> list[int]:
        """Return one of several sizes."""
        if len(options) == 1:
            return options[0]
        if len(self.counts) == len(self.made):
            self.made = [*self.made, 0]
        self.counts.append(len(options))
        return options[self.made[len(self.counts) - 1]]


def next_choices(made: Sequence[int], counts: Sequence[int]) -> list[int] | None:
    """Return the answers to try next; None where all have been tried."""
    found = list(made[: len(counts)])
    while found:
        if found[-1] + 1 < counts[len(found) - 1]:
            found[-1] += 1
            return found
        found.pop()
    return None


def other_batch(
    base: str,
    node: Node,
    args: Mapping[str, object],
    graph: Graph,
    batch: int,
    choices: Choices,
) -> dict[str, object]:
    """Return the arguments of an operator for another number of samples than in the file."""
    found = dict(args)
    before = graph.inputs[0].sizes[0]
    if base in _RECURRENT:
        states = found.get("hx")
        if isinstance(states, list):
            found["hx"] = [_state(each, batch) for each in states]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        elif states is not None:
            found["hx"] = _state(states, batch)
        return found
    key = "shape" if "shape" in found else "size"
    told = graph.sizes.get(node.outputs[0]) if node.outputs else None
    if told is None or key not in found:
        return found
    if base in _FILLED:
        # Without the batch first: most tensors that are made of nothing have none.
        options = [list(told)] + [
            _scaled(told, at, batch, before) for at, size in enumerate(told) if size == before
        ]
        found[key] = choices.take(options)
        return found
    source = node.args.get("self")
    tensor = found.get("self")
    known = graph.sizes.get(source.name) if isinstance(source, Name) else None
    if not isinstance(tensor, Tensor) or known is None or len(known) != tensor.ndim:
        return found
    differing = [at for at, size in enumerate(known) if size != tensor.shape[at]]
    if base == "expand":
        found[key] = _expanded(tensor, known, told, differing, batch, before, choices)
    elif base in _RESHAPES and differing:
        options = _places(known, told, differing[0], batch, before)
        if options:
            found[key] = choices.take(options)
    return found


def _scaled(sizes: Sequence[int], at: int, batch: int, before: int) -> list[int]:
    return [size * batch // before if place == at else size for place, size in enumerate(sizes)]


def _places(
    known: Sequence[int], told: Sequence[int], axis: int, batch: int, before: int
) -> list[list[int]]:
    """Return the sizes there can be, by which axis the samples went to.

    The numbers stay in their order. So the samples are in the axis that begins where theirs began,
    in one that reaches over that place, or, where theirs held other things too, in one within it.
    """
    outer = math.prod(known[:axis])
    exact: list[list[int]] = []
    covering: list[list[int]] = []
    within: list[list[int]] = []
    for at, size in enumerate(told):
        begin = math.prod(told[:at])
        if size % before:
            continue
        if begin == outer:
            exact.append(_scaled(told, at, batch, before))
        elif begin < outer <= begin * size:
            covering.append(_scaled(told, at, batch, before))
        elif outer < begin <= outer * known[axis]:
            within.append(_scaled(told, at, batch, before))
    return [*exact, *covering, *within]


def _expanded(
    tensor: Tensor,
    known: Sequence[int],
    told: Sequence[int],
    differing: Sequence[int],
    batch: int,
    before: int,
    choices: Choices,
) -> list[int]:
    shift = len(told) - len(known)
    if differing:
        sizes = list(told)
        for at in differing:
            sizes[at + shift] = tensor.shape[at]
        return sizes
    options = [
        _scaled(told, at, batch, before)
        for at, size in enumerate(told)
        if size == before and (at < shift or known[at - shift] == 1)
    ]
    return choices.take([*options, list(told)])


def _state(state: object, batch: int) -> object:
    """Return a state that begins with zeros for as many samples."""
    if isinstance(state, Tensor) and state.ndim == 3 and not bool(state.any()):
        return torch.zeros(state.shape[0], batch, state.shape[2], dtype=state.dtype)
    return state
