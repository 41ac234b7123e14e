"""The CSV of an import: file, label, and optionally split and group."""

from __future__ import annotations

import csv
import io
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from common.errors import Code, Problem
from datasets.ingest.layout import SPLIT_NAMES, Parts, split_path
from datasets.models import Split

COLUMNS = {
    "file": ("file", "filename", "file_name", "path", "filepath", "image", "image_path", "name"),
    "label": ("label", "class", "class_name", "category", "target", "species"),
    "split": ("split", "subset", "set", "fold", "partition"),
    "group": ("group", "group_id", "patient", "subject", "source"),
}
MAX_BYTES = 64 * 1024 * 1024
MAX_LINES = 1_000_000
MAX_FIELD = 4096
MAX_PROBLEMS = 1000
SEVERAL = -1


@dataclass(frozen=True, slots=True)
class Line:
    """What the table says of one file. Attribute `number` counts lines from 1."""

    number: int
    file: str
    label: str | None
    split: Split | None
    group: str


class Table:
    """The lines of a CSV, found again by path or, where that is unique, by file name.

    Kept by columns, with what repeats stored once: a line takes some 150 bytes.

    Attributes:
        problems: (file, reason) of lines that cannot be used as they are, the first thousand.
        num_problems: How many such lines there are.
        labels: All labels it names.
        splits: All splits it names.
    """

    def __init__(self, data: bytes) -> None:
        self.problems: list[tuple[str, str]] = []
        self.num_problems = 0
        self._places: dict[str, int] = {}
        self._by_name: dict[str, int] = {}
        self._numbers = array("L")
        self._labels: list[str | None] = []
        self._splits: list[Split | None] = []
        self._groups: list[str] = []
        same: dict[str | None, str | None] = {}
        for line in self._read(data):
            parts = split_path(line.file.replace("\\", "/").removeprefix("./"))
            if not parts:
                continue
            path, place = "/".join(parts), len(self._numbers)
            if path in self._places:
                self._problem(line.file, f"Line {line.number} names the file again.")
                continue
            if place == MAX_LINES:
                raise _not_a_table(f"it names more than {MAX_LINES:,} files")
            self._places[path] = place
            if len(parts) > 1:
                name = parts[-1]
                self._by_name[name] = SEVERAL if name in self._by_name else place
            self._numbers.append(line.number)
            self._labels.append(same.setdefault(line.label, line.label))
            self._splits.append(line.split)
            self._groups.append(same.setdefault(line.group, line.group) or "")
        self._is_used = bytearray(len(self._numbers))
        self.labels = set(self._labels)
        self.splits = {split for split in self._splits if split is not None}

    def find(self, parts: Parts) -> Line | None:
        """Return the line about a file: by its path, a tail of it, or its unique name."""
        for start in range(len(parts)):
            path = "/".join(parts[start:])
            if path in self._places:
                return self._use(path, self._places[path])
        place = self._by_name.get(parts[-1], SEVERAL)
        return None if place == SEVERAL else self._use(parts[-1], place)

    def missing(self) -> Iterator[Line]:
        """Lines whose file never came."""
        return (
            self._line_at(path, place)
            for path, place in self._places.items()
            if not self._is_used[place]
        )

    def _use(self, path: str, place: int) -> Line:
        self._is_used[place] = 1
        return self._line_at(path, place)

    def _line_at(self, path: str, place: int) -> Line:
        return Line(
            self._numbers[place],
            path,
            self._labels[place],
            self._splits[place],
            self._groups[place],
        )

    def _problem(self, file: str, reason: str) -> None:
        self.num_problems += 1
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append((file, reason))

    def _read(self, data: bytes) -> Iterator[Line]:
        rows = csv.reader(io.StringIO(_text_of(data), newline=""), _dialect(data))
        try:
            columns: dict[str, int] | None = None
            for number, row in enumerate(rows, start=1):
                if not any(cell.strip() for cell in row):
                    continue
                if columns is None:
                    columns = _header(row)
                    if columns is not None:
                        continue
                    columns = dict(zip(COLUMNS, range(len(row)), strict=False))
                yield self._line(number, row, columns)
        except csv.Error as error:
            raise _not_a_table(str(error)) from None

    def _line(self, number: int, row: Sequence[str], columns: dict[str, int]) -> Line:
        def cell(name: str) -> str:
            place = columns.get(name)
            return row[place].strip()[:MAX_FIELD] if place is not None and place < len(row) else ""

        split = SPLIT_NAMES.get(cell("split").casefold())
        if cell("split") and split is None:
            self._problem(cell("file"), f"Line {number}: {cell('split')[:40]!r} is no split.")
        return Line(
            number=number,
            file=cell("file"),
            label=cell("label")[:120] or None,
            split=split,
            group=cell("group")[:200],
        )


def read_table(path: Path) -> Table:
    """Read a CSV file; one that is too large is not even loaded."""
    if path.stat().st_size > MAX_BYTES:
        raise _too_large()
    return Table(path.read_bytes())


def _text_of(data: bytes) -> str:
    """The text of a table, without the one character that a database cannot store."""
    return _decode(data).replace("\0", "\N{REPLACEMENT CHARACTER}")


def _decode(data: bytes) -> str:
    if len(data) > MAX_BYTES:
        raise _too_large()
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", errors="replace")
    if b"\0" in data[:4096]:
        raise _not_a_table("it is no text")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def _dialect(data: bytes) -> type[csv.Dialect]:
    first_line = data[:65_536].replace(b"\0", b"").splitlines()[:1]
    counts = {sign: first_line[0].count(sign.encode()) if first_line else 0 for sign in ",;\t"}

    class Found(csv.excel):
        delimiter = max(counts, key=lambda sign: counts[sign])

    return Found


def _header(row: Sequence[str]) -> dict[str, int] | None:
    """Return which column is what, None when the first line is data already."""
    names = [cell.strip().casefold().replace(" ", "_") for cell in row]
    found = {
        column: names.index(alias)
        for column, aliases in COLUMNS.items()
        for alias in reversed(aliases)
        if alias in names
    }
    return found if "file" in found else None


def _too_large() -> Problem:
    return _not_a_table(f"it has more than {MAX_BYTES >> 20} MB")


def _not_a_table(reason: str) -> Problem:
    return Problem(
        Code.IMPORT_FAILED,
        f"The CSV cannot be read: {reason}.",
        "Save it as text with the columns file, label and, if you like, split and group.",
    )
