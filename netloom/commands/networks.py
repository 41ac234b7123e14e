"""`inspect`: what a network is. No torch."""

from __future__ import annotations

import zipfile
from argparse import Namespace
from pathlib import Path

from netloom.analyze import Analysis, analyze, training_memory
from netloom.commands.layer_table import table_lines, write_table
from netloom.commands.output import say, say_json
from netloom.commands.problem import CommandError
from netloom.formats.bundle import BundleError, BundleMeta, read_bundle_info
from netloom.graph.document import Document
from netloom.graph.migrations import DocumentError, load_document
from netloom.templates import make_template, templates

TEMPLATE_SIZES = {"channels": 3, "height": 224, "width": 224, "num_classes": 1000}
"""What a template is made for when only its costs are asked: those of ImageNet, as papers do."""


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


def _read_or_make(path: Path) -> tuple[Document, BundleMeta | None]:
    """Read a network; where there is no such file, make the template of that name."""
    if not path.exists() and str(path) in {template.id for template in templates()}:
        return make_template(str(path), **TEMPLATE_SIZES), None
    return read_network(path)


def inspect_network(options: Namespace) -> int:
    """Print layers, totals and problems; the exit status is 1 when there are errors."""
    document, meta = _read_or_make(options.network)
    if options.batch < 1:
        raise CommandError("A batch has at least one sample: give --batch a number from 1 on.")
    analysis = analyze(document)
    if options.csv is not None:
        write_table(options.csv, document, analysis)
    if options.json:
        memory = training_memory(analysis.totals, options.batch)
        answer = {
            "name": document.graph.name,
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
        say("\n".join(_describe(document, meta, analysis, options.batch)))
    return 0 if analysis.is_trainable else 1


def _describe(
    document: Document, meta: BundleMeta | None, analysis: Analysis, batch_size: int
) -> list[str]:
    lines = [document.graph.name, "", *table_lines(document, analysis)]
    totals = analysis.totals
    memory = training_memory(totals, batch_size)
    lines += [
        "",
        f"{totals.num_layers:,} layers, {totals.parameters:,} parameters "
        f"({totals.parameter_bytes / 2**20:,.1f} MB), {totals.flops / 1e6:,.1f} MFLOPs "
        f"({totals.macs / 1e6:,.1f} M multiply-adds) an image, "
        f"{totals.activation_bytes / 2**20:,.1f} MB of activations an image",
        f"Training with Adam at batch {batch_size:,}: about {memory.total_bytes / 2**20:,.1f} MB",
    ]
    lines += [
        f"Budget {use.title}: {'kept' if use.is_kept else 'exceeded'}" for use in analysis.budgets
    ]
    if meta is not None:
        metrics = ", ".join(f"{name} {value:.4g}" for name, value in meta.metrics.items())
        lines.append(f"Bundle of {meta.created or 'unknown date'}: {len(meta.classes)} classes")
        lines += [f"Metrics: {metrics}"] if metrics else []
        lines += [f"Licence: {meta.licence}"] if meta.licence else []
    lines += [f"{problem.severity}: {problem.message}" for problem in analysis.diagnostics]
    return lines
