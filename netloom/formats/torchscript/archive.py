"""What a TorchScript file holds: its code as text, its objects, its tensors."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from netloom.formats.imported import FormatError
from netloom.formats.torchscript.objects import AGAIN, Storage, Thing, read_objects
from netloom.formats.zips import read_counted, refusing_damage

MAX_CODE_BYTES = 8 * 2**20
MAX_OBJECT_BYTES = 16 * 2**20
MAX_TENSOR_BYTES = 16 * 2**30
_MOST_TIMES = 20
"""Tensors are written as they are; a file that unpacks to more times its size was made to harm."""
_BOMB = "No network is packed so tightly; the file was not read further."
_SMALL_BYTES = 64 * 2**20
_MAX_MEMBERS = 200_000
_KINDS: Mapping[str, torch.dtype] = {
    "FloatStorage": torch.float32, "DoubleStorage": torch.float64, "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16, "LongStorage": torch.int64, "IntStorage": torch.int32,
    "ShortStorage": torch.int16, "CharStorage": torch.int8, "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Archive:
    """The content of a file.

    Attributes:
        sources: Code by the path of its file below `code/`.
        root: The module that was saved.
        constants: Tensors and objects that the code names by number.
    """

    sources: Mapping[str, str]
    root: Thing
    constants: Sequence[object]


def read_archive(path: Path) -> Archive:
    """Read a file.

    Raises:
        FormatError: It is damaged, unpacks to too much, or holds other things than TorchScript.
    """

    def refused(reason: str) -> FormatError:
        return FormatError(f"{path.name} is damaged: {reason}. Send the file again.")

    with refusing_damage(refused), zipfile.ZipFile(path) as archive:
        return _Members(path, archive).read()


class _Members:
    """The files in the zip, by their path below the folder that all of them are in."""

    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        self._name = path.name
        self._archive = archive
        self._entries: dict[str, zipfile.ZipInfo] = {}
        most = max(_SMALL_BYTES, _MOST_TIMES * path.stat().st_size)
        self._left_bytes = min(MAX_TENSOR_BYTES, most)
        self._storages: dict[tuple[str, str], Tensor] = {}
        self._tensors: dict[object, Tensor] = {}
        for entry in archive.infolist()[:_MAX_MEMBERS]:
            self._entries[entry.filename.partition("/")[2]] = entry

    def read(self) -> Archive:
        order = self._content("byteorder", 100) if "byteorder" in self._entries else b"little"
        if order.strip() != b"little":
            raise FormatError(f"{self._name} was written on a machine of another byte order.")
        constants = self._objects("constants.pkl", "constants")
        root = self._objects("data.pkl", "data")
        if not isinstance(root, Thing) or not isinstance(constants, tuple | list):
            raise FormatError(f"{self._name} holds no module of TorchScript. {AGAIN}")
        return Archive(self._sources(), root, list(constants))  # pyright: ignore[reportUnknownArgumentType]

    def _sources(self) -> dict[str, str]:
        found: dict[str, str] = {}
        left_bytes = MAX_CODE_BYTES
        for path in self._entries:
            if path.startswith("code/") and path.endswith(".py"):
                content = self._content(path, left_bytes)
                left_bytes -= len(content)
                try:
                    found[path.removeprefix("code/")] = content.decode()
                except UnicodeDecodeError as error:
                    raise FormatError(f"{path[:200]} is no text. {AGAIN}") from error
        return found

    def _objects(self, member: str, folder: str) -> object:
        def rebuild(
            storage: Storage, offset: int, sizes: Sequence[int], strides: Sequence[int]
        ) -> Tensor:
            return self._tensor(folder, storage, offset, sizes, strides)

        return read_objects(self._content(member, MAX_OBJECT_BYTES), member, rebuild)

    def _tensor(
        self,
        folder: str,
        storage: Storage,
        offset: int,
        sizes: Sequence[int],
        strides: Sequence[int],
    ) -> Tensor:
        key = (folder, storage.key, storage.kind, offset, *sizes, -1, *strides)
        if key not in self._tensors:
            self._tensors[key] = self._made(folder, storage, offset, sizes, strides)
        return self._tensors[key]

    def _made(
        self,
        folder: str,
        storage: Storage,
        offset: int,
        sizes: Sequence[int],
        strides: Sequence[int],
    ) -> Tensor:
        dtype = _KINDS.get(storage.kind)
        if dtype is None:
            raise FormatError(f"A tensor in {self._name} is of an unknown kind. {AGAIN}")
        if 0 in sizes:
            return torch.zeros([min(size, 2**20) for size in sizes], dtype=dtype)
        flat = self._storage(f"{folder}/{storage.key}", storage, dtype)
        try:
            found = flat.as_strided(sizes, strides, offset)
            if found.numel() > flat.numel():
                raise ValueError("it repeats its numbers")
        except (RuntimeError, ValueError, TypeError) as error:
            raise FormatError(
                f"A tensor in {self._name} does not hold what it declares: sizes {list(sizes)[:8]}."
            ) from error
        if found.is_contiguous():
            return found
        self._take(found.numel() * found.element_size())
        return found.contiguous()

    def _storage(self, path: str, storage: Storage, dtype: torch.dtype) -> Tensor:
        key = (path, storage.kind)
        if key not in self._storages:
            content = self._content(path, self._left_bytes)
            self._take(len(content))
            if not content or len(content) % dtype.itemsize:
                raise FormatError(f"{path[:200]} in {self._name} does not hold what it declares.")
            # The bytes are a copy of our own; nobody else writes to them.
            self._storages[key] = torch.frombuffer(bytearray(content), dtype=dtype)
        return self._storages[key]

    def _take(self, size_bytes: int) -> None:
        self._left_bytes -= size_bytes
        if self._left_bytes < 0:
            raise FormatError(
                f"The tensors in {self._name} unpack to more than is allowed. {_BOMB}"
            )

    def _content(self, path: str, most_bytes: int) -> bytes:
        entry = self._entries.get(path)
        if entry is None:
            raise FormatError(f"{path[:200]} is missing in {self._name}. {AGAIN}")
        content = read_counted(self._archive, entry, most_bytes)
        if content is None:
            raise FormatError(
                f"{path[:200]} in {self._name} unpacks to more than is allowed. {_BOMB}"
            )
        return content
