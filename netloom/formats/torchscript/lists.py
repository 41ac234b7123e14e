"""What TorchScript does with lists, tuples, mappings and texts; each takes only what it means."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from torch import Tensor

MAX_ITEMS = 100_000
MAX_TEXT = 10_000
_PLAIN = (bool, int, float, str)

Items = list[object]
Pairs = dict[object, object]


def as_list(value: object) -> Items:
    """Return a list as such; raises TypeError for anything else."""
    if type(value) is not list:
        raise TypeError("that is no list")
    return cast("Items", value)


def _is_mapping(value: object) -> bool:
    return type(value) is dict


def as_pairs(value: object) -> Pairs:
    """Return a mapping as such; raises TypeError for anything else."""
    if type(value) is not dict:
        raise TypeError("that is no mapping")
    return cast("Pairs", value)


def as_whole(value: object) -> int:
    """Return a whole number; raises TypeError for anything else."""
    if type(value) is not int:
        raise TypeError("that is no whole number")
    return value


def as_key(value: object) -> object:
    """Return what mappings go by: hashing anything deeper may take for ever.

    Raises:
        TypeError: It is no number and no text.
    """
    if not isinstance(value, _PLAIN):
        raise TypeError("that is no name in a mapping")
    return value


def plain(value: object) -> Any:
    """Return a number, a text, None, or a list of such, which are quickly compared.

    Raises:
        TypeError: It is something else, or something deeper.
    """
    items = cast("Sequence[object]", value) if isinstance(value, list | tuple) else (value,)
    if not all(item is None or isinstance(item, _PLAIN) for item in items):
        raise TypeError("lists in lists are not compared")
    return cast("object", value)


def check_length(count: int) -> None:
    """Raise ValueError where a list would grow too long."""
    if count > MAX_ITEMS:
        raise ValueError(f"a list grows beyond {MAX_ITEMS:,} items")


def is_sequence(value: object) -> bool:
    """Say whether it is a list, a tuple or a text."""
    return isinstance(value, list | tuple | str)


def joined(one: object, other: object) -> object:
    """Return two lists, or two texts, as one."""
    if type(one) is not type(other):
        raise TypeError("a list and something else")
    check_length(_length(one) + _length(other))
    return cast("Any", one) + other


def repeated(one: object, other: object) -> object:
    """Return a list, which may come second, several times."""
    items, times = (one, other) if is_sequence(one) else (other, one)
    check_length(_length(items) * max(as_whole(times), 0))
    return cast("Any", items) * times


def _length(value: object) -> int:
    if not isinstance(value, list | tuple | str | dict | Tensor):
        raise TypeError("that has no length")
    return len(cast("Sequence[object]", value))


def _item(items: object, place: object) -> object:
    if isinstance(items, list | tuple | str):
        return cast("Sequence[object]", items)[as_whole(place)]
    return as_pairs(items)[as_key(place)]


def _sliced(items: object, start: int | None = None, end: int | None = None,
            step: int = 1) -> object:  # fmt: skip
    if not isinstance(items, list | tuple | str):
        raise TypeError("that is no list")
    for each in (start, end, step):
        if each is not None:
            as_whole(each)
    return cast("Sequence[object]", items)[start:end:step]


def _appended(items: object, item: object) -> object:
    known = as_list(items)
    check_length(len(known) + 1)
    known.append(item)
    return known


def _extended(items: object, more: object) -> None:
    known, others = as_list(items), as_list(more)
    check_length(len(known) + len(others))
    known.extend(others)


def _inserted(items: object, place: object, item: object) -> object:
    known = as_list(items)
    check_length(len(known) + 1)
    known.insert(as_whole(place), item)
    return known


def _popped(items: object, place: object = -1) -> object:
    if _is_mapping(items):
        return as_pairs(items).pop(as_key(place))
    return as_list(items).pop(as_whole(place))


def _reversed(items: object) -> None:
    as_list(items).reverse()


def _set(items: object, key: object, value: object) -> object:
    if _is_mapping(items):
        pairs = as_pairs(items)
        check_length(len(pairs) + 1)
        pairs[as_key(key)] = value
    else:
        as_list(items)[as_whole(key)] = value
    return items


def _copied(value: object) -> object:
    if _is_mapping(value):
        return dict(as_pairs(value))
    if isinstance(value, list | tuple | str):
        return list(cast("Sequence[object]", value))
    raise TypeError("that is no list")


def _contains(items: object, item: object) -> bool:
    if _is_mapping(items):
        return as_key(item) in as_pairs(items)
    return plain(item) in plain(items)


def _place(items: object, item: object) -> int:
    return plain(as_list(items)).index(plain(item))


def _sorted(items: object) -> Items:
    return sorted(plain(as_list(items)))


def _keys(items: object) -> Items:
    return list(as_pairs(items))


def _values(items: object) -> Items:
    return list(as_pairs(items).values())


def _pairs(items: object) -> Items:
    return list(as_pairs(items).items())


LISTS: Mapping[str, Callable[..., object]] = {
    "__contains__": _contains,
    "__getitem__": _item,
    "len": _length,
    "append": _appended,
    "extend": _extended,
    "insert": _inserted,
    "pop": _popped,
    "reverse": _reversed,
    "copy": _copied,
    "list": _copied,
    "slice": _sliced,
    "sorted": _sorted,
    "index": _place,
    "_set_item": _set,
    "keys": _keys,
    "values": _values,
    "items": _pairs,
}
"""Functions on lists and mappings, by the names that code uses."""
