"""Where batches come from: all pixels in memory, or decoding on the way.

Both give the same numbers. Pixels are kept as uint8 after preprocessing and before augmentation.

Legend: N items, B batch, C channels, H height, W width.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
import psutil
import torch
from numpy.typing import NDArray

from netloom.data.decode_pool import DecodePool
from netloom.data.items import LabelledItems
from netloom.data.preprocess import Preprocessing
from netloom.data.tensors import as_tensor, on_device

DataTier = Literal["memory", "decode"]

MEMORY_SHARE = 0.4
"""Largest share of the free memory that decoded pixels may take."""
DEVICE_MEMORY_SHARE = 0.25
"""Largest share of a GPU's free memory that the pixels may take."""
_CHUNK = 64
_MANY_ITEMS = 2000


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
            yield self.pixels_NCHW.index_select(0, on_device(rows_B, device))

    def close(self) -> None:
        del self.pixels_NCHW


class DecodedPixels:
    """Images decoded anew each time, by worker processes ahead of the loop.

    Args:
        digests: SHA-256 that each file must have, "" where nobody knows; may be left out for all.
    """

    tier: DataTier = "decode"

    def __init__(
        self,
        paths: list[Path],
        preprocessing: Preprocessing,
        num_workers: int,
        digests: Sequence[str] = (),
    ) -> None:
        self._paths = paths
        stated = dict(zip(paths, digests, strict=True)) if digests else None
        self._pool = DecodePool(preprocessing, num_workers, digests=stated)

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
    warn: Callable[[str], None],
) -> MemoryPixels:
    """Decode everything once, or map what an earlier run with the same content left in `cache`.

    Args:
        digests: Content digest of each item, see `LabelledItems.content_digests`.
        cache: Folder for the pixel file; None keeps pixels in this process only.
        progress: Called with (done, total) images; may raise to give up.
        warn: Told when the cache cannot be written; pixels stay in this process then.

    Raises:
        ItemError: Names the image that cannot be used.
    """
    shape = (len(items.paths), preprocessing.channels, preprocessing.height, preprocessing.width)
    batches = _DecodedBatches(items, preprocessing, num_workers, progress)
    if cache is not None:
        path = cache / f"pixels-{_content_key(digests, preprocessing)}.npy"
        try:
            if not _is_complete(path, shape):
                _write_cache(path, shape, batches)
            os.utime(path)  # so that whoever tidies the cache sees which files are in use
            # Copy on write: torch wants writable memory, the file stays as it is.
            return MemoryPixels(as_tensor(np.load(path, mmap_mode="c")))
        except OSError as error:
            warn(f"Decoded images are not kept for later runs: {cache}: {error.strerror}.")
    pixels = np.empty(shape, dtype=np.uint8)
    for start, batch in batches:
        pixels[start : start + len(batch)] = batch
    return MemoryPixels(as_tensor(pixels))


def _content_key(digests: list[str], preprocessing: Preprocessing) -> str:
    content = hashlib.sha256("\n".join(digests).encode()).hexdigest()
    return f"{content[:32]}-{preprocessing.key}"


def _is_complete(path: Path, shape: tuple[int, ...]) -> bool:
    try:
        mapped = np.load(path, mmap_mode="r")
    except (OSError, ValueError, EOFError):
        return False
    return mapped.shape == shape and mapped.dtype == np.uint8


def _write_cache(path: Path, shape: tuple[int, ...], batches: _DecodedBatches) -> None:
    """Write the pixel file beside its place and rename it when it is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{os.getpid()}.partial")
    header = {"descr": "|u1", "fortran_order": False, "shape": shape}
    try:
        # Plain writes, not a memory map: a full disk is then an error instead of a crash.
        with partial.open("wb") as file:
            np.lib.format.write_array_header_2_0(file, header)
            for _, batch in batches:
                file.write(batch.data)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


class _DecodedBatches:
    """Decodes all items in order; iterating yields (first row, uint8 [B, C, H, W])."""

    def __init__(
        self,
        items: LabelledItems,
        preprocessing: Preprocessing,
        num_workers: int,
        progress: Callable[[int, int], None],
    ) -> None:
        self._paths = items.paths
        self._digests = dict(zip(items.paths, items.digests, strict=True))
        self._preprocessing = preprocessing
        # Processes cost about a second to start: not worth it for a few small images.
        self._num_workers = num_workers if len(items.paths) > _MANY_ITEMS else 0
        self._progress = progress

    def __iter__(self) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        total = len(self._paths)
        starts = range(0, total, _CHUNK)
        pool = DecodePool(self._preprocessing, self._num_workers, digests=self._digests)
        self._progress(0, total)
        try:
            chunks = (self._paths[start : start + _CHUNK] for start in starts)
            for start, batch in zip(starts, pool.map(chunks), strict=True):
                yield start, batch
                self._progress(start + len(batch), total)
        finally:
            pool.close()
