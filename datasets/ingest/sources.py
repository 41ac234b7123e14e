"""Where files come from: zips and single uploads, a folder of the server, memory.

A source can be walked again and again in the same order, and read entry by entry, so that neither
the number of files nor their size decides how much memory an import takes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from common.archives import MEGABYTE, Archive, ArchiveEntry, ArchiveLimits, BadEntry
from common.errors import Code, Problem
from datasets.ingest.folders import walk_files
from datasets.ingest.layout import Parts, split_path
from netloom.data.decode import MAX_PIXELS

# The most pixels that are read, uncompressed with four bytes each, and metadata.
MAX_FILE_BYTES = (4 * MAX_PIXELS // MEGABYTE + 16) * MEGABYTE
ZIP_SIGNATURES = (b"PK\x03\x04", b"PK\x05\x06")


class Unreadable(Exception):
    """One file cannot be read; the text says why, for the report."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of a source.

    Attributes:
        parts: Its path, for classes, splits and reports; never opened under it.
        reference: Where it stays, when it is not copied into the studio.
    """

    parts: Parts
    read: Callable[[], bytes]
    reference: str = ""

    @property
    def path(self) -> str:
        return "/".join(self.parts)


class Source(Protocol):
    """Files to bring in. `refused` holds (path, reason) of what is not even offered."""

    refused: list[tuple[str, str]]

    def entries(self) -> Iterator[Entry]:
        """Walk all files, in the same order each time."""
        ...

    def close(self) -> None:
        """Let go of open files."""
        ...


class FolderSource:
    """The files of a folder of the server, which stay where they are."""

    def __init__(self, folder: Path, *, is_referenced: bool = True) -> None:
        self._folder = folder
        self._is_referenced = is_referenced
        self.refused: list[tuple[str, str]] = []

    def entries(self) -> Iterator[Entry]:
        self.refused = []
        for path, real in walk_files(self._folder, self.refused):
            relative = path.relative_to(self._folder).as_posix()
            reference = str(real) if self._is_referenced else ""
            yield Entry(split_path(relative), partial(_read_file, real), reference)

    def close(self) -> None:
        pass


class UploadSource:
    """Uploaded files: zips are looked into, everything else is taken as it is.

    Args:
        files: (name that the sender gave, where it lies) for each upload.
    """

    def __init__(self, files: Sequence[tuple[str, Path]]) -> None:
        self.refused: list[tuple[str, str]] = []
        self._stack = ExitStack()
        self._entries: list[Entry] = []
        try:
            for name, path in files:
                self._add(name, path, is_only=len(files) == 1)
        except BaseException:
            self._stack.close()
            raise
        self._entries.sort(key=lambda entry: entry.parts)

    def entries(self) -> Iterator[Entry]:
        return iter(self._entries)

    def close(self) -> None:
        self._stack.close()

    def _add(self, name: str, path: Path, *, is_only: bool) -> None:
        with path.open("rb") as file:
            is_zip = file.read(4) in ZIP_SIGNATURES
        if not is_zip and not (is_only and name.lower().endswith(".zip")):
            self._entries.append(Entry(split_path(name) or (path.name,), partial(_read_file, path)))
            return
        try:
            archive = self._stack.enter_context(
                Archive(path, ArchiveLimits(max_file_bytes=MAX_FILE_BYTES))
            )
        except Problem as problem:
            if is_only:
                raise
            self.refused.append((name, problem.detail))
            return
        self.refused += [(entry.name, entry.reason) for entry in archive.refused]
        self._entries += [
            Entry(split_path(member.name), partial(_read_member, archive, member))
            for member in archive.entries
        ]


class MemorySource:
    """Files that are made once and kept: the sample data."""

    def __init__(self, files: Callable[[], Iterator[tuple[str, bytes]]]) -> None:
        self._files = files
        self._made: list[Entry] | None = None
        self.refused: list[tuple[str, str]] = []

    def entries(self) -> Iterator[Entry]:
        if self._made is None:
            self._made = [
                Entry(split_path(path), partial(_same, data)) for path, data in self._files()
            ]
        return iter(self._made)

    def close(self) -> None:
        pass


def _read_file(path: Path) -> bytes:
    try:
        size_bytes = path.stat().st_size
        if size_bytes > MAX_FILE_BYTES:
            raise Unreadable(
                f"It has {size_bytes >> 20} MB; at most {MAX_FILE_BYTES >> 20} MB are read."
            )
        return path.read_bytes()
    except OSError as error:
        raise Unreadable(f"It cannot be read: {error.strerror or error}.") from None


def _read_member(archive: Archive, member: ArchiveEntry) -> bytes:
    try:
        return archive.read(member)
    except BadEntry as error:
        raise Unreadable(f"It is {error}.") from None


def _same(data: bytes) -> bytes:
    return data


def empty_import(detail: str, next_step: str, **data: object) -> Problem:
    """The problem of an import that brings nothing."""
    return Problem(Code.IMPORT_EMPTY, detail, next_step, **data)
