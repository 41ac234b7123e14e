"""What trainers leave on the disk is taken away in time, and not before."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from training.tidy import DAY_S, PARTIAL_KEPT_S, PIXELS_KEPT_S, pixel_cache, prune_pixels


@pytest.fixture
def cache(settings: Any, tmp_path: Path) -> Path:
    settings.DATA_FOLDER = tmp_path
    pixel_cache().mkdir(parents=True)
    return pixel_cache()


def leave(folder: Path, name: str, age_s: float) -> Path:
    """A file of 100 bytes that was last used so long ago."""
    path = folder / name
    path.write_bytes(bytes(100))
    os.utime(path, (time.time() - age_s,) * 2)
    return path


def test_pixels_that_no_run_reads_any_more_go(cache: Path) -> None:
    used = leave(cache, "pixels-a.npy", PIXELS_KEPT_S - DAY_S)
    leave(cache, "pixels-b.npy", PIXELS_KEPT_S + DAY_S)
    writing = leave(cache, "pixels-c.12.partial", 60)
    leave(cache, "pixels-d.13.partial", PARTIAL_KEPT_S + 60)
    prune_pixels()
    assert set(cache.iterdir()) == {used, writing}


def test_the_least_recently_used_go_when_there_are_too_many(cache: Path) -> None:
    files = [leave(cache, f"pixels-{age}.npy", age * DAY_S) for age in (3, 1, 2)]
    prune_pixels(max_bytes=250)
    assert set(cache.iterdir()) == {files[1], files[2]}


def test_nothing_to_tidy_is_no_error(settings: Any, tmp_path: Path) -> None:
    settings.DATA_FOLDER = tmp_path
    prune_pixels()
