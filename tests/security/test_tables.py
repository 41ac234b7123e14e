"""Hostile CSV tables of an import: what one may take of the worker's memory."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from common.errors import Code, Problem
from datasets.ingest import table
from datasets.ingest.table import Table, read_table


def test_a_table_of_short_lines_is_kept_compactly() -> None:
    num_lines = 100_000
    data = b"file,label\n" + b"".join(b"%06x,\n" % number for number in range(num_lines))
    tracemalloc.start()
    try:
        made = Table(data)
        kept_bytes, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    line = made.find(("folder", "00ffff"))
    assert line is not None
    assert (line.number, line.file, line.label) == (0xFFFF + 2, "00ffff", None)
    assert sum(1 for _ in made.missing()) == num_lines - 1
    assert kept_bytes / num_lines < 250


def test_lines_that_cannot_be_used_are_counted_and_a_thousand_are_listed() -> None:
    made = Table(b"file,label\n" + b"a.png,cat\n" * 50_001)
    assert (made.num_problems, len(made.problems)) == (50_000, 1000)
    assert made.problems[0] == ("a.png", "Line 3 names the file again.")


def test_a_table_beyond_its_limits_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "large.csv"
    with path.open("wb") as file:
        file.truncate(64 * 1024 * 1024 + 1)  # without taking any room
    with pytest.raises(Problem, match="more than 64 MB") as refused:
        read_table(path)
    assert refused.value.code is Code.IMPORT_FAILED
    monkeypatch.setattr(table, "MAX_LINES", 2)
    assert Table(b"file\na\nb\n").find(("b",))
    with pytest.raises(Problem, match="names more than 2 files"):
        Table(b"file\na\nb\nc\n")


def test_a_name_in_two_folders_stands_for_neither() -> None:
    made = Table(b"file,label\none/a.png,cat\ntwo\\a.png,dog\none/b.png,owl\n")
    assert made.find(("a.png",)) is None
    found = made.find(("wrapper", "two", "a.png")), made.find(("elsewhere", "b.png"))
    assert [line and line.label for line in found] == ["dog", "owl"]
    assert [line.file for line in made.missing()] == ["one/a.png"]
