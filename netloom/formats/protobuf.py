"""The byte format of protobuf messages, walked field by field.

A strict reader: what two readers could understand differently is damage
(https://protobuf.dev/programming-guides/encoding).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from netloom.formats.imported import Damage

MAX_FIELDS = 5_000_000
VARINT, EIGHT, BYTES, FOUR = 0, 1, 2, 5
_LARGEST_TAG = 2**32


class Field(NamedTuple):
    """A field as it stands in a message.

    Attributes:
        number: Which field of the message it is.
        wire_type: VARINT, EIGHT, BYTES or FOUR.
        value: The bytes of one of BYTES, looked at where they are; otherwise its bits as a number.
    """

    number: int
    wire_type: int
    value: int | memoryview


class Walk:
    """Reads the messages of one file, which may hold so many fields in all."""

    def __init__(self, most: int = MAX_FIELDS) -> None:
        self._most = most
        self._count = 0

    def fields(self, data: memoryview) -> Iterator[Field]:
        """Yield the fields of a message in their order; raises Damage."""
        place, end = 0, len(data)
        while place < end:
            self._count_one()
            tag, place = _varint(data, place)
            number, wire_type = tag >> 3, tag & 7
            if not 8 <= tag < _LARGEST_TAG:
                raise Damage("a field has no number")
            if wire_type == VARINT:
                value, place = _varint(data, place)
                yield Field(number, wire_type, value)
                continue
            if wire_type == BYTES:
                length, place = _varint(data, place)
            elif wire_type in (EIGHT, FOUR):
                length = 8 if wire_type == EIGHT else 4
            else:
                raise Damage(f"a field is of the unknown kind {wire_type}")
            if length > end - place:
                raise Damage("a field is longer than the file")
            content = data[place : place + length]
            place += length
            whole = content if wire_type == BYTES else int.from_bytes(content, "little")
            yield Field(number, wire_type, whole)

    def varints(self, data: memoryview) -> Iterator[int]:
        """Yield the numbers of a packed field; raises Damage."""
        place = 0
        while place < len(data):
            self._count_one()
            value, place = _varint(data, place)
            yield value

    def _count_one(self) -> None:
        self._count += 1
        if self._count > self._most:
            raise Damage(f"it has more than {self._most:,} fields")


def _varint(data: memoryview, place: int) -> tuple[int, int]:
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
