"""The throwaway process that writes a network: `python -m netloom.serve.exporting ASKED FOLDER`.

ASKED is an `ExportRequest` as JSON. What it writes lies in FOLDER: the file, and report.json. It
says how far it is as JSON lines, and is limited as the process that reads files is: a runtime that
checks the result may take any amount of memory.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from netloom.compile.errors import CompileError
from netloom.formats.bundle import make_meta
from netloom.formats.confining import leave_network, limit
from netloom.formats.exported import ExportError, ExportReport
from netloom.formats.imported import ImportedNetwork, ImportReport
from netloom.formats.reading import REPORT, add_limits
from netloom.formats.telling import refuse, tell, tell_through
from netloom.formats.write import write_network
from netloom.graph.document import Document
from netloom.graph.migrations import load_document
from netloom.serve.requests import ExportRequest, TrainedWeights

if TYPE_CHECKING:
    from torch import Tensor

    from netloom.compile.fitting import Fit

_PREPARED_SHARE = 0.2
_NAMED = 5


def main(arguments: list[str]) -> int:
    """Write the network and the report; the exit status is 1 when it cannot be done."""
    parser = argparse.ArgumentParser(prog="netloom.serve.exporting")
    parser.add_argument("asked", type=Path)
    parser.add_argument("folder", type=Path)
    add_limits(parser)
    options = parser.parse_args(arguments)
    tell_through(options.tell)
    request = ExportRequest.model_validate_json(options.asked.read_bytes())
    limit(options.memory_bytes, options.written_bytes, options.seconds)
    leave_network()
    try:
        report = _write(request, options.folder)
    except ExportError as error:
        return refuse("export_failed", str(error))
    except (MemoryError, RecursionError) as error:
        what = "memory" if isinstance(error, MemoryError) else "nested calls"
        return refuse("out_of_memory", f"Writing {request.file_name} needs more {what}.")
    (options.folder / REPORT).write_text(report.model_dump_json())
    tell(1.0, "Written")
    return 0


def _write(request: ExportRequest, folder: Path) -> ExportReport:
    tell(0.02, "Building the network")
    document = load_document(request.document.read_bytes())
    weights, notes = _weights(document, request)
    tell(_PREPARED_SHARE, f"Writing {request.file_name}")
    meta = make_meta(
        document,
        classes=request.classes,
        metrics=request.metrics,
        licence=request.licence,
        description=request.description,
    )
    network = ImportedNetwork(document, ImportReport(format="Netloom network"), weights, meta)
    folder.mkdir(parents=True, exist_ok=True)
    report = write_network(
        network, folder / request.file_name, request.format, request.options, _tell_rest
    )
    return report.model_copy(update={"notes": [*notes, *report.notes]})


def _weights(document: Document, request: ExportRequest) -> tuple[dict[str, Tensor], list[str]]:
    """Return the weights of the network as it is drawn, and what to know of them."""
    from netloom.compile import build_module, state_weights
    from netloom.compile.fitting import fit_weights

    trained = request.trained
    given = {} if trained is None else _read(trained)
    try:
        network = build_module(document, seed=request.weights_seed)
    except CompileError:
        # Not every format asks for a network that runs; those that do have said so by now.
        what = "its weights are as they came" if given else "no weights go with it"
        return given, [f"The network has errors, so {what}."]
    notes: list[str] = []
    if trained is None:
        notes.append("The weights are random ones: the network has not learned anything.")
    else:
        source = load_document(trained.document.read_bytes())
        notes += _fit_notes(fit_weights(network, given, source))
    return state_weights(network), notes


def _read(trained: TrainedWeights) -> dict[str, Tensor]:
    from netloom.train.checkpoint import read_checkpoint_weights
    from netloom.train.weights import read_weights

    read = read_weights if trained.kind == "file" else read_checkpoint_weights
    return read(trained.checkpoint)


def _fit_notes(fit: Fit) -> list[str]:
    if not fit.kept:
        return []
    names = ", ".join(fit.kept[:_NAMED])
    more = f" and {len(fit.kept) - _NAMED} more" if len(fit.kept) > _NAMED else ""
    return [
        f"{fit.num_fitted} of {fit.num_tensors} tensors are those that were chosen; {names}{more} "
        "have random weights, as nothing that was chosen fits them."
    ]


def _tell_rest(fraction: float | None, text: str) -> None:
    done = None if fraction is None else _PREPARED_SHARE + fraction * (0.99 - _PREPARED_SHARE)
    tell(done, text)


if __name__ == "__main__":
    status = main(sys.argv[1:])
    sys.stdout.flush()
    os._exit(status)  # a runtime that checked the file may leave threads behind
