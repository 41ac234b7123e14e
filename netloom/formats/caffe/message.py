"""A message of protobuf as plain data, whether it was text or bytes.

Fields keep what the file says, unknown ones too; whoever reads one says what it must be.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from netloom.formats.imported import Damage

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]
Scalar: TypeAlias = str | int | float | bool

_MAX_ITEMS = 64
_MAX_TEXT = 500
_MAX_DEPTH = 8


@dataclass(slots=True)
class Message:
    """Fields by name, each with all values it was given.

    Attributes:
        fields: Packed numbers are one array.
    """

    fields: dict[str, list[Scalar | Message | Array]] = field(
        default_factory=dict[str, "list[Scalar | Message | Array]"]
    )

    def add(self, name: str, value: Scalar | Message | Array) -> None:
        """Give a field one more value."""
        self.fields.setdefault(name, []).append(value)

    def has(self, name: str) -> bool:
        """Say whether a field was given."""
        return name in self.fields

    def inner(self, name: str) -> Message:
        """Return a message within; an empty one where there is none. Several are one."""
        found = self.inners(name)
        if len(found) < 2:
            return found[0] if found else Message()
        merged = Message()
        for each in found:
            for key, values in each.fields.items():
                merged.fields.setdefault(key, []).extend(values)
        return merged

    def inners(self, name: str) -> list[Message]:
        """Return the messages within."""
        values = self.fields.get(name, [])
        found = [value for value in values if isinstance(value, Message)]
        if len(found) < len(values):
            raise Damage(f"{name} is a value where a group of fields belongs")
        return found

    def text(self, name: str, default: str = "") -> str:
        """Return words, or the name of a choice."""
        values = self.fields.get(name)
        if not values:
            return default
        if not isinstance(values[-1], str):
            raise Damage(f"{name} is no text")
        return values[-1]

    def texts(self, name: str) -> list[str]:
        """Return all words of a repeated field."""
        found = [value for value in self.fields.get(name, []) if isinstance(value, str)]
        if len(found) < len(self.fields.get(name, [])):
            raise Damage(f"{name} is no text")
        return found

    def whole(self, name: str, default: int = 0) -> int:
        """Return a whole number."""
        found = self.wholes(name)
        return found[-1] if found else default

    def wholes(self, name: str) -> list[int]:
        """Return the whole numbers of a repeated field."""
        numbers = self.numbers(name)
        if not np.array_equal(numbers, np.trunc(numbers)) or np.abs(numbers).max(initial=0) > 2**53:
            raise Damage(f"{name} is no whole number")
        return [int(number) for number in numbers]

    def number(self, name: str, default: float = 0.0) -> float:
        """Return a finite number."""
        found = self.numbers(name)
        if found.size and not np.isfinite(found[-1]):
            raise Damage(f"{name} is no finite number")
        return float(found[-1]) if found.size else default

    def numbers(self, name: str) -> Array:
        """Return the numbers of a repeated field, float32 where they were packed so."""
        values = self.fields.get(name, [])
        if len(values) == 1 and isinstance(values[0], np.ndarray):
            return values[0]
        parts: list[Array] = []
        loose: list[float] = []
        for value in values:
            if isinstance(value, np.ndarray):
                parts += [np.array(loose, np.float64), value]
                loose = []
            elif isinstance(value, int | float):
                loose.append(_as_float(name, value))
            else:
                raise Damage(f"{name} is no number")
        parts.append(np.array(loose, np.float64))
        return np.concatenate(parts) if len(parts) > 1 else parts[0]

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Return yes or no."""
        values = self.fields.get(name)
        if not values:
            return default
        if isinstance(values[-1], bool) or values[-1] in (0, 1):
            return bool(values[-1])
        raise Damage(f"{name} is neither true nor false")

    def words(self, depth: int = 0) -> dict[str, object]:
        """Return what a placeholder keeps of it: plain JSON, long things cut short."""
        return {
            name[:100]: _short([_word(value, depth) for value in values[:_MAX_ITEMS]])
            for name, values in list(self.fields.items())[:_MAX_ITEMS]
            if name != "blobs"
        }


def _as_float(name: str, value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        raise Damage(f"{name} is out of range") from None


def _short(values: list[object]) -> object:
    return values[0] if len(values) == 1 else values


def _word(value: Scalar | Message | Array, depth: int) -> object:
    if isinstance(value, Message):
        return value.words(depth + 1) if depth < _MAX_DEPTH else "..."
    if isinstance(value, np.ndarray):
        return [_word(item, depth) for item in value[:_MAX_ITEMS].tolist()]
    if isinstance(value, str):
        return value[:_MAX_TEXT]
    if isinstance(value, float) and not abs(value) < float("inf"):
        return str(value)
    return value
