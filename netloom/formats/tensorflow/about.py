"""What TensorFlow has no place for: class names, preprocessing, licence.

They travel as files that its readers leave alone: in `assets.extra` of a SavedModel
(https://www.tensorflow.org/guide/saved_model), and in a zip behind a file of TensorFlow Lite, where
TFLite Metadata keeps its files, too (https://ai.google.dev/edge/litert/models/metadata).
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path

from netloom.formats.keras.settings import JsonObject

EXTRA = "assets.extra"
ABOUT = "netloom.json"
LABELS = "labels.txt"
_FIRST_ZIP_DATE = (1980, 1, 1, 0, 0, 0)


def write_beside(folder: Path, about: JsonObject) -> None:
    """Add the files to a SavedModel."""
    (folder / EXTRA).mkdir(exist_ok=True)
    for name, text in _texts(about).items():
        (folder / EXTRA / name).write_text(text, encoding="utf-8")


def write_behind(file: Path, about: JsonObject) -> None:
    """Add the files to a file of TensorFlow Lite."""
    with zipfile.ZipFile(file, "a") as archive:
        for name, text in _texts(about).items():
            entry = zipfile.ZipInfo(name, _FIRST_ZIP_DATE)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, text, zipfile.ZIP_STORED)


def _texts(about: JsonObject) -> Mapping[str, str]:
    texts = {ABOUT: json.dumps(about, ensure_ascii=False, indent=1) + "\n"}
    classes = about["classes"]
    if isinstance(classes, list) and classes:
        names = [" ".join(str(name).split()) for name in classes]
        texts[LABELS] = "".join(f"{name}\n" for name in names)
    return texts
