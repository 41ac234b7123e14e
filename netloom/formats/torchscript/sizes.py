"""How much an operator would give, found out before it takes memory or time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from torch import Tensor

from netloom.formats.imported import FormatError
from netloom.formats.pt2.tape import MAX_NUMBERS, tensors_in

MAX_STEPS = 100_000
"""Most steps that a recurrent layer may go through."""
_RECURRENT = frozenset(("lstm", "gru", "rnn_tanh", "rnn_relu"))


def check_result(name: str, overload: Any, given: Mapping[str, object]) -> None:
    """Refuse what gives too many numbers.

    Args:
        overload: The operator, which is called without numbers to learn the sizes.

    Raises:
        FormatError: It would.
    """
    if name == "repeat_interleave" and isinstance(given.get("repeats"), Tensor):
        raise FormatError("numbers are repeated as often as a tensor says")
    if name in _RECURRENT:
        # Without numbers it would take as long as with them, step by step, in Python.
        count = _num_states(name, given)
    else:
        try:
            found: object = overload(**{key: _empty(value) for key, value in given.items()})
        except Exception:  # noqa: BLE001 - what cannot be computed so is computed, and says why
            return
        count = sum(each.numel() for each in tensors_in(found))
    if count > MAX_NUMBERS:
        raise FormatError(f"{name} would make a tensor of {count:,} numbers")


def _num_states(name: str, given: Mapping[str, object]) -> int:
    """Return how many numbers a recurrent layer gives at most: in both directions."""
    sequence = given.get("input")
    if not isinstance(sequence, Tensor) or sequence.ndim < 2:
        return 0  # which the operator refuses
    *counts, features = sequence.shape
    if max(counts) > MAX_STEPS:
        raise FormatError(f"{name} goes through more than {MAX_STEPS:,} steps")
    widths = [each.shape[-1] for each in tensors_in(given.get("hx")) if each.ndim]
    return 2 * sequence.numel() // max(1, features) * max(widths, default=0)


def _empty(value: object) -> object:
    match value:
        case Tensor():
            return value.to("meta")
        case list():
            return [_empty(each) for each in cast("list[object]", value)]
        case _:
            return value
