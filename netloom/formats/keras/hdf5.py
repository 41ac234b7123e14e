"""HDF5 read as data: no links that lead elsewhere, and no more bytes than were announced.

A group may hold links to other files, and a data set of a few bytes may declare gigabytes: both
are looked at before anything is read. What is read is copied, so that the file can be closed.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import numpy as np

from netloom.formats.imported import FormatError

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_OBJECTS = 200_000
MAX_DEPTH = 32
MAX_TENSOR_BYTES = 16 * 2**30
"""Of all data sets of a file together, as declared."""
MAX_ATTRIBUTE_BYTES = 64 * 2**20


@dataclass(slots=True)
class Budget:
    """What may still be read of a file."""

    num_bytes: int = MAX_TENSOR_BYTES

    def take(self, num_bytes: int) -> None:
        """Count bytes; raises FormatError when there are too many."""
        self.num_bytes -= num_bytes
        if self.num_bytes < 0:
            raise FormatError(
                f"The file declares more than {MAX_TENSOR_BYTES / 2**30:.0f} GB of numbers, more "
                "than is read. Save the weights in half precision, or in several files."
            )


@contextmanager
def open_hdf5(source: Path | BinaryIO, name: str) -> Generator[Group]:
    """Open a file that was checked for links and sizes; raises FormatError."""
    h5py = _library()
    with _damage(name):
        file = h5py.File(source, "r")
    try:
        with _damage(name):
            _check(file, Budget())
        yield Group(file, Budget(), name)
    finally:
        with _damage(name):
            file.close()


@contextmanager
def _damage(name: str) -> Generator[None]:
    """Tell what the library says of a damaged file as what it is.

    It raises whatever it likes. What is computed with the numbers stays outside: a mistake of ours
    there is no damage of the file.
    """
    try:
        yield
    except FormatError:
        raise
    except (OSError, RuntimeError, ValueError, KeyError, TypeError, OverflowError) as error:
        raise FormatError(
            f"{name} is a damaged HDF5 file: {str(error)[:200]}. Save or send it again."
        ) from error


def _library() -> Any:
    """h5py, which brings no types along; it is loaded with the first HDF5 file."""
    return import_module("h5py")


def _check(file: Any, budget: Budget) -> None:
    """Walk the names of a file, refusing links, and add up what its data sets declare."""
    h5py = _library()
    waiting: list[tuple[Any, int]] = [(file, 0)]
    num_objects = 0
    while waiting:
        group, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise FormatError(f"Groups are nested more than {MAX_DEPTH} deep in this HDF5 file.")
        for name in group:
            num_objects += 1
            if num_objects > MAX_OBJECTS:
                raise FormatError(f"The HDF5 file holds more than {MAX_OBJECTS:,} objects.")
            link = group.get(name, getlink=True)
            if not isinstance(link, h5py.HardLink):
                kind = "another file" if isinstance(link, h5py.ExternalLink) else "another place"
                raise FormatError(
                    f"{name!r} in the HDF5 file is a link to {kind}; such links are not followed. "
                    "Save the model again with Keras, which writes none."
                )
            found = group[name]
            if isinstance(found, h5py.Group):
                waiting.append((found, depth + 1))
            elif isinstance(found, h5py.Dataset):
                if found.external or found.is_virtual:
                    raise FormatError(
                        f"{name!r} keeps its numbers in another file, which is not read. Save the "
                        "model again with Keras, which puts them all into one."
                    )
                budget.take(int(found.size or 0) * int(found.dtype.itemsize))


@dataclass(frozen=True, slots=True)
class Group:
    """A group of a checked file.

    Every method raises FormatError where the file is damaged.

    Attributes:
        file_name: For what is said about damage.
    """

    group: Any
    budget: Budget
    file_name: str

    def has(self, path: str) -> bool:
        """Whether something is there."""
        with _damage(self.file_name):
            return path in self.group

    def names(self) -> list[str]:
        """Return the names of what it holds."""
        with _damage(self.file_name):
            return [str(name) for name in self.group]

    def inner(self, path: str) -> Group | None:
        """Return a group inside; None where there is none."""
        with _damage(self.file_name):
            found = self.group.get(path)
        if not isinstance(found, _library().Group):
            return None
        return Group(found, self.budget, self.file_name)

    def array(self, path: str) -> NDArray[np.floating]:
        """Return the numbers of a data set as they are stored."""
        with _damage(self.file_name):
            found = self.group.get(path)
            if not isinstance(found, _library().Dataset) or found.dtype.kind not in "fiub":
                raise FormatError(f"The weights {path!r} are not numbers, or not there.")
            self.budget.take(int(found.size or 0) * int(found.dtype.itemsize))
            return np.asarray(found[()])

    def text(self, attribute: str) -> str | None:
        """Return an attribute as text; None where there is none."""
        with _damage(self.file_name):
            if attribute not in self.group.attrs:
                return None
            self._check_attribute(attribute)
            value: object = self.group.attrs[attribute]
        if isinstance(value, bytes):
            return value.decode("utf-8", errors="replace")
        return value if isinstance(value, str) else None

    def texts(self, attribute: str) -> list[str]:
        """Return an attribute as a list of words, which Keras splits when it is long."""
        found: list[str] = []
        with _damage(self.file_name):
            for name in self._parts(attribute):
                self._check_attribute(name)
                given = np.atleast_1d(np.asarray(self.group.attrs[name]))
                found.extend(_as_text(each) for each in cast("list[object]", given.tolist()))
        return found

    def _parts(self, attribute: str) -> list[str]:
        if attribute in self.group.attrs:
            return [attribute]
        parts: list[str] = []
        while (part := f"{attribute}{len(parts)}") in self.group.attrs:
            parts.append(part)
        return parts

    def _check_attribute(self, name: str) -> None:
        # Long texts lie in the file as they are, so only what is declared can lie.
        attribute = self.group.attrs.get_id(name)
        count = math.prod(attribute.shape)
        if count > MAX_OBJECTS or count * attribute.dtype.itemsize > MAX_ATTRIBUTE_BYTES:
            raise FormatError(f"The attribute {name!r} of the HDF5 file is too long to be read.")


def _as_text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
