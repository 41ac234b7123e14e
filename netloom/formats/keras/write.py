"""Writes a `.keras` file by our own hand: Keras loads it on any backend and is not needed here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field

from netloom import __version__
from netloom.compile.errors import CompileError
from netloom.formats.error_gaps import error_gaps
from netloom.formats.exported import ExportGap, ExportOptions, Written
from netloom.formats.imported import ImportedNetwork
from netloom.formats.keras.settings import JsonObject
from netloom.formats.keras.writing.model import KerasSketch, sketch
from netloom.formats.own.bundle_writer import meta_now
from netloom.formats.read_progress import Progress
from netloom.graph.document import Document

if TYPE_CHECKING:
    from netloom.formats.runnable import Runnable

TITLE = "Keras 3 (.keras)"


class Options(ExportOptions):
    """What can be chosen of a `.keras` file."""

    takes_pixels: bool = Field(
        default=True,
        title="Takes pixels of 0 to 255",
        description="A layer in front scales images as the network was trained. Otherwise whoever "
        "uses the file has to do it.",
    )


def gaps(document: Document, options: ExportOptions) -> Sequence[ExportGap]:
    """Return the layers that Keras has no counterpart for."""
    takes_pixels = isinstance(options, Options) and options.takes_pixels
    if found := error_gaps(document):
        return found
    try:
        return sketch(document, None, takes_pixels=takes_pixels).gaps
    except CompileError as error:
        return [ExportGap(reason=str(error)[:2000])]


def write(
    network: ImportedNetwork, path: Path, options: ExportOptions, progress: Progress
) -> Written:
    """Write the zip, and have Keras compute it where it is installed."""
    from netloom.formats.keras.writing.parity import check

    takes_pixels = isinstance(options, Options) and options.takes_pixels
    runnable, made = write_file(network, path, progress, takes_pixels=takes_pixels)
    progress(0.65, "Computing what was written")
    parity, judgement = check(path, made, runnable, takes_pixels=takes_pixels)
    return Written([*runnable.notes, *made.notes, *judgement], parity, TITLE)


def write_file(
    network: ImportedNetwork, path: Path, progress: Progress, *, takes_pixels: bool
) -> tuple[Runnable, KerasSketch]:
    """Write the zip alone; return the network as it computes, and the model that was written."""
    from netloom.compile import state_weights
    from netloom.formats.keras.writing.archive import write_archive
    from netloom.formats.runnable import make_runnable

    runnable = make_runnable(network)
    weights = {
        key: tensor.cpu().float().numpy() for key, tensor in state_weights(runnable.module).items()
    }
    made = sketch(network.document, weights, takes_pixels=takes_pixels)
    said = about(network, runnable.outputs, takes_pixels=takes_pixels)
    write_archive(path, made.board, made.config, said, progress)
    return runnable, made


def about(network: ImportedNetwork, outputs: Sequence[str], *, takes_pixels: bool) -> JsonObject:
    """Return what Keras has no place for."""
    meta = meta_now(network)
    return {
        "written_by": f"Netloom {__version__}",
        "classes": list(meta.classes),
        "outputs": list(outputs),
        "takes_pixels": takes_pixels,
        "preprocessing": dict(meta.preprocessing),
        "metrics": dict(meta.metrics),
        "licence": meta.licence,
        "description": meta.description,
    }
