"""A folder as a zip to take away."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Container
from pathlib import Path

_FIRST_ZIP_DATE = (1980, 1, 1, 0, 0, 0)
_CHUNK_BYTES = 2**20


def pack_folder(folder: Path, path: Path, *, stored: Container[str] = ()) -> None:
    """Make a zip of a folder, the same bytes for the same files, and remove the folder.

    Args:
        stored: Names of files that are not compressed: weights hardly shrink.
    """
    with zipfile.ZipFile(path, "w") as archive:
        for member in sorted(each for each in folder.rglob("*") if each.is_file()):
            name = member.relative_to(folder.parent).as_posix()
            entry = zipfile.ZipInfo(name, _FIRST_ZIP_DATE)
            entry.external_attr = 0o644 << 16
            is_stored = member.name in stored
            entry.compress_type = zipfile.ZIP_STORED if is_stored else zipfile.ZIP_DEFLATED
            entry.file_size = member.stat().st_size
            with archive.open(entry, "w", force_zip64=True) as place, member.open("rb") as file:
                shutil.copyfileobj(file, place, _CHUNK_BYTES)
            member.unlink()
    shutil.rmtree(folder)
