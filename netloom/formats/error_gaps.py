"""Why a network cannot run, as gaps of every format whose files are run. No torch."""

from __future__ import annotations

from netloom.analyze import analyze
from netloom.formats.exported import ExportGap
from netloom.graph.diagnostics import Diagnostic, DiagnosticCode
from netloom.graph.document import Document, Node
from netloom.layers.registry import get_layer


def error_gaps(document: Document) -> list[ExportGap]:
    """Return a gap for each error of a network, placeholders among them; empty when it can run."""
    return [
        _gap(document, found)
        for found in analyze(document).diagnostics
        if found.severity == "error"
    ]


def program_gaps(document: Document) -> list[ExportGap]:
    """Return a gap for each error, and for each layer that PyTorch's exporters cannot record.

    A layer in a block is named once, for all uses of the block.
    """
    if found := error_gaps(document):
        return found
    graph = document.graph
    used = {
        node.block for scope in (graph, *graph.blocks.values()) for node in scope.nodes.values()
    }
    blocks = ((key, block.nodes) for key, block in graph.blocks.items() if key in used)
    scopes = [(None, graph.nodes), *blocks]
    return [
        _unrecordable(document, block_id, node_id, node)
        for block_id, nodes in scopes
        for node_id, node in nodes.items()
        if (layer := get_layer(node.type)) is not None and layer.decides_by_numbers
    ]


def _unrecordable(document: Document, block_id: str | None, node_id: str, node: Node) -> ExportGap:
    prefix = "" if block_id is None else f"{document.graph.blocks[block_id].name}."
    return ExportGap(
        path=node_id,
        block=block_id,
        name=f"{prefix}{node.name}"[:2000],
        type=node.type,
        reason="What it computes depends on the numbers that arrive, which PyTorch cannot record.",
        next_step="Export the network up to it, or as PyTorch source.",
    )


def named_node(document: Document, path: str) -> tuple[str, Node | None]:
    """Return how people call the node at a path, `stage1.conv2`, and the node itself."""
    nodes, names, node = document.graph.nodes, list[str](), None
    for part in path.split("/"):
        if part.isdecimal() and part not in nodes:
            names.append(part)  # which repeat of a block
            continue
        node = nodes.get(part)
        if node is None:
            return ".".join(names) or path, None
        names.append(node.name)
        block = document.graph.blocks.get(node.block or "")
        nodes = block.nodes if block is not None else {}
    return ".".join(names), node


def _gap(document: Document, found: Diagnostic) -> ExportGap:
    path = found.path or found.node_id or ""
    block = document.graph.blocks.get(found.scope or "") if found.path is None else None
    if block is not None:
        node = block.nodes.get(found.node_id or "")
        name = f"{block.name}.{node.name}" if node is not None else block.name
    else:
        name, node = named_node(document, path) if path else ("", None)
    is_placeholder = found.code is DiagnosticCode.PLACEHOLDER
    return ExportGap(
        path=path,
        block=found.scope if block is not None else None,
        name=name[:2000],
        type=node.type if node is not None else "",
        reason=found.message[:2000],
        next_step="" if is_placeholder else "Repair it first: a network with errors cannot run.",
    )
