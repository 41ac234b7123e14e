"""Removing what trainers leave on this machine's disk: folders of attempts, decoded pixels."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from django.conf import settings

from training.models import Attempt

DAY_S = 24 * 3600
PIXELS_KEPT_S = 30 * DAY_S
PIXELS_DISK_SHARE = 0.1
PARTIAL_KEPT_S = DAY_S


def pixel_cache() -> Path:
    """Where trainers keep decoded images for later runs on the same data."""
    return Path(settings.DATA_FOLDER) / "cache" / "pixels"


def remove_folders() -> None:
    """Remove folders of attempts that ended without their supervisor."""
    root = Path(settings.DATA_FOLDER) / "runs"
    for folder in root.glob("*/attempt-*"):
        number = int(folder.name.removeprefix("attempt-"))
        is_open = Attempt.objects.filter(
            run_id=folder.parent.name, number=number, ended_at=None
        ).exists()
        if not is_open:
            shutil.rmtree(folder, ignore_errors=True)


def prune_pixels(max_bytes: int | None = None) -> None:
    """Remove decoded images that no run has read for long, and the oldest when they are too many.

    A trainer that has mapped a file keeps it until it ends; the next one decodes anew.

    Args:
        max_bytes: Most that stays; None is a tenth of the disk.
    """
    folder = pixel_cache()
    if not folder.is_dir():
        return
    now = time.time()
    for path in folder.glob("*.partial"):
        if now - _used_at(path) > PARTIAL_KEPT_S:
            path.unlink(missing_ok=True)
    if max_bytes is None:
        max_bytes = int(shutil.disk_usage(folder).total * PIXELS_DISK_SHARE)
    kept_bytes = 0
    for path in sorted(folder.glob("pixels-*.npy"), key=_used_at, reverse=True):
        kept_bytes += _size_bytes(path)
        if kept_bytes > max_bytes or now - _used_at(path) > PIXELS_KEPT_S:
            path.unlink(missing_ok=True)


def _used_at(path: Path) -> float:
    """Seconds since the epoch; 0 for a file that another worker has just removed."""
    return path.stat().st_mtime if path.exists() else 0.0


def _size_bytes(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
