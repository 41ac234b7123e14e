"""Reading the file: protobuf under limits, and tensors that lie beside it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import onnx
from google.protobuf.message import DecodeError
from onnx import AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto

from netloom.formats.imported import FormatError
from netloom.formats.onnx.elsewhere import refuse_tensors_elsewhere
from netloom.formats.onnx.values import Array, CannotMap

MAX_FILE_BYTES = 2**31 - 1
"""What protobuf itself can read; larger networks keep their tensors beside the file."""
MAX_TENSOR_BYTES = 16 * 2**30
MAX_GRAPH_DEPTH = 16
MAX_NODES = 100_000
MAX_RANK = 32


def load_model(path: Path) -> ModelProto:
    """Read an ONNX file without the tensors beside it.

    Raises:
        FormatError: It is too large, damaged, or no ONNX file.
    """
    size = path.stat().st_size
    if size > MAX_FILE_BYTES:
        raise FormatError(
            f"{path.name} has {size / 2**30:,.1f} GB; protobuf ends at 2 GB. Save it with its "
            "tensors in a file of their own (external data)."
        )
    try:
        model = onnx.load_model_from_string(path.read_bytes())
    except (DecodeError, ValueError, RecursionError, MemoryError) as error:
        raise FormatError(
            f"{path.name} is damaged or not an ONNX file: {str(error)[:200]}. Export it again."
        ) from error
    if not model.graph.node and not model.graph.output:
        raise FormatError(f"{path.name} holds no ONNX graph. Export it again.")
    check_graph(model, path.name)
    refuse_tensors_elsewhere(model, path.name)
    return model


def _names_of(graph: GraphProto) -> list[object]:
    """Return what a graph calls its tensors: bytes instead of text where that is damaged."""
    tensors = (*graph.input, *graph.output, *graph.value_info, *graph.initializer)
    return [graph.name, *(each.name for each in tensors)]


def _names_in(node: NodeProto) -> list[object]:
    attributes = [attribute.name for attribute in node.attribute]
    return [node.op_type, node.domain, node.name, *node.input, *node.output, *attributes]


def check_graph(model: ModelProto, name: str) -> None:
    """Refuse graphs that are too deep or too large; raises FormatError."""
    count = 0
    stack: list[tuple[GraphProto, int]] = [(model.graph, 0)]
    nodes: list[tuple[NodeProto, int]] = [
        (node, 0) for function in model.functions for node in function.node
    ]
    while stack or nodes:
        if stack:
            graph, depth = stack.pop()
            names = _names_of(graph)
            nodes += [(node, depth) for node in graph.node]
        else:
            node, depth = nodes.pop()
            count += 1
            names = _names_in(node)
            stack += [(inner, depth + 1) for inner in subgraphs(node)]
        if not all(isinstance(each, str) for each in names):
            raise FormatError(f"{name} is damaged: names in it are no text. Export it again.")
        if depth > MAX_GRAPH_DEPTH:
            raise FormatError(f"{name} nests graphs more than {MAX_GRAPH_DEPTH} deep.")
        if count > MAX_NODES:
            raise FormatError(f"{name} has more than {MAX_NODES:,} nodes.")


def subgraphs(node: NodeProto) -> Iterator[GraphProto]:
    """Give the graphs among the attributes of a node."""
    for attribute in node.attribute:
        if attribute.type == AttributeProto.GRAPH:
            yield attribute.g
        elif attribute.type == AttributeProto.GRAPHS:
            yield from attribute.graphs


class TensorReader:
    """Turns tensors of the file into arrays; counts what they take before anything is allocated."""

    def __init__(self, folder: Mapping[str, Path]) -> None:
        self._side_files = folder
        self._left_bytes = MAX_TENSOR_BYTES

    def read(self, tensor: TensorProto) -> Array:
        """Return the values of a tensor.

        Raises:
            FormatError: It declares more than it holds, or lies where nobody may read.
        """
        name = tensor.name[:100] or "a tensor"
        size_bytes = self._declared_bytes(tensor, name)
        if tensor.data_location == TensorProto.EXTERNAL:
            return self._external(tensor, name, size_bytes)
        try:
            return onnx.numpy_helper.to_array(tensor)
        except Exception as error:
            raise FormatError(
                f"{name} does not hold what it declares: {str(error)[:200]}."
            ) from error

    def _declared_bytes(self, tensor: TensorProto, name: str) -> int:
        if len(tensor.dims) > MAX_RANK or any(dim < 0 for dim in tensor.dims):
            raise FormatError(f"{name} declares an impossible shape.")
        try:
            item = onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type).itemsize
        except KeyError:
            raise FormatError(f"{name} has the unknown type {tensor.data_type}.") from None
        size_bytes = math.prod(tensor.dims) * item
        self._left_bytes -= size_bytes
        if self._left_bytes < 0:
            raise FormatError(
                f"The tensors declare more than {MAX_TENSOR_BYTES / 2**30:,.0f} GB; {name} alone "
                f"{size_bytes / 2**30:,.1f} GB."
            )
        return size_bytes

    def _external(self, tensor: TensorProto, name: str, size_bytes: int) -> Array:
        entries = {entry.key: entry.value for entry in tensor.external_data}
        if len(entries) < len(tensor.external_data):
            raise FormatError(f"{name} says twice where it lies. Export the file again.")
        location = entries.get("location", "")
        path = self._side_files.get(Path(location.replace("\\", "/")).name) if location else None
        if path is None or "/" in location.replace("\\", "/").removeprefix("./"):
            raise FormatError(
                f"{name} lies in another file, {location[:200]!r}. Upload that file together with "
                "the network; files elsewhere are never read."
            )
        try:
            offset, length = int(entries.get("offset", 0)), int(entries.get("length", size_bytes))
        except ValueError:
            raise FormatError(f"{name} says where it lies in words, not numbers.") from None
        end = path.stat().st_size
        if offset < 0 or length != size_bytes or offset + length > end:
            raise FormatError(f"{name} does not lie within {path.name}, which has {end:,} bytes.")
        dtype = onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type)
        if dtype.hasobject or tensor.data_type == TensorProto.STRING:
            raise FormatError(f"{name} cannot lie in another file: it holds text.")
        shape = tuple(tensor.dims)
        if not size_bytes:
            return np.zeros(shape, dtype)
        return np.memmap(path, dtype, mode="r", offset=offset, shape=shape)


def inner_tensor(tensor: TensorProto) -> Array:
    """Return the values of a tensor of a node or branch, which lies in no other file.

    Raises:
        CannotMap: It does not hold what it declares, or lies elsewhere.
    """
    try:
        return TensorReader({}).read(tensor)
    except FormatError as error:
        raise CannotMap(str(error).rstrip(".")) from error
