"""Operators that PyTorch's exporter has no word for, although ONNX has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

import torch

Translation = Callable[..., Any]


def translations() -> dict[Callable[..., Any], Translation]:
    """Return what says an operator of PyTorch in ONNX."""
    return {torch.ops.prims.prod.default: _product}


def _product(inp: Any, dims: Sequence[int] | None = None, output_dtype: int | None = None) -> Any:
    """Say `prims.prod`, which every product becomes."""
    op: Any = import_module("onnxscript").opset18  # half typed
    product = op.ReduceProd(inp, dims, keepdims=False)
    return product if output_dtype in (None, -1) else op.Cast(product, to=output_dtype)
