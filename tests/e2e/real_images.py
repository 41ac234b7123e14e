"""Real images as class folders, the way a person has them on disk."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

import numpy as np
from PIL import Image

MNIST_IMAGE_HEADER_BYTES = 16
MNIST_LABEL_HEADER_BYTES = 8
MNIST_NUM_TRAIN = 8000


def mnist_folders(shared_data: Path, target: Path) -> Path:
    """Write the 10,000 digits as train and test folders of class folders: 8,000 and 2,000."""
    source = shared_data / "mnist-t10k"
    pixels = _unpack(next(source.glob("*images*")), MNIST_IMAGE_HEADER_BYTES)
    labels = _unpack(next(source.glob("*labels*")), MNIST_LABEL_HEADER_BYTES)
    for index, (image_HW, label) in enumerate(zip(pixels.reshape(-1, 28, 28), labels, strict=True)):
        split = "train" if index < MNIST_NUM_TRAIN else "test"
        folder = target / split / str(label)
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image_HW).save(folder / f"{index:05d}.png")
    return target


def cifar_folders(shared_data: Path, target: Path, per_class: int) -> Path:
    """Copy some of the photos of each class, as train and test folders: three to one."""
    for split, count in (("train", per_class * 3 // 4), ("test", per_class // 4)):
        for source in sorted((shared_data / "cifar10-jpg" / split).iterdir()):
            folder = target / split / source.name
            folder.mkdir(parents=True)
            for photo in sorted(source.iterdir())[:count]:
                shutil.copy(photo, folder)
    return target


def photo_folders(shared_data: Path, target: Path) -> Path:
    """Copy photographs of many sizes: animals (the first synsets of ImageNet) and things."""
    photos = [
        *sorted((shared_data / "imagenet-photos").glob("*.JPEG")),
        *sorted((shared_data / "free-photos").glob("*.jpg")),
    ]
    for photo in photos:
        is_animal = photo.name.startswith(("n01", "n020", "n021", "n022", "n023", "n024", "n025"))
        folder = target / ("animal" if is_animal else "thing")
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(photo, folder)
    return target


def _unpack(path: Path, header_bytes: int) -> np.ndarray:
    with gzip.open(path) as file:
        return np.frombuffer(file.read(), np.uint8, offset=header_bytes)
