"""The layers of a network as a table: for the terminal, and as a file for spreadsheets."""

from __future__ import annotations

import csv
from pathlib import Path

from netloom.analyze import Analysis
from netloom.analyze.model import NodeAnalysis
from netloom.commands.problem import CommandError
from netloom.graph.document import BlockDefinition, Document, Graph, Node

_COLUMNS = (
    "path", "name", "layer", "output", "parameters", "macs", "flops", "activation_bytes",
    "kept_bytes", "gradient_bytes", "receptive_field", "repeats",
)  # fmt: skip


def table_lines(document: Document, analysis: Analysis) -> list[str]:
    """Return the layers of the top level in the order they are computed, in columns."""
    rows = [("name", "layer", "output", "parameters", "MACs", "sees")]
    for node_id in analysis.order:
        node, found = document.graph.nodes[node_id], analysis.nodes.get(node_id)
        if found is not None:
            kind = _type_text(document, node)
            counts = (f"{found.parameters:,}", f"{found.macs:,}")
            rows.append((node.name, kind, found.output_text, *counts, field_text(found)))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  " + "  ".join(
            cell.rjust(width) if column in (3, 4) else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]  # fmt: skip


def field_text(found: NodeAnalysis) -> str:
    """Return e.g. `11 × 11`, or `whole` for an axis that is seen from end to end."""
    sizes = ["whole" if each.size is None else str(each.size) for each in found.receptive_field]
    return sizes[0] if set(sizes) == {"whole"} else " × ".join(sizes)


def write_table(path: Path, document: Document, analysis: Analysis) -> None:
    """Write every layer, those inside blocks too, as comma-separated values.

    Raises:
        CommandError: The file cannot be written.
    """
    try:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(_COLUMNS)
            for node_path, found in analysis.nodes.items():
                node = _node_at(document, node_path)
                writer.writerow(
                    (
                        node_path, node.name, _type_text(document, node), found.output_text,
                        found.parameters, found.macs, found.flops, found.activation_bytes,
                        found.kept_bytes, found.gradient_bytes, field_text(found), found.repeats,
                    )
                )  # fmt: skip
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror or error}.") from error


def _node_at(document: Document, path: str) -> Node:
    scope: Graph | BlockDefinition = document.graph
    *outer, last = path.split("/")
    for node_id in outer:
        scope = document.graph.blocks[scope.nodes[node_id].block or ""]
    return scope.nodes[last]


def _type_text(document: Document, node: Node) -> str:
    block = document.graph.blocks.get(node.block or "")
    if block is None:
        return node.type
    return block.name if node.repeat == 1 else f"{block.name} × {node.repeat}"
