"""What TorchScript computes with numbers and texts, by the names that its code uses.

Everything takes only the kinds of values it means, and knows how large a result will be before it
is made. What a call costs is counted by `cost_of`.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import torch
from torch import Tensor

from netloom.formats.torchscript.lists import (
    LISTS,
    MAX_ITEMS,
    MAX_TEXT,
    is_sequence,
    joined,
    plain,
    repeated,
)

_MOST = 2**63
_ITEMS_A_STEP = 16
"""As many items as are gone through in the time of a step of code, or fewer."""
TYPES: Mapping[int, torch.dtype] = {
    0: torch.uint8, 1: torch.int8, 2: torch.int16, 3: torch.int32, 4: torch.int64,
    5: torch.float16, 6: torch.float32, 7: torch.float64, 11: torch.bool, 15: torch.bfloat16,
}  # fmt: skip
"""Kinds of numbers, by what TorchScript calls them."""
_NUMBER_OF = {kind: number for number, kind in TYPES.items()}


def checked_value(value: object) -> str:
    """Return what is wrong with a value that was computed; empty where nothing is."""
    match value:
        case bool() | None:
            return ""
        case int() if not -_MOST <= value < _MOST:
            return "a number is larger than 64 bits hold"
        case str() if len(value) > MAX_TEXT:
            return "a text grows too long"
        case list() | tuple() | dict() if len(cast("Sequence[object]", value)) > MAX_ITEMS:
            return f"a list grows beyond {MAX_ITEMS:,} items"
        case _:
            return ""


def cost_of(name: str, args: Sequence[object], result: object = None) -> int:
    """Return how many steps of code a call is worth, by the length of what it goes through."""
    if name in _AT_ONCE:
        return 0
    count = sum(map(_length, args)) + _length(result)
    if name == "sorted":
        count *= count.bit_length()
    return count // _ITEMS_A_STEP


def _length(value: object) -> int:
    is_long = isinstance(value, list | tuple | str | dict)
    return len(cast("Sequence[object]", value)) if is_long else 0


def _number(value: object) -> Any:
    if not isinstance(value, bool | int | float):
        raise TypeError("that is no number")
    return value


def _on_numbers(function: Callable[..., object]) -> Callable[..., object]:
    """Let a function take numbers alone: one or two, as many as it has arguments."""

    def compute(one: object, *rest: object) -> object:
        return function(_number(one), *map(_number, rest))

    return compute


def _plainly(function: Callable[..., object]) -> Callable[..., object]:
    """Let a function compare numbers and texts, or lists of them, but nothing deeper."""

    def compute(*given: object) -> object:
        return function(*map(plain, given))

    return compute


def _added(one: object, other: object, scale: object = 1) -> object:
    if is_sequence(one) or is_sequence(other):
        if scale != 1 or not isinstance(scale, int):
            raise TypeError("a list is scaled")
        return joined(one, other)
    return _number(one) + _number(other) * _number(scale)


def _subtracted(one: object, other: object, scale: object = 1) -> object:
    return _number(one) - _number(other) * _number(scale)


def _multiplied(one: object, other: object) -> object:
    if is_sequence(one) or is_sequence(other):
        return repeated(one, other)
    return _number(one) * _number(other)


def _power(one: float, other: float) -> float:
    is_short = isinstance(one, int) and isinstance(other, int) and 0 <= other <= 64
    return one**other if is_short and abs(one) <= 2**32 else math.pow(one, other)


def _rounded(value: float) -> float:
    return round(value)


def _of_bits(function: Callable[..., object]) -> Callable[..., object]:
    def compute(one: object, other: object) -> object:
        if not isinstance(one, int) or not isinstance(other, int):
            raise TypeError("that is no whole number")
        return function(one, other)

    return compute


def _total(items: object) -> object:
    return sum(map(_number, cast("Sequence[object]", items)))


def _least(*given: Any) -> object:
    return min(*given)


def _most(*given: Any) -> object:
    return max(*given)


def _in_words(value: object) -> str:
    items = cast("Sequence[object]", value) if isinstance(value, list | tuple) else (value,)
    # A number takes few letters, a text as many as it has, and some of them up to ten.
    if sum(10 * len(each) if isinstance(each, str) else 30 for each in items) > 10 * MAX_TEXT:
        raise ValueError("a text grows too long")
    return str(cast("object", value))


def _size(tensor: Tensor, dim: int | None = None) -> object:
    return [*tensor.shape] if dim is None else tensor.shape[dim]


def _kind(tensor: Tensor) -> int:
    return _NUMBER_OF[tensor.dtype]


def _is(one: object, other: object) -> bool:
    return one is other or (isinstance(one, bool) and isinstance(other, bool) and one == other)


def _is_not(one: object, other: object) -> bool:
    return not _is(one, other)


def _itself(value: object) -> object:
    return value


def _dim(tensor: Tensor) -> int:
    return tensor.ndim


def _count(tensor: Tensor) -> int:
    return tensor.numel()


def _is_floating(tensor: Tensor) -> bool:
    return tensor.is_floating_point()


def _is_complex(tensor: Tensor) -> bool:
    return tensor.is_complex()


def _text(pattern: str, *_: object) -> str:
    """Return the text itself: what would be filled in is only for people."""
    return pattern


def _of_two(name: str) -> Callable[..., object]:
    return cast("Callable[..., object]", getattr(operator, name))


def _always(value: object) -> Callable[..., object]:
    return lambda *_: value


def _as_tensor(value: object) -> Tensor:
    return value if isinstance(value, Tensor) else torch.tensor(_number(value))


NUMBERS: Mapping[str, Callable[..., object]] = {
    **LISTS,
    "add": _added,
    "sub": _subtracted,
    "mul": _multiplied,
    "div": _on_numbers(_of_two("truediv")),
    "floordiv": _on_numbers(_of_two("floordiv")),
    "floor_divide": _on_numbers(_of_two("floordiv")),
    "remainder": _on_numbers(_of_two("mod")),
    "neg": _on_numbers(operator.neg),
    "pow": _on_numbers(_power),
    "abs": _on_numbers(abs),
    "prim.abs": _on_numbers(abs),
    "eq": _plainly(operator.eq),
    "ne": _plainly(operator.ne),
    "lt": _plainly(operator.lt),
    "le": _plainly(operator.le),
    "gt": _plainly(operator.gt),
    "ge": _plainly(operator.ge),
    "__and__": _of_bits(_of_two("and_")),
    "__or__": _of_bits(_of_two("or_")),
    "__xor__": _of_bits(_of_two("xor")),
    "__not__": _on_numbers(operator.not_),
    "__is__": _is,
    "__isnot__": _is_not,
    "floor": _on_numbers(math.floor),
    "ceil": _on_numbers(math.ceil),
    "round": _on_numbers(_rounded),
    "sqrt": _on_numbers(math.sqrt),
    "log": _on_numbers(math.log),
    "log2": _on_numbers(math.log2),
    "exp": _on_numbers(math.exp),
    "isnan": _on_numbers(math.isnan),
    "isinf": _on_numbers(math.isinf),
    "any": _plainly(any),
    "all": _plainly(all),
    "sum": _plainly(_total),
    "min": _plainly(_least),
    "max": _plainly(_most),
    "prim.min": _plainly(_least),
    "prim.max": _plainly(_most),
    "prim.NumToTensor": _as_tensor,
    "prim.unchecked_unwrap_optional": _itself,
    "prim.dtype": _kind,
    "prim.device": _always("cpu"),
    "prim.type": _itself,
    "prim.is_cuda": _always(False),
    "prim.is_nested": _always(False),
    "prim.is_quantized": _always(False),
    "prim.is_sparse": _always(False),
    "prim.is_mps": _always(False),
    "prim.is_mkldnn": _always(False),
    "prim.layout": _always(None),
    "prim.requires_grad": _always(False),
    "prim.data": _itself,
    "device": _always("cpu"),
    "size": _size,
    "dim": _dim,
    "numel": _count,
    "is_floating_point": _is_floating,
    "is_complex": _is_complex,
    "is_grad_enabled": _always(False),
    "is_autocast_enabled": _always(False),
    "is_autocast_cpu_enabled": _always(False),
    "is_scripting": _always(True),
    "format": _text,
    "str": _plainly(_in_words),
}  # fmt: skip
"""Functions on values that are no tensors, and questions to tensors."""

_QUESTIONS = frozenset(
    ("size", "dim", "len", "numel", "is_floating_point", "is_complex", "__is__", "__isnot__",
     "append", "format", "_set_item", "extend", "insert", "pop", "list", "copy", "__getitem__",
     "prim.NumToTensor")
)  # fmt: skip
_AT_ONCE = frozenset(
    ("append", "len", "__getitem__", "_set_item", "__is__", "__isnot__", "size", "dim")
)
"""What takes no longer for long lists."""
_OF_LISTS = frozenset(("slice", "add", "mul", "reverse", "values", "items"))


def is_question(name: str, args: Sequence[object]) -> bool:
    """Say whether a function asks something of a tensor, or only moves it, rather than compute."""
    if name in _OF_LISTS:
        return bool(args) and isinstance(args[0], list | tuple | dict)
    return name in _QUESTIONS or name.startswith("prim.")
