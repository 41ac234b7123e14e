"""A network to a file of any kind: which kinds there are, what each cannot say, and the writing.

Nothing here loads torch before a network is written, so that a server can list formats and gaps.

A writer is two functions. `gaps(document, options)` gives what the format cannot express.
`write(network, path, options, progress)` writes to `path`, and beside it what belongs to it, all
of it in an empty folder from which whole files are moved to their place.
"""

from __future__ import annotations

import importlib
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import cast

from pydantic import ValidationError

from netloom.formats.exported import (
    ExportedFile,
    ExportError,
    ExportGap,
    ExportOptions,
    ExportReport,
    Written,
)
from netloom.formats.imported import ImportedNetwork
from netloom.formats.read_progress import Progress, tell_nobody
from netloom.graph.document import Document
from netloom.regular_files import refuse_special

LackFinder = Callable[[Mapping[str, str]], str]
GapFinder = Callable[[Document, ExportOptions], Sequence[ExportGap]]
WriteFunction = Callable[[ImportedNetwork, Path, ExportOptions, Progress], Written]
Options = ExportOptions | Mapping[str, object] | None
_MAX_NOTES = 200


@dataclass(frozen=True, slots=True)
class Writer:
    """A kind of file that can be written.

    Attributes:
        name: For programs, such as `onnx`.
        title: For people.
        summary: One sentence on what it is good for.
        endings: Of file names, with the dot, the usual one first; empty text is a folder. Of
            formats with the same ending the first one is meant.
        room: Module with `gaps` and `write` and, where something can be chosen, `Options`; where
            it takes what not every installation has, `lacking`.
    """

    name: str
    title: str
    summary: str
    endings: tuple[str, ...]
    room: str

    @property
    def options(self) -> type[ExportOptions]:
        """What can be chosen."""
        return cast("type[ExportOptions]", getattr(self._module, "Options", ExportOptions))

    @property
    def gaps(self) -> GapFinder:
        """The function that finds what the format cannot express."""
        return cast("GapFinder", self._module.gaps)

    def lacking(self, environment: Mapping[str, str] = os.environ) -> str:
        """Return what an installation lacks to write it, and what to do; empty where nothing.

        Args:
            environment: In which the installation's settings are looked up.
        """
        look = cast("LackFinder | None", getattr(self._module, "lacking", None))
        return "" if look is None else look(environment)

    @property
    def write(self) -> WriteFunction:
        """The function that writes."""
        return cast("WriteFunction", self._module.write)

    @property
    def _module(self) -> ModuleType:
        return importlib.import_module(self.room)


_WRITERS = (
    Writer(
        "bundle",
        "Netloom bundle",
        "Network, weights, classes and preprocessing, for another Netloom.",
        (".netloom", ".zip"),
        "netloom.formats.own.bundle_writer",
    ),
    Writer(
        "document",
        "Netloom network",
        "The layers alone, as JSON that can be compared and merged.",
        (".json",),
        "netloom.formats.own.document_writer",
    ),
    Writer(
        "pytorch",
        "PyTorch source",
        "Readable source with weights, which runs without Netloom; a folder, or a zip of one.",
        ("", ".zip"),
        "netloom.formats.pytorch.write",
    ),
    Writer(
        "onnx",
        "ONNX",
        "For ONNX Runtime, MATLAB and most other tools; checked with ONNX Runtime.",
        (".onnx",),
        "netloom.formats.onnx.write",
    ),
    Writer(
        "pt2",
        "PyTorch exported program",
        "One file that PyTorch loads and compiles without any source.",
        (".pt2",),
        "netloom.formats.pt2.write",
    ),
    Writer(
        "keras",
        "Keras 3",
        "Loads in Keras on TensorFlow, JAX or PyTorch; image scaling goes along as a layer.",
        (".keras",),
        "netloom.formats.keras.write",
    ),
    Writer(
        "saved_model",
        "TensorFlow SavedModel",
        "For TensorFlow and TensorFlow Serving; a folder, or a zip of one.",
        ("", ".zip"),
        "netloom.formats.tensorflow.saved_model",
    ),
    Writer(
        "tflite",
        "TensorFlow Lite",
        "For phones and small devices (LiteRT); takes a fixed number of samples at once.",
        (".tflite",),
        "netloom.formats.tensorflow.tflite",
    ),
)


def writers() -> tuple[Writer, ...]:
    """Return every format that can be written."""
    return _WRITERS


