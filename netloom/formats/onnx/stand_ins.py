"""Modules that stand in for layers while a network is exported to ONNX."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from typing import cast, get_args

from torch import nn

from netloom.formats.onnx.pooling_export import Adaptive, SlicedPool, Sliding, WindowsInside
from netloom.formats.onnx.recurrent_export import OnnxRecurrent
from netloom.layers.modules.recurrent import GRU, LSTM, RNN


@contextmanager
def with_stand_ins(network: nn.Module) -> Generator[None]:
    """Let a network compute the same by what ONNX has for it, for a while."""
    named = cast("Iterable[tuple[str, nn.Module]]", network.named_modules(remove_duplicate=False))
    found = [(name, module, _stand_in(module)) for name, module in named]
    replaced = [(name, module, other) for name, module, other in found if other is not None]
    try:
        for name, _, other in replaced:
            network.set_submodule(name, other)
        yield
    finally:
        for name, module, _ in replaced:
            network.set_submodule(name, module)


def _stand_in(module: nn.Module) -> nn.Module | None:
    if isinstance(module, LSTM | GRU | RNN):
        return OnnxRecurrent(module)
    if type(module) in get_args(Sliding):
        sliding = cast("Sliding", module)
        needs = sliding.ceil_mode or isinstance(sliding, nn.MaxPool1d)
        return WindowsInside(sliding) if needs else None
    return SlicedPool(cast("Adaptive", module)) if type(module) in get_args(Adaptive) else None
