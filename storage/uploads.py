"""Uploads that survive a lost connection: announce, send chunks, ask where one was.

The bytes gather in a file, or as parts in the store that machines share: the next chunk may reach
another web process, and a worker elsewhere uses them.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import Person, Project
from common.errors import Code, Problem
from storage import parts
from storage.disk import MEGABYTE, disk_problems, require_free
from storage.models import Upload
from storage.quotas import reserve_upload
from storage.store import is_shared

LIFETIME = timedelta(days=7)


def upload_path(upload: Upload) -> Path:
    """Where the bytes of an upload gather, unless a store is shared.

    Named by our id, never by the sender.
    """
    return settings.DATA_FOLDER / "uploads" / upload.id


def local_upload(upload: Upload, folder: Path) -> Path:
    """A file of this machine with all bytes of an upload; from a shared store it is put together.

    Args:
        folder: The caller's own, removed by the caller.
    """
    return parts.assemble(upload, folder / upload.id) if is_shared() else upload_path(upload)


def chunk_bytes() -> int:
    """Most bytes of one chunk: what a request body may have."""
    return settings.ENVIRONMENT.body_mb * MEGABYTE


def create_upload(
    person: Person, project: Project, *, file_name: str, size_bytes: int, sha256: str = ""
) -> Upload:
    """Announce a file; room for all of it is reserved in the quota now."""
    most = settings.ENVIRONMENT.upload_mb * MEGABYTE
    if size_bytes > most:
        raise Problem(
            Code.UPLOAD_TOO_LARGE,
            f"{file_name} has {size_bytes // MEGABYTE} MB; an upload may have"
            f" {most // MEGABYTE} MB.",
            "Split it, or bring it in as a folder of the server (NETLOOM_IMPORT_ROOTS).",
            limit_bytes=most,
        )
    if not is_shared():
        require_free(size_bytes)
    with transaction.atomic():
        reserve_upload(person, project, size_bytes)
        upload = Upload.objects.create(
            person=person,
            project=project,
            file_name=file_name,
            size_bytes=size_bytes,
            sha256=sha256.lower(),
        )
    if not is_shared():
        path = upload_path(upload)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
    return upload


def append_chunk(upload: Upload, offset: int, data: bytes) -> Upload:
    """Add bytes at `offset`; a chunk sent again after a lost answer is told where to go on."""
    if offset + len(data) > upload.size_bytes:
        raise Problem(
            Code.UPLOAD_TOO_LARGE,
            f"{upload.file_name} was announced with {upload.size_bytes} bytes; more arrived.",
            "Start the upload again.",
        )
    if not data and offset == upload.offset:
        return upload  # what is complete was checked when its last byte came
    if is_shared():
        parts.append(upload, offset, data)
    else:
        _append_to_file(upload, offset, data)
    return upload


def discard_upload(upload: Upload) -> None:
    """Forget an upload and its bytes: it was used, or is not wanted."""
    path, upload_id = upload_path(upload), upload.id
    upload.delete()
    if is_shared():
        parts.forget(upload_id)
    path.unlink(missing_ok=True)


def discard_stale_uploads() -> int:
    """Forget uploads nobody has touched for a week."""
    stale = list(Upload.objects.filter(changed_at__lt=timezone.now() - LIFETIME))
    for upload in stale:
        discard_upload(upload)
    return len(stale)


def _append_to_file(upload: Upload, offset: int, data: bytes) -> None:
    with upload_path(upload).open("r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        upload.refresh_from_db()
        if offset != upload.offset:
            raise parts.wrong_offset(upload)
        with disk_problems():
            file.seek(offset)
            file.write(data)
            file.truncate()
            file.flush()
            os.fsync(file.fileno())
        if offset + len(data) == upload.size_bytes and upload.sha256:
            _check_content(upload)
        upload.offset = offset + len(data)
        upload.save(update_fields=["offset", "changed_at"])


def _check_content(upload: Upload) -> None:
    with upload_path(upload).open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    if sha256 != upload.sha256:
        raise parts.other_bytes(upload)
