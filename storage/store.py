"""Where bytes are kept: below the data folder, or in an S3-compatible store that machines share.

A key is `folder/.../name` and always ours: `blobs/ab/<sha256>`, `pictures/ab/<sha256>.view.webp`,
`uploads/<id>/<part>`. What is kept under a key never changes; it is there whole or not at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Protocol

from django.conf import settings

from common.errors import Code, Problem
from common.files import Readable
from storage.folder import FolderStore


class Store(Protocol):
    """What both places can do.

    Every method may raise Problem: `disk_full` when there is no room, `unavailable` when the
    store cannot be reached, `file_missing` for a key that is not there.
    """

    def prepare(self) -> bool:
        """Make the place that files are kept in; True when it was not there."""
        ...

    def write(self, contents: Mapping[str, bytes]) -> None:
        """Keep many small contents durably; those that are there already are left alone."""
        ...

    def take(self, source: Path, key: str, *, is_movable: bool) -> None:
        """Keep a file. One that the caller will remove may be linked instead of copied."""
        ...

    def size_bytes(self, key: str) -> int | None:
        """Size of what is kept, None when nothing is."""
        ...

    def missing(self, keys: Iterable[str]) -> list[str]:
        """Those keys under which nothing is kept."""
        ...

    def open(self, key: str, start: int = 0, end: int | None = None) -> Readable:
        """Open for reading from byte `start` up to `end`; the caller closes it."""
        ...

    def fetch(self, key: str, target: Path) -> None:
        """Write what is kept to a new file."""
        ...

    def delete(self, keys: Iterable[str]) -> None:
        """Forget; what is not there is forgotten already."""
        ...

    def delete_folder(self, folder: str) -> None:
        """Forget everything whose key begins with `folder/`."""
        ...


FOLDER = FolderStore()
"""The data folder of this machine."""


def the_store() -> Store:
    """The store that the settings name."""
    env = settings.ENVIRONMENT
    if not env.s3_bucket:
        return FOLDER
    return _object_store(
        env.s3_bucket, env.s3_endpoint, env.s3_region, env.s3_access_key, env.s3_secret_key
    )


def is_shared() -> bool:
    """True when bytes lie in a store that is not this machine's data folder."""
    return bool(settings.ENVIRONMENT.s3_bucket)


def read_all(key: str) -> bytes:
    """All bytes under a key; for small ones."""
    opened = the_store().open(key)
    try:
        return opened.read()
    finally:
        opened.close()


def lost_file(**data: object) -> Problem:
    """The problem of bytes that a row names and nobody has."""
    return Problem(
        Code.FILE_MISSING,
        "The file is no longer in the studio's storage.",
        "Bring it in again, or ask the operator to restore a backup.",
        **data,
    )


@cache
def _object_store(
    bucket: str, endpoint: str, region: str, access_key: str, secret_key: str
) -> Store:
    from storage.objects import ObjectStore  # loads boto3, which nobody needs without a bucket

    return ObjectStore(bucket, endpoint, region, access_key, secret_key)
