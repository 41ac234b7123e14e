"""Writing to the data folder so that a crash leaves either the old file or the new one."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from common.errors import Code, Problem

MEGABYTE = 1024 * 1024


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
