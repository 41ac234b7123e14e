"""`inspect` and `layers`: what a network is, and what it can be made of. No torch."""

from __future__ import annotations

import zipfile
from argparse import Namespace
from pathlib import Path

from netloom.analyze import Analysis, analyze
from netloom.commands.output import say, say_json
from netloom.commands.problem import CommandError
from netloom.formats.bundle import BundleError, BundleMeta, read_bundle_info
from netloom.graph.document import Document, Node
from netloom.graph.migrations import DocumentError, load_document
from netloom.layers.describe import describe_layers


def read_network(path: Path) -> tuple[Document, BundleMeta | None]:
    """Read a document, or the document of a bundle.

    Raises:
        CommandError: Neither of them.
    """
    try:
        if path.is_dir() or zipfile.is_zipfile(path):
            info = read_bundle_info(path)
            return info.document, info.meta
        return load_document(path.read_bytes()), None
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror or error}.") from error
    except (BundleError, DocumentError) as error:
        raise CommandError(f"{path}: {error}") from error


def inspect_network(options: Namespace) -> int:
    """Print layers, totals and problems; the exit status is 1 when there are errors."""
    document, meta = read_network(options.network)
    analysis = analyze(document)
    if options.json:
        answer = {
            "name": document.graph.name,
            "meta": meta.model_dump(mode="json") if meta else None,
            "analysis": analysis.model_dump(mode="json"),
        }
        say_json(answer)
    else:
        say("\n".join(_describe(document, meta, analysis)))
    return 0 if analysis.is_trainable else 1


def _describe(document: Document, meta: BundleMeta | None, analysis: Analysis) -> list[str]:
    lines = [document.graph.name, ""]
    rows = [("name", "layer", "output", "parameters")]
    for node_id in analysis.order:
        node, found = document.graph.nodes[node_id], analysis.nodes.get(node_id)
        if found is not None:
            rows.append(
                (node.name, _type_text(document, node), found.output_text, f"{found.parameters:,}")
            )
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    for name, kind, output, parameters in rows:
        lines.append(
            f"  {name:<{widths[0]}}  {kind:<{widths[1]}}  {output:<{widths[2]}}  "
            f"{parameters:>{widths[3]}}"
        )
    totals = analysis.totals
    lines += [
        "",
        f"{totals.num_layers:,} layers, {totals.parameters:,} parameters "
        f"({totals.parameter_bytes / 2**20:,.1f} MB), {totals.flops / 1e6:,.1f} MFLOPs an image, "
        f"{totals.activation_bytes / 2**20:,.1f} MB of activations an image",
    ]
    if meta is not None:
        metrics = ", ".join(f"{name} {value:.4g}" for name, value in meta.metrics.items())
        lines.append(f"Bundle of {meta.created or 'unknown date'}: {len(meta.classes)} classes")
        lines += [f"Metrics: {metrics}"] if metrics else []
        lines += [f"Licence: {meta.licence}"] if meta.licence else []
    lines += [f"{problem.severity}: {problem.message}" for problem in analysis.diagnostics]
    return lines


def _type_text(document: Document, node: Node) -> str:
    block = document.graph.blocks.get(node.block or "")
    if block is None:
        return node.type
    return block.name if node.repeat == 1 else f"{block.name} × {node.repeat}"


def list_layers(options: Namespace) -> int:
    """Print every layer type with its parameters."""
    layers = describe_layers()
    if options.json:
        say_json([layer.model_dump(mode="json") for layer in layers])
        return 0
    category = ""
    for layer in layers:
        if layer.category != category:
            category = layer.category
            say(f"\n{category}")
        say(f"  {layer.type:<20} {layer.summary}")
    return 0
