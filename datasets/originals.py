"""Where the bytes of an item are: the original as it came, and the pictures made of it.

Pictures (a thumbnail and a view) are made by the worker that decoded the original, named after the
original's content and kept beside the blobs: they can be made again and count in no quota. Where
machines share a store they go there before an item names them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from common.errors import Code, Problem
from datasets.ingest.pictures import VIEW_PX, Kind, picture_name
from storage.disk import scratch_folder
from storage.services import local_blobs
from storage.store import is_shared, the_store

PICTURES = "pictures"
KINDS: tuple[Kind, ...] = ("thumbnail", "view")


@contextmanager
def picture_workplace() -> Iterator[Path]:
    """Where decoding processes put pictures: their home, or a place on the way to a store."""
    if is_shared():
        with scratch_folder() as folder:
            yield folder
    else:
        yield settings.DATA_FOLDER / PICTURES


def local_originals(originals: Iterable[tuple[str, str]], folder: Path) -> Mapping[str, Path]:
    """Files of this machine that hold originals, by digest.

    Args:
        originals: (digest, reference) of each; the reference is empty for a managed one.
        folder: The caller's own, for what a shared store has.

    Raises:
        Problem: `folder_not_allowed` when the operator no longer allows a referenced folder;
            otherwise as `storage.services.local_blobs`.
    """
    listed = list(originals)
    managed = local_blobs((sha256 for sha256, reference in listed if not reference), folder)
    referenced = {sha256: _referenced(reference) for sha256, reference in listed if reference}
    return {**managed, **referenced}


def picture_key(sha256: str, kind: Kind, width: int, height: int) -> str:
    """Key of a picture: a WebP of at most 128 px for `thumbnail`, 2048 px for `view`."""
    return f"{PICTURES}/{picture_name(sha256, kind, width, height)}"


def share_pictures(folder: Path, pictures: Iterable[tuple[str, int, int]]) -> None:
    """Move new pictures from their workplace to where everybody sees them.

    Args:
        pictures: (digest, width, height) of decoded originals.
    """
    if not is_shared():
        return
    names = {
        picture_name(sha256, kind, width, height)
        for sha256, width, height in pictures
        for kind in KINDS
    }
    paths = {f"{PICTURES}/{name}": folder / name for name in names}
    # The same content twice in one import has one picture, which may be shared already.
    the_store().write({key: path.read_bytes() for key, path in paths.items() if path.exists()})
    for path in paths.values():
        path.unlink(missing_ok=True)


def forget_pictures(digests: Iterable[str]) -> None:
    """Remove the pictures of originals that are gone."""
    the_store().delete(
        f"{PICTURES}/{picture_name(sha256, kind, VIEW_PX, VIEW_PX)}"
        for sha256 in digests
        for kind in KINDS
    )


def _referenced(reference: str) -> Path:
    path = Path(reference)
    if not any(path.is_relative_to(root.resolve()) for root in settings.ENVIRONMENT.import_roots):
        raise Problem(
            Code.FOLDER_NOT_ALLOWED,
            f"{path.name} stays in a folder that the studio may no longer read.",
            "Ask the operator to add the folder to NETLOOM_IMPORT_ROOTS again.",
        )
    return path
