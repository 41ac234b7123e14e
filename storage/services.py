"""Keeping bytes: store once by content, read back, count against the project's quota."""

from __future__ import annotations

import hashlib
import secrets
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.db import transaction
from django.db.models import ProtectedError

from accounts.models import Project
from common.errors import Code, Problem
from storage.disk import (
    disk_problems,
    move_into_place,
    require_free,
    write_batch_atomically,
)
from storage.models import Blob, BlobUse
from storage.quotas import require_quota

READ_BYTES = 1024 * 1024


def blob_path(sha256: str) -> Path:
    """Where a blob's bytes are. The name is ours: 64 hexadecimal digits, never a user's.

    One level of 256 folders: with two, nearly every file of a dataset gets a folder of its own,
    and making and removing those costs ext4 many times what the files do.
    """
    return settings.DATA_FOLDER / "blobs" / sha256[:2] / sha256


def open_blob(sha256: str) -> BinaryIO:
    """Open a blob for reading; raises Problem file_missing when the disk has lost it."""
    try:
        return blob_path(sha256).open("rb")
    except FileNotFoundError:
        raise Problem(
            Code.FILE_MISSING,
            "The file is no longer on the studio's disk.",
            "Bring it in again, or ask the operator to restore a backup.",
            sha256=sha256,
        ) from None


def read_blob(sha256: str) -> bytes:
    """All bytes of a blob; for small ones."""
    with open_blob(sha256) as file:
        return file.read()


def store_bytes(project: Project, data: bytes) -> Blob:
    """Keep bytes in a project."""
    return store_batch(project, [data])[0]


def store_batch(project: Project, contents: Sequence[bytes]) -> list[Blob]:
    """Keep many small contents with one transaction; the order of the result is theirs.

    The files are durable before the rows exist: a crash in between leaves an unused file, never
    a row without bytes.
    """
    total = sum(len(data) for data in contents)
    require_quota(project, total)
    require_free(total)
    digests = [hashlib.sha256(data).hexdigest() for data in contents]
    by_path = {blob_path(sha256): data for sha256, data in zip(digests, contents, strict=True)}
    write_batch_atomically([each for each in by_path.items() if not each[0].exists()])
    sizes = {sha256: len(data) for sha256, data in zip(digests, contents, strict=True)}
    return _record(project, digests, sizes)


def store_file(project: Project, source: Path, *, is_movable: bool = False) -> Blob:
    """Keep a file in a project, by copy or, when it is ours to take, by rename."""
    with source.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    size_bytes = source.stat().st_size
    require_quota(project, size_bytes)
    path = blob_path(sha256)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        if is_movable:
            move_into_place(source, path)
        else:
            require_free(size_bytes)
            _copy_into_place(source, path)
    return _record(project, [sha256], {sha256: size_bytes})[0]


def _copy_into_place(source: Path, path: Path) -> None:
    """Copy whole or not at all: what a full disk cuts off is not left to fill it."""
    draft = path.with_name(f".{path.name[:40]}.{secrets.token_hex(6)}")
    try:
        with disk_problems():
            shutil.copyfile(source, draft)
        move_into_place(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def use_blob(project: Project, blob: Blob) -> None:
    """Let another project hold a blob that is already stored."""
    BlobUse.objects.get_or_create(project=project, blob=blob)


def release_blob(project: Project, blob: Blob) -> None:
    """Let go of a blob that nothing in the project names any more; the last one out deletes it.

    A blob that a row still refers to stays, whoever asks.
    """
    BlobUse.objects.filter(project=project, blob=blob).delete()
    if BlobUse.objects.filter(blob=blob).exists():
        return
    path = blob_path(blob.sha256)  # deleting a row forgets its key
    try:
        with transaction.atomic():
            blob.delete()
    except ProtectedError:
        BlobUse.objects.get_or_create(project=project, blob=blob)
        return
    transaction.on_commit(lambda: path.unlink(missing_ok=True))


def _record(project: Project, digests: list[str], sizes: dict[str, int]) -> list[Blob]:
    with transaction.atomic():
        Blob.objects.bulk_create(
            [Blob(sha256=sha256, size_bytes=size) for sha256, size in sizes.items()],
            ignore_conflicts=True,
        )
        blobs = Blob.objects.in_bulk(list(sizes))
        BlobUse.objects.bulk_create(
            [BlobUse(project_id=project.pk, blob_id=sha256) for sha256 in blobs],
            ignore_conflicts=True,
        )
    return [blobs[sha256] for sha256 in digests]
