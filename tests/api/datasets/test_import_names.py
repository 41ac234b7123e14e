"""Names on a server's disk are bytes: those that are no text are reported, the rest comes in."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.api.datasets.conftest import Studio, png

pytestmark = pytest.mark.django_db(transaction=True)


def _write(folder: Path, name: bytes, seed: int) -> Path:
    path = folder / os.fsdecode(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(png(seed))
    return path


@pytest.fixture
def pets(import_roots: Path) -> Path:
    """Two good files, a file and a class folder in Latin-1, and a link to one of them."""
    pets = import_roots / "pets"
    _write(pets, b"cats/1.png", 1)
    _write(pets, b"dogs/2.png", 2)
    latin = _write(pets, b"cats/caf\xe9.png", 3)
    _write(pets, b"\xe9l\xe9phants/4.png", 4)
    (pets / "cats" / "linked.png").symlink_to(latin)
    return pets


def test_what_has_a_readable_name_comes_in(studio: Studio, pets: Path) -> None:
    dataset = studio.dataset()
    report = studio.import_(dataset, {"type": "folder", "path": str(pets)})
    assert report["state"] == "succeeded"
    assert (report["num_added"], report["num_skipped"]) == (2, 3)
    refused = {problem["file"]: problem["reason"] for problem in report["problems"]}
    assert set(refused) == {r"cats/caf\xe9.png", r"\xe9l\xe9phants", "cats/linked.png"}
    assert all("UTF-8" in reason for reason in refused.values())
    assert {entry["name"] for entry in report["classes"]} == {"cats", "dogs"}


def test_every_folder_listed_can_be_sent_back(studio: Studio, pets: Path) -> None:
    listed = studio.api.get(f"/api/import-roots?path={pets}").json()["entries"]
    assert [entry["name"] for entry in listed] == ["cats", "dogs"]
    for entry in listed:
        assert studio.api.get(f"/api/import-roots?path={entry['path']}").status_code == 200


def test_nul_in_a_table_is_replaced(studio: Studio, import_roots: Path) -> None:
    (import_roots / "1.png").write_bytes(png(1))
    table = "file,label\n1.png,ca\0t\n".encode("utf-16")
    upload_id = studio.api.upload(studio.project, "labels.csv", table)
    source = {"type": "csv", "upload_id": upload_id, "folder": str(import_roots)}
    report = studio.import_(studio.dataset(), source)
    assert [entry["name"] for entry in report["classes"]] == ["ca\N{REPLACEMENT CHARACTER}t"]


def test_notes_count_in_words(studio: Studio, import_roots: Path) -> None:
    (import_roots / "1.png").write_bytes(png(1))
    (import_roots / "README.md").write_text("Pictures.")
    report = studio.import_(studio.dataset(), {"type": "folder", "path": str(import_roots)})
    assert report["notes"] == ["Passed over, not an image: 1 file (README.md)."]
