"""A backup written while the studio works: whole files only, and no row without its bytes."""

from __future__ import annotations

import re
import sqlite3
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection

from config.launcher import backup
from config.launcher.problem import LaunchProblem

BLOBS = "blobs/00"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    if connection.vendor != "sqlite":
        pytest.skip("How PostgreSQL is backed up is tested in test_postgres.")
    folder = tmp_path / "data"
    (folder / BLOBS).mkdir(parents=True)
    (folder / "secrets.json").write_text("{}")
    sqlite3.connect(folder / backup.DATABASE_FILE).close()
    return folder


def meanwhile(monkeypatch: pytest.MonkeyPatch, happen: Callable[[], object]) -> None:
    """Have something happen just before the database is copied."""
    copy_database = backup.copy_database

    def happening(source: Path, target: Path) -> None:
        happen()
        copy_database(source, target)

    monkeypatch.setattr(backup, "copy_database", happening)


def names_in(data: Path, target: Path) -> set[str]:
    with zipfile.ZipFile(backup.write_backup(data, target)) as archive:
        assert archive.testzip() is None
        return {name for name in archive.namelist() if name.startswith("blobs/")}


def test_drafts_and_attempts_under_way_stay_out(data: Path, tmp_path: Path) -> None:
    (data / BLOBS / "00aa").write_bytes(b"stored")
    (data / BLOBS / ".00bb.5f3c").write_bytes(b"half")
    (data / "runs" / "r1" / "attempt-1").mkdir(parents=True)
    (data / "runs" / "r1" / "attempt-1" / "spec.json").write_text("{}")
    with zipfile.ZipFile(backup.write_backup(data, tmp_path)) as archive:
        assert set(archive.namelist()) == {"netloom.sqlite3", "secrets.json", f"{BLOBS}/00aa"}


def test_what_comes_before_the_database_is_copied_is_in(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (data / BLOBS / "00aa").write_bytes(b"stored")
    meanwhile(monkeypatch, lambda: (data / BLOBS / "00cc").write_bytes(b"new"))
    assert names_in(data, tmp_path) == {f"{BLOBS}/00aa", f"{BLOBS}/00cc"}


def test_what_is_deleted_after_it_was_listed_does_not_matter(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("00aa", "00bb"):
        (data / BLOBS / name).write_bytes(b"stored")
    list_files = backup._files

    def listed_then_deleted(folder: Path) -> list[Path]:
        found = list_files(folder)
        (data / BLOBS / "00bb").unlink(missing_ok=True)
        return found

    monkeypatch.setattr(backup, "_files", listed_then_deleted)
    assert names_in(data, tmp_path) == {f"{BLOBS}/00aa"}


def test_a_folder_gets_a_dated_file(data: Path, tmp_path: Path) -> None:
    (tmp_path / "backups").mkdir()
    written = backup.write_backup(data, tmp_path / "backups")
    assert written.parent == tmp_path / "backups"
    assert re.fullmatch(r"netloom-backup-\d{8}-\d{6}\.zip", written.name)


@pytest.mark.parametrize("name", ["backups", "backups.old", "missing/studio.zip"])
def test_a_folder_that_is_not_there_is_no_name_for_a_file(
    data: Path, tmp_path: Path, name: str
) -> None:
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(LaunchProblem, match=r"There is no folder .*mkdir -p"):
        backup.write_backup(data, tmp_path / name)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_file_without_the_ending_is_left_alone(data: Path, tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("mine")
    with pytest.raises(LaunchProblem, match=r"name a file that ends in \.zip"):
        backup.write_backup(data, tmp_path / "notes")
    assert (tmp_path / "notes").read_text() == "mine"
