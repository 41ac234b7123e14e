"""Letting go of bytes: a project drops what nothing in it names; what none holds is removed.

Who holds a blob is a row (`BlobUse`); who names one is known to the apps, which register how to
ask. A file is removed while its row is locked and known to be unused, so that storing the same
content again at that moment waits and then writes it anew. A crash in between leaves a row without
uses, which `sweep_unused` finds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from django.db import transaction
from django.db.models import Exists, OuterRef, ProtectedError

from accounts.models import Project
from storage.models import Blob, BlobUse
from storage.quotas import drop_blobs
from storage.services import remove_blob_files

BlobNames = Callable[[Project, Sequence[str]], set[str]]
RemoveFiles = Callable[[Sequence[str]], None]
SWEEP_BATCH = 500

_blob_names: list[BlobNames] = []
_remove_hooks: list[RemoveFiles] = []


def register_blob_names(names: BlobNames) -> None:
    """Let an app tell which of some digests its rows in a project name."""
    _blob_names.append(names)


def on_blobs_removed(remove: RemoveFiles) -> None:
    """Let an app remove what it made of blobs' contents, by digest; must be idempotent."""
    _remove_hooks.append(remove)


def release_blobs(project: Project, digests: Sequence[str]) -> int:
    """Drop those that no row of the project names any more; returns the bytes it holds less.

    Files go after the commit, unless another project holds the same content.
    """
    named: set[str] = set()
    for names in _blob_names:
        named |= names(project, digests)
    dropped = [sha256 for sha256 in dict.fromkeys(digests) if sha256 not in named]
    freed = drop_blobs(project, dropped)
    # What a store that cannot be reached keeps is removed by `sweep_unused`.
    transaction.on_commit(partial(remove_unused, dropped), robust=True)
    return freed


def remove_unused(digests: Sequence[str]) -> None:
    """Remove row and file of those that no project holds."""
    if not digests:
        return
    with transaction.atomic():
        locked = Blob.objects.select_for_update().filter(pk__in=digests)
        found = set(locked.values_list("pk", flat=True))
        # Asked after the lock: a use that was being added has been committed by now.
        found -= set(BlobUse.objects.filter(blob__in=found).values_list("blob_id", flat=True))
        gone = _delete_rows(sorted(found))
        remove_blob_files(gone)
        for remove in _remove_hooks:
            remove(gone)


def _delete_rows(digests: Sequence[str]) -> list[str]:
    """Delete the rows that nothing refers to, and say which; better a file too many."""
    try:
        with transaction.atomic():
            Blob.objects.filter(pk__in=digests).delete()
    except ProtectedError:
        if len(digests) == 1:
            return []
        half = len(digests) // 2
        return _delete_rows(digests[:half]) + _delete_rows(digests[half:])
    return list(digests)


def sweep_unused() -> int:
    """Remove what a crash left without a use; returns how many were looked at."""
    unused = Blob.objects.filter(~Exists(BlobUse.objects.filter(blob=OuterRef("pk"))))
    digests = list(unused.values_list("pk", flat=True)[:SWEEP_BATCH])
    remove_unused(digests)
    return len(digests)
