"""Modules that stand in for layers while a network is exported to ONNX."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import cast, get_args

from torch import nn

from netloom.formats.onnx.pooling_export import Adaptive, SlicedPool, Sliding, WindowsInside
from netloom.formats.onnx.recurrent_export import OnnxRecurrent
from netloom.formats.standing_in import any_length, standing_in
from netloom.layers.modules.recurrent import GRU, LSTM, RNN


def with_stand_ins(network: nn.Module) -> AbstractContextManager[None]:
    """Let a network compute the same by what ONNX has for it, for a while."""
    return standing_in(network, _stand_in)


def _stand_in(module: nn.Module) -> nn.Module | None:
    if isinstance(module, LSTM | GRU | RNN):
        return OnnxRecurrent(module)
    if isinstance(module, nn.RReLU):
        return nn.LeakyReLU((module.lower + module.upper) / 2)  # what it is outside of training
    if (pooling := any_length(module)) is not None:
        return pooling
    if type(module) in get_args(Sliding):
        sliding = cast("Sliding", module)
        return WindowsInside(sliding) if sliding.ceil_mode else None
    return SlicedPool(cast("Adaptive", module)) if type(module) in get_args(Adaptive) else None
