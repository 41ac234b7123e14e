"""Files that people name to read and to write: devices and pipes have no end, and are not ours."""

from __future__ import annotations

import errno
from pathlib import Path


def read_regular_file(path: Path) -> bytes:
    """Return what a file holds.

    Raises:
        OSError: It cannot be read, or is a folder, a device or a pipe.
    """
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "it is a folder, a device or a pipe; name a file", str(path))
    return path.read_bytes()


def refuse_special(path: Path) -> None:
    """Refuse to put a file where a device or a pipe is.

    Raises:
        OSError: One is there.
    """
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise OSError(errno.EINVAL, "it is a device or a pipe; name a file", str(path))
