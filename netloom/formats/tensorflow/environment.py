"""The environment that has TensorFlow: whether there is one, and programs that run in it.

A program there gets no settings, no network where the system lets it leave, limits, and a folder
that is removed; where the system has Landlock, it opens no other files than these and its own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from netloom.formats import confining
from netloom.formats.confined_files import confined_files, libraries
from netloom.formats.recognise import NEEDS_TENSORFLOW, PYTHON_VARIABLE

WITHIN_S = 1500
_MOST_SAID = 500
_PASSED_ON = ("PATH", "LANG", "LD_LIBRARY_PATH", "OMP_NUM_THREADS")
_GONE = (
    f"It needs TensorFlow, and {PYTHON_VARIABLE} names a program that is not there. Whoever runs "
    "this installation has to put that right."
)


class ConverterError(Exception):
    """A program in the environment of TensorFlow failed; the text is what it said last."""


def lacking(environment: Mapping[str, str] = os.environ) -> str:
    """Return why nothing of TensorFlow can be converted and what to do; empty where it can.

    Args:
        environment: In which `NETLOOM_TENSORFLOW_PYTHON` is looked up.
    """
    python = environment.get(PYTHON_VARIABLE, "")
    if not python:
        return NEEDS_TENSORFLOW
    return "" if shutil.which(python) is not None else _GONE


def run_converter(
    arguments: Sequence[str], home: Path, *, reads: Iterable[Path] = (), within_s: int = WITHIN_S
) -> None:
    """Run the Python that has TensorFlow, confined.

    Args:
        arguments: Of Python, behind `-I`.
        home: Working folder and home, which the caller removes.
        reads: What it may read beside what lies in `home`.
        within_s: Then it is ended.

    Raises:
        ConverterError: There is none, or it failed or took too long.
    """
    if problem := lacking():
        raise ConverterError(problem)
    kept = {key: os.environ[key] for key in _PASSED_ON if key in os.environ}
    own = {"HOME": str(home), "TMPDIR": str(home)}
    for_tensorflow = {"TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": "tensorflow"}
    python = os.environ[PYTHON_VARIABLE]
    try:
        files = confined_files(libraries(python), reads, home)
        command = [sys.executable, "-I", confining.__file__, *files, python, "-I"]
        ended = subprocess.run(
            [*command, *arguments], cwd=home, env={**kept, **own, **for_tensorflow},
            stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
            timeout=within_s, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise ConverterError(f"it did not end within {within_s:,} seconds") from error
    except OSError as error:
        raise ConverterError(str(error)[:_MOST_SAID]) from error
    if ended.returncode != 0:
        raise ConverterError(_reason(ended.stderr))


def _reason(said: str) -> str:
    """Return the last line that tells of an error: TensorFlow may print a whole graph behind it."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line for line in lines if "error" in line.lower()]
    return (errors or lines or ["it said nothing"])[-1][:_MOST_SAID]
