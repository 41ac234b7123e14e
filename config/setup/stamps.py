"""Steps whose inputs have not changed are skipped.

A step is remembered by a hash of what it depends on, not by file times, which a clone or a
branch switch changes without meaning.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent.parent
STAMPS = REPOSITORY / ".make"


class SetupProblem(Exception):
    """The text says what is missing and how to get it."""


def digest(parts: Iterable[str | Path]) -> str:
    """Hash of texts and of files' names and contents."""
    total = hashlib.sha256()
    for part in parts:
        if isinstance(part, Path):
            total.update(part.relative_to(REPOSITORY).as_posix().encode())
            total.update(hashlib.sha256(part.read_bytes()).digest())
        else:
            total.update(part.encode())
        total.update(b"\0")
    return total.hexdigest()


def once(name: str, inputs: Iterable[str | Path], result: Path, make: Callable[[], None]) -> None:
    """Do a step unless it was done with these inputs and its result is still there."""
    key = digest(inputs)
    stamp = STAMPS / name
    if result.exists() and stamp.exists() and stamp.read_text() == key:
        return
    stamp.unlink(missing_ok=True)
    make()
    STAMPS.mkdir(exist_ok=True)
    stamp.write_text(key)


def say(text: str) -> None:
    """Tell the person what is happening."""
    print(text, flush=True)
