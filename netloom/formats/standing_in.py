"""Modules that stand in for others while a network is recorded.

Legend: B batch, C channels, T time.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from typing import Any, cast

from torch import Tensor, nn


@contextmanager
def standing_in(
    network: nn.Module, stand_in: Callable[[nn.Module], nn.Module | None]
) -> Generator[None]:
    """Let a network compute the same in other words, for a while.

    Args:
        stand_in: What stands in for a module; None leaves it.
    """
    named = cast("Iterable[tuple[str, nn.Module]]", network.named_modules(remove_duplicate=False))
    found = [(name, module, stand_in(module)) for name, module in named]
    replaced = [(name, module, other) for name, module, other in found if other is not None]
    try:
        for name, _, other in replaced:
            network.set_submodule(name, other)
        yield
    finally:
        for name, module, _ in replaced:
            network.set_submodule(name, module)


class AnyLengthMaxPool1d(nn.Module):
    """MaxPool1d by the path that finds indices too: the other one takes lengths for fixed."""

    layer: Any  # torch types sizes as numbers or tuples of whatever length

    def __init__(self, layer: nn.MaxPool1d) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x_BCT: Tensor) -> Tensor:
        """Return what the layer returns."""
        layer = self.layer
        values_BCT, _ = nn.functional.max_pool1d_with_indices(
            x_BCT, layer.kernel_size, layer.stride, layer.padding, layer.dilation, layer.ceil_mode
        )
        return values_BCT


def any_length(module: nn.Module) -> nn.Module | None:
    """Return what stands in for a module, so that torch keeps lengths open."""
    if isinstance(module, nn.MaxPool1d) and not module.return_indices:
        return AnyLengthMaxPool1d(module)
    return None
