"""Caffe files: the layers in a `.prototxt`, the weights in a `.caffemodel`, or both in a zip."""

from __future__ import annotations

import mmap
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from netloom.formats.bundle import make_meta
from netloom.formats.caffe.draw import Drawn, Piece, draw_net
from netloom.formats.caffe.message import Message
from netloom.formats.caffe.net import CaffeNet, read_net, weights_by_layer, with_weights
from netloom.formats.caffe.text import MAX_TEXT_BYTES, parse_text
from netloom.formats.caffe.wire import parse_bytes
from netloom.formats.drawing import Drawing
from netloom.formats.imported import (
    MAX_REPORTED_WEIGHTS,
    Damage,
    FormatError,
    ImportedNetwork,
    ImportedPiece,
    ImportReport,
)
from netloom.formats.read_progress import Progress, tell_nobody
from netloom.formats.zips import read_counted, refusing_damage

MAX_WEIGHTS_BYTES = 4 * 2**30
_MAX_MEMBERS = 10_000
_HEAD_BYTES = 4096
_TEXT_BYTES = frozenset((9, 10, 11, 12, 13, 27, *range(32, 256)))


@dataclass(frozen=True, slots=True)
class CaffeFile:
    """A file, or a member of a zip."""

    name: str
    content: memoryview

    @property
    def is_text(self) -> bool:
        """Whether it is a `.prototxt`, by its content."""
        return set(self.content[:_HEAD_BYTES]) <= _TEXT_BYTES


@dataclass(frozen=True, slots=True)
class CaffeNetwork:
    """A network of Caffe files, and where its inputs and outputs went.

    Attributes:
        inputs: Name of the input node by the name of the tensor in the file; likewise `outputs`.
    """

    imported: ImportedNetwork
    net: CaffeNet
    files: Sequence[CaffeFile]
    inputs: dict[str, str]
    outputs: dict[str, str]


def read_caffe(
    path: Path, progress: Progress = tell_nobody, *, side_files: Sequence[Path] = ()
) -> ImportedNetwork:
    """Open a network of Caffe, and compare it with OpenCV where that is installed.

    Args:
        path: Layers as text, layers and weights as bytes, or a zip that holds them.
        side_files: What came together with it: the weights, or the layers.

    Raises:
        FormatError: It is damaged, holds no layers, or declares more than it holds.
    """
    progress(0.1, "Reading the layers")
    files = [file for each in (path, *side_files) for file in _files(each)]
    network = open_files(files, name=path.stem)
    from netloom.formats.caffe.parity import with_comparison

    progress(0.6, "Comparing with OpenCV")
    return with_comparison(network)


def open_files(files: Sequence[CaffeFile], *, name: str = "") -> CaffeNetwork:
    """Open files that are read already; raises FormatError."""
    try:
        return _opened(files, name)
    except Damage as error:
        named = " and ".join(file.name for file in files[:2])
        raise FormatError(
            f"{named} cannot be opened as a network of Caffe: {error}. Mend it, or send it again."
        ) from error


def _opened(files: Sequence[CaffeFile], name: str) -> CaffeNetwork:
    layers, layers_file = _layers(files)
    weights, weights_file = _weights(files, layers)
    used = [file for file in (layers_file, weights_file) if file is not None]
    if layers is None and weights is None:
        raise FormatError("None of the files holds layers of Caffe.")
    if layers is None:
        net = read_net(weights or Message())
    else:
        net = read_net(layers)
        if weights is not None:
            net = with_weights(net, weights_by_layer(weights))
    drawn = draw_net(net)
    drawing = Drawing()
    ids = drawn.sheet.board.draw(drawing)
    document = drawing.finish(net.name or name)
    report = _report(net, drawn, ids, weights if layers is not None else None)
    imported = ImportedNetwork(document, report, drawing.weights, make_meta(document))
    nodes = document.graph.nodes
    return CaffeNetwork(
        imported,
        net,
        used,
        {tensor: nodes[ids[at]].name for tensor, at in drawn.inputs.nodes.items() if at in ids},
        {tensor: nodes[ids[at]].name for tensor, at in drawn.outputs.items()},
    )


