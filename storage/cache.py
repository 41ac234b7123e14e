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
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from django.conf import settings

from common.errors import Code, Problem
from storage.disk import ABANDONED_S, MEGABYTE, remove_abandoned, require_free
from storage.store import Store

NUM_THREADS = 8
NUM_TRIES = 3
DRAFT = ".fetching-"


def bring(store: Store, wanted: Mapping[str, Path], keys: Mapping[str, str]) -> None:
    """Give each blob, by its digest, a name of its own in the caller's folder.

    Args:
        wanted: Target by digest; folders are made, what is there already stays.
        keys: Key in the store by digest.

    Raises:
        Problem: `file_missing`, `checksum_mismatch`, `disk_full` or `unavailable`.
    """
    for folder in {target.parent for target in wanted.values()}:
        folder.mkdir(parents=True, exist_ok=True)
    left = {sha256: target for sha256, target in wanted.items() if not _link(sha256, target)}
    if not left:
        return
    make_room()
    with ThreadPoolExecutor(min(NUM_THREADS, len(left))) as threads:
        waiting = [
            threads.submit(partial(_bring_one, store, sha256, keys[sha256], target))
            for sha256, target in left.items()
        ]
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


def _bring_one(store: Store, sha256: str, key: str, target: Path) -> None:
    for _ in range(NUM_TRIES):
        _fetch(store, sha256, key)
        if _link(sha256, target):
            return
    raise Problem(
        Code.UNAVAILABLE,
        "The cache of fetched files is too small for the work at hand.",
        "The operator can raise NETLOOM_CACHE_MB.",
    )


def _fetch(store: Store, sha256: str, key: str) -> None:
    path = _path(sha256)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{DRAFT}{secrets.token_hex(8)}")
    require_free(store.size_bytes(key) or 0)
    try:
        store.fetch(key, draft)
        with draft.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != sha256:
            raise Problem(
                Code.CHECKSUM_MISMATCH,
                "A file in the studio's file store is damaged.",
                "Bring it in again, or ask the operator to restore a backup.",
                sha256=sha256,
            )
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _link(sha256: str, target: Path) -> bool:
    """Name a cached blob a second time and note that it was used; False when it is not here."""
    path = _path(sha256)
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
