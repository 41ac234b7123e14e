"""The byte format of protobuf, as `.caffemodel` files are written in it.

Weights stay where they are: an array looks into the file's bytes until a layer takes it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np

from netloom.formats.caffe.message import Array, Damage, Message, Scalar
from netloom.formats.caffe.schema import ENUMS, MESSAGES, Field

MAX_FIELDS = 5_000_000
_VARINT, _EIGHT, _BYTES, _FOUR = 0, 1, 2, 5
_SIGN = 1 << 63


def parse_bytes(data: memoryview, message: str = "NetParameter") -> Message:
    """Read a message; fields that Caffe does not know are passed over.

    Raises:
        Damage: It is not in the byte format, or has too many fields.
    """
    return _Parser().message(data, message)


class _Parser:
    def __init__(self) -> None:
        self._count = 0

    def message(self, data: memoryview, name: str) -> Message:
        # As deep as the table of messages, which holds no message within itself.
        found = Message()
        known = MESSAGES[name]
        for number, wire_type, value in self._fields(data):
            field = known.get(number)
            if field is None:
                continue
            if isinstance(value, memoryview):
                found.add(field.name, self._long(field, value))
            else:
                found.add(field.name, _scalar(field, wire_type, value))
        return found

    def _fields(self, data: memoryview) -> Iterator[tuple[int, int, int | memoryview]]:
        place, end = 0, len(data)
        while place < end:
            self._count += 1
            if self._count > MAX_FIELDS:
                raise Damage(f"it has more than {MAX_FIELDS:,} fields")
            tag, place = varint(data, place)
            wire_type = tag & 7
            if wire_type == _VARINT:
                value, place = varint(data, place)
                yield tag >> 3, wire_type, value
                continue
            if wire_type == _BYTES:
                length, place = varint(data, place)
            elif wire_type in (_EIGHT, _FOUR):
                length = 8 if wire_type == _EIGHT else 4
            else:
                raise Damage(f"a field is of the unknown kind {wire_type}")
            if length > end - place:
                raise Damage("a field is longer than the file")
            content = data[place : place + length]
            place += length
            if wire_type == _BYTES:
                yield tag >> 3, wire_type, content
            else:
                yield tag >> 3, wire_type, int.from_bytes(content, "little")

    def _long(self, field: Field, content: memoryview) -> Message | Scalar | Array:
        kind = field.kind
        if kind in MESSAGES:
            return self.message(content, kind)
        if kind == "string":
            return bytes(content).decode("utf-8", errors="replace")
        if kind in ("float", "double"):
            size = 4 if kind == "float" else 8
            if len(content) % size:
                raise Damage(f"{field.name} ends within a number")
            return np.frombuffer(content, dtype=f"<f{size}")
        return np.array([_whole(value) for value in self._varints(content)], dtype=np.int64)

    def _varints(self, content: memoryview) -> Iterator[int]:
        place = 0
        while place < len(content):
            self._count += 1
            if self._count > MAX_FIELDS:
                raise Damage(f"it has more than {MAX_FIELDS:,} fields")
            value, place = varint(content, place)
            yield value


def varint(data: memoryview, place: int) -> tuple[int, int]:
    """Return a number and where it ends."""
    value = 0
    for shift in range(0, 70, 7):
        if place >= len(data):
            break
        byte = data[place]
        place += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, place
    raise Damage("a number has no end")


def _whole(value: int) -> int:
    value &= (1 << 64) - 1
    return value - (1 << 64) if value & _SIGN else value


def _scalar(field: Field, wire_type: int, value: int) -> Scalar:
    kind = field.kind
    if kind == "float" and wire_type == _FOUR:
        return float(struct.unpack("<f", value.to_bytes(4, "little"))[0])
    if kind == "double" and wire_type == _EIGHT:
        return float(struct.unpack("<d", value.to_bytes(8, "little"))[0])
    if wire_type != _VARINT or kind in ("float", "double", "string") or kind in MESSAGES:
        raise Damage(f"{field.name} is of another kind than Caffe says")
    if kind == "bool":
        return value != 0
    if kind in ENUMS:
        return ENUMS[kind].get(value, str(value))
    return _whole(value)
