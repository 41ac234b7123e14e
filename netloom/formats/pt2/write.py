"""Writes a program of `torch.export`, which PyTorch loads without any source."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

from pydantic import Field

from netloom.formats.error_gaps import program_gaps
from netloom.formats.exported import ExportGap, ExportOptions, Written
from netloom.formats.fixed_lengths import length_gaps, packing_gaps, unrolled
from netloom.formats.imported import ImportedNetwork
from netloom.formats.own.bundle_writer import meta_now
from netloom.formats.read_progress import Progress
from netloom.graph.document import Document

ABOUT = "netloom.json"
"""Extra file of the archive: class names, preprocessing and licence."""
LOAD = "import torch\nnetwork = torch.export.load(sys.argv[1]).module()"


class Options(ExportOptions):
    """What can be chosen of an exported program."""

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


def gaps(document: Document, options: ExportOptions) -> Sequence[ExportGap]:
    """Return errors, and layers that PyTorch cannot record, or not for any length."""
    if found := program_gaps(document):
        return found
    if packed := packing_gaps(document):
        return packed
    length = options.length if isinstance(options, Options) else None
    return length_gaps(document, unrolled) if length is None else ()


def write(
    network: ImportedNetwork, path: Path, options: ExportOptions, progress: Progress
) -> Written:
    """Record the network, save the program, and run it in a fresh process."""
    import torch

    from netloom.formats.fresh import run_fresh
    from netloom.formats.recording import MORE_STEPS, open_symbols, record
    from netloom.formats.runnable import LENGTH, compare, fresh_torch, judged, make_runnable
    from netloom.formats.standing_in import any_length, standing_in

    chosen = Options.model_validate(options.model_dump())
    runnable = make_runnable(network)
    progress(0.2, "Recording what the network computes")
    has_open_length = bool(open_symbols(runnable, chosen.batch, chosen.length) - {"B"})
    with standing_in(runnable.module, any_length) if has_open_length else nullcontext():
        program = record(runnable, batch=chosen.batch, length=chosen.length)
    progress(0.5, "Writing the file")
    about = meta_now(network).model_dump_json(by_alias=True)
    torch.export.save(program, path, extra_files={ABOUT: about})
    del program
    progress(0.6, "Running it in a fresh process")
    count = chosen.batch or (3 if "B" in runnable.symbols else 1)
    inputs = runnable.examples(
        count, length=chosen.length, more=MORE_STEPS if has_open_length else 0
    )
    steps = f", {LENGTH + MORE_STEPS} steps" if has_open_length else ""
    parity = compare(
        runnable.run(inputs),
        run_fresh(LOAD, path, inputs),
        oracle=fresh_torch(),
        inputs=f"random (batch {count}{steps})",
    )
    return Written([*runnable.notes, *judged(parity)], parity)
