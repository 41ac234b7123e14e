"""Operators that a file of TensorFlow Lite brings along by name: few are known, the rest refused.

Among them are those of TensorFlow itself (`Flex...`), which can read and write files. The file is a
FlatBuffer (https://flatbuffers.dev/internals), of which nothing but the list of operators is read;
places are those of `schema.fbs`
(https://github.com/tensorflow/tensorflow/blob/master/tensorflow/compiler/mlir/lite/schema/schema.fbs).
"""

from __future__ import annotations

import mmap
import struct
from pathlib import Path

from netloom.formats.imported import Damage, FormatError

KNOWN = frozenset({"TFLite_Detection_PostProcess", "RFFT2D"})
"""Those that tf2onnx converts; they compute with numbers alone."""
_OPERATOR_CODES, _CUSTOM_CODE = 1, 1
_EXTERNAL_BUFFER_GROUPS, _EXTERNAL_BUFFERS = 8, 9
_MOST_ENTRIES = 10_000
_MOST_SHOWN = 80


def refuse_custom(path: Path) -> None:
    """Look through the operators of a file of TensorFlow Lite.

    Raises:
        FormatError: One of them is none of TensorFlow Lite itself, or the file is damaged.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        try:
            found = _Flat(data).custom_operators()
        except (Damage, struct.error) as error:
            raise FormatError(f"{path.name} is damaged: {error}. Send it again.") from error
    unknown = [name for name in found if name not in KNOWN]
    if unknown:
        raise FormatError(
            f"{path.name} holds the operator {unknown[0][:_MOST_SHOWN]}, which is not of "
            "TensorFlow Lite and could do more than compute. Where it was made, convert it with "
            "`tf.lite.OpsSet.TFLITE_BUILTINS` alone, or import the Keras file that it was made "
            "from."
        )


class _Flat:
    def __init__(self, data: mmap.mmap) -> None:
        self._data = data

    def custom_operators(self) -> list[str]:
        root = self._number("<I", 0)
        for at in (_EXTERNAL_BUFFER_GROUPS, _EXTERNAL_BUFFERS):
            if self._vector(root, at):
                raise Damage("its weights lie in other files")
        places = self._vector(root, _OPERATOR_CODES)
        names = [self._custom(place + self._number("<I", place)) for place in places]
        return [name for name in names if name]

    def _custom(self, table: int) -> str:
        place = self._field(table, _CUSTOM_CODE)
        if place == 0:
            return ""
        place += self._number("<I", place)
        length = self._number("<I", place)
        content = self._data[place + 4 : place + 4 + length]
        if len(content) != length:
            raise Damage("a name is longer than the file")
        return content.decode("utf-8", errors="replace")

    def _vector(self, table: int, number: int) -> list[int]:
        """Return where the entries of a vector lie, four bytes each."""
        place = self._field(table, number)
        if place == 0:
            return []
        place += self._number("<I", place)
        count = self._number("<I", place)
        if count > _MOST_ENTRIES:
            raise Damage(f"it has {count:,} operators")
        return [place + 4 + 4 * at for at in range(count)]

    def _field(self, table: int, number: int) -> int:
        """Return where a field of a table lies; 0 where the table has none."""
        layout = table - self._number("<i", table)
        entry = 4 + 2 * number
        if entry + 2 > self._number("<H", layout):
            return 0
        offset = self._number("<H", layout + entry)
        return table + offset if offset else 0

    def _number(self, form: str, place: int) -> int:
        if place < 0:
            raise Damage("a part of it lies before its beginning")
        return int(struct.unpack_from(form, self._data, place)[0])
