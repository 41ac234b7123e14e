"""Decoding in worker processes, in order, a few batches ahead.

Workers are started fresh (spawn), import no torch, hand batches back over a pipe (no /dev/shm) and
end with their parent even when it is killed. Signals are for the trainer: workers ignore them, so
that a stop can still finish its step.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from netloom.data.decode import DecodeError, decode_image
from netloom.data.preprocess import Preprocessing
from netloom.regular_files import read_regular_file


class ItemError(Exception):
    """An image of the dataset cannot be used. Attribute `path` is the file."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path.name} cannot be used: {reason}")
        self.path = path
        self.reason = reason

    def __reduce__(self) -> tuple[type[ItemError], tuple[Path, str]]:
        return ItemError, (self.path, self.reason)


def load_item(path: Path, preprocessing: Preprocessing, digest: str = "") -> NDArray[np.uint8]:
    """Read, decode and preprocess one image to uint8 [C, H, W].

    Args:
        digest: SHA-256 that the file must have, in hex; "" takes whatever is there.

    Raises:
        ItemError: Names the file and why it cannot be used.
    """
    try:
        data = read_regular_file(path)
    except OSError as error:
        raise ItemError(path, f"it cannot be read ({error.strerror or error}).") from error
    if digest and hashlib.sha256(data).hexdigest() != digest:
        raise ItemError(
            path,
            "its content has changed since it was brought into the dataset. Put the file back as"
            " it was, or bring the folder in again.",
        )
    try:
        return preprocessing.to_uint8_CHW(decode_image(data))
    except DecodeError as error:
        raise ItemError(path, str(error)) from error


def load_items(
    paths: Sequence[Path], preprocessing: Preprocessing, digests: Sequence[str] = ()
) -> NDArray[np.uint8]:
    """Load several images to uint8 [B, C, H, W]; raises ItemError.

    Args:
        digests: What `load_item` takes, for each path; may be left out for all.
    """
    shape = (len(paths), preprocessing.channels, preprocessing.height, preprocessing.width)
    batch = np.empty(shape, dtype=np.uint8)
    for index, path in enumerate(paths):
        batch[index] = load_item(path, preprocessing, digests[index] if digests else "")
    return batch


class DecodePool:
    """Loads batches of images with `num_workers` processes, or one thread when 0.

    The result does not depend on the number of workers.

    Args:
        digests: SHA-256 that files must have, by path; others are taken as they are.
    """

    def __init__(
        self,
        preprocessing: Preprocessing,
        num_workers: int,
        prefetch: int = 2,
        *,
        digests: Mapping[Path, str] | None = None,
    ) -> None:
        self._preprocessing = preprocessing
        self._digests = digests or {}
        self._ahead = max(1, num_workers) * prefetch
        self._executor: ProcessPoolExecutor | ThreadPoolExecutor
        if num_workers == 0:
            self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="decode")
        else:
            self._executor = ProcessPoolExecutor(
                max_workers=num_workers,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=_end_with_parent,
            )
        self._is_started = False

    def map(self, batches: Iterable[list[Path]]) -> Iterator[NDArray[np.uint8]]:
        """Yield uint8 [B, C, H, W] for each list of files, in order; raises ItemError."""
        waiting: deque[Future[NDArray[np.uint8]]] = deque()
        try:
            for paths in batches:
                waiting.append(self._submit(paths))
                if len(waiting) > self._ahead:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()

    def close(self) -> None:
        """End the workers."""
        self._executor.shutdown(wait=True, cancel_futures=True)

    def _submit(self, paths: list[Path]) -> Future[NDArray[np.uint8]]:
        digests = [self._digests.get(path, "") for path in paths]
        if self._is_started:
            return self._executor.submit(load_items, paths, self._preprocessing, digests)
        # The first submission starts the processes; they inherit the mask and keep it.
        self._is_started = True
        signals = {signal.SIGTERM, signal.SIGINT, signal.SIGUSR1}
        before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
        try:
            return self._executor.submit(load_items, paths, self._preprocessing, digests)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def wait_for_parent() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait_for_parent, daemon=True).start()
