"""Networks of TensorFlow: made an ONNX by TensorFlow itself, in an environment of its own.

TensorFlow is no part of Netloom. Whoever runs an installation can give it a Python that has
`tensorflow-cpu` and `tf2onnx` (`NETLOOM_TENSORFLOW_PYTHON`); without one, files of TensorFlow are
recognised and the answer says how to make an ONNX. Converting runs operators of the file: that
process gets no settings, no network where the system lets it leave, and a folder that is removed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from netloom.formats.bundle import MAX_WEIGHTS_BYTES
from netloom.formats.damage import reason_of
from netloom.formats.imported import FormatError, ImportedNetwork
from netloom.formats.onnx.read import read_onnx_file
from netloom.formats.read_progress import Progress
from netloom.formats.recognise import PYTHON_VARIABLE, SAVED_MODEL, TFLITE, Format
from netloom.formats.zips import BROKEN_ZIP, read_counted

GRAPH = "saved_model.pb"
_MOST_FILES = 1000
_WITHIN_S = 1500
_MOST_SAID = 500
_PASSED_ON = ("PATH", "LANG", "LD_LIBRARY_PATH")


def read_saved_model(path: Path, progress: Progress) -> ImportedNetwork:
    """Open a SavedModel, a folder or a zip of one.

    Raises:
        FormatError: There is no TensorFlow here, or it cannot convert it; the text says why.
    """
    python = _python(path, SAVED_MODEL)
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        folder = path if path.is_dir() else _unpacked(path, home / "model")
        return _converted(python, ["--saved-model", str(folder)], path, home, progress, SAVED_MODEL)


def read_tflite(path: Path, progress: Progress) -> ImportedNetwork:
    """Open a file of TensorFlow Lite; raises FormatError as `read_saved_model`."""
    python = _python(path, TFLITE)
    with tempfile.TemporaryDirectory() as name:
        return _converted(python, ["--tflite", str(path)], path, Path(name), progress, TFLITE)


def _python(path: Path, found: Format) -> str:
    python = os.environ.get(PYTHON_VARIABLE, "")
    if not python:
        raise FormatError(f"{path.name} is: {found.title}. {found.advice}")
    if shutil.which(python) is None:
        raise FormatError(
            f"{path.name} is: {found.title}, and {PYTHON_VARIABLE} names a program that is not "
            "there. Whoever runs this installation has to put that right."
        )
    return python


def _unpacked(path: Path, folder: Path) -> Path:
    """Unpack a zip with counted bytes; returns the folder in which the graph lies.

    Raises:
        FormatError: It is damaged, too large, or names places outside of the folder.
    """
    if not zipfile.is_zipfile(path):
        raise FormatError(
            f"{path.name} is the graph of a SavedModel, whose weights lie beside it. Send a zip of "
            "the whole folder."
        )
    left = MAX_WEIGHTS_BYTES
    graphs: list[Path] = []
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            if len(entries) > _MOST_FILES:
                raise FormatError(
                    f"{path.name} holds {len(entries):,} files; a SavedModel has few."
                )
            for entry in entries:
                content = read_counted(archive, entry, left)
                if content is None:
                    raise FormatError(f"{path.name} unpacks to more than is allowed.")
                left -= len(content)
                place = _inside(folder, entry.filename, path)
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(content)
                if place.name == GRAPH:
                    graphs.append(place)
    except (*BROKEN_ZIP, OSError) as error:
        reason = reason_of(error, "it ends too early")
        raise FormatError(f"{path.name} is a damaged zip: {reason}. Send it again.") from error
    if len(graphs) != 1:
        raise FormatError(f"{path.name} holds {len(graphs)} SavedModels; send one at a time.")
    return graphs[0].parent


def _inside(folder: Path, name: str, path: Path) -> Path:
    parts = Path(name.replace("\\", "/")).parts
    if Path(name).is_absolute() or ".." in parts or not parts:
        raise FormatError(f"{path.name} names places outside of itself, which nobody needs.")
    return folder.joinpath(*parts)


def _converted(
    python: str, source: Sequence[str], path: Path, home: Path, progress: Progress, found: Format
) -> ImportedNetwork:
    progress(0.1, "Making an ONNX of it with TensorFlow")
    made = home / f"{path.stem}.onnx"
    command = [python, "-I", "-m", "tf2onnx.convert", *source, "--output", str(made)]
    kept = {key: os.environ[key] for key in _PASSED_ON if key in os.environ}
    environment = {**kept, "HOME": str(home), "TF_CPP_MIN_LOG_LEVEL": "3"}
    try:
        ended = subprocess.run(
            command, cwd=home, env=environment, capture_output=True, text=True,
            errors="replace", timeout=_WITHIN_S, check=False,
        )  # fmt: skip
    except (subprocess.TimeoutExpired, OSError) as error:
        raise FormatError(f"TensorFlow did not convert {path.name}: {error}.") from error
    if ended.returncode != 0 or not made.is_file():
        said = [line.strip() for line in ended.stderr.splitlines() if line.strip()]
        last = said[-1][:_MOST_SAID] if said else "it said nothing"
        raise FormatError(
            f"TensorFlow could not convert {path.name}: {last}. Where it was trained, write "
            "`model.save('network.keras')` and import that file."
        )
    progress(0.5, "Reading the ONNX")
    imported = read_onnx_file(made, progress)
    report = imported.report
    note = "TensorFlow and tf2onnx made an ONNX of it, from which it was read."
    changes = {"format": found.title, "notes": [note, *report.notes]}
    return replace(imported, report=report.model_copy(update=changes))
