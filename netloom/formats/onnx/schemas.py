"""Operators that the specification defines by others: their bodies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, cast

import onnx
from onnx import FunctionProto

from netloom.formats.onnx.node import Op
from netloom.formats.onnx.values import Known, Value


class _AttributeType(Protocol):
    """A type of attributes, numbered as in the file."""

    value: int


class _Attribute(Protocol):
    """What the specification says of an attribute."""

    type: _AttributeType


class _Schema(Protocol):
    """What the specification says of an operator."""

    has_function: bool
    has_context_dependent_function: bool
    function_body: FunctionProto
    attributes: Mapping[str, _Attribute]

    def get_context_dependent_function(self, node: bytes, types: Sequence[bytes]) -> bytes:
        """Return the body of a function for inputs of these types."""
        ...


def schema_body(op: Op) -> FunctionProto | None:
    """Return how the specification itself computes an operator; None where it does not say."""
    try:
        # The package's own types leave out what functions are told by.
        schema = cast("_Schema", onnx.defs.get_schema(op.kind, op.version, op.domain))
    except onnx.defs.SchemaError:
        return None
    for each in op.proto.attribute:
        told = schema.attributes.get(each.name)
        if not each.ref_attr_name and (told is None or told.type.value != each.type):
            return None
    try:
        if schema.has_function:
            return schema.function_body
        if schema.has_context_dependent_function:
            types = [_type_of(value) for value in op.inputs]
            text = schema.get_context_dependent_function(op.proto.SerializeToString(), types)
            body = FunctionProto()
            body.ParseFromString(text)
            return body
    except Exception:  # noqa: BLE001 - the library raises what it likes on odd attributes
        return None
    return None


_ELEMS = {"number": 1, "integer": 7, "boolean": 9}


def _type_of(value: Value | None) -> bytes:
    if value is None:
        return onnx.TypeProto().SerializeToString()
    if isinstance(value, Known):
        elem = (
            onnx.helper.np_dtype_to_tensor_dtype(value.array.dtype) if not value.is_symbolic else 7
        )
        sizes = list(value.array.shape)
    else:
        elem = _ELEMS[value.kind]
        sizes = [size if isinstance(size, int) else None for size in value.sizes]
    return onnx.helper.make_tensor_type_proto(elem, sizes).SerializeToString()
