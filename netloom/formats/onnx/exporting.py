"""A network recorded by PyTorch and turned into a model of ONNX."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import import_module
from typing import Any, cast

import torch

from netloom.formats.exported import ExportError
from netloom.formats.failed_node import export_failure
from netloom.formats.onnx.recurrent_export import RECURRENT
from netloom.formats.onnx.stand_ins import with_stand_ins
from netloom.formats.onnx.translations import translations
from netloom.formats.recording import AXIS_NAMES, open_symbols, quiet, record
from netloom.formats.runnable import Runnable

Model = Any
"""A model of onnx_ir, which has no types that hold."""


def export_model(
    runnable: Runnable, *, opset: int, batch: int | None = None, length: int | None = None
) -> Model:
    """Return a network as a model of ONNX, with the names of its ends.

    Raises:
        ExportError: PyTorch cannot export it; `gaps` names the node where one is to blame.
    """
    with with_stand_ins(runnable.module):
        program = record(runnable, batch=batch, length=length)
    try:
        with quiet():
            exported = torch.onnx.export(  # pyright: ignore[reportUnknownMemberType] - half typed
                program,
                dynamo=True,
                input_names=[spec.name for spec in runnable.inputs],
                output_names=list(runnable.outputs),
                opset_version=opset,
                custom_translation_table=translations(),
                verbose=False,
            )
    except Exception as error:  # it raises what it likes
        raise export_failure(
            error, runnable.module, "write the network as ONNX", _cause(error)
        ) from error
    model: Model = cast("Any", exported).model
    written = model.opset_imports.get("")
    if written != opset:
        raise ExportError(
            f"The network needs operators of opset {written}; they cannot be brought to {opset}."
        )
    _name_sizes(model, runnable, open_symbols(runnable, batch, length))
    _leave_out_unused(model)
    return model


def _cause(error: BaseException) -> str:
    """Return what an exception says, that of its first cause: the outer ones wrap it in advice."""
    while error.__cause__ is not None:
        error = error.__cause__
    return str(error)[:600]


def _name_sizes(model: Model, runnable: Runnable, kept: set[str]) -> None:
    """Call open sizes by their names instead of by torch's numbers, wherever they are."""
    onnx_ir: Any = import_module("onnx_ir")  # it has no types that hold
    names: dict[str, str] = {}
    for value, spec in zip(model.graph.inputs, runnable.inputs, strict=True):
        for at, symbol in spec.open_axes.items():
            if symbol in kept:
                names[str(value.shape[at])] = AXIS_NAMES[symbol]
    values = [*model.graph.inputs, *model.graph.outputs]
    values += [each for node in model.graph.all_nodes() for each in node.outputs]
    for value in values:
        if value.shape is not None:
            value.shape = onnx_ir.Shape(
                size if isinstance(size, int) or size.value is None else _renamed(size.value, names)
                for size in value.shape
            )


def _leave_out_unused(model: Model) -> None:
    """Take names from outputs of recurrent nodes that nobody needs: then they are not computed."""
    for node in model.graph:
        if node.op_type in RECURRENT:
            for value in node.outputs:
                if not value.uses() and not value.is_graph_output():
                    value.name = ""


def _renamed(text: str, names: Mapping[str, str]) -> str:
    return re.sub(r"[A-Za-z_]\w*", lambda found: names.get(found.group(), found.group()), text)