def get_writer(format_name: str) -> Writer:
    """Return the writer of a format.

    Raises:
        ExportError: There is none of that name.
    """
    for writer in _WRITERS:
        if writer.name == format_name:
            return writer
    known = ", ".join(writer.name for writer in _WRITERS)
    raise ExportError(f"There is no format {format_name!r} to write. Formats: {known}.")


def writer_for(target: Path) -> Writer:
    """Return the writer that the ending of a file name asks for.

    Raises:
        ExportError: No format has this ending.
    """
    ending = target.suffix.lower()
    for writer in _WRITERS:
        if ending in writer.endings:
            return writer
    lines = [
        f"{writer.title} ({', '.join(each or 'a folder' for each in writer.endings)})"
        for writer in _WRITERS
    ]
    raise ExportError(
        f"No format is written as {ending or 'a folder'}. There are: {'; '.join(lines)}."
    )


def find_gaps(document: Document, format_name: str, options: Options = None) -> list[ExportGap]:
    """Return what a format cannot express of a network: when empty, it can be written.

    Raises:
        ExportError: There is no such format or option.
    """
    writer = get_writer(format_name)
    return list(writer.gaps(document, read_options(writer, options)))


def write_network(
    network: ImportedNetwork,
    target: Path,
    format_name: str = "",
    options: Options = None,
    progress: Progress = tell_nobody,
) -> ExportReport:
    """Write a network, whole or not at all.

    Args:
        network: Weights that are missing are drawn anew, which the report says.
        target: File to write, or folder for formats that are one. A file that is there is
            replaced, a folder only when it is empty.
        format_name: Empty takes the one that the ending of `target` says.
        options: Of the format.

    Raises:
        ExportError: The format cannot express the network: nothing is written, `gaps` names the
            nodes. Or this installation lacks what it takes to write the format. Or what was written
            does not compute what the network computes.
        OSError: No space, no permission; or a device is there.
    """
    refuse_special(target)
    writer = get_writer(format_name) if format_name else writer_for(target)
    chosen = read_options(writer, options)
    if problem := writer.lacking():
        raise ExportError(f"{writer.title} cannot be written here. {problem}")
    progress(None, "Looking what the format cannot express")
    if gaps := list(writer.gaps(network.document, chosen)):
        raise ExportError.of(writer.title, gaps)
    if target.is_dir() and any(target.iterdir()):
        raise ExportError(f"{target} is a folder that is not empty. Choose another place.")
    folder = target.absolute().parent
    with tempfile.TemporaryDirectory(dir=folder, prefix=f".{target.name}.") as name:
        staging = Path(name)
        progress(0.1, f"Writing {writer.title}")
        written = writer.write(network, staging / target.name, chosen, progress)
        files = _files(staging, target.name)
        _move(staging, folder, target.name)
    return ExportReport(
        format=writer.name,
        title=written.title or writer.title,
        files=files,
        notes=[note[:2000] for note in written.notes[:_MAX_NOTES]],
        parity=written.parity,
    )


def read_options(writer: Writer, options: Options) -> ExportOptions:
    """Return the options of a format, checked.

    Raises:
        ExportError: One is not known or not valid.
    """
    if isinstance(options, writer.options):
        return options
    given = options.model_dump() if isinstance(options, ExportOptions) else dict(options or {})
    try:
        return writer.options.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            known = ", ".join(writer.options.model_fields) or "none"
            raise ExportError(
                f"{writer.title} has no option {place[:100]}. There are: {known}."
            ) from error
        raise ExportError(f"{writer.title}: {place}: {first['msg']}.") from error


def _files(staging: Path, main: str) -> list[ExportedFile]:
    found = [path for path in staging.rglob("*") if path.is_file()]
    found.sort(key=lambda path: (path.relative_to(staging).parts[0] != main, path))
    return [
        ExportedFile(name=path.relative_to(staging).as_posix(), size_bytes=path.stat().st_size)
        for path in found
    ]


def _move(staging: Path, folder: Path, main: str) -> None:
    """Move everything to its place, the file that the others belong to last."""
    for path in sorted(staging.iterdir(), key=lambda each: each.name == main):
        place = folder / path.name
        if path.is_dir() and place.is_dir():
            place.rmdir()  # an empty one: anything else was refused
        if path.is_file():
            _sync(path)
        shutil.move(path, place) if path.is_dir() else path.replace(place)


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
