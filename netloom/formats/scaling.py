"""What is assumed of pixels where a file does not say how they enter its network."""

from __future__ import annotations

from dataclasses import replace

from netloom.formats.imported import ImportedNetwork
from netloom.graph.document import Document
from netloom.layers.input_output import ImageInput

SCALING_UNSAID = (
    "The file does not say how pixels are scaled before they enter: 0 to 1 is assumed. Set mean "
    "and standard deviation of the input if it was trained otherwise."
)


def scaling_notes(document: Document) -> list[str]:
    """Return what to say of a file that says nothing: nothing where no image enters."""
    nodes = document.graph.nodes.values()
    return [SCALING_UNSAID] if any(node.type == ImageInput.type_name for node in nodes) else []


def with_scaling_note(imported: ImportedNetwork) -> ImportedNetwork:
    """Say it in the report."""
    report = imported.report
    notes = [*report.notes, *scaling_notes(imported.document)]
    return replace(imported, report=report.model_copy(update={"notes": notes}))
