"""Keeping bytes: store once by content, read back, count against the project's quota."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from django.db import transaction
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from accounts.models import Project
from common.files import Readable, file_response, part_response
from storage import cache
from storage.models import Blob
from storage.quotas import hold_blobs, hold_room, require_room
from storage.store import FOLDER, is_shared, lost_file, read_all, the_store


def blob_key(sha256: str) -> str:
    """Where a blob's bytes are. The name is ours: 64 hexadecimal digits, never a user's.

    One level of 256 folders: with two, nearly every file of a dataset gets a folder of its own,
    and making and removing those costs ext4 many times what the files do.
    """
    return f"blobs/{sha256[:2]}/{sha256}"


def open_blob(sha256: str) -> Readable:
    """Open a blob for reading; raises Problem file_missing when storage has lost it."""
    return the_store().open(blob_key(sha256))


def read_blob(sha256: str) -> bytes:
    """All bytes of a blob; for small ones."""
    return read_all(blob_key(sha256))


def local_blobs(digests: Iterable[str], folder: Path) -> Mapping[str, Path]:
    """Files of this machine that hold the blobs, for whoever needs paths.

    Args:
        folder: The caller's own, where blobs of a shared store get a name until the caller
            removes it. Without a shared store it is left alone.

    Raises:
        Problem: `file_missing`, `checksum_mismatch`, `disk_full`, `unavailable`; without a shared
            store a file that is gone is found out by whoever opens it.
    """
    wanted = dict.fromkeys(digests)
    if not is_shared():
        return {sha256: FOLDER.path(blob_key(sha256)) for sha256 in wanted}
    sizes = dict(Blob.objects.filter(pk__in=wanted).values_list("sha256", "size_bytes"))
    blobs = [
        cache.Wanted(sha256, blob_key(sha256), folder / sha256[:2] / sha256, sizes.get(sha256, 0))
        for sha256 in wanted
    ]
    cache.bring(the_store(), blobs)
    return {blob.sha256: blob.target for blob in blobs}


def local_blob(sha256: str, folder: Path) -> Path:
    """The same for one; raises Problem file_missing when it is gone, shared or not."""
    path = local_blobs([sha256], folder)[sha256]
    if not path.exists():
        raise lost_file(sha256=sha256)
    return path


def blob_response(
    request: HttpRequest,
    blob: Blob,
    *,
    content_type: str,
    file_name: str,
    is_immutable: bool = False,
) -> HttpResponseBase:
    """Answer with a blob, whole or in parts; see `common.files`."""
    return stored_response(
        request,
        blob_key(blob.sha256),
        size_bytes=blob.size_bytes,
        etag=blob.sha256,
        content_type=content_type,
        file_name=file_name,
        is_immutable=is_immutable,
    )


def stored_response(
    request: HttpRequest,
    key: str,
    *,
    etag: str,
    content_type: str,
    size_bytes: int | None = None,
    file_name: str = "",
    is_immutable: bool = False,
) -> HttpResponseBase:
    """Answer with what the store has under a key; its size is asked for when nobody knows it."""
    if not is_shared():
        return file_response(
            request,
            FOLDER.path(key),
            etag=etag,
            content_type=content_type,
            file_name=file_name,
            is_immutable=is_immutable,
        )
    store = the_store()
    size_bytes = store.size_bytes(key) if size_bytes is None else size_bytes
    if size_bytes is None:
        raise lost_file()
    return part_response(
        request,
        size_bytes,
        lambda start, end: store.open(key, start, end),
        etag=etag,
        content_type=content_type,
        file_name=file_name,
        is_immutable=is_immutable,
    )


def store_bytes(project: Project, data: bytes) -> Blob:
    """Keep bytes in a project."""
    return store_batch(project, [data])[0]


def store_batch(project: Project, contents: Sequence[bytes]) -> list[Blob]:
    """Keep many small contents with one transaction; the order of the result is theirs.

    The files are durable before the rows exist: a crash in between leaves an unused file, never
    a row without bytes.
    """
    digests = [hashlib.sha256(data).hexdigest() for data in contents]
    sizes = {sha256: len(data) for sha256, data in zip(digests, contents, strict=True)}
    require_room(project, sizes)
    store = the_store()
    by_key = {blob_key(sha256): data for sha256, data in zip(digests, contents, strict=True)}

    def write_missing() -> None:
        store.write({key: by_key[key] for key in store.missing(by_key)})

    store.write(by_key)
    return _record(project, digests, sizes, write_missing)


def store_file(project: Project, source: Path, *, is_movable: bool = False) -> Blob:
    """Keep a file in a project, by copy or, when it is ours to take, by rename."""
    with source.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    size_bytes = source.stat().st_size
    require_room(project, {sha256: size_bytes})
    store, key = the_store(), blob_key(sha256)

    def write_missing() -> None:
        if store.missing([key]):
            store.take(source, key, is_movable=is_movable)

    store.take(source, key, is_movable=is_movable)
    blob = _record(project, [sha256], {sha256: size_bytes}, write_missing)[0]
    if is_movable:
        source.unlink(missing_ok=True)
    return blob


def use_blob(project: Project, blob: Blob) -> None:
    """Let another project hold a blob that is already stored."""
    hold_blobs(project, {blob.sha256: blob.size_bytes})


def remove_blob_files(digests: Iterable[str]) -> None:
    """Remove the bytes of blobs; only `holding` knows when."""
    the_store().delete(map(blob_key, digests))


def _record(
    project: Project,
    digests: list[str],
    sizes: dict[str, int],
    write_missing: Callable[[], None],
) -> list[Blob]:
    """Make the rows; `write_missing` writes again what was removed before they held the blobs."""
    with transaction.atomic():
        hold_room(project)
        Blob.objects.bulk_create(
            [Blob(sha256=sha256, size_bytes=size) for sha256, size in sizes.items()],
            ignore_conflicts=True,
        )
        blobs = Blob.objects.in_bulk(list(sizes))
        hold_blobs(project, sizes)
        write_missing()
    return [blobs[sha256] for sha256 in digests]
