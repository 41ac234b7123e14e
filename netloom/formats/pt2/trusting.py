"""Kernels of ATen that take sizes on trust, and what they may be given.

Called by a module, its Python looks at the sizes first. Called alone, as a file may have it, these
read beyond the end of a tensor, or end the process (seen with torch 2.15).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import cast

from torch import Tensor

Args = Mapping[str, object]
_LSTM_GATES = 4


def is_trusted_in_vain(name: str, args: Args) -> bool:
    """Say whether an operator would take on trust what does not fit.

    Args:
        name: Of the operator, without the overload.
        args: By the names of its schema.
    """
    fits = _FITS.get(name)
    return fits is not None and not fits(args)


def _recurrent(gates: int) -> Callable[[Args], bool]:
    def fits(args: Args) -> bool:
        given, params = args.get("input"), _tensors(args.get("params"))
        states = _tensors(args.get("hx"))
        if not isinstance(given, Tensor) or given.ndim != 3 or any(s.ndim != 3 for s in states):
            return False
        if len(states) != (2 if gates == _LSTM_GATES else 1):
            return False
        layers, ways = args.get("num_layers"), 2 if args.get("bidirectional") else 1
        if not isinstance(layers, int) or not 1 <= layers <= len(params):
            return False
        given_size, hidden, out = given.shape[2], states[-1].shape[2], states[0].shape[2]
        if min(given_size, hidden, out) < 1:
            return False
        batch = given.shape[0 if args.get("batch_first") else 1]
        wanted: list[tuple[int, ...]] = []
        for layer in range(layers):
            features = out * ways if layer else given_size
            one: list[tuple[int, ...]] = [(gates * hidden, features), (gates * hidden, out)]
            one += [(gates * hidden,)] * 2 if args.get("has_biases") else []
            one += [(out, hidden)] if out != hidden else []
            wanted += one * ways
        return (
            all(each.shape[:2] == (layers * ways, batch) for each in states)
            and [tuple(each.shape) for each in params] == wanted
            and _are_alike([given, *states, *params])
        )

    return fits


def _batch_norm(args: Args) -> bool:
    given = args.get("input")
    if not isinstance(given, Tensor) or given.ndim < 2:
        return False
    rest = [args.get(name) for name in ("weight", "bias", "running_mean", "running_var")]
    return all(each.shape == (given.shape[1],) for each in rest if isinstance(each, Tensor))


def _attention(args: Args) -> bool:
    found = _tensors([args.get(name) for name in ("query", "key", "value")])
    if len(found) != 3 or any(each.ndim != 4 for each in found) or not _are_alike(found):
        return False
    query, key, value = (tuple(each.shape) for each in found)
    return key == value and (*query[:2], query[3]) == (*key[:2], key[3])


def _has_heads(args: Args) -> bool:
    count = args.get("num_head")
    return isinstance(count, int) and count > 0


def _tensors(value: object) -> list[Tensor]:
    items = cast("Sequence[object]", value) if isinstance(value, list | tuple) else [value]
    return [each for each in items if isinstance(each, Tensor)]


def _are_alike(tensors: Sequence[Tensor]) -> bool:
    """Say whether all hold broken numbers of one kind."""
    return tensors[0].is_floating_point() and len({each.dtype for each in tensors}) == 1


_FITS: Mapping[str, Callable[[Args], bool]] = {
    "lstm": _recurrent(_LSTM_GATES),
    "gru": _recurrent(3),
    **dict.fromkeys(("rnn_tanh", "rnn_relu"), _recurrent(1)),
    "_native_batch_norm_legit_no_training": _batch_norm,
    "_scaled_dot_product_flash_attention_for_cpu": _attention,
    "_native_multi_head_attention": _has_heads,
}
