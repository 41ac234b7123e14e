"""Texts of parameters that a call holds as numbers: axes by their letters, patterns, shapes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import cast

from netloom.graph.document import ParamValue
from netloom.layers.shapes import Shape, axes_of
from netloom.layers.sizes import exact_divide
from netloom.readback.operator_calls import OPERATOR, hinted
from netloom.readback.values import Plain

_LETTERS = {1: ("F",), 2: ("TF", "CT"), 3: ("CHW",), 4: ("CDHW",)}
_NAMES = "acdefghijklm"


def guessed_texts(
    type_name: str, values: Sequence[Plain], shapes: Sequence[Shape | None]
) -> Iterator[dict[str, ParamValue]]:
    """Yield parameters worth trying, for types that keep as text what torch takes as numbers."""
    if type_name == OPERATOR:
        yield from cast("Iterator[dict[str, ParamValue]]", hinted(values))
        return
    shape = shapes[0] if shapes else None
    if shape is None:
        return
    match type_name:
        case "Mean" | "Sum" | "Max" | "Min":
            for value in values:
                dims = [value] if isinstance(value, int) else value
                if isinstance(dims, list | tuple):
                    yield {"axes": _axes(dims, shape)}
        case "Reshape":
            for value in values:
                if isinstance(value, list | tuple):
                    for letters in _LETTERS.get(len(value), ()):
                        yield {"shape": _sizes_text(letters, value)}
        case "Rearrange" if len(values) == 3:
            found = _pattern(values[0], values[1], values[2], shape)
            if found is not None:
                yield found
        case _:
            return


def _axes(dims: Sequence[Plain], shape: Shape) -> str:
    letters = axes_of(shape)
    return "".join(
        letters[dim] for dim in dims if isinstance(dim, int) and -len(letters) <= dim < len(letters)
    )


def _sizes_text(letters: str, sizes: Sequence[Plain]) -> str:
    words = (
        f"{letter}={'?' if size == -1 else size}"
        for letter, size in zip(letters, sizes, strict=True)
    )
    return ", ".join(words)


def _pattern(
    split: Plain, order: Plain, merge: Plain, shape: Shape
) -> dict[str, ParamValue] | None:
    """Return a pattern of `Rearrange` for the three lists that its module takes."""
    numbers = [
        [item for item in value if isinstance(item, int) and not isinstance(item, bool)]
        for value in (split, order, merge)
        if isinstance(value, list | tuple)
    ]
    if len(numbers) != 3 or len(numbers[0]) > len(_NAMES):
        return None
    sizes, places, _ = numbers
    if sorted(places) != list(range(1, len(sizes) + 1)):
        return None
    names = list(_NAMES[: len(sizes)])
    before = _grouped(names, sizes, [dim.size for dim in shape[1:]])
    moved = [names[place - 1] for place in places]
    after = _grouped(moved, [sizes[place - 1] for place in places], list(numbers[2]))
    if before is None or after is None:
        return None
    given = [
        f"{name}={size}"
        for group in before
        if len(group) > 1
        for name in (sorted(group, key=lambda name: sizes[names.index(name)] == -1)[:-1] or ())
        for size in (sizes[names.index(name)],)
        if size != -1
    ]
    return {"pattern": f"b {_text(before)} -> b {_text(after)}", "sizes": ", ".join(given)}


def _grouped(
    names: Sequence[str], sizes: Sequence[int], totals: Sequence[object]
) -> list[list[str]] | None:
    """Return names in groups whose sizes multiply to the totals, -1 standing for what is open."""
    left = iter(zip(names, sizes, strict=True))
    groups: list[list[str]] = []
    for position, total in enumerate(totals):
        goal = total if isinstance(total, int) and total > 0 else None
        group: list[str] = []
        known, is_open = 1, False
        rest = len(names) - sum(map(len, groups))
        for name, size in islice(left, rest - (len(totals) - position - 1)):
            group.append(name)
            is_open = is_open or size == -1
            known *= size if size > 0 else 1
            if (goal is None and is_open) or (goal is not None and known == goal):
                break
        if not group or (goal is not None and exact_divide(goal, max(known, 1)) is None):
            return None
        groups.append(group)
    groups[-1] += [name for name, _ in left]
    return groups


def _text(groups: Sequence[Sequence[str]]) -> str:
    return " ".join(group[0] if len(group) == 1 else f"({' '.join(group)})" for group in groups)
