"""`inspect`: what a network is. No torch."""

from __future__ import annotations

import zipfile
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from netloom.analyze import Analysis, analyze, training_memory
from netloom.commands.layer_table import table_lines, write_table
from netloom.commands.output import one_line, say, say_json
from netloom.commands.problem import CommandError
from netloom.compile.order import natural_key
from netloom.formats.bundle import BundleError, BundleMeta, read_bundle_info
from netloom.formats.imported import FormatError, ImportReport
from netloom.formats.read import read_network as read_file
from netloom.formats.recognise import BUNDLE, DOCUMENT, recognise
from netloom.formats.weight_report import with_weight_report
from netloom.graph.document import Document
from netloom.graph.limits import MAX_DOCUMENT_BYTES
from netloom.graph.migrations import DocumentError, load_document
from netloom.layers.registry import get_layer
from netloom.regular_files import read_regular_file
from netloom.templates import make_template, templates

_HEAD_BYTES = 1024
_MOST_CLASSES = 5
TEMPLATE_SIZES = {"channels": 3, "height": 224, "width": 224, "num_classes": 1000}
"""What a template is made for when only its costs are asked: those of ImageNet, as papers do."""


def read_network(path: Path) -> tuple[Document, BundleMeta | None]:
    """Read a document, or the document of a bundle.

    Raises:
        CommandError: Neither of them.
    """
    try:
        if path.is_fifo():  # as shells make of `<(git show HEAD:network.json)`
            with path.open("rb") as file:
                return load_document(file.read(MAX_DOCUMENT_BYTES + 1)), None
        if path.is_dir() or (path.is_file() and zipfile.is_zipfile(path)):
            info = read_bundle_info(path)
            return info.document, info.meta
        return load_document(read_regular_file(path)), None
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror or error}.") from error
    except (BundleError, DocumentError) as error:
        raise CommandError(f"{path}: {error}") from error


@dataclass(frozen=True, slots=True)
class Opened:
    """A network and where it came from."""

    document: Document
    meta: BundleMeta | None
    format: str
    report: ImportReport | None = None


def open_network(path: Path, beside: Sequence[Path] = ()) -> Opened:
    """Open a file of any kind that can be read, or make the template of that name.

    Only files of other tools load torch.

    Args:
        beside: Other files of the same network.

    Raises:
        CommandError: It cannot be opened; the text says what it is and what to do.
    """
    if not path.exists():
        if str(path) in {template.id for template in templates()}:
            return Opened(make_template(str(path), **TEMPLATE_SIZES), None, "template")
        return Opened(*read_network(path), DOCUMENT.name)  # which says that there is no such file
    try:
        found = recognise(path)
    except FormatError as error:
        if not _is_like_json(path):
            raise CommandError(str(error)) from error
        found = DOCUMENT  # which says what is wrong with it as a document
    if found in (BUNDLE, DOCUMENT):
        if beside:
            raise CommandError(
                f"{path} is whole by itself: --with is for files that need others. "
                "`netloom match` brings weights into a network."
            )
        return Opened(*read_network(path), found.name)
    try:
        imported = with_weight_report(read_file(path, side_files=beside))
    except FormatError as error:
        raise CommandError(str(error)) from error
    return Opened(imported.document, imported.meta, found.name, imported.report)


def _is_like_json(path: Path) -> bool:
    if path.suffix == ".json" or not path.is_file():
        return path.suffix == ".json"
    with path.open("rb") as file:
        return file.read(_HEAD_BYTES).lstrip()[:1] in (b"{", b"[")


