"""Checkpoints of a run: into storage first, then counted; the last two and the best stay."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from django.db import transaction
from django.db.models import RestrictedError

from accounts.models import Project
from netloom.train import events as ev
from storage.holding import release_blobs
from storage.models import Blob
from storage.services import store_file
from training.models import Checkpoint, Run

KEPT_LAST = 2


def store_checkpoint(project: Project, output: Path, event: ev.Checkpoint) -> Blob | None:
    """Put the file the event names into storage; raises Problem when there is no room.

    Returns:
        None when the trainer has removed it already: it saves faster than they are stored, and
        a newer checkpoint, and a better one if this was the best, has been announced or will be.
    """
    path = (output / event.path).resolve()
    if not path.is_relative_to(output.resolve()):
        raise ValueError(f"a checkpoint outside of its attempt's folder: {event.path}")
    held = path.with_name(f".storing-{path.name}")
    try:
        _hold(path, held)
    except FileNotFoundError:
        return None
    try:
        return store_file(project, held)
    finally:
        held.unlink(missing_ok=True)


def record_checkpoint(run: Run, event: ev.Checkpoint, blob: Blob) -> None:
    """Count a stored checkpoint and let go of those no longer needed."""
    others = Checkpoint.objects.filter(run=run).exclude(step=event.step)
    if event.is_best:
        others.update(is_best=False)
    others.update(is_last=False)
    Checkpoint.objects.update_or_create(
        run=run,
        step=event.step,
        defaults={
            "blob": blob,
            "bundle": None,
            "epoch": event.epoch,
            "is_best": event.is_best,
            "is_last": True,
            "metric": event.metric,
        },
    )
    kept = Checkpoint.objects.filter(run=run).order_by("-step").values_list("id", flat=True)
    for checkpoint in others.filter(is_best=False).exclude(id__in=list(kept[:KEPT_LAST])):
        forget_checkpoint(run, checkpoint)


def forget_checkpoint(run: Run, checkpoint: Checkpoint) -> None:
    """Delete a checkpoint and its bytes, unless a run started from it or somebody inspected it."""
    digests = [sha256 for sha256 in (checkpoint.blob_id, checkpoint.bundle_id) if sha256]
    try:
        with transaction.atomic():
            # A run that is being started from it holds this lock until it can be seen.
            list(Checkpoint.objects.select_for_update().filter(pk=checkpoint.pk))
            checkpoint.delete()
    except RestrictedError:
        return
    release_blobs(run.project, digests)


def _hold(path: Path, held: Path) -> None:
    """Give a file a second name, because the trainer may remove its own at any moment."""
    try:
        os.link(path, held)
    except FileNotFoundError:
        raise
    except OSError:
        shutil.copyfile(path, held)  # no hard links on this file system
