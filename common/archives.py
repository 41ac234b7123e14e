"""The one reader of archives that people send.

A zip's own numbers are claims: real bytes are counted. Nothing is ever extracted under a name
from the archive; callers read contents and store them under names of ours. Entries that could
only be hostile or useless are listed in `refused`; an archive that is an attack as a whole is
refused as a whole.
"""

from __future__ import annotations

import io
import os
import stat
import struct
import unicodedata
import zipfile
import zlib
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Self

from common.errors import Code, Problem
from common.file_names import guess_encoding

UTF8_FLAG = 0x800
ENCRYPTED_FLAG = 0x1
UNICODE_PATH_FIELD = 0x7075
SUPPORTED_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
# The list of contents is read whole; 300,000 entries with long names fit.
MAX_DIRECTORY_BYTES = 64 * 1024 * 1024
NESTED_SUFFIXES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar", ".zst")
READ_BYTES = 256 * 1024
MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """What an archive may be.

    Attributes:
        max_ratio: Uncompressed over compressed bytes of one entry; deflate reaches 1032 at most,
            photographs about 1, flat graphics rarely 300.
    """

    max_files: int = 300_000
    max_file_bytes: int = 512 * MEGABYTE
    max_total_bytes: int = 100_000 * MEGABYTE
    max_ratio: float = 400.0
    max_depth: int = 32


@dataclass(frozen=True, slots=True)
class ArchiveEntry:
    """A file in an archive.

    Attributes:
        name: Cleaned path with `/`, relative, decoded; for showing and for class names.
        claimed_bytes: What the archive says its size is.
        index: Position in the archive.
    """

    name: str
    claimed_bytes: int
    index: int


@dataclass(frozen=True, slots=True)
class RefusedEntry:
    """An entry that is not offered, and why."""

    name: str
    reason: str


class Archive:
    """An open zip. Use as a context manager; raises Problem archive_refused.

    Attributes:
        entries: Files that can be read, in the order of the archive.
        refused: Entries that cannot.
    """

    def __init__(self, path: Path, limits: ArchiveLimits | None = None) -> None:
        self.limits = limits or ArchiveLimits()
        self.entries: list[ArchiveEntry] = []
        self.refused: list[RefusedEntry] = []
        self._read_bytes = 0
        with ExitStack() as opened:
            try:
                file = opened.enter_context(_CappedFile(path))
                self._zip = opened.enter_context(zipfile.ZipFile(file))
            except (zipfile.BadZipFile, OSError, ValueError, struct.error, NotImplementedError):
                raise _refusal(
                    "The file is not a zip archive, or it is damaged.", "Pack it again and retry."
                ) from None
            self._infos = self._zip.infolist()
            self._inspect()
            self._opened = opened.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._opened.close()

    def read(self, entry: ArchiveEntry) -> bytes:
        """All bytes of an entry, counted while they are decompressed.

        Raises:
            BadEntry: This entry is damaged or larger than it may be; others may be fine.
            Problem: archive_refused when the archive as a whole turns out to be a bomb.
        """
        info = self._infos[entry.index]
        content = io.BytesIO()  # gives its bytes away without a second copy of them
        count = 0
        try:
            with self._zip.open(info) as stream:
                while chunk := stream.read(READ_BYTES):
                    count += len(chunk)
                    self._count(info, count, len(chunk))
                    content.write(chunk)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError) as error:
            raise BadEntry(f"damaged in the archive ({error})") from None
        except (NotImplementedError, struct.error, ValueError) as error:
            raise BadEntry(f"packed in a way that cannot be read ({error})") from None
        return content.getvalue()

    def _count(self, info: zipfile.ZipInfo, entry_bytes: int, more_bytes: int) -> None:
        limits = self.limits
        if entry_bytes > limits.max_file_bytes:
            raise BadEntry(f"larger than {limits.max_file_bytes // MEGABYTE} MB")
        if entry_bytes > MEGABYTE and entry_bytes > limits.max_ratio * max(info.compress_size, 1):
            raise _refusal(
                f"An entry unpacks to more than {limits.max_ratio:.0f} times its size: a zip bomb.",
                "Pack the original files again.",
            )
        self._read_bytes += more_bytes
        if self._read_bytes > limits.max_total_bytes:
            raise _refusal(
                f"The archive unpacks to more than {limits.max_total_bytes // MEGABYTE} MB.",
                "Split it into several.",
            )

    def _inspect(self) -> None:
        files = [info for info in self._infos if not info.is_dir()]
        if len(files) > self.limits.max_files:
            raise _refusal(
                f"The archive has {len(files)} files; {self.limits.max_files} are allowed.",
                "Split it into several.",
            )
        _refuse_overlaps(self._infos)
        names = _decoded_names(self._infos)
        seen: set[str] = set()
        for index, info in enumerate(self._infos):
            if info.is_dir():
                continue
            name = unicodedata.normalize("NFC", names[index].replace("\\", "/"))
            clean = "/".join(part for part in name.split("/") if part not in ("", "."))
            reason = self._objection(info, name) or (
                "another entry has the same path" if clean in seen else ""
            )
            if reason:
                self.refused.append(RefusedEntry(name.replace("\0", "?")[:500], reason))
                continue
            seen.add(clean)
            self.entries.append(ArchiveEntry(clean, info.file_size, index))

    def _objection(self, info: zipfile.ZipInfo, name: str) -> str:
        parts = name.split("/")
        kind = stat.S_IFMT(info.external_attr >> 16)
        checks = (
            (".." in parts, "its path leaves the archive"),
            (name.startswith("/") or name[1:2] == ":", "its path is absolute"),
            ("\0" in info.orig_filename, "its name contains a zero byte"),
            (stat.S_ISLNK(info.external_attr >> 16), "it is a link"),
            (kind not in (0, stat.S_IFREG), "it is not a regular file"),
            (bool(info.flag_bits & ENCRYPTED_FLAG), "it is encrypted"),
            (len(parts) > self.limits.max_depth, "its folders are nested too deeply"),
            (len(name) > 1000, "its path is too long"),
            (info.compress_type not in SUPPORTED_METHODS, "its compression is not supported"),
            (name.lower().endswith(NESTED_SUFFIXES), "it is an archive in the archive"),
        )
        return next((reason for applies, reason in checks if applies), "")


