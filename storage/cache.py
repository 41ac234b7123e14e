"""Blobs fetched from a shared store, kept on this machine for the next who needs them.

Bounded by `NETLOOM_CACHE_MB`, what was not used for longest goes first. Nobody works on a file of
the cache itself: `bring` gives it a second name in the caller's own folder, so that a file in use
survives its eviction, and two processes that fetch the same blob do not meet.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from common.errors import Code, Problem
from storage.disk import ABANDONED_S, MEGABYTE, remove_abandoned, require_free
from storage.store import Store

NUM_THREADS = 8
NUM_TRIES = 3
UNSEEN_SHARE = 0.02
DRAFT = ".fetching-"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A blob that somebody needs as a file.

    Attributes:
        key: Where the store has it.
        target: The name it gets; what is there already stays.
    """

    sha256: str
    key: str
    target: Path
    size_bytes: int


def bring(store: Store, wanted: Sequence[Wanted]) -> None:
    """Give each blob a name of its own in the caller's folder, which is made.

    Raises:
        Problem: `file_missing`, `checksum_mismatch`, `disk_full` or `unavailable`.
    """
    for folder in {blob.target.parent for blob in wanted}:
        folder.mkdir(parents=True, exist_ok=True)
    left = [blob for blob in wanted if not _link(blob)]
    if not left:
        return
    _room.prepare(sum(blob.size_bytes for blob in left))
    with ThreadPoolExecutor(min(NUM_THREADS, len(left))) as threads:
        waiting = [threads.submit(_bring_one, store, blob) for blob in left]
        errors = [error for each in waiting if (error := each.exception()) is not None]
    if errors:
        raise errors[0]


def make_room() -> None:
    """Evict what was used longest ago until the cache is within its bound."""
    remove_abandoned()
    folder = _folder()
    found: list[tuple[float, int, Path]] = []
    for entry in folder.glob("*/*"):
        try:
            status = entry.stat()
        except FileNotFoundError:
            continue
        if entry.name.startswith(DRAFT):
            if time.time() - status.st_mtime > ABANDONED_S:
                entry.unlink(missing_ok=True)
            continue
        found.append((status.st_mtime, status.st_size, entry))
    excess = sum(size for _, size, _ in found) - settings.ENVIRONMENT.cache_mb * MEGABYTE
    for _, size, entry in sorted(found):
        if excess <= 0:
            return
        entry.unlink(missing_ok=True)
        excess -= size


class _Room:
    """Looks through the cache now and then: with a hundred thousand files that takes a while."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._unseen_bytes: int | None = None

    def prepare(self, coming_bytes: int) -> None:
        """Make room for what is about to be fetched."""
        require_free(coming_bytes)
        allowed = settings.ENVIRONMENT.cache_mb * MEGABYTE * UNSEEN_SHARE
        with self._lock:
            if self._unseen_bytes is None or self._unseen_bytes + coming_bytes > allowed:
                make_room()
                self._unseen_bytes = 0
            self._unseen_bytes += coming_bytes


_room = _Room()


def _bring_one(store: Store, blob: Wanted) -> None:
    for _ in range(NUM_TRIES):
        _fetch(store, blob)
        if _link(blob):
            return
    raise Problem(
        Code.UNAVAILABLE,
        "The cache of fetched files is too small for the work at hand.",
        "The operator can raise NETLOOM_CACHE_MB.",
    )


def _fetch(store: Store, blob: Wanted) -> None:
    path = _path(blob.sha256)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{DRAFT}{secrets.token_hex(8)}")
    try:
        store.fetch(blob.key, draft)
        with draft.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != blob.sha256:
            raise Problem(
                Code.CHECKSUM_MISMATCH,
                "A file in the studio's file store is damaged.",
                "Bring it in again, or ask the operator to restore a backup.",
                sha256=blob.sha256,
            )
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _link(blob: Wanted) -> bool:
    """Name a cached blob a second time and note that it was used; False when it is not here."""
    path, target = _path(blob.sha256), blob.target
    try:
        os.utime(path)
        os.link(path, target)
    except FileExistsError:
        return True
    except FileNotFoundError:
        return False
    except OSError:  # another disk, or no hard links there
        draft = target.with_name(f"{DRAFT}{secrets.token_hex(8)}")
        try:
            shutil.copyfile(path, draft)
            draft.replace(target)
        except FileNotFoundError:
            return False
        finally:
            draft.unlink(missing_ok=True)
    return True


def _path(sha256: str) -> Path:
    return _folder() / sha256[:2] / sha256


def _folder() -> Path:
    return settings.DATA_FOLDER / "cache" / "blobs"
