"""Features of many images on disk: written a batch at a time, read a page at a time.

A table is a folder of plain files: `features.npy` (float32), `labels.npy` (int64), and
`table.json` with ids, classes and how it was made.

Legend: N images, D features, B batch.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from netloom.data.manifest import Item
from netloom.features.results import FeatureError

FEATURES, LABELS, ABOUT = "features.npy", "labels.npy", "table.json"
MAX_BYTES = 8 * 2**30
_VERSION = 1
"""Raised when the same settings would give other numbers, so that old caches are not reused."""


class TableAbout(BaseModel):
    """How a table was made.

    Attributes:
        words: What the features are.
        num_rows: Rows of the files that count; images that could not be read left none.
        unreadable: Ids of those, with the cause.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    words: str
    classes: list[str]
    num_rows: int
    ids: list[str]
    unreadable: dict[str, str]


@dataclass(frozen=True, slots=True)
class FeatureTable:
    """Features of labelled images.

    Attributes:
        features_ND: float32, mapped from its file: pages are read when they are looked at.
        labels_N: int64, index into the classes.
    """

    folder: Path
    about: TableAbout
    features_ND: NDArray[np.float32]
    labels_N: NDArray[np.int64]

    @classmethod
    def open(cls, folder: Path) -> FeatureTable:
        """Open a table.

        Raises:
            FeatureError: It is not one, or damaged.
        """
        try:
            about = TableAbout.model_validate_json((folder / ABOUT).read_bytes())
            features_ND = np.load(folder / FEATURES, mmap_mode="r", allow_pickle=False)
            labels_N = np.load(folder / LABELS, allow_pickle=False)
        except (OSError, ValueError, ValidationError) as error:
            raise FeatureError(f"{folder.name} is no table of features: {error}") from error
        return cls(folder, about, features_ND[: about.num_rows], labels_N[: about.num_rows])

    @property
    def num_bytes(self) -> int:
        """Size of the features when they are in memory."""
        return int(self.features_ND.nbytes)


class TableWriter:
    """A table on its way: rows are added in batches and not kept.

    Args:
        num_items: Most rows there will be.
        num_features: Numbers of each.

    Raises:
        FeatureError: It would be larger than can be learned from.
    """

    def __init__(self, folder: Path, num_items: int, num_features: int) -> None:
        size_bytes = 4 * num_items * num_features
        if size_bytes > MAX_BYTES:
            raise FeatureError(
                f"{num_items:,} images with {num_features:,} numbers each are "
                f"{size_bytes / 2**30:.1f} GB; a table holds up to {MAX_BYTES / 2**30:.0f} GB. "
                "Take the average or maximum over positions, or a later layer."
            )
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._features = open_memmap(
            folder / FEATURES, mode="w+", dtype=np.float32, shape=(num_items, num_features)
        )
        self._labels: list[int] = []
        self._ids: list[str] = []

    def add(self, items: Sequence[Item], features_BD: NDArray[np.float32]) -> None:
        """Add a batch; all items have a label."""
        start = len(self._ids)
        self._features[start : start + len(items)] = features_BD
        self._ids += [item.id for item in items]
        self._labels += [-1 if item.label is None else item.label for item in items]

    def finish(
        self, words: str, classes: Sequence[str], unreadable: dict[str, str]
    ) -> FeatureTable:
        """Write what is left, and open the table."""
        self._features.flush()
        del self._features
        np.save(self._folder / LABELS, np.array(self._labels, dtype=np.int64))
        about = TableAbout(
            words=words,
            classes=list(classes),
            num_rows=len(self._ids),
            ids=self._ids,
            unreadable=unreadable,
        )
        (self._folder / ABOUT).write_text(about.model_dump_json())
        return FeatureTable.open(self._folder)


def table_key(**parts: object) -> str:
    """Name the content of a table: the same parts give the same features."""
    text = json.dumps({"version": _VERSION, **parts}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def cached_table(cache: Path, key: str, make: Callable[[Path], FeatureTable]) -> FeatureTable:
    """Open a table of the cache, or make it: it appears under its name only when it is whole."""
    folder = cache / f"features-{key}"
    if folder.is_dir():
        os.utime(folder)
        return FeatureTable.open(folder)
    draft = cache / f"features-{key}.partial-{os.getpid()}"
    shutil.rmtree(draft, ignore_errors=True)
    try:
        make(draft)
        if folder.is_dir():
            shutil.rmtree(draft)
        else:
            draft.rename(folder)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return FeatureTable.open(folder)


def prune_tables(cache: Path, max_bytes: int) -> None:
    """Remove tables of the cache until it is small enough, those not used for longest first."""
    if not cache.is_dir():
        return
    folders = sorted(cache.glob("features-*"), key=lambda each: each.stat().st_mtime, reverse=True)
    kept_bytes = 0
    for folder in folders:
        kept_bytes += sum(path.stat().st_size for path in folder.iterdir())
        if kept_bytes > max_bytes:
            shutil.rmtree(folder, ignore_errors=True)
