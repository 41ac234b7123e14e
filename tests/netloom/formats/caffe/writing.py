"""Writes `.caffemodel` files: just enough of protobuf's byte format for the tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np


def varint(value: int) -> bytes:
    """Return a number as protobuf writes it."""
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    return bytes([*found, value])


def field(number: int, content: bytes) -> bytes:
    """Return a field with content of its own."""
    return varint(number << 3 | 2) + varint(len(content)) + content


def blob(array: np.ndarray) -> bytes:
    """Return weights with their shape."""
    dims = b"".join(varint(size) for size in array.shape)
    return field(7, field(1, dims)) + field(5, array.astype("<f4").tobytes())


def old_blob(array: np.ndarray) -> bytes:
    """Return weights as they were written with four sizes."""
    sizes = [*[1] * (4 - array.ndim), *array.shape]
    head = b"".join(varint(number << 3) + varint(size) for number, size in enumerate(sizes, 1))
    return head + field(5, array.astype("<f4").tobytes())


def caffemodel(weights: Mapping[str, tuple[str, Sequence[np.ndarray]]]) -> bytes:
    """Return a file with the weights of layers.

    Args:
        weights: Kind and arrays, by the layer's name.
    """
    found = field(1, b"written by a test")
    for name, (kind, arrays) in weights.items():
        content = field(1, name.encode()) + field(2, kind.encode())
        found += field(100, content + b"".join(field(7, blob(array)) for array in arrays))
    return found


def old_caffemodel(weights: Mapping[str, tuple[int, Sequence[np.ndarray]]]) -> bytes:
    """Return a file as Caffe wrote it before 2014.

    Args:
        weights: Number of the kind and arrays, by the layer's name.
    """
    found = field(1, b"written by a test")
    for name, (kind, arrays) in weights.items():
        content = field(4, name.encode()) + varint(5 << 3) + varint(kind)
        found += field(2, content + b"".join(field(6, old_blob(array)) for array in arrays))
    return found
