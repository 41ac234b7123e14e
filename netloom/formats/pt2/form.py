"""What a call of an operator becomes: the call of a function, or of a module."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from torch import Tensor, nn

Args = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Form:
    """A call as a recording of a module would have it.

    Attributes:
        name: Of the function, or of the module's class.
        num_outputs: How many of the operator's outputs the function gives; None for all.
    """

    name: str
    args: Sequence[object]
    kwargs: Mapping[str, object] = field(default_factory=dict[str, object])
    module: nn.Module | None = None
    num_outputs: int | None = 1


class NoForm(Exception):
    """The call has something that no function has."""


MakeForm = Callable[[Args, Sequence[Tensor]], Form]
"""Takes the arguments by name, tensors among them, and what came out."""


def stored(value: object) -> Tensor:
    """Return a weight; raises NoForm where there is none."""
    if not isinstance(value, Tensor):
        raise NoForm("a weight is missing")
    return value
