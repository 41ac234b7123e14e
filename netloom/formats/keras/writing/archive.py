"""The zip that Keras 3 loads: config.json, metadata.json and model.weights.h5."""

from __future__ import annotations

import json
import zipfile
from collections import Counter
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from netloom.formats.keras.settings import JsonObject
from netloom.formats.keras.weights import snake_case
from netloom.formats.keras.writing.board import Board
from netloom.formats.read_progress import Progress

KERAS_VERSION = "3.13.1"
"""Whose layout is written. `RMSNormalization` came last, with 3.9."""
_FIRST_ZIP_DATE = (1980, 1, 1, 0, 0, 0)
_CHUNK_BYTES = 2**20


def write_archive(
    path: Path, board: Board, config: JsonObject, about: JsonObject, progress: Progress
) -> None:
    """Write a `.keras` file; the same network gives the same bytes.

    Args:
        about: For `metadata.json`, where Keras looks at its own version alone.
    """
    weights = path.with_name(f"{path.name}.weights.h5")
    try:
        _write_weights(weights, board, progress)
        metadata: JsonObject = {"keras_version": KERAS_VERSION, "date_saved": "", "netloom": about}
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in (("metadata.json", metadata), ("config.json", config)):
                text = json.dumps(content, ensure_ascii=False, allow_nan=False)
                archive.writestr(_entry(name), text, zipfile.ZIP_DEFLATED)
            entry = _entry("model.weights.h5")
            entry.file_size = weights.stat().st_size
            with archive.open(entry, "w", force_zip64=True) as place, weights.open("rb") as file:
                while chunk := file.read(_CHUNK_BYTES):
                    place.write(chunk)
    finally:
        weights.unlink(missing_ok=True)


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _FIRST_ZIP_DATE)
    entry.external_attr = 0o644 << 16
    return entry


def _write_weights(path: Path, board: Board, progress: Progress) -> None:
    h5py: Any = import_module("h5py")  # it brings no types along
    counts: Counter[str] = Counter()
    with h5py.File(path, "w", libver="earliest", track_order=False) as file:
        file.create_group("vars")
        for number, layer in enumerate(board.layers):
            kind = snake_case(layer.kind)
            place = f"layers/{kind}_{counts[kind]}" if counts[kind] else f"layers/{kind}"
            counts[kind] += 1
            file.create_group(f"{place}/vars").attrs["name"] = layer.name
            if layer.arrays is not None:
                for name, array in layer.arrays().items():
                    data = np.ascontiguousarray(array, np.float32)
                    file.create_dataset(f"{place}/{name}", data=data)
            progress(0.2 + 0.4 * number / len(board.layers), f"Writing {layer.name}"[:120])
