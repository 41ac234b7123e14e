"""Real images as files, and as many different ones as a figure asks for.

Digits of MNIST where the real data is at hand (`NETLOOM_TEST_DATA` or `../shared/data`), else the
digits that scikit-learn brings along, enlarged.

Legend: N items, H height, W width.
"""

from __future__ import annotations

import gzip
import io
import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_REPOSITORY = Path(__file__).resolve().parent.parent
_SIDE_PX = 28
_IMAGE_HEADER_BYTES, _LABEL_HEADER_BYTES = 16, 8


@dataclass(frozen=True, slots=True)
class Digits:
    """Grey 28 x 28 digits, uint8 [N, H, W], and which digit each is, int64 [N]."""

    pixels_NHW: NDArray[np.uint8]
    labels_N: NDArray[np.int64]
    source: str


def shared_data() -> Path | None:
    """Return the folder of real data, None where there is none."""
    folder = Path(os.environ.get("NETLOOM_TEST_DATA", _REPOSITORY.parent / "shared" / "data"))
    return folder if folder.is_dir() else None


def load_digits(count: int) -> Digits:
    """Return `count` different digits: the real ones first, then shifted and turned copies."""
    originals = _originals()
    found = len(originals.labels_N)
    pixels_NHW = np.empty((count, _SIDE_PX, _SIDE_PX), dtype=np.uint8)
    labels_N = originals.labels_N[np.arange(count) % found]
    for index in range(count):
        digit_HW = originals.pixels_NHW[index % found]
        pixels_NHW[index] = _changed(digit_HW, index, round_=index // found)
    return Digits(pixels_NHW, labels_N, originals.source)


def write_folders(digits: Digits, root: Path) -> Path:
    """Write PNG files in a folder for each class."""
    for index, (pixels_HW, label) in enumerate(
        zip(digits.pixels_NHW, digits.labels_N, strict=True)
    ):
        folder = root / str(label)
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels_HW).save(folder / f"{index:06d}.png", compress_level=1)
    return root


def write_archive(digits: Digits, archive: Path) -> Path:
    """Write the same files into a zip, stored, without the files themselves."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as out:
        for name, png in _pngs(digits):
            out.writestr(name, png)
    return archive


def _pngs(digits: Digits) -> Iterator[tuple[str, bytes]]:
    for index, (pixels_HW, label) in enumerate(
        zip(digits.pixels_NHW, digits.labels_N, strict=True)
    ):
        buffer = io.BytesIO()
        Image.fromarray(pixels_HW).save(buffer, "PNG", compress_level=1)
        yield f"{label}/{index:06d}.png", buffer.getvalue()


def _changed(digit_HW: NDArray[np.uint8], index: int, round_: int) -> NDArray[np.uint8]:
    """Shift and turn a digit; the first round leaves it as it is, no two rounds are equal."""
    if round_ == 0:
        return digit_HW
    random = np.random.Generator(np.random.PCG64([round_, index]))
    shift = int(random.integers(-3, 4)), int(random.integers(-3, 4))
    turned = Image.fromarray(digit_HW).rotate(
        float(random.uniform(-15, 15)), Image.Resampling.BILINEAR, translate=shift
    )
    return np.asarray(turned, dtype=np.uint8)


def _originals() -> Digits:
    folder = shared_data()
    if folder is not None and (folder / "mnist-t10k").is_dir():
        source = folder / "mnist-t10k"
        pixels = _unpack(next(source.glob("*images*")), _IMAGE_HEADER_BYTES)
        labels = _unpack(next(source.glob("*labels*")), _LABEL_HEADER_BYTES)
        return Digits(pixels.reshape(-1, _SIDE_PX, _SIDE_PX), labels.astype(np.int64), "MNIST")
    from sklearn import datasets

    digits = datasets.load_digits()
    enlarged = [
        np.asarray(
            Image.fromarray((image_HW * 15).astype(np.uint8)).resize(
                (_SIDE_PX, _SIDE_PX), Image.Resampling.BILINEAR
            )
        )
        for image_HW in digits.images
    ]
    return Digits(np.stack(enlarged), digits.target.astype(np.int64), "scikit-learn's digits")


def _unpack(path: Path, header_bytes: int) -> NDArray[np.uint8]:
    with gzip.open(path) as file:
        return np.frombuffer(file.read(), np.uint8, offset=header_bytes)
