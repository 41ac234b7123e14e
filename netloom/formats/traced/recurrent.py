"""Layers that read a sequence, with the states that leave them.

Torch gives states as (layers, B, H), Netloom as (B, layers · H).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from netloom.formats.traced.context import CannotMap, Context, Drawn
from netloom.formats.traced.merging import Result, Step
from netloom.formats.traced.sketch import Value
from netloom.graph.document import ParamValue
from netloom.layers.sizes import Size

_FROM_TIME_FIRST = [1, 0, 2]


def is_recurrent(module: object) -> bool:
    """Say whether a module is one of torch's that read sequences."""
    from torch import nn

    return type(module) in (nn.LSTM, nn.GRU, nn.RNN)


def draw_recurrent(
    context: Context, step: Step, module: Any, inputs: Sequence[Value], used: Collection[int]
) -> Drawn:
    """Draw such a layer; states only where somebody takes them.

    Args:
        used: Numbers of the tensors that anything is computed of.

    Raises:
        CannotMap: It begins with a state, or projects it.
    """
    if module.proj_size or len(inputs) != 1:
        raise CannotMap("it begins with a state, or projects it")
    output, *states = step.outputs
    takes_states = any(state.number in used for state in states)
    [flow] = inputs
    if len(flow.shape) != 3:
        raise CannotMap("it reads one sequence, not a batch of them")
    if not module.batch_first:
        [flow] = _permuted(context, step, flow)
    params: dict[str, ParamValue] = {
        "hidden_size": module.hidden_size,
        "num_layers": module.num_layers,
        "bidirectional": module.bidirectional,
        "dropout": module.dropout,
        "bias": module.bias,
    }
    if type(module).__name__ == "RNN":
        params["nonlinearity"] = module.nonlinearity
    if takes_states:
        params["gives_state"] = True
    directions = 2 if module.bidirectional else 1
    batch, length, _ = flow.sizes
    count = module.num_layers * directions
    wanted: list[Sequence[Size]] = [(batch, length, module.hidden_size * directions)]
    wanted += [(batch, count * module.hidden_size)] * (len(states) if takes_states else 0)
    found = context.sketch.add(
        type(module).__name__, [flow], wanted, params=params, name=step.label or step.path,
        path=step.path, weights=dict(module.state_dict(keep_vars=True)),
    )  # fmt: skip
    if found is None:
        return None
    results = [found[0] if module.batch_first else _permuted(context, step, found[0])[0]]
    for value, state in zip(found[1:], states, strict=False):
        results.append(_by_layer(context, step, value, state))
    return results if results[0].sizes == output.sizes else None


def _permuted(context: Context, step: Step, value: Value) -> list[Value]:
    one, other, last = value.sizes
    found = context.sketch.operator(
        "permute", [value], [(other, one, last)], path=step.path, dims=_FROM_TIME_FIRST
    )
    if found is None:
        raise CannotMap("time and batch cannot be swapped")
    return found


def _by_layer(context: Context, step: Step, value: Value, state: Result) -> Value:
    """Return a state as torch gives it."""
    count, batch, hidden = state.sizes
    shaped = context.sketch.operator(
        "reshape", [value], [(batch, count, hidden)], path=step.path, shape=[-1, count, hidden]
    )
    if shaped is None:
        raise CannotMap("its states cannot be laid out")
    return _permuted(context, step, shaped[0])[0]
