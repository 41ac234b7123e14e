"""Which files a confined program may open: its libraries, what it is given, and one folder."""

from __future__ import annotations

import json
import logging
import os
import subprocess
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import cast

from netloom.formats import confining

_ANSWERS_WITHIN_S = 60
_ASK_WHERE = (
    "import json, os, sys; print(json.dumps("
    "[sys.prefix, sys.base_prefix, sys.executable, os.path.realpath(sys.executable)]))"
)
_log = logging.getLogger(__name__)


def confined_files(system: Iterable[str], reads: Iterable[Path], home: Path) -> list[str]:
    """Return the options of `confining.py` for a program that works in a folder.

    Args:
        system: Where its libraries lie.
        reads: Files and folders that it is given.
        home: The one folder in which it writes.
    """
    tell_without_landlock()
    reading = [*system, *(str(path.resolve()) for path in reads)]
    return [*(f"--reads={path}" for path in reading), f"--writes={home.resolve()}"]


@cache
def libraries(python: str) -> tuple[str, ...]:
    """Return where a Python and its libraries lie, asked of itself; raises OSError."""
    library_path = os.environ.get("LD_LIBRARY_PATH", "")
    environment = {"LD_LIBRARY_PATH": library_path} if library_path else {}
    try:
        told = subprocess.run(
            [python, "-I", "-c", _ASK_WHERE], env=environment, stdin=subprocess.DEVNULL,
            capture_output=True, timeout=_ANSWERS_WITHIN_S, check=True,
        ).stdout  # fmt: skip
        found = cast("list[str]", json.loads(told))
    except (ValueError, subprocess.SubprocessError) as error:
        raise OSError(f"{Path(python).name} does not answer as a Python does") from error
    more = [path for path in library_path.split(os.pathsep) if path]
    return tuple(path for path in (*found, *more) if Path(path).is_absolute() and path != "/")


@cache
def tell_without_landlock() -> None:
    """Log that programs are not kept from files, where the system cannot."""
    if confining.landlock_version() == 0:
        _log.warning(
            "This system has no Landlock (Linux from 5.13 on): programs that convert and compute "
            "files of Keras and TensorFlow can read what this account can. What these files would "
            "run is looked through all the same."
        )
