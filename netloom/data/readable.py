"""Images of a dataset in batches, read ahead; what cannot be read is named and left out.

Legend: B batch, C channels, H height, W width.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from netloom.data.decode import DecodeError, decode_image
from netloom.data.manifest import Item
from netloom.data.preprocess import Preprocessing


@dataclass(frozen=True, slots=True)
class ReadBatch:
    """Some items with their pixels.

    Attributes:
        seen: All that were looked at, in order.
        items: Those of them that could be read.
        pixels_BCHW: uint8, one row for each of `items`; empty when there is none.
        sizes: Height and width of the upright images, one for each of `items`.
        problems: Why the others could not be read, by item id.
    """

    seen: list[Item]
    items: list[Item]
    pixels_BCHW: NDArray[np.uint8]
    sizes: list[tuple[int, int]]
    problems: dict[str, str]


def read_batches(
    items: Iterable[Item], folder: Path, preprocessing: Preprocessing, size: int
) -> Iterator[ReadBatch]:
    """Read and preprocess items as in training, the next batch while the last one is in use.

    Never more than two batches are in memory.

    Args:
        folder: Where relative paths start.
        size: Items of a batch.
    """
    remaining = iter(items)
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="read") as executor:
        waiting: Future[ReadBatch] | None = None
        while batch := list(islice(remaining, size)):
            following = executor.submit(_read, batch, folder, preprocessing)
            if waiting is not None:
                yield waiting.result()
            waiting = following
        if waiting is not None:
            yield waiting.result()


def _read(items: list[Item], folder: Path, preprocessing: Preprocessing) -> ReadBatch:
    shape = (preprocessing.channels, preprocessing.height, preprocessing.width)
    readable: list[Item] = []
    pixels: list[NDArray[np.uint8]] = []
    sizes: list[tuple[int, int]] = []
    problems: dict[str, str] = {}
    for item in items:
        try:
            image_HWC = decode_image(folder / item.path)
            pixels.append(preprocessing.to_uint8_CHW(image_HWC))
        except DecodeError as error:
            problems[item.id] = str(error)
        else:
            readable.append(item)
            sizes.append((image_HWC.shape[0], image_HWC.shape[1]))
    stacked = np.stack(pixels) if pixels else np.empty((0, *shape), dtype=np.uint8)
    return ReadBatch(items, readable, stacked, sizes, problems)