def _files(path: Path) -> list[CaffeFile]:
    """Return a file, or those in a zip. Files are looked into where they lie."""

    def refused(reason: str) -> FormatError:
        return FormatError(f"{path.name} is damaged: {reason}. Send the file again.")

    with refusing_damage(refused):
        if zipfile.is_zipfile(path):
            return _members(path)
        if path.stat().st_size == 0:
            raise FormatError(f"{path.name} is empty. Send the file again.")
        with path.open("rb") as file:
            content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    return [CaffeFile(path.name, memoryview(content))]


def _members(path: Path) -> list[CaffeFile]:
    found: list[CaffeFile] = []
    left_bytes = MAX_WEIGHTS_BYTES
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist()[:_MAX_MEMBERS]:
            if not entry.filename.lower().endswith((".prototxt", ".caffemodel", ".pbtxt")):
                continue
            content = read_counted(archive, entry, left_bytes)
            if content is None:
                raise FormatError(
                    f"What is in {path.name} is larger than {MAX_WEIGHTS_BYTES / 2**30:,.0f} GB."
                )
            left_bytes -= len(content)
            found.append(CaffeFile(entry.filename.rpartition("/")[2], memoryview(content)))
    return found


def _layers(files: Sequence[CaffeFile]) -> tuple[Message | None, CaffeFile | None]:
    """Return the text with layers; of several that which is made for use, not for training."""
    found: list[tuple[bool, int, Message, CaffeFile]] = []
    for file in files:
        if not file.is_text:
            continue
        message = _parsed(file)
        if message.has("layer") or message.has("layers"):
            is_for_use = message.has("input") or any(
                each.text("type") == "Input" for each in message.inners("layer")
            )
            found.append((is_for_use, -len(found), message, file))
    if not found:
        return None, None
    _, _, message, file = max(found, key=lambda each: each[:2])
    return message, file


def _weights(
    files: Sequence[CaffeFile], layers: Message | None
) -> tuple[Message | None, CaffeFile | None]:
    """Return the weights; of several those that fit most layers."""
    names = set[str]()
    if layers is not None:
        names = {layer.name for layer in read_net(layers).layers}
    best: tuple[int, Message, CaffeFile] | None = None
    for file in files:
        if file.is_text:
            continue
        message = _parsed(file)
        known = {layer.name for layer in read_net(message).layers}
        count = len(names & known)
        if best is None or count > best[0]:
            best = (count, message, file)
    if best is None:
        return None, None
    if names and not best[0]:
        raise FormatError(
            f"The weights in {best[2].name} belong to another network: none of its layers has a "
            "name that the layers here have. Choose the file that belongs to these layers."
        )
    return best[1], best[2]


def _parsed(file: CaffeFile) -> Message:
    try:
        if not file.is_text:
            return parse_bytes(file.content)
        if len(file.content) > MAX_TEXT_BYTES:
            raise Damage(f"it has more than {MAX_TEXT_BYTES / 2**20:,.0f} MB of text")
        return parse_text(bytes(file.content).decode("utf-8", errors="replace"))
    except Damage as error:
        raise FormatError(
            f"{file.name} is damaged or not a file of Caffe: {error}. Send it again."
        ) from error


def _report(
    net: CaffeNet, drawn: Drawn, ids: dict[int, str], weights: Message | None
) -> ImportReport:
    notes = list(dict.fromkeys(drawn.inputs.notes))
    unused = list(drawn.sheet.misfits)
    if weights is not None:
        known = {layer.name for layer in net.layers}
        unused += [
            f"{name}.{at}"
            for name, blobs in weights_by_layer(weights).items()
            for at in range(len(blobs))
            if name not in known
        ]
    if not any(layer.blobs for layer in net.layers):
        notes.insert(
            0,
            "The file holds the layers alone: the network starts from random weights. Choose the "
            ".caffemodel together with it to bring its weights in.",
        )
    return ImportReport(
        format="Caffe (old layers)" if net.is_old else "Caffe",
        pieces=[_piece(piece, ids) for piece in drawn.pieces],
        unused_weights=[name[:2000] for name in unused[:MAX_REPORTED_WEIGHTS]],
        num_unused_weights=len(unused),
        notes=[note[:2000] for note in notes[:200]],
    )


def _piece(piece: Piece, ids: dict[int, str]) -> ImportedPiece:
    nodes = [ids[index] for index in range(*piece.planned) if index in ids]
    return ImportedPiece(
        source=piece.title,
        outcome=piece.outcome if nodes or piece.outcome == "placeholder" else "folded",
        nodes=nodes,
        message=piece.message[:2000],
    )
