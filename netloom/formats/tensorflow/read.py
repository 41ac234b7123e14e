"""Files of TensorFlow to networks: made an ONNX by TensorFlow itself, which is then read."""

from __future__ import annotations

import re
import tempfile
import zipfile
from dataclasses import replace
from pathlib import Path

from netloom.formats.bundle import MAX_WEIGHTS_BYTES
from netloom.formats.imported import FormatError, ImportedNetwork, ParityCheck
from netloom.formats.onnx.load import load_model
from netloom.formats.onnx.read import open_model
from netloom.formats.read_progress import Progress
from netloom.formats.recognise import NEEDS_TENSORFLOW, SAVED_MODEL, TFLITE, Format
from netloom.formats.tensorflow import program
from netloom.formats.tensorflow.about import read_behind, read_beside, with_about
from netloom.formats.tensorflow.custom import refuse_custom
from netloom.formats.tensorflow.environment import ConverterError, lacking, run_converter
from netloom.formats.tensorflow.guard import GRAPH, refuse_programs
from netloom.formats.tensorflow.parity import Kind, compare_with_tensorflow
from netloom.formats.zips import read_counted, refusing_damage

_KNOWN = re.compile(
    r"(^|/)(saved_model\.pb|fingerprint\.pb|variables/variables\.(index|data-\d{5}-of-\d{5})"
    r"|assets\.extra/(netloom\.json|labels\.txt))\Z"
)
"""What a network needs of a SavedModel; other files are not even unpacked."""
_MOST_FILES = 1000


def read_saved_model(path: Path, progress: Progress) -> ImportedNetwork:
    """Open a SavedModel, a folder or a zip of one.

    Raises:
        FormatError: There is no TensorFlow here, or it cannot convert it; the text says why.
    """
    _require_converter(path, SAVED_MODEL)
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        folder = path if path.is_dir() else _unpacked(path, home / "model")
        refuse_programs(folder, path.name)
        imported = _converted("saved-model", folder.absolute(), path, home, progress, SAVED_MODEL)
        return replace(imported, meta=with_about(imported.meta, read_beside(folder)))


def read_tflite(path: Path, progress: Progress) -> ImportedNetwork:
    """Open a file of TensorFlow Lite; raises FormatError as `read_saved_model`."""
    _require_converter(path, TFLITE)
    refuse_custom(path)
    with tempfile.TemporaryDirectory() as name:
        imported = _converted("tflite", path.absolute(), path, Path(name), progress, TFLITE)
        return replace(imported, meta=with_about(imported.meta, read_behind(path)))


def _require_converter(path: Path, found: Format) -> None:
    if problem := lacking():
        advice = found.advice if problem == NEEDS_TENSORFLOW else problem
        raise FormatError(f"{path.name} is: {found.title}. {advice}")


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

    def refused(reason: str) -> FormatError:
        return FormatError(f"{path.name} is a damaged zip: {reason}. Send it again.")

    with refusing_damage(refused), zipfile.ZipFile(path) as archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        if len(entries) > _MOST_FILES:
            raise FormatError(f"{path.name} holds {len(entries):,} files; a SavedModel has few.")
        for entry in entries:
            content = read_counted(archive, entry, left)
            if content is None:
                raise FormatError(
                    f"{path.name} unpacks to more than is allowed; it was not read further."
                )
            left -= len(content)
            place = _inside(folder, entry.filename, path)
            if _KNOWN.search(entry.filename) is None:
                continue
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
            if place.name == GRAPH:
                graphs.append(place)
    if len(graphs) != 1:
        raise FormatError(f"{path.name} holds {len(graphs)} SavedModels; send one at a time.")
    return graphs[0].parent


def _inside(folder: Path, name: str, path: Path) -> Path:
    parts = Path(name.replace("\\", "/")).parts
    if Path(name).is_absolute() or ".." in parts or not parts:
        raise FormatError(f"{path.name} names places outside of itself, which nobody needs.")
    return folder.joinpath(*parts)


def _converted(
    kind: Kind, source: Path, path: Path, home: Path, progress: Progress, found: Format
) -> ImportedNetwork:
    progress(0.1, "Making an ONNX of it with TensorFlow")
    made = home / f"{path.stem}.onnx"
    try:
        asked = [program.__file__, "onnx", kind, str(source), str(made)]
        run_converter(asked, home, reads=[Path(program.__file__), source])
        if not made.is_file():
            raise ConverterError("it wrote nothing")
    except ConverterError as error:
        raise FormatError(
            f"TensorFlow could not convert {path.name}: {error}. Where it was trained, write "
            "`model.save('network.keras')` and import that file."
        ) from error
    progress(0.5, "Reading the ONNX")
    network = open_model(load_model(made), name=path.stem)
    report = network.imported.report
    notes = ["TensorFlow and tf2onnx made an ONNX of it, from which it was read.", *report.notes]
    progress(0.7, "Computing the same with TensorFlow")
    parity: ParityCheck | None = None
    try:
        parity = compare_with_tensorflow(kind, source, made, network, home)
        notes += _warned(parity)
    except FormatError as error:
        notes.append(f"Not compared with TensorFlow: {error}"[:2000])
    changes = {"format": found.title, "notes": notes, "parity": parity}
    return replace(network.imported, report=report.model_copy(update=changes))


def _warned(parity: ParityCheck) -> list[str]:
    if parity.is_equal:
        return []
    return [
        f"Do not trust this network: {parity.oracle} computes other numbers of the same input, by "
        f"a largest difference of {parity.max_abs_diff:.3g} of {parity.max_abs_value:.3g}. The "
        "conversion by tf2onnx went wrong; import the Keras file that it was made from."
    ]
