"""What a sample dataset is, and how it becomes files."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from netloom.data.manifest import Item, Manifest, Split


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels; right and bottom are exclusive."""

    left: int
    top: int
    right: int
    bottom: int


@dataclass(frozen=True, slots=True)
class SampleImage:
    """One image of a sample dataset.

    Attributes:
        file_name: Relative path, e.g. `dent/dent-0007.png`; unique in the dataset.
        png: The encoded image.
        class_name: Its label.
        split: Fixed, so that everybody compares the same numbers.
        box: Where the defect is, when there is one.
    """

    file_name: str
    png: bytes
    class_name: str
    split: Split
    box: Box | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample dataset.

    Attributes:
        id: Short name.
        images: Makes the images, the same ones every time.
    """

    id: str
    title: str
    description: str
    licence: str
    classes: tuple[str, ...]
    image_size_px: int
    channels: int
    images: Callable[[], Iterator[SampleImage]]


def write_samples(sample: Sample, folder: Path) -> Manifest:
    """Write class folders of PNG files with `manifest.json` and, with defects, `boxes.json`.

    `boxes.json` maps a file name to {left, top, right, bottom} in pixels.
    """
    items: list[Item] = []
    boxes: dict[str, dict[str, int]] = {}
    for image in sample.images():
        path = folder / image.file_name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(image.png)
        label = sample.classes.index(image.class_name)
        items.append(Item(id=image.file_name, path=image.file_name, label=label, split=image.split))
        if image.box is not None:
            boxes[image.file_name] = asdict(image.box)
    manifest = Manifest(classes=list(sample.classes), items=items)
    (folder / "manifest.json").write_text(manifest.model_dump_json(indent=1))
    if boxes:
        (folder / "boxes.json").write_text(json.dumps(boxes, indent=1))
    return manifest
