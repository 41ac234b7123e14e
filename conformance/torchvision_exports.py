"""Networks of torchvision out to ONNX and back in, against torchvision itself."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from conformance.torchvision_models import Comparison, Opened, named_results
from netloom.formats.exported import ExportError
from netloom.formats.imported import FormatError
from netloom.formats.onnx.checking import open_session, run_session
from netloom.formats.onnx.load import load_model
from netloom.formats.onnx.parity import run_network
from netloom.formats.onnx.read import open_model
from netloom.formats.write import write_network

TOLERANCE = 1e-4
"""Of the largest absolute difference, in shares of the largest output where that is above 1."""
_FILE = "network.onnx"


def exported(name: str, opened: Opened, *, external_above_mb: int = 1900) -> Comparison:
    """Write an imported network as ONNX, and compare two others with the original.

    These are what ONNX Runtime computes of the file, and what it is when imported again.
    """
    with torch.no_grad():
        expected = named_results(opened.module(opened.image))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / _FILE
        try:
            write_network(opened.imported, path, options={"external_above_mb": external_above_mb})
            # One after the other: each holds all weights, and is gone before the next begins.
            found = [_in_runtime(path, opened.image), _reimported(path, name, opened.image)]
        except (ExportError, FormatError) as error:
            return Comparison(name, str(error))
    compared = _worst(name, expected, found)
    if compared.is_equal or compared.problem:
        return compared
    return replace(compared, rounding=_rounding(opened, expected))


def _rounding(opened: Opened, expected: Mapping[str, Tensor]) -> float:
    """Return how far a module is from itself in double precision; the module is double then."""
    with torch.no_grad():
        exact = named_results(opened.module.double()(opened.image.double()))
    return max(float((expected[key] - exact[key]).abs().max()) for key in expected)


def _in_runtime(path: Path, image: Tensor) -> dict[str, Tensor]:
    session = open_session(path)
    [taken] = [each.name for each in session.get_inputs()]
    names = [each.name for each in session.get_outputs()]
    return dict(zip(names, run_session(session, [taken], [image]), strict=True))


def _reimported(path: Path, name: str, image: Tensor) -> dict[str, Tensor]:
    beside = {each.name: each for each in path.parent.iterdir()}
    network = open_model(load_model(path), beside, name=name)
    placeholders = [p for p in network.imported.report.pieces if p.outcome == "placeholder"]
    if placeholders:
        raise FormatError(f"imported again: {placeholders[0].source}: {placeholders[0].message}")
    [taken] = network.inputs
    found = run_network(network, {taken: image.numpy()})
    return {each: torch.as_tensor(array) for each, array in found.items()}


def _worst(name: str, expected: Mapping[str, Tensor], found: list[dict[str, Tensor]]) -> Comparison:
    pairs = [(expected[key], side.get(key)) for side in found for key in expected]
    if any(other is None or other.shape != one.shape for one, other in pairs):
        return Comparison(name, "other outputs than the original")
    return Comparison(
        name,
        max_abs_diff=max(
            float((one - other).abs().max()) for one, other in pairs if other is not None
        ),
        max_abs_value=max(float(one.abs().max()) for one in expected.values()),
        std=min(float(one.std()) for one in expected.values()),
        tolerance=TOLERANCE,
    )
