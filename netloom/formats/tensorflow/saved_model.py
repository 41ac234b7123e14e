"""Writes a SavedModel: a folder, or a zip of one."""

from __future__ import annotations

import tempfile
from pathlib import Path

from netloom.formats.exported import ExportOptions, Written
from netloom.formats.imported import ImportedNetwork
from netloom.formats.keras.write import Options, gaps
from netloom.formats.packing import pack_folder
from netloom.formats.read_progress import Progress
from netloom.formats.tensorflow.about import write_beside
from netloom.formats.tensorflow.environment import lacking

__all__ = ["Options", "gaps", "lacking", "write"]

_WEIGHTS = ("variables.data-00000-of-00001",)


def write(
    network: ImportedNetwork, path: Path, options: ExportOptions, progress: Progress
) -> Written:
    """Write the folder, and have TensorFlow compute it in a process of its own."""
    from netloom.formats.tensorflow.writing import convert_network

    takes_pixels = isinstance(options, Options) and options.takes_pixels
    is_zip = path.suffix.lower() == ".zip"
    folder = path.with_suffix("") if is_zip else path
    with tempfile.TemporaryDirectory(prefix="netloom-tensorflow-") as name:
        written = convert_network(
            network, "saved-model", folder.absolute(), Path(name), progress,
            add_about=write_beside, takes_pixels=takes_pixels, batch=None,
        )  # fmt: skip
    if is_zip:
        progress(0.95, "Packing")
        pack_folder(folder, path, stored=_WEIGHTS)
    return written
