"""Folders of images as a dataset: which files, which classes, which split.

Understood are class folders, split folders of class folders (`train/cat/1.png`), and a manifest as
the studio writes it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from netloom.data.manifest import Item, Manifest, Split

SPLIT_NAMES: dict[str, Split] = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "dev": "validation",
    "test": "test",
    "testing": "test",
}
ENDINGS = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif"})
MANIFEST = "manifest.json"
TEST_SHARE = 0.2
"""Of images that no folder assigns to a split."""


class FolderError(Exception):
    """A folder that is no dataset; the text says what was expected."""


def image_files(folder: Path) -> Iterator[Path]:
    """Yield the images below a folder in the order of their names, one folder at a time.

    Files are told by their ending. Links to folders are not followed, hidden files left out.
    """
    with os.scandir(folder) as entries:
        found = sorted(entries, key=lambda entry: entry.name)
    for entry in found:
        path = folder / entry.name
        if entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from image_files(path)
        elif path.suffix.lower() in ENDINGS and entry.is_file():
            yield path


def read_folder(folder: Path) -> tuple[Manifest, Path]:
    """Return a folder's images as a manifest, and where its paths start.

    Images that no folder assigns to a split are divided by a hash of their path, a fifth for
    testing: the same files always fall the same way.

    Args:
        folder: Of class folders, of split folders with class folders in them, or one with a
            `manifest.json`; or the manifest itself.

    Raises:
        FolderError: It is none of these, or cannot be read.
    """
    try:
        given = folder / MANIFEST if folder.is_dir() else folder
        if given.is_file():
            return Manifest.read(given), given.parent
        paths = [path.relative_to(folder) for path in image_files(folder)]
    except ValidationError as error:
        raise FolderError(f"{folder} is no manifest of a dataset: {error}") from error
    except OSError as error:
        raise FolderError(f"{folder} cannot be read: {error.strerror or error}.") from error
    has_splits = any(_is_in_split(path) for path in paths)
    classes = sorted({name for path in paths if (name := _class_of(path, has_splits))})
    if not classes:
        raise FolderError(
            f"{folder} holds no images in class folders: name folders after the classes, as in "
            "cat/1.png, or train/cat/1.png and test/cat/9.png."
        )
    places = {name: place for place, name in enumerate(classes)}
    items = [
        Item(
            id=path.as_posix(),
            path=str(path),
            label=places.get(_class_of(path, has_splits)),
            split=_split_of(path, has_splits),
        )
        for path in paths
    ]
    return Manifest(classes=classes, items=items), folder


def training_manifest(folder: Path) -> Manifest:
    """Return a folder's images with absolute paths, for a trainer.

    Without images to validate on, those for testing are taken for it: the trainer needs some.

    Raises:
        FolderError: As `read_folder`.
    """
    manifest, root = read_folder(folder)
    has_validation = any(item.split == "validation" for item in manifest.items)
    items = [
        item.model_copy(
            update={
                "path": str((root / item.path).resolve()),
                "split": item.split if has_validation or item.split == "train" else "validation",
            }
        )
        for item in manifest.items
    ]
    return manifest.model_copy(update={"items": items})


def _is_in_split(path: Path) -> bool:
    return len(path.parts) > 2 and path.parts[0].lower() in SPLIT_NAMES


def _class_of(path: Path, has_splits: bool) -> str:
    folders = path.parts[1:-1] if has_splits and _is_in_split(path) else path.parts[:-1]
    return folders[0] if folders else ""


def _split_of(path: Path, has_splits: bool) -> Split:
    if has_splits and _is_in_split(path):
        return SPLIT_NAMES[path.parts[0].lower()]
    digest = hashlib.sha256(path.as_posix().encode()).digest()
    return "test" if int.from_bytes(digest[:8], "big") / 2**64 < TEST_SHARE else "train"
