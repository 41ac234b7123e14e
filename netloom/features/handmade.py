"""Features that nobody learned: pixels, edges by direction (HOG), colours.

Legend: B batch, C channels, H height, W width, D features.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from netloom.data.manifest import Manifest, Split
from netloom.data.preprocess import Preprocessing
from netloom.data.readable import ReadBatch, read_batches
from netloom.features.extract import (
    BATCH_SIZE,
    Progress,
    ShouldCancel,
    data_fingerprint,
    each_split,
    labelled,
    write_table,
)
from netloom.features.results import HandMadeKind
from netloom.features.table import FeatureTable, cached_table, table_key

MOST_SIDE: dict[HandMadeKind, int] = {"pixels": 32, "hog": 64, "colours": 64}
"""Images are made this small: more pixels say little more without a network."""
NUM_BINS = 8
_ORIENTATIONS = 9
_TO_GREY = np.array([0.299, 0.587, 0.114], dtype=np.float32)


@dataclass(frozen=True, slots=True)
class HandMade:
    """How an image becomes numbers without a network.

    Attributes:
        kind: `pixels`: brightness of each; `hog`: histograms of oriented gradients; `colours`: how
            often each of 512 colours (8 for grey) occurs.
        channels: 1 (grey) or 3 (RGB).
    """

    kind: HandMadeKind
    side: int
    channels: int

    @classmethod
    def for_input(cls, kind: HandMadeKind, preprocessing: Preprocessing | None = None) -> HandMade:
        """Choose the size: as a network sees images, but no larger than makes sense."""
        if preprocessing is None:
            return cls(kind, MOST_SIDE[kind], 3)
        side = min(MOST_SIDE[kind], preprocessing.height, preprocessing.width)
        return cls(kind, side, preprocessing.channels)

    @property
    def preprocessing(self) -> Preprocessing:
        """Sizes and channels of the images."""
        return Preprocessing(
            height=self.side,
            width=self.side,
            channels=self.channels,
            resize_policy="stretch",
            mean=(0.0,) * self.channels,
            std=(1.0,) * self.channels,
        )

    @property
    def words(self) -> str:
        """Say plainly what an image's features are."""
        what = {
            "pixels": "Raw pixels",
            "hog": "Histograms of oriented gradients",
            "colours": "Histogram of colours" if self.channels == 3 else "Histogram of grey values",
        }[self.kind]
        return f"{what} at {self.side} × {self.side}"

    def features(self, pixels_BCHW: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the features [B, D] of images, uint8 of `side` and `channels`."""
        make: Callable[[NDArray[np.uint8]], NDArray[np.float32]] = {
            "pixels": _pixels,
            "hog": _hog,
            "colours": colour_histogram,
        }[self.kind]
        return np.stack([make(pixels_CHW) for pixels_CHW in pixels_BCHW])


def handmade_tables(
    chosen: HandMade,
    manifest: Manifest,
    folder: Path,
    *,
    cache: Path,
    splits: Sequence[Split] = ("train", "test"),
    progress: Progress | None = None,
    should_cancel: ShouldCancel | None = None,
) -> dict[Split, FeatureTable]:
    """Take hand-made features of every labelled image of some splits; see `layer_tables`."""

    def open_table(split: Split, tell: Progress) -> FeatureTable:
        items = labelled(manifest, split)
        key = table_key(
            kind=chosen.kind,
            side=chosen.side,
            pixels=chosen.preprocessing.key,
            data=data_fingerprint(manifest, folder, split),
        )

        def to_features(batch: ReadBatch) -> NDArray[np.float32]:
            return chosen.features(batch.pixels_BCHW)

        def make(draft: Path) -> FeatureTable:
            batches = read_batches(items, folder, chosen.preprocessing, BATCH_SIZE)
            return write_table(
                draft,
                items,
                manifest.classes,
                chosen.words,
                batches,
                to_features,
                tell,
                should_cancel,
            )

        return cached_table(cache, key, make)

    return each_split(splits, open_table, progress)


def colour_histogram(pixels_CHW: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the share of pixels in each of 8 ranges per channel, all channels together."""
    channels = len(pixels_CHW)
    bins = (pixels_CHW.reshape(channels, -1) // (256 // NUM_BINS)).astype(np.int64)
    place = np.zeros(bins.shape[1], dtype=np.int64)
    for channel in range(channels):
        place = place * NUM_BINS + bins[channel]
    counts = np.bincount(place, minlength=NUM_BINS**channels)
    return (counts / bins.shape[1]).astype(np.float32)


def _pixels(pixels_CHW: NDArray[np.uint8]) -> NDArray[np.float32]:
    return (pixels_CHW.reshape(-1) / 255).astype(np.float32)


def _hog(pixels_CHW: NDArray[np.uint8]) -> NDArray[np.float32]:
    from skimage.feature import hog  # pyright: ignore - it comes without types

    pixels = pixels_CHW.astype(np.float32) / 255
    grey_HW = pixels[0] if len(pixels) == 1 else np.tensordot(_TO_GREY, pixels, axes=1)
    side = min(grey_HW.shape)
    cell = max(2, side // 8)
    blocks = 2 if side // cell >= 2 else 1
    found: NDArray[np.float64] = hog(  # pyright: ignore
        grey_HW,
        orientations=_ORIENTATIONS,
        pixels_per_cell=(cell, cell),
        cells_per_block=(blocks, blocks),
        block_norm="L2-Hys",
        feature_vector=True,
    )
    return np.asarray(found, dtype=np.float32)
