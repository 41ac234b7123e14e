"""Chunks of uploads in a store that machines share: whichever web process a chunk reaches."""

from __future__ import annotations

import hashlib
import secrets
from functools import partial
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from common.errors import Code, Problem
from storage.disk import disk_problems, require_free
from storage.models import Upload, UploadPart
from storage.store import lost_file, read_all, the_store


def append(upload: Upload, offset: int, data: bytes) -> None:
    """Keep a chunk at `offset`; of two that come at once for the same place, one is told so.

    The chunk is in the store, under a name nobody else has, before the offset moves: what a row
    names is there. A crash in between leaves a chunk that goes with its upload.
    """
    if offset != upload.offset:
        raise wrong_offset(upload)
    end = offset + len(data)
    if end == upload.size_bytes and upload.sha256:
        _check_content(upload, data)
    if not data:
        return
    key = f"{_folder(upload.id)}/{offset:015d}-{secrets.token_hex(6)}"
    the_store().write({key: data})
    with transaction.atomic():
        is_first = Upload.objects.filter(pk=upload.pk, offset=offset).update(
            offset=end, changed_at=timezone.now()
        )
        if is_first:
            UploadPart.objects.create(upload=upload, offset=offset, size_bytes=len(data), key=key)
    upload.refresh_from_db()
    if not is_first:
        the_store().delete([key])
        raise wrong_offset(upload)


def assemble(upload: Upload, target: Path) -> Path:
    """Put the chunks together in a file of this machine."""
    require_free(upload.size_bytes)
    size_bytes = 0
    target.parent.mkdir(parents=True, exist_ok=True)
    with disk_problems(), target.open("wb") as file:
        for part in _parts(upload):
            size_bytes += file.write(read_all(part.key))
    if size_bytes != upload.size_bytes:
        raise lost_file()
    return target


def forget(upload_id: str) -> None:
    """Remove the chunks of an upload that was deleted, once that is certain."""
    remove = partial(the_store().delete_folder, _folder(upload_id))
    transaction.on_commit(remove, robust=True)


def wrong_offset(upload: Upload) -> Problem:
    """The answer to a chunk for another place than the next one."""
    return Problem(
        Code.UPLOAD_OFFSET,
        f"The next byte expected is {upload.offset}.",
        "Go on from there.",
        offset=upload.offset,
    )


def other_bytes(upload: Upload) -> Problem:
    """Start an upload over that arrived with other bytes; only sending it all again helps."""
    Upload.objects.filter(pk=upload.pk).update(offset=0)
    return Problem(
        Code.CHECKSUM_MISMATCH,
        f"{upload.file_name} arrived with other bytes than it was sent with.",
        "Send it again.",
        offset=0,
    )


def _check_content(upload: Upload, last: bytes) -> None:
    state = hashlib.sha256()
    for part in _parts(upload):
        state.update(read_all(part.key))
    state.update(last)
    if state.hexdigest() != upload.sha256:
        with transaction.atomic():
            problem = other_bytes(upload)
            UploadPart.objects.filter(upload=upload).delete()
            forget(upload.id)
        raise problem


def _parts(upload: Upload) -> list[UploadPart]:
    return list(UploadPart.objects.filter(upload=upload).order_by("offset"))


def _folder(upload_id: str) -> str:
    return f"uploads/{upload_id}"
