"""Writing to the data folder so that a crash leaves either the old file or the new one."""

from __future__ import annotations

import ctypes
import errno
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from common.errors import Code, Problem

MEGABYTE = 1_000_000  # as the pages show sizes
ABANDONED_S = 24 * 3600
FEW_FILES = 8
# Linux has it in the C library; elsewhere files are synced one by one.
_SYNCFS: Callable[[int], int] | None = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)


@contextmanager
def disk_problems() -> Iterator[None]:
    """Tell a full disk as what it is."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise disk_full() from error
        raise


def disk_full(needed_bytes: int | None = None) -> Problem:
    """The problem that says how much is free."""
    free = shutil.disk_usage(settings.DATA_FOLDER).free
    return Problem(
        Code.DISK_FULL,
        f"The disk of the studio is full: {free // MEGABYTE} MB are free.",
        "Delete what is no longer needed, or ask the operator for a larger disk.",
        free_bytes=free,
        needed_bytes=needed_bytes,
    )


def require_free(needed_bytes: int) -> None:
    """Raise Problem disk_full when a write would eat into the reserve."""
    free = shutil.disk_usage(settings.DATA_FOLDER).free
    if free - needed_bytes < settings.ENVIRONMENT.reserve_mb * MEGABYTE:
        raise disk_full(needed_bytes)


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder for work in progress, gone afterwards.

    On the disk of the data folder, so that files fetched from a shared store are linked there
    instead of copied.
    """
    parent = settings.DATA_FOLDER / "tmp"
    parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(dir=parent, prefix="work-") as name:
        yield Path(name)


def remove_abandoned() -> None:
    """Remove work in progress of processes that were killed long ago."""
    for folder in (settings.DATA_FOLDER / "tmp").glob("work-*"):
        if time.time() - folder.stat().st_mtime > ABANDONED_S:
            shutil.rmtree(folder, ignore_errors=True)


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file whole: temporary file in the same folder, fsync, rename, fsync the folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name[:40]}.{secrets.token_hex(6)}")
    try:
        with disk_problems(), draft.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(path.parent)


def write_batch_atomically(files: Sequence[tuple[Path, bytes]]) -> None:
    """Write many small files whole and durably, for the price of two flushes of the disk.

    An fsync costs milliseconds wherever it is real; thousands of images cannot afford two each.
    """
    if _SYNCFS is None or len(files) < FEW_FILES:
        for path, data in files:
            write_atomically(path, data)
        return
    drafts: list[tuple[Path, Path]] = []
    try:
        for path, data in files:
            path.parent.mkdir(parents=True, exist_ok=True)
            draft = path.with_name(f".{path.name[:40]}.{secrets.token_hex(6)}")
            drafts.append((draft, path))
            with disk_problems():
                draft.write_bytes(data)
        _sync_file_system(files[0][0].parent)
        for draft, path in drafts:
            draft.replace(path)
        _sync_file_system(files[0][0].parent)
    finally:
        for draft, _ in drafts:
            draft.unlink(missing_ok=True)


def move_into_place(source: Path, path: Path) -> None:
    """Give a finished file on the same disk its name, durably."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with source.open("rb") as file:
        os.fsync(file.fileno())
    source.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make renames in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_file_system(folder: Path) -> None:
    """Make everything written to a folder's file system survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        if _SYNCFS is not None and _SYNCFS(descriptor) != 0:
            number = ctypes.get_errno()
            with disk_problems():
                raise OSError(number, os.strerror(number))
    finally:
        os.close(descriptor)
