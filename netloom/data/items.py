"""The items of a manifest as a trainer sees them: files, labels, rows of each split."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from netloom.data.manifest import Manifest, Split
from netloom.regular_files import read_regular_file

_MAX_HASHED_BYTES = 4 * 2**30


@dataclass(frozen=True, slots=True)
class LabelledItems:
    """All labelled items of the given splits, in the manifest's order.

    Attributes:
        ids: Item ids.
        paths: Absolute files.
        digests: SHA-256 of each file's bytes where the manifest states it, else "".
        labels: Class indices, int64 [N].
        splits: Split of each item.
        classes: Class names.
    """

    ids: list[str]
    paths: list[Path]
    digests: list[str]
    labels: NDArray[np.int64]
    splits: list[Split]
    classes: list[str]

    @classmethod
    def select(cls, manifest: Manifest, folder: Path, splits: tuple[Split, ...]) -> LabelledItems:
        """Pick the labelled items of `splits`.

        Args:
            folder: Where the manifest lies; relative paths start there.
        """
        items = [i for i in manifest.items if i.label is not None and i.split in splits]
        return cls(
            ids=[item.id for item in items],
            paths=[folder / item.path for item in items],
            digests=[item.digest for item in items],
            labels=np.array([item.label for item in items], dtype=np.int64),
            splits=[item.split for item in items],
            classes=list(manifest.classes),
        )

    def rows(self, split: Split) -> NDArray[np.int64]:
        """Return the positions of a split's items, int64."""
        return np.array([i for i, s in enumerate(self.splits) if s == split], dtype=np.int64)

    def content_digests(self, check: Callable[[], None]) -> list[str]:
        """Return a digest of every item's content.

        What the manifest does not state is read and hashed; beyond 4 GiB that would hold up the
        start, and path, size and time stand for the content.

        Args:
            check: Called before each file; may raise to give up.

        Raises:
            OSError: A file is not there or cannot be read.
        """
        unstated = [path for d, path in zip(self.digests, self.paths, strict=True) if not d]
        is_large = sum(path.stat().st_size for path in unstated) > _MAX_HASHED_BYTES
        digests: list[str] = []
        for stated, path in zip(self.digests, self.paths, strict=True):
            check()
            if stated:
                digests.append(stated)
            elif is_large:
                status = path.stat()
                text = f"{path}|{status.st_size}|{status.st_mtime_ns}"
                digests.append(hashlib.sha256(text.encode()).hexdigest())
            else:
                digests.append(hashlib.sha256(read_regular_file(path)).hexdigest())
        return digests

    def fingerprint(self, digests: list[str]) -> str:
        """Return the hash of what a run learns from: contents, labels, splits and classes."""
        state = hashlib.sha256("\x00".join(self.classes).encode())
        for digest, label, split in zip(digests, self.labels, self.splits, strict=True):
            state.update(f"\n{digest} {label} {split}".encode())
        return state.hexdigest()
