"""Objects of a TorchScript file: its pickles walked opcode by opcode, without loading them.

Only what `torch.jit.save` writes is understood. No name in the file is ever looked up in Python:
classes stay text, and the few functions that the writer calls are done here.
"""

from __future__ import annotations

import pickletools
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import cast

from netloom.formats.damage import reason_of
from netloom.formats.imported import FormatError

OWN = "__torch__."
"""How the names of classes and functions in the file begin."""
AGAIN = (
    "Save it again with torch.jit.save, or better: export the model with `torch.export.save("
    "torch.export.export(model, (example,)), 'network.pt2')`, and import that file."
)
_MOST = 2**63
_BROKEN = (ValueError, IndexError, KeyError, TypeError, AttributeError, OverflowError, struct.error)


@dataclass(slots=True, eq=False)
class Thing:
    """A module, or another object, of a class in the file.

    Attributes:
        type_name: With dots, as the file has it.
        attributes: By name; what an object of another make saved of itself is `__state__`.
    """

    type_name: str
    attributes: dict[str, object] = field(default_factory=dict[str, object])


@dataclass(frozen=True, slots=True)
class Global:
    """A name that the file wants from Python; it stays text."""

    module: str
    name: str

    @property
    def full(self) -> str:
        """With dots."""
        return f"{self.module}.{self.name}"


@dataclass(frozen=True, slots=True)
class Storage:
    """Numbers in a file of the archive."""

    kind: str
    key: str
    count: int


@dataclass(frozen=True, slots=True)
class _Mark:
    """Where a tuple, list or mapping begins."""


_MARK = _Mark()
Rebuild = Callable[[Storage, int, Sequence[int], Sequence[int]], object]
"""Makes a tensor of a storage, an offset, sizes and strides."""
_VALUES = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_PLAIN = frozenset(("BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT", "BINUNICODE",
                    "BINUNICODE8", "SHORT_BINUNICODE"))  # fmt: skip
_LISTS = frozenset(f"torch.jit._pickle.build_{kind}list" for kind in
                   ("int", "double", "bool", "tensor"))  # fmt: skip


def read_objects(content: bytes, name: str, rebuild: Rebuild) -> object:
    """Return what a pickle describes.

    Args:
        name: Of the file in the archive, for the text of an error.

    Raises:
        FormatError: It is damaged, or holds what `torch.jit.save` does not write.
    """
    try:
        return _Walk(name, rebuild).read(content)
    except _BROKEN as error:
        reason = reason_of(error, "it ends too early")
        raise FormatError(f"{name} is damaged: {reason}. {AGAIN}") from error


