"""From an ONNX file to a network with its weights and a report."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import onnx
from onnx import GraphProto, ModelProto, TensorProto

from netloom.formats.drawing import Drawing
from netloom.formats.folding import fold_by_module
from netloom.formats.imported import (
    MAX_REPORTED_WEIGHTS,
    FormatError,
    ImportedNetwork,
    ImportedPiece,
    ImportReport,
)
from netloom.formats.onnx.bodies import count_nodes, has_more_inlined
from netloom.formats.onnx.budget import budget_for
from netloom.formats.onnx.importer import Importer
from netloom.formats.onnx.inputs import Reading
from netloom.formats.onnx.load import TensorReader, load_model
from netloom.formats.onnx.metadata import read_metadata
from netloom.formats.onnx.source import Piece, Source
from netloom.formats.onnx.values import Array, CannotMap
from netloom.formats.read_progress import Progress, tell_nobody
from netloom.layers.shapes import concrete

MAX_INFERRED_BYTES = 2**28
MAX_INFERRED_NODES = 100_000
MAX_SHAPE_SIZE = 64
"""Tensors of more numbers are no shapes."""
_SMALLEST_LEAF = 3
"""Nodes of the plan: an activation of two, or a convolution with its border, is read more easily
side by side than behind a block."""


@dataclass(frozen=True, slots=True)
class OnnxNetwork:
    """A network of an ONNX file, and where its inputs and outputs went.

    Attributes:
        inputs: Name of the input node by the name of the tensor in the file; likewise `outputs`.
        sizes: Of each input, with one sample and 16 positions where lengths vary.
    """

    imported: ImportedNetwork
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    sizes: Mapping[str, Sequence[int]]


def read_onnx_file(
    path: Path, progress: Progress = tell_nobody, *, side_files: Sequence[Path] = ()
) -> ImportedNetwork:
    """Open an ONNX file and compare it with ONNX Runtime. Files beside it are left alone.

    Args:
        side_files: What came together with it; tensors may lie there.

    Raises:
        FormatError: It is damaged, declares more than it holds, or takes no tensors.
    """
    progress(0.1, "Reading the file")
    beside = {each.name: each for each in side_files}
    network = open_model(load_model(path), beside, name=path.stem)
    progress(0.6, "Comparing with ONNX Runtime")
    return replace(network.imported, report=_compared(path, network))


def _compared(path: Path, network: OnnxNetwork) -> ImportReport:
    from netloom.formats.onnx.parity import compare_with_onnxruntime

    report = network.imported.report
    try:
        found = compare_with_onnxruntime(path, network)
    except FormatError as error:
        return report.model_copy(
            update={"notes": [*report.notes, f"Not compared with ONNX Runtime: {error}"[:2000]]}
        )
    return report.model_copy(update={"parity": found})


def read_onnx(
    path: Path,
    *,
    side_files: Sequence[Path] = (),
    sizes: Mapping[str, Sequence[int]] | None = None,
) -> ImportedNetwork:
    """Open an ONNX file as an editable network.

    Nothing of it is executed, and no file but those given is read.

    Args:
        side_files: What was uploaded together with it; tensors may lie there.
        sizes: Sizes of inputs that the file leaves open, by the input's name.

    Raises:
        FormatError: As `read_onnx_file`.
    """
    beside = {each.name: each for each in side_files}
    return open_model(load_model(path), beside, name=path.stem, sizes=sizes).imported


def open_model(
    model: ModelProto,
    side_files: Mapping[str, Path] | None = None,
    *,
    name: str = "",
    sizes: Mapping[str, Sequence[int]] | None = None,
) -> OnnxNetwork:
    """Open a model that is read already; raises FormatError."""
    source = _source(model, side_files or {})
    del model  # which holds all weights once more
    try:
        importer = _best(source, sizes or {})
    except CannotMap as reason:
        raise FormatError(f"The graph cannot be drawn: {reason}. Import a part of it.") from None
    if not importer.inputs:
        raise FormatError("The graph takes no input: what it gives is always the same.")
    drawing = Drawing()
    ids = importer.board.draw(drawing)
    document = drawing.finish(source.model.graph.name or name)
    report = _report(importer, source, ids)
    meta, notes = read_metadata(source.model, document)
    report = report.model_copy(update={"notes": [*report.notes, *notes]})
    drawn = ImportedNetwork(document, report, drawing.weights, meta)
    imported = fold_by_module(drawn, importer.class_names, smallest_leaf=_SMALLEST_LEAF)
    nodes = imported.document.graph.nodes
    return OnnxNetwork(
        imported,
        {tensor: nodes[ids[at]].name for tensor, at in importer.inputs.items() if at in ids},
        {tensor: nodes[ids[at]].name for tensor, at in importer.outputs.items()},
        {tensor: concrete(shape, B=1, T=16, S=16) for tensor, shape in importer.shapes.items()},
    )


def _source(model: ModelProto, side_files: Mapping[str, Path]) -> Source:
    if model.graph.sparse_initializer:
        raise FormatError("The file holds sparse tensors, which cannot be read yet.")
    reader = TensorReader(side_files)
    weights: dict[str, Array] = {}
    for tensor in model.graph.initializer:
        if tensor.name in weights:
            raise FormatError(f"Two weights are called {tensor.name[:100]!r}.")
        weights[tensor.name] = reader.read(tensor)
    light = _without_weights(model, weights)
    return Source(light, weights, _inferred_shapes(light))


def _inferred_shapes(model: ModelProto) -> dict[str, list[int | None]]:
    """Return the shapes that ONNX infers; nothing where it cannot."""
    found = model
    # ONNX walks through a function again for each call.
    if found.ByteSize() <= MAX_INFERRED_BYTES and not has_more_inlined(found, MAX_INFERRED_NODES):
        # It raises what it likes, and shapes are a help alone.
        with suppress(Exception):
            found = onnx.shape_inference.infer_shapes(found)
    shapes: dict[str, list[int | None]] = {}
    for info in [*found.graph.value_info, *found.graph.output]:
        if info.type.WhichOneof("value") == "tensor_type" and info.type.tensor_type.HasField(
            "shape"
        ):
            shapes[info.name] = [
                dim.dim_value if dim.WhichOneof("value") == "dim_value" and dim.dim_value > 0
                else None
                for dim in info.type.tensor_type.shape.dim
            ]  # fmt: skip
    return shapes


def _without_weights(model: ModelProto, weights: Mapping[str, Array]) -> ModelProto:
    """Return a model whose large tensors have sizes alone: nothing else follows from more.

    No tensor of it lies in another file.
    """
    graph = model.graph
    light = ModelProto(
        ir_version=model.ir_version, opset_import=model.opset_import, functions=model.functions,
        producer_name=model.producer_name, producer_version=model.producer_version,
        metadata_props=model.metadata_props,
    )  # fmt: skip
    light.graph.CopyFrom(
        GraphProto(
            name=graph.name,
            node=graph.node,
            input=graph.input,
            output=graph.output,
            value_info=graph.value_info,
        )
    )
    for tensor in graph.initializer:
        if tensor.external_data and math.prod(tensor.dims) <= MAX_SHAPE_SIZE:
            array = np.asarray(weights[tensor.name])
            light.graph.initializer.append(onnx.numpy_helper.from_array(array, tensor.name))
        elif math.prod(tensor.dims) <= MAX_SHAPE_SIZE:
            light.graph.initializer.append(tensor)
        else:
            light.graph.initializer.append(
                TensorProto(name=tensor.name, data_type=tensor.data_type, dims=tensor.dims)
            )
    return light


def _best(source: Source, sizes: Mapping[str, Sequence[int]]) -> Importer:
    """Return the reading that leaves the fewest placeholders, the most general of equals."""
    readings = [Reading(sizes=sizes)]
    readings.append(replace(readings[0], lengths=False))
    readings.append(replace(readings[1], batch=False))
    best: Importer | None = None
    problem: FormatError | None = None
    held_bytes = sum(array.nbytes for array in source.weights.values()) + source.model.ByteSize()
    budget = budget_for(count_nodes(source.model), held_bytes)
    folded_bytes = budget.bytes_left
    for reading in readings:
        budget.bytes_left = folded_bytes
        importer = Importer(source, reading, budget)
        try:
            importer.run()
        except FormatError as error:
            problem = problem or error
            continue
        if best is None or importer.placeholders < best.placeholders:
            best = importer
        if not best.placeholders:
            break
    if best is None:
        raise problem or FormatError("The file could not be read.")
    return best


def _report(importer: Importer, source: Source, ids: Mapping[int, str]) -> ImportReport:
    model = source.model
    notes = [*importer.notes, *_unknown_opset(model)]
    if not importer.reading.batch:
        notes.append(
            "The network computes with just so many samples as the file says; it could not be read "
            "for any number of them."
        )
    left = set(source.weights) - importer.used
    # Only training counts batches; old exporters write the counters all the same.
    unused = sorted(name for name in left if not name.endswith("num_batches_tracked"))
    versions = ", ".join(
        f"{each.domain or 'ai.onnx'} {each.version}" for each in model.opset_import
    )
    producer = f"{model.producer_name} {model.producer_version}".strip()
    return ImportReport(
        format=f"ONNX (opset {versions})"[:2000],
        producer=producer[:2000],
        pieces=[_piece(piece, ids) for piece in importer.pieces],
        unused_weights=[name[:2000] for name in unused[:MAX_REPORTED_WEIGHTS]],
        num_unused_weights=len(unused),
        notes=[note[:2000] for note in notes[:200]],
    )


def _unknown_opset(model: ModelProto) -> list[str]:
    newest = onnx.defs.onnx_opset_version()
    versions = [each.version for each in model.opset_import if each.domain in {"", "ai.onnx"}]
    if all(1 <= version <= newest for version in versions):
        return []
    return [
        f"The file is of opset {versions[0]}; those known here go from 1 to {newest}, and its "
        "operators are read as theirs. Compare its numbers before trusting it."
    ]


def _piece(piece: Piece, ids: Mapping[int, str]) -> ImportedPiece:
    drawn = [ids[index] for index in range(*piece.planned) if index in ids]
    outcome = piece.outcome if drawn or piece.outcome == "placeholder" else "folded"
    return ImportedPiece(
        source=piece.source,
        outcome=outcome,
        nodes=drawn,
        message=piece.message[:2000],
    )
