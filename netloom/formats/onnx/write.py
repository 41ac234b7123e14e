"""Writes ONNX: PyTorch's exporter, with ends that have names and sizes that stay open."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import Field

from netloom.formats.error_gaps import program_gaps
from netloom.formats.exported import ExportGap, ExportOptions, Written
from netloom.formats.fixed_lengths import cut_into_windows, length_gaps
from netloom.formats.imported import ImportedNetwork
from netloom.formats.read_progress import Progress
from netloom.graph.document import Document

LEAST_OPSET, USUAL_OPSET, MOST_OPSET = 18, 20, 23
"""Below, PyTorch's exporter leaves operators behind that the opset does not have."""
_MB = 2**20


class Options(ExportOptions):
    """What can be chosen of an ONNX file."""

    opset: int = Field(
        USUAL_OPSET,
        ge=LEAST_OPSET,
        le=MOST_OPSET,
        title="Opset",
        description="Version of the operators: older runtimes need a lower one.",
    )
    batch: int | None = Field(
        None, ge=1, le=65_536, title="Batch", description="Samples at once; empty for any number."
    )
    length: int | None = Field(
        None,
        ge=1,
        le=1_000_000,
        title="Length",
        description="Steps of sequences whose length the network leaves open; empty for any.",
    )
    external_above_mb: int = Field(
        1900,
        ge=0,
        le=1900,
        title="Weights in a file of their own above (MB)",
        description="One ONNX file holds 2 GB at most; larger weights lie beside it.",
    )


def gaps(document: Document, options: ExportOptions) -> Sequence[ExportGap]:
    """Return errors, placeholders among them, and layers that cannot be said for any length."""
    if found := program_gaps(document):
        return found
    length = options.length if isinstance(options, Options) else None
    return length_gaps(document, cut_into_windows) if length is None else ()


def write(
    network: ImportedNetwork, path: Path, options: ExportOptions, progress: Progress
) -> Written:
    """Write the file, check it, and compute with ONNX Runtime what the network computes."""
    from netloom.formats.onnx.checking import check_file
    from netloom.formats.onnx.exporting import export_model
    from netloom.formats.onnx.metadata import describe_model, pixel_notes
    from netloom.formats.onnx.saving import save_model
    from netloom.formats.runnable import judged, make_runnable

    chosen = Options.model_validate(options.model_dump())
    runnable = make_runnable(network)
    progress(0.2, "Recording what the network computes")
    model = export_model(runnable, opset=chosen.opset, batch=chosen.batch, length=chosen.length)
    describe_model(model, network)
    progress(0.6, "Writing the file")
    save_model(model, path, external_above_bytes=chosen.external_above_mb * _MB)
    del model
    progress(0.7, "Computing the same with ONNX Runtime")
    parity = check_file(path, runnable, batch=chosen.batch, length=chosen.length)
    notes = [*runnable.notes, *judged(parity), *pixel_notes(network.document)]
    return Written(notes, parity, title=f"ONNX (opset {chosen.opset})")
