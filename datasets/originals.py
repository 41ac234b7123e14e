"""Where the bytes of an item are: the original as it came, and the pictures made of it.

Pictures (a thumbnail and a view) are made by the worker that decoded the original, named after the
original's content and kept beside the blobs: they can be made again and count in no quota.
"""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from common.errors import Code, Problem
from datasets.ingest.pictures import picture_path
from storage.services import blob_path


def pictures_folder() -> Path:
    """The folder of all pictures."""
    return settings.DATA_FOLDER / "pictures"


def original_path(sha256: str, reference: str) -> Path:
    """The file of an original: the managed blob, or the place it is referenced at.

    Raises:
        Problem: `folder_not_allowed` when the operator no longer allows the referenced folder.
    """
    if not reference:
        return blob_path(sha256)
    path = Path(reference)
    if not any(path.is_relative_to(root.resolve()) for root in settings.ENVIRONMENT.import_roots):
        raise Problem(
            Code.FOLDER_NOT_ALLOWED,
            f"{path.name} stays in a folder that the studio may no longer read.",
            "Ask the operator to add the folder to NETLOOM_IMPORT_ROOTS again.",
        )
    return path


def thumbnail_path(sha256: str) -> Path:
    """WebP of at most 128 px."""
    return picture_path(pictures_folder(), sha256, "thumbnail")


def view_path(sha256: str, width: int, height: int) -> Path:
    """WebP of at most 2048 px; for a small image the thumbnail is all of it."""
    return picture_path(pictures_folder(), sha256, "view", width, height)