class _CappedFile(io.BufferedReader):
    """A file of which nobody reads very much at once: zipfile believes what the archive says."""

    def __init__(self, path: Path) -> None:
        super().__init__(io.FileIO(path))

    def read(self, size: int | None = -1, /) -> bytes:
        if size is None or size < 0:
            size = os.fstat(self.fileno()).st_size - self.tell()
        if size > MAX_DIRECTORY_BYTES:
            raise zipfile.BadZipFile("its list of contents is too large")
        return super().read(size)


class BadEntry(Exception):
    """One entry cannot be read; the text says why, for the report."""


def _refusal(detail: str, next_step: str) -> Problem:
    return Problem(Code.ARCHIVE_REFUSED, detail, next_step)


def _refuse_overlaps(infos: list[zipfile.ZipInfo]) -> None:
    """Entries that share bytes are how a small file claims to hold petabytes."""
    ordered = sorted(infos, key=lambda info: info.header_offset)
    for before, after in pairwise(ordered):
        if before.header_offset + before.compress_size > after.header_offset:
            raise _refusal(
                "Entries of the archive overlap: a zip bomb.", "Pack the original files again."
            )


def _decoded_names(infos: list[zipfile.ZipInfo]) -> list[str]:
    """Names as their author saw them.

    Without the UTF-8 flag a zip does not say how names are written; they are judged together.
    """
    raw = [_raw_name(info) for info in infos]
    encoding = guess_encoding([name for name in raw if isinstance(name, bytes)])
    return [name.decode(encoding) if isinstance(name, bytes) else name for name in raw]


def _raw_name(info: zipfile.ZipInfo) -> bytes | str:
    """The name as text when the archive says how it is written, else its bytes."""
    if info.flag_bits & UTF8_FLAG:
        return info.filename
    try:
        raw = info.filename.encode("cp437")
    except UnicodeEncodeError:
        return info.filename  # zipfile has already read the Unicode field
    extra = info.extra
    while len(extra) >= 4:
        field, length = struct.unpack_from("<HH", extra)
        body = extra[4 : 4 + length]
        if field == UNICODE_PATH_FIELD and len(body) > 5 and body[0] == 1:
            (checksum,) = struct.unpack_from("<I", body, 1)
            if checksum == zlib.crc32(raw) and _decodes(body[5:], "utf-8"):
                return body[5:].decode("utf-8")
        extra = extra[4 + length :]
    return raw


def _decodes(raw: bytes, encoding: str) -> bool:
    try:
        raw.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
