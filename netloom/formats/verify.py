"""A file against an independent runtime: does Netloom compute what the file computes?"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from netloom.formats.exported import ExportError
from netloom.formats.imported import FormatError, ImportedNetwork, ParityCheck
from netloom.formats.read import read_network
from netloom.formats.recognise import (
    BUNDLE,
    DOCUMENT,
    KERAS_H5,
    KERAS_JSON,
    KERAS_V3,
    ONNX,
    recognise,
)

if TYPE_CHECKING:
    from torch import Tensor

    from netloom.formats.runnable import Runnable

Oracle = Callable[[Path, Path | None], ParityCheck]


def verify_file(path: Path, image: Path | None = None) -> ParityCheck:
    """Open a file as a network, and compare it with an independent runtime on the same input.

    Args:
        image: An image file to compare on; random numbers without it.

    Raises:
        FormatError: It cannot be opened, or there is no runtime for its kind: the text says so.
    """
    found = recognise(path)
    oracle = _ORACLES.get(found.name)
    try:
        return oracle(path, image) if oracle is not None else _as_read(path, found.title, image)
    except ExportError as error:
        raise FormatError(str(error)) from error


def _as_read(path: Path, title: str, image: Path | None) -> ParityCheck:
    """Return the comparison that the reader makes itself."""
    report = read_network(path).report
    if report.parity is not None and image is None:
        return report.parity
    if report.parity is not None:
        raise FormatError(f"{title} is compared on random numbers alone: leave the image out.")
    notes = " ".join(note for note in report.notes if "ompared" in note)
    raise FormatError(f"There is no independent runtime here for {title}. {notes}".strip())


def _by_source(path: Path, image: Path | None) -> ParityCheck:
    """Compare with the source that is made of the network, in a process without Netloom."""
    from netloom.compile import CompileError
    from netloom.formats.pytorch.write import check_folder, write_folder
    from netloom.formats.runnable import make_runnable

    network = read_network(path)
    try:
        runnable = make_runnable(network)
    except CompileError as error:
        raise FormatError(str(error)) from error
    inputs, text = _inputs(runnable, image)
    with tempfile.TemporaryDirectory(prefix="netloom-verify-") as name:
        folder = Path(name) / "network"
        source = write_folder(network, runnable, folder)
        return check_folder(runnable, source, folder, inputs, text)


def _by_onnxruntime(path: Path, image: Path | None) -> ParityCheck:
    from netloom.formats.onnx.load import load_model
    from netloom.formats.onnx.parity import compare_with_onnxruntime
    from netloom.formats.onnx.read import open_model
    from netloom.formats.runnable import make_runnable

    network = open_model(load_model(path), _beside(path), name=path.stem)
    if image is None or network.imported.report.count("placeholder"):
        return compare_with_onnxruntime(path, network)
    inputs, text = _inputs(make_runnable(network.imported), image)
    ordered = sorted_inputs(network.imported)
    by_node = dict(zip(ordered, inputs, strict=True))
    feeds = {name: by_node[node].numpy() for name, node in network.inputs.items()}
    return compare_with_onnxruntime(path, network, feeds=feeds).model_copy(update={"inputs": text})


def _by_keras(path: Path, image: Path | None) -> ParityCheck:
    from netloom.formats.keras.parity import verify_keras

    return verify_keras(path, lambda runnable: _inputs(runnable, image))


def _no_numbers(path: Path, image: Path | None) -> ParityCheck:
    del image
    raise FormatError(
        f"{path.name} holds an architecture without weights: there are no numbers to compare. "
        "Compare the file that holds both."
    )


def _beside(path: Path) -> dict[str, Path]:
    """Return the file's own side file: what `convert` writes for large weights."""
    side = path.with_name(f"{path.name}.data")
    return {side.name: side} if side.is_file() else {}


def sorted_inputs(network: ImportedNetwork) -> list[str]:
    """Return the names of inputs in the order in which the module takes them."""
    from netloom.compile.plan import plan_network

    return [port.name for port in plan_network(network.document).inputs]


def _inputs(runnable: Runnable, image: Path | None) -> tuple[list[Tensor], str]:
    """Return inputs and what they are."""
    from netloom.formats.runnable import image_inputs

    if image is None:
        return runnable.examples(batch=2), "random (batch 2)"
    return image_inputs(runnable, image), image.name


_ORACLES: Mapping[str, Oracle] = {
    BUNDLE.name: _by_source,
    DOCUMENT.name: _by_source,
    KERAS_H5.name: _by_keras,
    KERAS_JSON.name: _no_numbers,
    KERAS_V3.name: _by_keras,
    ONNX.name: _by_onnxruntime,
}
