"""Tensors of a model that lie in other files: which may, and where every other one is found.

Weights of the outermost graph alone may, since `TensorReader` reads those from what was given with
the file. ONNX's own code and ONNX Runtime would open whatever path any other tensor names.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from google.protobuf.message import Message
from onnx import GraphProto, ModelProto, TensorProto

from netloom.formats.imported import FormatError


def refuse_tensors_elsewhere(model: ModelProto, name: str) -> None:
    """Refuse tensors in other files, except for the weights of the outermost graph.

    Attributes, branches, functions, sparse tensors and what is meant for training are searched.

    Raises:
        FormatError: There is one.
    """
    for tensor in _inner_tensors(model):
        if tensor.data_location == TensorProto.EXTERNAL or tensor.external_data:
            raise FormatError(
                f"{name} keeps a tensor of a node, branch or function in another file: "
                f"{tensor.name[:100] or 'one without a name'}. Only weights of the graph itself "
                "may lie beside the file. Save it with the values of its nodes inside."
            )


def _inner_tensors(model: ModelProto) -> Iterator[TensorProto]:
    """Give every tensor at any depth that is no weight of the outermost graph."""
    waiting: list[Message] = [model]
    while waiting:
        message = waiting.pop()
        if isinstance(message, TensorProto):
            yield message
            continue
        for field, value in message.ListFields():
            if field.message_type is None or field.message_type.full_name not in _HOLDERS:
                continue
            if isinstance(message, ModelProto) and field.name == "graph":
                waiting.extend(_without_initializers(model.graph))
            else:
                waiting.extend([value] if isinstance(value, Message) else value)


def _without_initializers(graph: GraphProto) -> Iterator[Message]:
    yield from graph.node
    yield from graph.sparse_initializer


def _holders() -> frozenset[str]:
    """Return the names of all messages that may hold a tensor, as the format itself declares."""
    held_by: dict[str, set[str]] = {}
    waiting: list[Any] = [ModelProto.DESCRIPTOR]  # of either implementation of protobuf
    seen: set[str] = set()
    while waiting:
        holder = waiting.pop()
        if holder.full_name in seen:
            continue
        seen.add(holder.full_name)
        for field in holder.fields:
            if field.message_type is not None:
                held_by.setdefault(field.message_type.full_name, set()).add(holder.full_name)
                waiting.append(field.message_type)
    found: set[str] = set()
    names = [TensorProto.DESCRIPTOR.full_name]
    while names:
        each = names.pop()
        if each not in found:
            found.add(each)
            names.extend(held_by.get(each, ()))
    return frozenset(found)


_HOLDERS = _holders()