class _Walk:
    """One pickle: what was read so far."""

    def __init__(self, name: str, rebuild: Rebuild) -> None:
        self._name = name
        self._rebuild = rebuild
        self._stack: list[object] = []
        self._memo: dict[int, object] = {}

    def read(self, content: bytes) -> object:
        for opcode, told, _ in pickletools.genops(content):
            if opcode.name == "STOP":
                [result] = self._stack
                return result
            self._step(opcode.name, cast("object", told))
        raise ValueError("it has no end")

    def _step(self, opcode: str, told: object) -> None:
        stack = self._stack
        match opcode:
            case "PROTO":
                pass
            case "NONE" | "NEWTRUE" | "NEWFALSE":
                stack.append(_VALUES[opcode])
            case "MARK":
                stack.append(_MARK)
            case "EMPTY_TUPLE":
                stack.append(())
            case "EMPTY_LIST":
                stack.append([])
            case "EMPTY_DICT":
                stack.append({})
            case "TUPLE":
                stack.append(tuple(self._since_mark()))
            case "TUPLE1" | "TUPLE2" | "TUPLE3":
                count = int(opcode[-1])
                items = stack[-count:]
                if len(items) < count or _MARK in items:
                    raise ValueError("a tuple lacks items")
                stack[-count:] = [tuple(items)]
            case "BINPUT" | "LONG_BINPUT":
                self._memo[cast("int", told)] = stack[-1]
            case "BINGET" | "LONG_BINGET":
                stack.append(self._memo[cast("int", told)])
            case "APPEND" | "APPENDS":
                items = self._since_mark() if opcode == "APPENDS" else [stack.pop()]
                self._list().extend(items)
            case "SETITEM" | "SETITEMS":
                items = self._since_mark() if opcode == "SETITEMS" else [stack.pop(-2), stack.pop()]
                self._dict().update(zip(items[::2], items[1::2], strict=True))
            case "GLOBAL":
                module, _, name = cast("str", told).partition(" ")
                stack.append(Global(module, name))
            case "BINPERSID":
                stack.append(_storage(stack.pop()))
            case "NEWOBJ":
                arguments, kind = stack.pop(), stack.pop()
                stack.append(self._new(kind, arguments))
            case "REDUCE":
                arguments, function = stack.pop(), stack.pop()
                stack.append(self._called(function, arguments))
            case "BUILD":
                self._fill(stack.pop())
            case _ if opcode in _PLAIN:
                if isinstance(told, int) and not -_MOST <= told < _MOST:
                    raise ValueError("a number is too large")
                stack.append(told)
            case _:
                raise FormatError(
                    f"{self._name} holds what TorchScript does not write ({opcode.lower()}), such "
                    f"as a pickle of Python; it was not opened. {AGAIN}"
                )

    def _since_mark(self) -> list[object]:
        place = len(self._stack) - 1 - self._stack[::-1].index(_MARK)
        items = self._stack[place + 1 :]
        del self._stack[place:]
        return items

    def _list(self) -> list[object]:
        found = self._stack[-1]
        if not isinstance(found, list):
            raise TypeError("items are added to what is no list")
        return cast("list[object]", found)

    def _dict(self) -> dict[object, object]:
        found = self._stack[-1]
        if not isinstance(found, dict):
            raise TypeError("items are set in what is no mapping")
        return cast("dict[object, object]", found)

    def _new(self, kind: object, arguments: object) -> Thing:
        if not isinstance(kind, Global) or not kind.full.startswith(OWN) or arguments != ():
            raise self._refused(kind)
        return Thing(kind.full)

    def _fill(self, state: object) -> None:
        thing = self._stack[-1]
        if not isinstance(thing, Thing):
            raise TypeError("a state is given to what has none")
        if not isinstance(state, dict):
            thing.attributes["__state__"] = state
            return
        for key, value in cast("dict[object, object]", state).items():
            if not isinstance(key, str) or not 0 < len(key) <= 200 or "." in key:
                raise ValueError("an attribute has no name")
            thing.attributes[key] = value

    def _called(self, function: object, arguments: object) -> object:
        if not isinstance(function, Global) or not isinstance(arguments, tuple):
            raise self._refused(function)
        given = cast("tuple[object, ...]", arguments)
        match function.full:
            case "collections.OrderedDict" if not given:
                return {}
            case "torch._utils._rebuild_tensor_v2":
                return self._tensor(given)
            case "torch._utils._rebuild_parameter" if given:
                return given[0]
            case "torch.jit._pickle.restore_type_tag" if len(given) == 2:
                return given[0]
            case "torch.device":
                return None
            case full if full in _LISTS and len(given) == 1 and isinstance(given[0], list):
                return cast("list[object]", given[0])
            case "torch._utils._rebuild_qtensor":
                raise FormatError(
                    "Its weights are quantised, which no layer here has. Save the network before "
                    "it is quantised."
                )
            case _:
                raise self._refused(function)

    def _tensor(self, given: tuple[object, ...]) -> object:
        storage, offset, sizes, strides = given[:4]
        if not isinstance(storage, Storage):
            raise TypeError("a tensor has no numbers")
        return self._rebuild(storage, _whole(offset), _wholes(sizes), _wholes(strides))

    def _refused(self, what: object) -> FormatError:
        name = what.full if isinstance(what, Global) else "something without a name"
        return FormatError(
            f"{self._name} calls {name[:100]} of Python, which TorchScript never does: it was not "
            f"opened. {AGAIN}"
        )


def _storage(told: object) -> Storage:
    match told:
        case ("storage", Global(module="torch", name=kind), str(key), str(), int(count)):
            return Storage(kind, key, count)
        case _:
            raise ValueError("a tensor's numbers are named otherwise")


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError("a size is no whole number")
    return value


def _wholes(values: object) -> list[int]:
    if not isinstance(values, tuple) or len(values) > 64:  # pyright: ignore[reportUnknownArgumentType]
        raise ValueError("sizes are no list")
    return [_whole(each) for each in cast("tuple[object, ...]", values)]
