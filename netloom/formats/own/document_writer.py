"""Writes a Netloom network: the document as JSON, without weights."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from netloom.formats.exported import ExportGap, ExportOptions, Written
from netloom.formats.imported import ImportedNetwork
from netloom.formats.read_progress import Progress
from netloom.graph.document import Document


def gaps(document: Document, options: ExportOptions) -> Sequence[ExportGap]:
    """Nothing is missing: it is the document itself."""
    del document, options
    return ()


def write(
    network: ImportedNetwork, path: Path, options: ExportOptions, progress: Progress
) -> Written:
    """Write the JSON."""
    del options, progress
    path.write_text(network.document.model_dump_json(indent=1, by_alias=True))
    lost = "Weights are not part of it; a bundle has them."
    return Written([lost] if network.weights else [])
