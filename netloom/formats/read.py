"""Any file to a network: what it is, by content, and the reader that opens it."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, cast

from netloom.formats.bundle import MAX_WEIGHTS_BYTES, BundleError, make_meta, read_bundle
from netloom.formats.imported import FormatError, ImportedNetwork, ImportedPiece, ImportReport
from netloom.formats.read_progress import Progress, tell_nobody
from netloom.formats.recognise import (
    BUNDLE,
    CAFFE,
    DOCUMENT,
    KERAS_H5,
    KERAS_JSON,
    KERAS_V3,
    ONNX,
    PT2,
    PYTHON,
    SAVED_MODEL,
    TFLITE,
    TORCHSCRIPT,
    Format,
    recognise,
)
from netloom.graph.document import Document
from netloom.graph.migrations import DocumentError, load_document

Reader = Callable[[Path, Progress], ImportedNetwork]


class ReaderOfSeveral(Protocol):
    """Reads a network that can lie in several files."""

    def __call__(
        self, path: Path, progress: Progress, *, side_files: Sequence[Path]
    ) -> ImportedNetwork:
        """Open it; raises FormatError."""
        ...


_READERS: dict[str, str] = {
    BUNDLE.name: "netloom.formats.read:read_bundle_file",
    DOCUMENT.name: "netloom.formats.read:read_document_file",
    KERAS_V3.name: "netloom.formats.keras.read:read_keras_v3",
    KERAS_H5.name: "netloom.formats.keras.read:read_keras_h5",
    KERAS_JSON.name: "netloom.formats.keras.read:read_keras_json",
    ONNX.name: "netloom.formats.onnx.read:read_onnx_file",
    PYTHON.name: "netloom.formats.python.read:read_python_file",
    CAFFE.name: "netloom.formats.caffe.read:read_caffe",
    PT2.name: "netloom.formats.pt2.read:read_pt2",
    SAVED_MODEL.name: "netloom.formats.tensorflow.read:read_saved_model",
    TFLITE.name: "netloom.formats.tensorflow.read:read_tflite",
    TORCHSCRIPT.name: "netloom.formats.torchscript.read:read_torchscript",
}
"""Reader of each format that can be opened, as `module:function`: loaded when it is needed."""

_COMPARING_READERS: dict[str, str] = {
    KERAS_V3.name: "netloom.formats.keras.parity:read_compared_v3",
    KERAS_H5.name: "netloom.formats.keras.parity:read_compared_h5",
}
"""Readers that also compare, where that takes seconds and a process of its own."""


_OF_SEVERAL_FILES = frozenset((ONNX.name, CAFFE.name))
"""Formats whose networks can lie in several files: their readers take `side_files`."""


def read_network(
    path: Path,
    *,
    side_files: Sequence[Path] = (),
    progress: Progress = tell_nobody,
    compares_at_length: bool = False,
) -> ImportedNetwork:
    """Open a file or folder as a network with its weights and a report.

    Nothing of the file is executed. Reading can take much memory: what comes from people whom one
    does not know belongs into a process with limits (`netloom.formats.reading`).

    Args:
        side_files: What came together with it: the weights of a Caffe network, the tensors that an
            ONNX file keeps outside of it. Which of the files is the main one does not matter.
            No other file is read.
        compares_at_length: Compare with an independent runtime also where that takes a process of
            its own, as with Keras; runtimes that answer at once are always asked.
        progress: Told the share that is done, or None where nobody can tell, and what is done.

    Raises:
        FormatError: It is of no known kind, cannot be opened as a network, or is damaged.
    """
    progress(None, "Looking what it is")
    path, side_files, found = _main_file(path, side_files)
    if found.name not in _READERS:
        raise FormatError(f"{path.name} is: {found.title}. {found.advice}")
    readers = {**_READERS, **_COMPARING_READERS} if compares_at_length else _READERS
    module, _, function = readers[found.name].partition(":")
    progress(0.05, f"Reading {found.title}")
    reader = getattr(importlib.import_module(module), function)
    if found.name in _OF_SEVERAL_FILES:
        return cast("ReaderOfSeveral", reader)(path, progress, side_files=side_files)
    if side_files:
        names = ", ".join(each.name for each in side_files[:3])
        raise FormatError(
            f"{path.name} ({found.title}) is a network by itself: {names} cannot be opened "
            "together with it. Import one file after the other."
        )
    return cast("Reader", reader)(path, progress)


def _main_file(path: Path, side_files: Sequence[Path]) -> tuple[Path, Sequence[Path], Format]:
    """Return the file that is the network, the others, and what it is.

    Raises:
        FormatError: None is of a known kind.
    """
    if not side_files:
        return path, (), recognise(path)
    known: list[tuple[Path, Format]] = []
    problem: FormatError | None = None
    for each in (path, *side_files):
        try:
            known.append((each, recognise(each)))
        except FormatError as error:
            # What ONNX keeps outside has no form of its own.
            problem = problem or error
    known.sort(key=lambda each: each[1].name not in _READERS)
    if not known:
        raise problem or FormatError(f"{path.name} cannot be opened.")
    main, found = known[0]
    return main, [each for each in (path, *side_files) if each != main], found


def read_bundle_file(path: Path, progress: Progress) -> ImportedNetwork:
    """Open a bundle; raises FormatError."""
    try:
        bundle = read_bundle(path, max_weights_bytes=MAX_WEIGHTS_BYTES)
    except BundleError as error:
        raise FormatError(str(error)) from error
    progress(0.7, "Looking which weights belong to which layer")
    report = _own_report("Netloom bundle", bundle.document, bundle.meta.netloom_version)
    return ImportedNetwork(bundle.document, report, bundle.weights, bundle.meta)


def read_document_file(path: Path, progress: Progress) -> ImportedNetwork:
    """Open a network document; raises FormatError."""
    del progress
    try:
        document = load_document(path.read_bytes())
    except DocumentError as error:
        raise FormatError(f"{path.name}: {error}") from error
    return ImportedNetwork(
        document,
        _own_report("Netloom network", document, ""),
        meta=make_meta(document),
    )


def _own_report(title: str, document: Document, version: str) -> ImportReport:
    """What is of our own make comes in as it is: one line for each layer."""
    pieces = [
        ImportedPiece(source=f"{node.type} {node.name}", outcome="layer", nodes=[node_id])
        for node_id, node in document.graph.nodes.items()
    ]
    producer = f"Netloom {version}" if version else "Netloom"
    return ImportReport(format=title, producer=producer, pieces=pieces)
