"""Zips of others: what damage raises, and members whose real bytes are counted."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import BinaryIO

from netloom.formats.damage import reason_of

BROKEN_ZIP = (
    zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError,
    UnicodeDecodeError, OverflowError, struct.error,
)  # fmt: skip
"""What reading a damaged zip raises, beside OSError."""

_CHUNK_BYTES = 2**20


@contextmanager
def refusing_damage(
    refused: Callable[[str], Exception],
    kinds: tuple[type[Exception], ...] = (*BROKEN_ZIP, OSError),
) -> Generator[None]:
    """Raise what `refused` makes of the reason where a zip cannot be read.

    Refusals, which are kinds of ValueError, pass; a plain ValueError is about a place in the file
    that no file can have.
    """
    try:
        yield
    except kinds as error:
        raise refused(reason_of(error, "it ends too early")) from error
    except ValueError as error:
        if type(error) is not ValueError:
            raise
        raise refused("it ends too early") from error


def read_counted(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, max_bytes: int) -> bytes | None:
    """Return the content of a member; None when it is larger than allowed.

    What is unpacked is counted, because the sizes in a zip's headers can lie.
    """
    content = io.BytesIO()
    return content.getvalue() if copy_counted(archive, entry, max_bytes, content) else None


def copy_counted(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, max_bytes: int, to: BinaryIO
) -> bool:
    """Write the content of a member piece by piece; False when it is larger than allowed."""
    size_bytes = 0
    with archive.open(entry) as member:
        while chunk := member.read(_CHUNK_BYTES):
            size_bytes += len(chunk)
            if size_bytes > max_bytes:
                return False
            to.write(chunk)
    return True
