"""A file that the system does not let us write whole leaves nothing behind."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from storage.services import blob_key, store_file
from storage.store import FOLDER

pytestmark = [pytest.mark.django_db, pytest.mark.faults]

LARGEST = 8 << 20


@pytest.fixture
def small_files_only() -> Iterator[None]:
    """The kernel refuses to write on beyond a size, as it does on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_copy_that_was_cut_off_is_removed(
    project: Any, tmp_path: Path, clean_files: None, request: pytest.FixtureRequest
) -> None:
    source = tmp_path / "checkpoint"
    source.write_bytes(bytes(2 * LARGEST))
    blobs = FOLDER.path(blob_key("0" * 64)).parent.parent
    before = set(blobs.rglob("*"))
    request.getfixturevalue("small_files_only")
    with pytest.raises(OSError, match="File too large"):
        store_file(project, source)
    assert [path for path in set(blobs.rglob("*")) - before if path.is_file()] == []
