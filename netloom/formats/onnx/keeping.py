"""Nodes that nothing here computes: kept as placeholders, with what the file says of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Protocol

from onnx import NodeProto

from netloom.formats.onnx.board import Board
from netloom.formats.onnx.inputs import Reading
from netloom.formats.onnx.load import subgraphs
from netloom.formats.onnx.naming import port_names
from netloom.formats.onnx.node import attribute_words
from netloom.formats.onnx.source import Source
from netloom.formats.onnx.values import CannotMap, Flow, Value
from netloom.layers.placeholder import MAX_PORTS
from netloom.layers.shapes import BATCH, Dim, Shape


class Keeping(Protocol):
    """What is needed of an import."""

    source: Source
    board: Board
    reading: Reading
    file_batch: int | None
    notes: list[str]

    def flow(self, value: Value) -> Flow:
        """Return a tensor that layers can take."""
        ...


def keep_as_placeholder(
    state: Keeping, node: NodeProto, scope: Mapping[str, Value], reason: str
) -> list[Value]:
    """Plan a placeholder that keeps what the file says; returns what it gives."""
    taken = [name for name in node.input if name]
    for graph in subgraphs(node):
        inner = {name for each in graph.node for name in each.input}
        taken += [name for name in sorted(inner) if name in scope]
    flows: list[Flow] = []
    for name in dict.fromkeys(taken):
        value = scope[name]
        if isinstance(value, Flow):
            flows.append(value)
        elif not value.is_symbolic and value.array.size > 0 and value.array.dtype.kind in "fiub":
            try:
                flows.append(state.flow(value))
            except CannotMap:
                continue
    flows = list(dict.fromkeys(flows))
    outputs = [name for name in node.output if name]
    for num, what in ((len(flows), "takes"), (len(outputs), "gives")):
        if num > MAX_PORTS:
            state.notes.append(
                f"{(node.name or node.op_type)[:200]} {what} {num:,} tensors; the first "
                f"{MAX_PORTS} are kept, and what only the others need is left out."
            )
    flows, outputs = flows[:MAX_PORTS], outputs[:MAX_PORTS]
    shapes = [_told_shape(state, name) for name in outputs]
    if shapes == [None] and node.domain:
        shapes = [_assumed_shape(state, node, flows)]
    ports = port_names(outputs or ["output"], "output")
    told = {
        port: [[dim.axis, "B" if dim is BATCH else dim.size] for dim in shape]
        for port, shape in zip(ports, shapes, strict=False)
        if shape
    }
    words = json.dumps(attribute_words(node))
    params = {
        "op": node.op_type[:200] or "unknown",
        "domain": node.domain[:200],
        "reason": reason[:300],
        "attributes": words if len(words) < 50_000 else "{}",
        "inputs": ",".join(port_names([f"input_{at + 1}" for at in range(len(flows))], "in")),
        "outputs": ",".join(ports),
        "shapes": json.dumps(told),
    }
    found = state.board.placeholder(flows, params, shapes=shapes or [None])
    return [found[outputs.index(name)] if name in outputs else found[0] for name in node.output]


def _assumed_shape(state: Keeping, node: NodeProto, flows: list[Flow]) -> Shape | None:
    """Return the shape of the only tensor that arrives: most layers of vendors keep it.

    Without it, nothing behind the layer could be drawn.
    """
    flowing = [flow for flow in flows if flow.shape is not None]
    if len(flowing) != 1 or flowing[0].shape is None:
        return None
    shape = flowing[0].shape
    if not all(dim is BATCH or isinstance(dim.size, int) for dim in shape):
        return None
    sizes = " × ".join("B" if dim is BATCH else str(dim.size) for dim in shape)
    state.notes.append(
        f"{(node.name or node.op_type)[:200]} is taken to have the shape {sizes} of what arrives, "
        "since the file does not say what it gives."
    )
    return shape


def _told_shape(state: Keeping, name: str) -> Shape | None:
    sizes = state.source.shapes.get(name)
    if not sizes or len(sizes) > 8 or any(size is None for size in sizes[1:]):
        return None
    letters = {2: "BF", 3: "BCT", 4: "BCHW", 5: "BCDHW"}.get(len(sizes), "BCDHWTFN")
    dims = [Dim(letter, size or 1) for letter, size in zip(letters, sizes, strict=False)]
    is_batch = state.reading.batch and (sizes[0] is None or sizes[0] == state.file_batch)
    if not is_batch and sizes[0] is None:
        return None
    if len(sizes) > 1 and is_batch:
        dims[0] = BATCH
    if not all(1 <= (size or 1) <= 10**9 for size in sizes):
        return None
    return tuple(dims)
