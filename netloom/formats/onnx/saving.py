"""A model of ONNX on disk: one file, or one with its weights beside it."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

_SMALL_BYTES = 1024
"""Tensors below this stay in the graph: most are shapes, which readers want to see."""


def save_model(model: Any, path: Path, *, external_above_bytes: int) -> None:
    """Write a model of onnx_ir; weights of more bytes in all go to `NAME.data` beside it."""
    onnx_ir: Any = import_module("onnx_ir")  # it has no types that hold
    size = sum(
        value.const_value.nbytes
        for value in model.graph.initializers.values()
        if value.const_value is not None
    )
    if size > external_above_bytes:
        onnx_ir.save(
            model, path, external_data=f"{path.name}.data", size_threshold_bytes=_SMALL_BYTES
        )
    else:
        onnx_ir.save(model, path)
