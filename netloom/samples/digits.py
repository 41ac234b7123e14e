"""scikit-learn's handwritten digits: 1,797 real images of 8 x 8 pixels."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from netloom.data.draws import draw_bits
from netloom.data.manifest import Split
from netloom.samples.sample import Sample, SampleImage

_SPLIT_SEED = 1797
_NUM_TEST = 360
_NUM_VALIDATION = 270


def digit_images() -> Iterator[SampleImage]:
    """Yield the digits as grey PNG files: 1,167 to train, 270 to validate, 360 to test."""
    # Imported here: it takes seconds, and who only asks for the classes need not wait for it.
    from sklearn.datasets import load_digits  # pyright: ignore

    data = cast(dict[str, NDArray[np.float64]], load_digits())
    # Grey values are 0..16, counts of ink in 4 x 4 blocks of the scan.
    pixels_NHW = (data["images"] * (255 / 16)).round().astype(np.uint8)
    labels_N = data["target"].astype(int).tolist()
    order = np.argsort(
        draw_bits(_SPLIT_SEED, 0, 0, np.arange(len(labels_N), dtype=np.int64), 1)[:, 0]
    )
    rank = np.empty(len(order), dtype=int)
    rank[order] = np.arange(len(order))
    for index, (pixels_HW, label) in enumerate(zip(pixels_NHW, labels_N, strict=True)):
        buffer = io.BytesIO()
        Image.fromarray(pixels_HW).save(buffer, format="PNG")
        yield SampleImage(
            file_name=f"{label}/digit-{index:04d}.png",
            png=buffer.getvalue(),
            class_name=str(label),
            split=_split(int(rank[index])),
        )


def _split(rank: int) -> Split:
    if rank < _NUM_TEST:
        return "test"
    return "validation" if rank < _NUM_TEST + _NUM_VALIDATION else "train"


digits = Sample(
    id="digits",
    title="Handwritten digits",
    description=(
        "1,797 real handwritten digits of 8 × 8 pixels from 43 people. Trains in seconds."
    ),
    licence=(
        "CC BY 4.0: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, "
        "UCI Machine Learning Repository, 1998"
    ),
    classes=tuple(str(digit) for digit in range(10)),
    image_size_px=8,
    channels=1,
    images=digit_images,
)
