"""Modules within a network that no graph says: kept whole, with their source, weights and ports.

In the process they came from they can be run in their place; their source is for reading alone.
"""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from torch import Tensor, nn

from netloom.formats.traced.calls import Ref, tensors_in
from netloom.formats.traced.merging import Held, leaves

MAX_SOURCE_CHARS = 20_000


class KeptModule(nn.Module):
    """Calls a module as it was called: tensors in order, everything else as it was."""

    def __init__(
        self, module: nn.Module, args: Sequence[object], kwargs: Mapping[str, object]
    ) -> None:
        super().__init__()
        self.module = module
        self._call = (list(args), dict(kwargs))

    @staticmethod
    def can_call(args: Sequence[object], kwargs: Mapping[str, object]) -> bool:
        """Whether everything beside tensors is a plain value that no batch changes."""
        plain = (Ref, Held, bool, int, float, str)
        return all(leaf is None or isinstance(leaf, plain) for leaf in leaves([args, dict(kwargs)]))

    def forward(self, *tensors: Tensor) -> Tensor | tuple[Tensor, ...]:
        """Return what the module gives, its tensors one after the other."""
        given = iter(tensors)
        args, kwargs = self._call
        result: object = self.module(
            *[_filled(value, given) for value in args],
            **{name: _filled(value, given) for name, value in kwargs.items()},
        )
        found = tuple(tensors_in(result))
        return found[0] if len(found) == 1 else found


def _filled(value: object, tensors: Iterator[Tensor]) -> object:
    match value:
        case Ref() | Held():
            return next(tensors)
        case list():
            return [_filled(item, tensors) for item in cast("list[object]", value)]
        case tuple():
            return tuple(_filled(item, tensors) for item in cast("tuple[object, ...]", value))
        case dict():
            items = cast("dict[str, object]", value).items()
            return {name: _filled(item, tensors) for name, item in items}
        case _:
            return value


def about_module(module: nn.Module) -> dict[str, str]:
    """Return the source of a module's class, as far as it can be found, as text to read."""
    try:
        source = inspect.getsource(type(module))
    except (OSError, TypeError):
        return {}
    if len(source) > MAX_SOURCE_CHARS:
        source = f"{source[:MAX_SOURCE_CHARS]}\n# and {len(source) - MAX_SOURCE_CHARS:,} more"
    return {"source": textwrap.dedent(source)}
