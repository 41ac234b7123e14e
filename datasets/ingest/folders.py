"""Folders of the server that people may bring in: below NETLOOM_IMPORT_ROOTS, links resolved."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from common.errors import Code, Problem
from common.parsing import is_storable
from datasets.ingest.layout import is_junk
from datasets.schemas import ImportFolderEntry, ImportFolders

MAX_LISTED = 2000
MAX_COUNTED = 10_000
MAX_DEPTH = 32
NO_TEXT = "Its name is not text in UTF-8; give it another one."


def import_roots() -> list[Path]:
    """The allowed folders that exist and whose names are text, links resolved."""
    roots = [root.resolve() for root in settings.ENVIRONMENT.import_roots if root.is_dir()]
    return [root for root in roots if is_storable(str(root))]


def allowed_folder(path: str) -> Path:
    """Resolve a folder that a person named; raises Problem when it is not allowed.

    A folder that is not there and one outside of the roots get the same answer: the listing is
    no way to learn what else the server has.
    """
    refusal = Problem(
        Code.FOLDER_NOT_ALLOWED,
        "There is no such folder among those that may be brought in.",
        "Choose a folder below one of NETLOOM_IMPORT_ROOTS, or ask the operator to add it.",
        roots=[str(root) for root in import_roots()],
    )
    try:
        folder = Path(path).resolve(strict=True)
    except (OSError, RuntimeError):
        raise refusal from None
    if not folder.is_dir() or not _is_below_roots(folder):
        raise refusal
    return folder


def listing(path: str | None) -> ImportFolders:
    """The roots, and what is in one folder below them."""
    roots = import_roots()
    if path is None:
        entries = [_entry(root, name=str(root)) for root in roots]
        return ImportFolders(
            roots=[str(root) for root in roots], path=None, parent=None, entries=entries
        )
    folder = allowed_folder(path)
    parent = None if folder in roots else str(folder.parent)
    entries = [
        _entry(Path(found.path), name=found.name)
        for found in _scan(folder)[:MAX_LISTED]
        if is_storable(found.name) and _is_below_roots(Path(found.path).resolve())
    ]
    return ImportFolders(
        roots=[str(root) for root in roots], path=str(folder), parent=parent, entries=entries
    )


def walk_files(folder: Path, refused: list[tuple[str, str]]) -> Iterator[tuple[Path, Path]]:
    """Walk the files below an allowed folder, sorted, as (path, resolved path).

    Links are followed as long as they stay below the roots, and no folder is entered twice.
    What is left out for that is added to `refused`.
    """
    visited: set[tuple[int, int]] = set()

    def walk(current: Path, depth: int) -> Iterator[tuple[Path, Path]]:
        status = current.stat()
        key = (status.st_dev, status.st_ino)
        if key in visited or depth > MAX_DEPTH:
            return
        visited.add(key)
        for found in _scan(current):
            if not is_storable(found.name):
                refused.append((_shown(current.relative_to(folder) / found.name), NO_TEXT))
                continue
            path = current / found.name
            real = path
            if found.is_symlink():
                real = path.resolve()
                if not _is_below_roots(real):
                    refused.append(
                        (path.relative_to(folder).as_posix(), "It is a link out of the folder.")
                    )
                    continue
                if not is_storable(str(real)):
                    refused.append((path.relative_to(folder).as_posix(), NO_TEXT))
                    continue
            if found.is_dir():
                yield from walk(path, depth + 1)
            elif found.is_file():
                yield path, real

    yield from walk(folder, 0)


def _shown(path: Path) -> str:
    """A path whose name is no text, with its odd bytes written out: `caf\\xe9.png`."""
    return os.fsencode(path.as_posix()).decode("utf-8", "backslashreplace")


def _scan(folder: Path) -> list[os.DirEntry[str]]:
    """Entries of a folder in order, without what systems leave behind."""
    try:
        with os.scandir(folder) as found:
            entries = [entry for entry in found if not is_junk((entry.name,))]
    except OSError:
        return []
    return sorted(entries, key=lambda entry: entry.name)


def _entry(path: Path, *, name: str) -> ImportFolderEntry:
    is_folder = path.is_dir()
    num_files = 0
    if is_folder:
        num_files = sum(entry.is_file() for entry in _scan(path)[:MAX_COUNTED])
    return ImportFolderEntry(name=name, path=str(path), is_folder=is_folder, num_files=num_files)


def _is_below_roots(path: Path) -> bool:
    return any(path.is_relative_to(root) for root in import_roots())
