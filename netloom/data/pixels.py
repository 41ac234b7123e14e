"""Where batches come from: all pixels in memory, or decoding on the way.

Both give the same numbers. Pixels are kept as uint8 after preprocessing and before augmentation.

Legend: N items, B batch, C channels, H height, W width.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
import psutil
import torch
from numpy.typing import NDArray

from netloom.data.decode_pool import DecodePool
from netloom.data.items import LabelledItems
from netloom.data.preprocess import Preprocessing
from netloom.data.tensors import as_tensor

DataTier = Literal["memory", "decode"]

MEMORY_SHARE = 0.4
"""Largest share of the free memory that decoded pixels may take."""
DEVICE_MEMORY_SHARE = 0.25
"""Largest share of a GPU's free memory that the pixels may take."""
_CHUNK = 64


class PixelSource(Protocol):
    """Gives preprocessed images by their row."""

    tier: DataTier

    def batches(self, rows: Iterable[NDArray[np.int64]]) -> Iterator[torch.Tensor]:
        """Yield uint8 [B, C, H, W] for each array of rows, in order."""
        ...

    def close(self) -> None:
        """Release processes and memory."""
        ...


class MemoryPixels:
    """All images as one uint8 tensor, in memory, mapped from a cache file or on the device."""

    tier: DataTier = "memory"

    def __init__(self, pixels_NCHW: torch.Tensor) -> None:
        self.pixels_NCHW = pixels_NCHW

    def batches(self, rows: Iterable[NDArray[np.int64]]) -> Iterator[torch.Tensor]:
        device = self.pixels_NCHW.device
        for rows_B in rows:
            yield self.pixels_NCHW.index_select(0, as_tensor(rows_B).to(device))

    def close(self) -> None:
        del self.pixels_NCHW


class DecodedPixels:
    """Images decoded anew each time, by worker processes ahead of the loop."""

    tier: DataTier = "decode"

    def __init__(self, paths: list[Path], preprocessing: Preprocessing, num_workers: int) -> None:
        self._paths = paths
        self._pool = DecodePool(preprocessing, num_workers)

    def batches(self, rows: Iterable[NDArray[np.int64]]) -> Iterator[torch.Tensor]:
        names = ([self._paths[int(row)] for row in rows_B] for rows_B in rows)
        for batch in self._pool.map(names):
            yield as_tensor(batch)

    def close(self) -> None:
        self._pool.close()


def fits_in_memory(
    num_items: int, preprocessing: Preprocessing, limit_bytes: int | None = None
) -> bool:
    """Return whether decoded pixels may be kept in memory.

    Args:
        limit_bytes: Most that they may take; None takes a share of what is free now.
    """
    if limit_bytes is None:
        limit_bytes = int(psutil.virtual_memory().available * MEMORY_SHARE)
    return num_items * preprocessing.item_bytes <= limit_bytes


def load_pixels(
    items: LabelledItems,
    preprocessing: Preprocessing,
    *,
    digests: list[str],
    cache: Path | None,
    num_workers: int,
    progress: Callable[[int, int], None],
) -> MemoryPixels:
    """Decode everything once, or map what an earlier run with the same content left in `cache`.

    Args:
        digests: Content digest of each item, see `LabelledItems.content_digests`.
        cache: Folder for the pixel file; None keeps pixels in this process only.
        progress: Called with (done, total) images; may raise to give up.

    Raises:
        ItemError: Names the image that cannot be used.
    """
    shape = (len(items.paths), preprocessing.channels, preprocessing.height, preprocessing.width)
    if cache is None:
        pixels = np.empty(shape, dtype=np.uint8)
        _decode_into(pixels, items, preprocessing, num_workers, progress)
        return MemoryPixels(as_tensor(pixels))
    path = cache / f"pixels-{_content_key(digests, preprocessing)}.npy"
    if not _is_complete(path, shape):
        _write_cache(path, shape, items, preprocessing, num_workers, progress)
    # Copy on write: torch wants writable memory, the file stays as it is.
    mapped = np.load(path, mmap_mode="c")
    return MemoryPixels(as_tensor(mapped))


def _content_key(digests: list[str], preprocessing: Preprocessing) -> str:
    content = hashlib.sha256("\n".join(digests).encode()).hexdigest()
    return f"{content[:32]}-{preprocessing.key}"


def _is_complete(path: Path, shape: tuple[int, ...]) -> bool:
    try:
        mapped = np.load(path, mmap_mode="r")
    except (OSError, ValueError, EOFError):
        return False
    return mapped.shape == shape and mapped.dtype == np.uint8


def _write_cache(
    path: Path,
    shape: tuple[int, ...],
    items: LabelledItems,
    preprocessing: Preprocessing,
    num_workers: int,
    progress: Callable[[int, int], None],
) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{os.getpid()}.partial")
    try:
        pixels = np.lib.format.open_memmap(partial, mode="w+", dtype=np.uint8, shape=shape)
        _decode_into(pixels, items, preprocessing, num_workers, progress)
        pixels.flush()
        del pixels
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _decode_into(
    pixels_NCHW: NDArray[np.uint8],
    items: LabelledItems,
    preprocessing: Preprocessing,
    num_workers: int,
    progress: Callable[[int, int], None],
) -> None:
    total = len(items.paths)
    starts = range(0, total, _CHUNK)
    # Processes cost about a second to start: not worth it for a few small images.
    pool = DecodePool(preprocessing, num_workers if total > 2000 else 0)
    progress(0, total)
    try:
        chunks = (items.paths[start : start + _CHUNK] for start in starts)
        for start, batch in zip(starts, pool.map(chunks), strict=True):
            pixels_NCHW[start : start + len(batch)] = batch
            progress(start + len(batch), total)
    finally:
        pool.close()
