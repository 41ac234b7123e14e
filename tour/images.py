"""The folder of images a tour is made on, packed as a person would upload it."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

IMAGE_SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif"}
SPLIT_NAMES = {"train", "training", "val", "valid", "validation", "test", "testing"}


class UnusableFolder(ValueError):
    """The folder does not hold class folders of images; the text says what was found."""


@dataclass(frozen=True, slots=True)
class ImageFolder:
    """Class folders of images, or train and test folders of them.

    Attributes:
        classes: Class names in alphabetical order.
        num_images: Images over all splits.
        has_test: Whether the folder itself says which images are for testing.
    """

    root: Path
    classes: list[str]
    num_images: int
    has_test: bool

    @classmethod
    def read(cls, root: Path) -> ImageFolder:
        """Look at the folder; raises UnusableFolder."""
        if not root.is_dir():
            raise UnusableFolder(f"{root} is not a folder. Give a folder of class folders.")
        folders = sorted(p for p in root.iterdir() if p.is_dir() and not p.name.startswith("."))
        splits = [p for p in folders if p.name.lower() in SPLIT_NAMES]
        class_folders = (
            [c for split in splits for c in sorted(split.iterdir()) if c.is_dir()]
            if splits
            else folders
        )
        num_images = sum(len(images_below(folder)) for folder in class_folders)
        classes = sorted({folder.name for folder in class_folders if images_below(folder)})
        if len(classes) < 2:
            raise UnusableFolder(
                f"{root} holds {len(classes)} class folder(s) with images. "
                "At least two are needed: FOLDER/CLASS/image.png or FOLDER/train/CLASS/image.png."
            )
        has_test = any(p.name.lower() in {"test", "testing"} for p in splits)
        return cls(root, classes, num_images, has_test)

    def pack(self, archive: Path) -> Path:
        """Write the images as one zip of class folders, stored without compressing again."""
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as out:
            for path in images_below(self.root):
                out.write(path, path.relative_to(self.root).as_posix())
        return archive


def images_below(folder: Path) -> list[Path]:
    """Return the image files below a folder in a stable order."""
    return sorted(p for p in folder.rglob("*") if p.suffix.lower() in IMAGE_SUFFIXES)
