"""What a recording consists of: calls, with the tensors that went in and came out."""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

import torch
from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class Ref:
    """A tensor that depends on the input, by its number in the recording."""

    number: int


class Changed:
    """A tensor whose numbers were changed in place through another view of them."""


CHANGED = Changed()


@dataclass(frozen=True, slots=True)
class Stored:
    """A tensor that does not depend on the input.

    Attributes:
        name: Of the parameter or buffer that it is; empty for one that was computed.
        made_of: Parameters and buffers it was computed of.
        is_learned: A learned parameter is among them.
    """

    tensor: Tensor
    name: str
    made_of: tuple[str, ...]
    is_learned: bool


@dataclass(frozen=True, slots=True)
class Out:
    """A tensor that a call gives."""

    number: int
    sizes: tuple[int, ...]
    dtype: torch.dtype


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a module that is taken as a whole, or of a function.

    Attributes:
        name: Of the function, or the module's class.
        module: None for a function.
        path: Of the module, or of the module whose `forward` calls the function.
        args: Tensors are replaced by `Ref` or `Stored`, at any depth.
        outputs: Tensors in the order of the result, nested ones one after the other.
        line: Where in the source the call stands.
        label: What its node is called; by path and function where it is empty.
        is_known: Whether anybody knows what it computes; if not, it becomes a placeholder.
        decides_at: For a module that is kept as a whole: the line that no graph can say.
    """

    name: str
    module: nn.Module | None
    path: str
    args: Sequence[object]
    kwargs: Mapping[str, object]
    outputs: tuple[Out, ...]
    line: str
    label: str = ""
    is_known: bool = True
    decides_at: str = ""


@dataclass(frozen=True, slots=True)
class Recording:
    """Everything that was called.

    Attributes:
        inputs: The example's tensors.
        result: What the module returned, tensors replaced.
    """

    inputs: tuple[Out, ...]
    calls: Sequence[Call]
    result: object


@dataclass(slots=True)
class Values:
    """Which tensors are known, as long as they exist."""

    refs: dict[int, tuple[weakref.ref[Tensor], int]] = field(
        default_factory=dict[int, "tuple[weakref.ref[Tensor], int]"]
    )
    sources: dict[int, tuple[weakref.ref[Tensor], tuple[str, ...]]] = field(
        default_factory=dict[int, "tuple[weakref.ref[Tensor], tuple[str, ...]]"]
    )
    changed: dict[int, list[weakref.ref[Tensor]]] = field(
        default_factory=dict[int, "list[weakref.ref[Tensor]]"]
    )
    count: int = 0

    def change(self, tensor: Tensor) -> None:
        """Remember that what other views of a tensor show is not what was recorded for them."""
        memory = tensor.untyped_storage().data_ptr()
        for found, number in self.refs.values():
            other = found()
            if other is None or other is tensor:
                continue
            if other.untyped_storage().data_ptr() == memory:
                self.changed.setdefault(number, []).append(weakref.ref(tensor))

    def written_back(self, tensor: Tensor, part: Tensor) -> None:
        """Take a tensor as it was recorded if only a part of it was changed, now written to it.

        Python does so in `x[1:] += y`: it changes a view, and then writes it to its own place.
        """
        number = self.number(tensor)
        if number is not None and all(each() is part for each in self.changed.get(number, [])):
            self.changed.pop(number, None)

    def new(self, tensor: Tensor) -> int:
        number, self.count = self.count, self.count + 1
        self.refs[id(tensor)] = (weakref.ref(tensor), number)
        self.sources.pop(id(tensor), None)
        return number

    def number(self, tensor: Tensor) -> int | None:
        found = self.refs.get(id(tensor))
        return found[1] if found is not None and found[0]() is tensor else None

    def made_of(self, tensor: Tensor) -> tuple[str, ...]:
        found = self.sources.get(id(tensor))
        return found[1] if found is not None and found[0]() is tensor else ()

    def set_made_of(self, tensor: Tensor, names: tuple[str, ...]) -> None:
        self.sources[id(tensor)] = (weakref.ref(tensor), names)
        self.refs.pop(id(tensor), None)


def tensors_in(value: object) -> Iterator[Tensor]:
    match value:
        case Tensor():
            yield value
        case list() | tuple():
            for item in cast("Sequence[object]", value):
                yield from tensors_in(item)
        case dict():
            for item in cast("dict[object, object]", value).values():
                yield from tensors_in(item)
        case _:
            return


def refs_in(value: object) -> Iterator[Ref]:
    match value:
        case Ref():
            yield value
        case list() | tuple():
            for item in cast("Sequence[object]", value):
                yield from refs_in(item)
        case dict():
            for item in cast("dict[object, object]", value).values():
                yield from refs_in(item)
        case _:
            return
