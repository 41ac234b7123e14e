"""What TorchScript computes with numbers, texts and lists, by the names that its code uses."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import torch
from torch import Tensor

MAX_ITEMS = 100_000
_MAX_TEXT = 10_000
_MOST = 2**63
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
        case str() if len(value) > _MAX_TEXT:
            return "a text grows too long"
        case list() | tuple() | dict() if len(cast("Sequence[object]", value)) > MAX_ITEMS:
            return f"a list grows beyond {MAX_ITEMS:,} items"
        case _:
            return ""


def _floor_divided(one: float, other: float) -> float:
    return one // other


def _is_sequence(value: object) -> bool:
    return isinstance(value, list | tuple | str)


def _added(one: Any, other: Any, *rest: Any) -> object:
    if (_is_sequence(one) or _is_sequence(other)) and type(one) is not type(other):
        raise TypeError("a list and something else")
    scale = rest[0] if rest else 1
    return one + other if scale == 1 else one + other * scale


def _multiplied(one: Any, other: Any) -> object:
    items, times = (one, other) if _is_sequence(one) else (other, one)
    if _is_sequence(items) and (
        not isinstance(times, int) or len(items) * max(times, 0) > MAX_ITEMS
    ):
        raise ValueError("a list grows too long")
    return one * other


def _power(one: float, other: float) -> float:
    if abs(other) > 64 or abs(one) > 2**32:
        return math.pow(one, other)
    return one**other


def _sliced(items: Sequence[object], start: int | None = None, end: int | None = None,
            step: int = 1) -> object:  # fmt: skip
    return items[start:end:step]


def _inserted(items: list[object], place: int, item: object) -> list[object]:
    items.insert(place, item)
    return items


def _appended(items: Any, item: object) -> object:
    items.append(item)
    if len(items) > MAX_ITEMS:
        raise ValueError("a list grows too long")
    return items


def _extended(items: list[object], more: Sequence[object]) -> None:
    if len(items) + len(more) > MAX_ITEMS:
        raise ValueError("a list grows too long")
    items.extend(more)


def _set(items: Any, key: object, value: object) -> object:
    if not isinstance(items, list | dict):
        raise TypeError("no list")
    cast("Any", items)[key] = value
    return items  # pyright: ignore[reportUnknownVariableType]


def _least(*given: Any) -> object:
    return min(*given)


def _most(*given: Any) -> object:
    return max(*given)


def _size(tensor: Tensor, dim: int | None = None) -> object:
    return [*tensor.shape] if dim is None else tensor.shape[dim]


def _length(value: Any) -> int:
    return len(value)


def _kind(tensor: Tensor) -> int:
    return _NUMBER_OF[tensor.dtype]


def _is(one: object, other: object) -> bool:
    return one is other or (isinstance(one, bool) and isinstance(other, bool) and one == other)


def _is_not(one: object, other: object) -> bool:
    return not _is(one, other)


def _contains(items: Any, item: object) -> bool:
    return item in items


def _item(items: Any, place: object) -> object:
    return items[place]


def _popped(items: Any, place: int = -1) -> object:
    return items.pop(place)


def _reversed(items: Any) -> None:
    items.reverse()


def _place(items: Any, item: object) -> int:
    return items.index(item)


def _keys(items: Any) -> list[object]:
    return list(items.keys())


def _values(items: Any) -> list[object]:
    return list(items.values())


def _items(items: Any) -> list[object]:
    return list(items.items())


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


def _numbers(value: object) -> list[object]:
    if isinstance(value, str):
        return list(value)
    return list(cast("Sequence[object]", value))


def _of_two(name: str) -> Callable[..., object]:
    return cast("Callable[..., object]", getattr(operator, name))


def _always(value: object) -> Callable[..., object]:
    return lambda *_: value


def _plainly(function: Callable[..., object]) -> Callable[..., object]:
    """Let a function compare numbers and texts, or lists of them, but nothing deeper."""

    def compute(*given: object) -> object:
        for each in given:
            items = cast("Sequence[object]", each) if isinstance(each, list | tuple | dict) else ()
            if any(isinstance(item, list | tuple | dict | Tensor) for item in items):
                raise TypeError("lists in lists are not compared")
        return function(*given)

    return compute


def _as_tensor(value: float) -> Tensor:
    return torch.tensor(value)


NUMBERS: Mapping[str, Callable[..., object]] = {
    "add": _added,
    "sub": operator.sub,
    "mul": _multiplied,
    "div": _of_two("truediv"),
    "floordiv": _floor_divided,
    "floor_divide": _floor_divided,
    "remainder": operator.mod,
    "neg": operator.neg,
    "pow": _power,
    "abs": abs,
    "prim.abs": abs,
    "eq": _plainly(operator.eq),
    "ne": _plainly(operator.ne),
    "lt": _plainly(operator.lt),
    "le": _plainly(operator.le),
    "gt": _plainly(operator.gt),
    "ge": _plainly(operator.ge),
    "__and__": _of_two("and_"),
    "__or__": _of_two("or_"),
    "__xor__": _of_two("xor"),
    "__not__": operator.not_,
    "__is__": _is,
    "__isnot__": _is_not,
    "__contains__": _plainly(_contains),
    "__getitem__": _item,
    "floor": math.floor,
    "ceil": math.ceil,
    "round": round,
    "sqrt": math.sqrt,
    "log": math.log,
    "log2": math.log2,
    "exp": math.exp,
    "isnan": math.isnan,
    "isinf": math.isinf,
    "len": _length,
    "append": _appended,
    "extend": _extended,
    "insert": _inserted,
    "pop": _popped,
    "reverse": _reversed,
    "copy": _numbers,
    "list": _numbers,
    "slice": _sliced,
    "sorted": _plainly(sorted),
    "index": _plainly(_place),
    "_set_item": _set,
    "keys": _keys,
    "values": _values,
    "items": _items,
    "any": _plainly(any),
    "all": _plainly(all),
    "sum": _plainly(sum),
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
    "str": _plainly(str),
}  # fmt: skip
"""Functions on values that are no tensors, and questions to tensors."""

_QUESTIONS = frozenset(
    ("size", "dim", "len", "numel", "is_floating_point", "is_complex", "__is__", "__isnot__",
     "append", "format", "_set_item", "extend", "insert", "pop", "list", "copy", "__getitem__",
     "prim.NumToTensor")
)  # fmt: skip
_OF_LISTS = frozenset(("slice", "add", "mul", "reverse", "values", "items"))


def is_question(name: str, args: Sequence[object]) -> bool:
    """Say whether a function asks something of a tensor, or only moves it, rather than compute."""
    if name in _OF_LISTS:
        return bool(args) and isinstance(args[0], list | tuple | dict)
    return name in _QUESTIONS or name.startswith("prim.")