def inspect_network(options: Namespace) -> int:
    """Print layers, totals and problems; the exit status is 1 when there are errors."""
    opened = open_network(options.network, options.beside)
    document, meta = opened.document, opened.meta
    if options.batch < 1:
        raise CommandError("A batch has at least one sample: give --batch a number from 1 on.")
    analysis = analyze(document)
    if options.csv is not None:
        write_table(options.csv, document, analysis)
    if options.json:
        memory = training_memory(analysis.totals, options.batch)
        answer = {
            "name": document.graph.name,
            **_facts(opened, analysis),
            "meta": meta.model_dump(mode="json") if meta else None,
            "analysis": analysis.model_dump(mode="json"),
            "training_memory": {
                "batch_size": options.batch,
                **memory.model_dump(mode="json"),
                "total_bytes": memory.total_bytes,
            },
        }
        say_json(answer)
    else:
        say("\n".join(_describe(opened, analysis, options.batch)))
    return 0 if analysis.is_trainable else 1


def _facts(opened: Opened, analysis: Analysis) -> dict[str, object]:
    """What a program asks first of a file."""
    report, nodes = opened.report, opened.document.graph.nodes
    pieces = [] if report is None else report.pieces
    return {
        "format": opened.format,
        "num_nodes": len(nodes),
        "num_parameters": analysis.totals.parameters,
        "placeholders": [piece.source for piece in pieces if piece.outcome == "placeholder"],
        "unmapped_operators": [piece.source for piece in pieces if piece.outcome == "operator"],
        "inputs": _ends(opened.document, analysis, "input"),
        "outputs": _ends(opened.document, analysis, "output"),
        "report": None if report is None else report.model_dump(mode="json"),
    }


def _ends(document: Document, analysis: Analysis, role: str) -> list[dict[str, object]]:
    """Return inputs or outputs with their named dimensions, in the order the network takes them."""
    found: list[dict[str, object]] = []
    nodes = document.graph.nodes
    for node_id in sorted(nodes, key=lambda each: natural_key(nodes[each].name)):
        layer = get_layer(nodes[node_id].type)
        if layer is None or layer.role != role:
            continue
        known = analysis.nodes.get(node_id)
        shapes = [] if known is None else list(known.outputs.values())
        found.append({"name": nodes[node_id].name, "shape": shapes[0] if shapes else None})
    return found


def _describe(opened: Opened, analysis: Analysis, batch_size: int) -> list[str]:
    document = opened.document
    lines = [document.graph.name, "", *table_lines(document, analysis)]
    totals = analysis.totals
    memory = training_memory(totals, batch_size)
    lines += [
        "",
        f"{totals.num_layers:,} layers, {totals.parameters:,} parameters "
        f"({totals.parameter_bytes / 1e6:,.1f} MB), {totals.flops / 1e6:,.1f} MFLOPs "
        f"({totals.macs / 1e6:,.1f} M multiply-adds) an image, "
        f"{totals.activation_bytes / 1e6:,.1f} MB of activations an image",
        f"Training with Adam at batch {batch_size:,}: about {memory.total_bytes / 1e6:,.1f} MB",
    ]
    lines += [
        f"Budget {use.title}: {'kept' if use.is_kept else 'exceeded'}" for use in analysis.budgets
    ]
    lines += _origin(opened)
    lines += [f"{problem.severity}: {problem.message}" for problem in analysis.diagnostics]
    return lines


def _origin(opened: Opened) -> list[str]:
    """Return where the network came from, and what came with it."""
    report, meta = opened.report, opened.meta
    lines = [] if report is None else [report.origin]
    if meta is None:
        return lines
    if report is None:
        lines.append(f"Netloom bundle of {meta.created or 'unknown date'}")
    if meta.classes:
        first = ", ".join(meta.classes[:_MOST_CLASSES])
        more = ", …" if len(meta.classes) > _MOST_CLASSES else ""
        lines.append(one_line(f"{len(meta.classes):,} classes: {first}{more}"))
    if meta.metrics:
        metrics = ", ".join(f"{name} {value:.4g}" for name, value in meta.metrics.items())
        lines.append(f"Metrics: {metrics}")
    return lines + ([f"Licence: {meta.licence}"] if meta.licence else [])
