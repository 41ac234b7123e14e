"""Writes a Netloom bundle. Every network can be one, errors included."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from netloom.formats.bundle import BundleMeta, make_meta, write_bundle
from netloom.formats.exported import ExportGap, ExportOptions, Written
from netloom.formats.imported import ImportedNetwork
from netloom.formats.read_progress import Progress
from netloom.graph.document import Document


def gaps(document: Document, options: ExportOptions) -> Sequence[ExportGap]:
    """Nothing is missing: a bundle holds the document itself."""
    del document, options
    return ()


def write(
    network: ImportedNetwork, path: Path, options: ExportOptions, progress: Progress
) -> Written:
    """Write the zip, and read it back."""
    del options
    from netloom.formats.own.reading_back import check_bundle

    write_bundle(path, network.document, network.weights, meta_now(network))
    progress(0.7, "Reading it back")
    parity = check_bundle(path, network)
    notes = [] if network.weights else ["It holds no weights: none were given."]
    return Written(notes, parity)


def meta_now(network: ImportedNetwork) -> BundleMeta:
    """Return what is known of a network, with the preprocessing that its input says today."""
    given = network.meta
    return make_meta(
        network.document,
        classes=given.classes,
        metrics=given.metrics,
        licence=given.licence,
        description=given.description,
    )
