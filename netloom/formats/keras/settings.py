"""The configuration of one layer, read with care: every value has a type, or the file is wrong."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from netloom.formats.imported import FormatError

JsonObject = dict[str, object]
MAX_NUMBER = 2**53


@dataclass(frozen=True, slots=True)
class Settings:
    """What a layer is configured with.

    Attributes:
        owner: The layer, for messages.
    """

    values: Mapping[str, object]
    owner: str

    def has(self, name: str) -> bool:
        """Whether something is set."""
        return self.values.get(name) is not None

    def flag(self, name: str, default: bool) -> bool:
        """Return a yes or no."""
        value = self.values.get(name)
        return default if value is None else bool(value)

    def text(self, name: str, default: str) -> str:
        """Return a word; raises FormatError."""
        value = self.values.get(name)
        if value is None:
            return default
        if not isinstance(value, str):
            raise self._wrong(name, "a word")
        return value[:200]

    def number(self, name: str, default: float) -> float:
        """Return a finite number; raises FormatError."""
        value = self.values.get(name)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self._wrong(name, "a number")
        if not math.isfinite(value) or abs(value) > MAX_NUMBER:
            raise self._wrong(name, "a finite number")
        return float(value)

    def whole(self, name: str, default: int | None = None) -> int:
        """Return a whole number; raises FormatError, also where it is missing."""
        value = self.values.get(name)
        if value is None and default is not None:
            return default
        return self._as_whole(name, value)

    def wholes(self, name: str, count: int, default: int | None = None) -> tuple[int, ...]:
        """Return one whole number for each direction; a single one is for all of them."""
        value = self.values.get(name)
        if value is None and default is not None:
            return (default,) * count
        if isinstance(value, int):
            return (self._as_whole(name, value),) * count
        given = self._as_list(name, value)
        if len(given) != count:
            raise self._wrong(name, f"{count} whole numbers")
        return tuple(self._as_whole(name, each) for each in given)

    def borders(self, name: str, count: int) -> list[tuple[int, int]]:
        """Return how much stands before and behind in each direction."""
        value = self.values.get(name)
        if isinstance(value, int):
            both = self._as_whole(name, value)
            return [(both, both)] * count
        given = self._as_list(name, value)
        if count == 1 and len(given) == 2:
            return [(self._as_whole(name, given[0]), self._as_whole(name, given[1]))]
        if len(given) != count:
            raise self._wrong(name, f"a pair for each of {count} directions")
        borders: list[tuple[int, int]] = []
        for each in given:
            pair = [each, each] if isinstance(each, int) else self._as_list(name, each)
            if len(pair) != 2:
                raise self._wrong(name, f"a pair for each of {count} directions")
            borders.append((self._as_whole(name, pair[0]), self._as_whole(name, pair[1])))
        return borders

    def numbers(self, name: str) -> list[float]:
        """Return a list of numbers, nested ones laid out; a single number is a list of one."""
        found: list[float] = []
        waiting: list[object] = [self.values.get(name)]
        while waiting:
            value = waiting.pop()
            if isinstance(value, list):
                waiting.extend(reversed(cast("list[object]", value)))
            elif isinstance(value, bool) or not isinstance(value, int | float):
                raise self._wrong(name, "numbers")
            elif not math.isfinite(value):
                raise self._wrong(name, "finite numbers")
            else:
                found.append(float(value))
        return found

    def part(self, name: str) -> JsonObject:
        """Return a nested configuration; raises FormatError."""
        value = self.values.get(name)
        if not isinstance(value, dict):
            raise self._wrong(name, "a configuration")
        return cast("JsonObject", value)

    def _as_whole(self, name: str, value: object) -> int:
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or abs(value) > MAX_NUMBER:
            raise self._wrong(name, "a whole number")
        return value

    def _as_list(self, name: str, value: object) -> Sequence[object]:
        if not isinstance(value, list):
            raise self._wrong(name, "a list")
        return cast("list[object]", value)

    def _wrong(self, name: str, wanted: str) -> FormatError:
        given = str(self.values.get(name))[:80]
        return FormatError(
            f"The file is not as Keras writes it: {name} of {self.owner} is {given}, not {wanted}."
        )
