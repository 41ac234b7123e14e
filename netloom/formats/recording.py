"""A network recorded by `torch.export`, with sizes that stay open."""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Generator
from contextlib import contextmanager

import torch
from torch.export import Dim, ExportedProgram

from netloom.formats.exported import ExportError
from netloom.formats.failed_node import export_failure
from netloom.formats.runnable import Runnable

AXIS_NAMES = {"B": "batch", "T": "time", "S": "source_time"}
"""What open sizes are called in a file."""
MORE_STEPS = 7
"""Sequences are longer when a file is checked than when it was recorded, by so many steps."""
_SAMPLES = 2
"""With one sample torch takes sizes for fixed."""


def open_symbols(runnable: Runnable, batch: int | None, length: int | None) -> set[str]:
    """Return the symbols of sizes that stay open when these are fixed."""
    return {symbol for symbol in runnable.symbols if (batch if symbol == "B" else length) is None}


def record(
    runnable: Runnable, *, batch: int | None = None, length: int | None = None
) -> ExportedProgram:
    """Record the forward pass with `torch.export`.

    Args:
        batch: Number of samples; None leaves it open. Likewise `length` of sequences.

    Raises:
        ExportError: It cannot be recorded, `gaps` names the node; or a size cannot stay open, the
            text says which.
    """
    kept = open_symbols(runnable, batch, length)
    shapes = tuple(
        {at: Dim.DYNAMIC for at, symbol in spec.open_axes.items() if symbol in kept}
        for spec in runnable.inputs
    )
    examples = tuple(runnable.examples(batch or _SAMPLES, length=length))
    try:
        with quiet():
            return torch.export.export(
                runnable.module, examples, dynamic_shapes=shapes, strict=False
            )
    except ExportError as error:  # of what stands in for a layer
        raise export_failure(error, runnable.module, "record the network", str(error)) from error
    except Exception as error:  # it raises what it likes
        raise _why_not(error, runnable, kept) from error


def _why_not(error: Exception, runnable: Runnable, kept: set[str]) -> ExportError:
    text = str(error)
    is_of_sizes = "Constraints violated" in text or "specialized" in text
    if "data-dependent" in text or not is_of_sizes:
        return export_failure(error, runnable.module, "record the network", text[:600])
    held = [
        f"{AXIS_NAMES[symbol]} of {spec.name}"
        for spec in runnable.inputs
        for at, symbol in spec.open_axes.items()
        if symbol in kept and re.search(rf"'{re.escape(spec.name)}'\]\.size\(\)\[{at}\]", text)
    ]
    fixed = "batch" if all(each.startswith("batch") for each in held) and held else "length"
    return ExportError(
        f"The network cannot be written for any size: {', '.join(held) or 'one of them'} is fixed "
        f"by what its layers compute. Choose a number for “{fixed}”."
    )


@contextmanager
def quiet() -> Generator[None]:
    """Keep what PyTorch tells its developers from people."""
    loggers = [
        logging.getLogger(name) for name in ("torch.onnx", "torch.export", "onnxscript", "onnx_ir")
    ]
    levels = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.setLevel(logging.CRITICAL)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
