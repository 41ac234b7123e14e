"""What is PostgreSQL's alone; `make test-postgres` runs it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection

from accounts.models import Person
from config.launcher.backup import restore_backup, write_backup
from config.launcher.problem import LaunchProblem

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def only_postgres(db: None) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("The database is SQLite; `make test-postgres` brings the other.")


@pytest.fixture
def data_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    (folder / "blobs" / "ab").mkdir(parents=True)
    (folder / "blobs" / "ab" / "abc").write_bytes(b"content")
    (folder / "secrets.json").write_text(json.dumps({"secret_key": "k", "installation_id": "i"}))
    return folder


def test_a_backup_brings_database_and_files_back(
    make_person: Callable[..., Person], data_folder: Path, tmp_path: Path
) -> None:
    kept = make_person("Ada")
    backup = write_backup(data_folder, tmp_path / "backup.zip")
    kept.delete()
    make_person("Bob")
    (data_folder / "blobs" / "ab" / "abc").unlink()
    former = restore_backup(backup, data_folder)
    assert [person.name for person in Person.objects.all()] == ["Ada"]
    assert (data_folder / "blobs" / "ab" / "abc").read_bytes() == b"content"
    assert former is not None
    assert sorted(path.name for path in data_folder.iterdir()) == ["blobs", "secrets.json"]


def test_without_its_programs_a_backup_says_so(
    data_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LaunchProblem, match="pg_dump is not on PATH"):
        write_backup(data_folder, tmp_path / "backup.zip")
    assert not list(tmp_path.glob("*.zip*"))
