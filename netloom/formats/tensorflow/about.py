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
from typing import cast

from pydantic import ValidationError

from netloom.formats.bundle import BundleMeta
from netloom.formats.keras.settings import JsonObject
from netloom.formats.zips import BROKEN_ZIP, read_counted

EXTRA = "assets.extra"
ABOUT = "netloom.json"
LABELS = "labels.txt"
_MOST_BYTES = 16 * 2**20
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


def read_beside(folder: Path) -> bytes:
    """Return what was added to a SavedModel; empty where there is nothing."""
    try:
        with (folder / EXTRA / ABOUT).open("rb") as file:
            return file.read(_MOST_BYTES)
    except OSError:
        return b""


def read_behind(file: Path) -> bytes:
    """Return what was added to a file of TensorFlow Lite; empty where there is nothing."""
    try:
        with zipfile.ZipFile(file) as archive:
            return read_counted(archive, archive.getinfo(ABOUT), _MOST_BYTES) or b""
    except (*BROKEN_ZIP, ValueError, KeyError, OSError):
        return b""


def with_about(meta: BundleMeta, content: bytes) -> BundleMeta:
    """Return what is known of a network, with what was added; what makes no sense is left out."""
    try:
        said: object = json.loads(content)
    except (ValueError, RecursionError):
        return meta
    return with_told(meta, said)


def with_told(meta: BundleMeta, said: object) -> BundleMeta:
    """Do the same with what was read already."""
    if not isinstance(said, dict):
        return meta
    given = cast("dict[str, object]", said)
    told = {name: given[name] for name in ("classes", "licence", "description") if name in given}
    try:
        return BundleMeta.model_validate({**meta.model_dump(), **told})
    except ValidationError:
        return meta


def _texts(about: JsonObject) -> Mapping[str, str]:
    texts = {ABOUT: json.dumps(about, ensure_ascii=False, indent=1) + "\n"}
    classes = about["classes"]
    if isinstance(classes, list) and classes:
        names = [" ".join(str(name).split()) for name in cast("list[object]", classes)]
        texts[LABELS] = "".join(f"{name}\n" for name in names)
    return texts
