"""Keras files: `.keras` (Keras 3), HDF5 with or without architecture, and JSON."""

from __future__ import annotations

import io
import tempfile
import zipfile
from pathlib import Path
from typing import BinaryIO

from netloom.formats.bundle import BundleMeta
from netloom.formats.imported import FormatError, ImportedNetwork
from netloom.formats.keras.config import parse_config, read_model
from netloom.formats.keras.draw import draw_network
from netloom.formats.keras.drawn import KerasNetwork
from netloom.formats.keras.hdf5 import MAX_ATTRIBUTE_BYTES, open_hdf5
from netloom.formats.keras.model import KerasModel
from netloom.formats.keras.settings import JsonObject, Settings
from netloom.formats.keras.weights import Keras3Weights, LegacyWeights, NoWeights
from netloom.formats.read_progress import Progress
from netloom.formats.tensorflow.about import with_told
from netloom.formats.zips import copy_counted, refusing_damage

CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
MAX_WEIGHTS_BYTES = 8 * 2**30
OWN = "netloom"
"""In the metadata: what the file's writer knew of the network, if that was Netloom."""
_MAX_MEMBERS = 10_000


def read_keras_v3(path: Path, progress: Progress) -> ImportedNetwork:
    """Open a `.keras` file; raises FormatError."""
    return open_keras_v3(path, progress).imported


def read_keras_h5(path: Path, progress: Progress) -> ImportedNetwork:
    """Open an HDF5 file of Keras; raises FormatError, also where it holds weights alone."""
    return open_keras_h5(path, progress).imported


def open_keras_v3(path: Path, progress: Progress) -> KerasNetwork:
    """Open a `.keras` file, to be compared; raises FormatError."""
    config = parse_config(member(path, CONFIG, MAX_ATTRIBUTE_BYTES), path.name)
    metadata = parse_config(member(path, METADATA, MAX_ATTRIBUTE_BYTES), path.name)
    version = Settings(metadata, "the file").text("keras_version", "3")
    model = read_model(config)
    progress(0.2, "Reading the weights")
    # On disk, where HDF5 reads one array after the other: in memory all would be there twice.
    with tempfile.TemporaryFile() as weights:
        _copy_member(path, WEIGHTS, MAX_WEIGHTS_BYTES, weights)
        meta = with_told(BundleMeta(), metadata.get(OWN))
        return _drawn_v3(path, model, weights, version, meta, progress)


def _drawn_v3(
    path: Path,
    model: KerasModel,
    weights: BinaryIO,
    version: str,
    meta: BundleMeta,
    progress: Progress,
) -> KerasNetwork:
    with open_hdf5(weights, path.name) as root:
        return draw_network(
            model,
            Keras3Weights(root),
            format_title="Keras 3 (.keras)",
            version=version,
            meta=meta,
            progress=progress,
        )


def open_keras_h5(path: Path, progress: Progress) -> KerasNetwork:
    """Open an HDF5 file of Keras, to be compared; raises FormatError."""
    with open_hdf5(path, path.name) as root:
        text = root.text("model_config")
        if text is None:
            raise FormatError(_without_architecture(path, root.texts("layer_names")))
        config = parse_config(text, path.name)
        version = root.text("keras_version") or _version_in(config)
        weights = root.inner("model_weights")
        progress(0.2, "Reading the weights")
        return draw_network(
            read_model(config),
            NoWeights() if weights is None else LegacyWeights(weights),
            format_title="Keras HDF5",
            version=version,
            meta=BundleMeta(),
            progress=progress,
        )


def read_keras_json(path: Path, progress: Progress) -> ImportedNetwork:
    """Open an architecture without weights; raises FormatError."""
    config = parse_config(path.read_bytes(), path.name)
    found = draw_network(
        read_model(config),
        NoWeights(),
        format_title="Keras JSON",
        version=_version_in(config),
        meta=BundleMeta(),
        progress=progress,
    ).imported
    note = "The file holds the architecture alone: the network starts from random weights."
    report = found.report.model_copy(update={"notes": [note, *found.report.notes]})
    return ImportedNetwork(found.document, report, {}, found.meta)


def _version_in(config: JsonObject) -> str:
    version = config.get("keras_version")
    return version[:40] if isinstance(version, str) else ""


def _without_architecture(path: Path, layer_names: list[str]) -> str:
    if not layer_names:
        return (
            f"{path.name} is an HDF5 file, but not one of Keras: it names neither a model nor "
            "layers. Save the model with model.save('network.keras')."
        )
    named = ", ".join(layer_names[:3])
    return (
        f"{path.name} holds weights alone, for {len(layer_names)} layers ({named}...): Keras wrote "
        "it with save_weights. Save the whole model with model.save('network.keras'), or open or "
        "draw the network and bring the weights into it from there."
    )


def member(path: Path, name: str, most_bytes: int) -> bytes:
    """Return a file of a zip."""
    content = io.BytesIO()
    _copy_member(path, name, most_bytes, content)
    return content.getvalue()


def _copy_member(path: Path, name: str, most_bytes: int, to: BinaryIO) -> None:
    """Write a file of a zip; raises FormatError where it is not there, damaged or too large."""

    def refused(reason: str) -> FormatError:
        return FormatError(f"{path.name} is damaged: {reason}. Save or send it again.")

    with refusing_damage(refused), zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        found = [entry for entry in entries[:_MAX_MEMBERS] if entry.filename == name]
        if len(found) != 1:
            count = "no" if not found else str(len(found))
            raise FormatError(f"{path.name} is not a Keras file: it holds {count} {name}.")
        is_whole = copy_counted(archive, found[0], most_bytes, to)
    if not is_whole:
        raise FormatError(
            f"{name} in {path.name} is larger than {most_bytes / 2**20:,.0f} MB, which is allowed."
        )
