"""Results kept for the next analysis, so that an edit costs what it changes.

What follows for a layer is one object as long as it is the same; so what follows from several of
them can be found by which objects they are, without comparing shapes, fields and costs again.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

T = TypeVar("T")
MAX_REMEMBERED = 32_768


class Remembered(Generic[T]):
    """Finds a result by the identity of the objects it came from.

    The objects are kept as long as the result, so that an identity never comes to mean another.
    """

    __slots__ = ("_entries",)

    def __init__(self) -> None:
        self._entries: dict[tuple[Hashable, ...], tuple[T, tuple[object, ...]]] = {}

    def find(self, objects: tuple[object, ...], *equal: Hashable) -> T | None:
        """Return what was kept for these very objects and for values equal to these."""
        entry = self._entries.get((*map(id, objects), *equal))
        return None if entry is None else entry[0]

    def keep(self, result: T, objects: tuple[object, ...], *equal: Hashable) -> T:
        """Keep a result and return it; when there are too many, all older ones are dropped."""
        if len(self._entries) >= MAX_REMEMBERED:
            self._entries.clear()
        self._entries[*map(id, objects), *equal] = (result, objects)
        return result
