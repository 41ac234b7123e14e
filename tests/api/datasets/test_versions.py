"""Dataset versions: what was pinned stays what it was, whatever happens to the dataset."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from netloom.data.manifest import Manifest
from tests.api.datasets.conftest import Studio, png

pytestmark = pytest.mark.django_db(transaction=True)

Json = dict[str, Any]


@pytest.fixture
def dataset(studio: Studio) -> Json:
    made = studio.dataset()
    files = {f"train/cats/c{n}.png": png(n) for n in range(4)}
    files |= {f"val/dogs/d{n}.png": png(10 + n) for n in range(3)}
    files |= {f"test/dogs/t{n}.png": png(20 + n) for n in range(2)}
    studio.bring_in_zip(made, files)
    return studio.refreshed(made)


def _pin(studio: Studio, dataset: Json, name: str = "") -> Json:
    answer = studio.api.post(f"/api/datasets/{dataset['id']}/versions", {"name": name})
    assert answer.status_code == 201
    return answer.json()


def _manifest(version: Json, folder: Path) -> Manifest:
    from datasets.models import DatasetVersion
    from datasets.services import write_manifest

    return Manifest.read(write_manifest(DatasetVersion.objects.get(pk=version["id"]), folder))


def test_the_manifest_says_what_the_dataset_is(
    studio: Studio, dataset: Json, tmp_path: Path
) -> None:
    version = _pin(studio, dataset, "First")
    assert (version["number"], version["name"], version["num_items"]) == (1, "First", 9)
    manifest = _manifest(version, tmp_path)
    assert manifest.classes == ["cats", "dogs"]
    assert len(manifest.items) == 9
    items = {item["id"]: item for item in studio.items(dataset)}
    for item in manifest.items:
        shown = items[item.id]
        assert item.split == shown["split"]
        assert manifest.classes[item.label or 0] == (
            "cats" if shown["file_name"][0] == "c" else "dogs"
        )
        assert hashlib.sha256(Path(item.path).read_bytes()).hexdigest() == item.digest


def test_an_unchanged_dataset_has_one_version(studio: Studio, dataset: Json) -> None:
    first = _pin(studio, dataset)
    assert _pin(studio, dataset)["id"] == first["id"]
    assert _pin(studio, dataset, "Now named")["id"] == first["id"]
    assert len(studio.api.get(f"/api/datasets/{dataset['id']}/versions").json()) == 1


def test_a_version_does_not_move_with_the_dataset(
    studio: Studio, dataset: Json, tmp_path: Path
) -> None:
    version = _pin(studio, dataset)
    before = _manifest(version, tmp_path / "before")
    items = {item["file_name"]: item["id"] for item in studio.items(dataset)}
    path = f"/api/datasets/{dataset['id']}"
    dogs = next(each["id"] for each in dataset["classes"] if each["name"] == "dogs")
    studio.api.post(f"{path}/labels", {"item_ids": [items["c0.png"]], "class_id": dogs})
    studio.api.post(f"{path}/labels", {"item_ids": [items["c0.png"]], "class_id": None})
    studio.api.patch(f"{path}/items", {"item_ids": [items["c1.png"]], "split": "test"})
    studio.api.request("DELETE", f"{path}/items", {"item_ids": [items["d0.png"]]})
    studio.bring_in_zip(dataset, {"birds/b.png": png(77)})

    assert _manifest(version, tmp_path / "after") == before
    second = _pin(studio, dataset)
    now = _manifest(second, tmp_path / "now")
    assert now != before
    assert second["fingerprint"] != version["fingerprint"]
    assert {item.id for item in now.items} == {item["id"] for item in studio.items(dataset)}
    assert items["d0.png"] in {item.id for item in before.items}

    # Both ways of reading the present give the same rows.
    studio.api.post(f"{path}/labels", {"item_ids": [items["c2.png"]], "class_id": dogs})
    assert _manifest(second, tmp_path / "later") == now


def test_the_fingerprint_is_of_content(studio: Studio, dataset: Json) -> None:
    version = _pin(studio, dataset)
    twin = studio.dataset("Twin")
    files = {f"train/cats/c{n}.png": png(n) for n in range(4)}
    files |= {f"val/dogs/d{n}.png": png(10 + n) for n in range(3)}
    files |= {f"test/dogs/t{n}.png": png(20 + n) for n in range(2)}
    studio.bring_in_zip(twin, dict(reversed(files.items())))
    assert _pin(studio, twin)["fingerprint"] == version["fingerprint"]


def test_a_pinned_version_survives_the_bin(studio: Studio, dataset: Json) -> None:
    version = _pin(studio, dataset)
    studio.api.delete(f"/api/datasets/{dataset['id']}")
    assert studio.api.get(f"/api/dataset-versions/{version['id']}").json() == version


def test_a_folder_no_longer_allowed_is_named(
    studio: Studio, import_roots: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.conf import settings

    from common.errors import Problem

    (import_roots / "a").mkdir()
    (import_roots / "a" / "1.png").write_bytes(png(1))
    made = studio.dataset("Referenced")
    studio.import_(made, {"type": "folder", "path": str(import_roots)})
    version = _pin(studio, made)
    assert len(_manifest(version, tmp_path / "one").items) == 1
    monkeypatch.setattr(
        settings, "ENVIRONMENT", settings.ENVIRONMENT.model_copy(update={"import_roots": []})
    )
    with pytest.raises(Problem, match="no longer read"):
        _manifest(version, tmp_path / "two")


def test_a_referenced_file_that_changed_is_noticed(
    studio: Studio, import_roots: Path, tmp_path: Path
) -> None:
    from netloom.data.decode_pool import ItemError, load_item
    from netloom.data.preprocess import Preprocessing

    (import_roots / "a").mkdir()
    file = import_roots / "a" / "1.png"
    file.write_bytes(png(1))
    made = studio.dataset("Referenced")
    studio.import_(made, {"type": "folder", "path": str(import_roots)})
    [item] = _manifest(_pin(studio, made), tmp_path).items
    recipe = Preprocessing(8, 8, 3, "stretch", (0.0,) * 3, (1.0,) * 3)
    assert load_item(Path(item.path), recipe, item.digest).shape == (3, 8, 8)
    file.write_bytes(png(2))
    with pytest.raises(ItemError, match="has changed since it was brought"):
        load_item(Path(item.path), recipe, item.digest)
