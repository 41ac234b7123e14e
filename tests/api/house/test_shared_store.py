"""Files in a store that machines share: nothing that two of them need lies with one."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from common.errors import Code, Problem
from datasets.models import Dataset
from datasets.services import pin_version, write_manifest
from netloom.data.manifest import Manifest
from storage.models import Blob, Upload
from storage.services import (
    blob_key,
    local_blob,
    local_blobs,
    read_blob,
    remove_blob_files,
    store_batch,
    store_bytes,
    store_file,
)
from storage.store import the_store
from storage.uploads import discard_upload, local_upload
from tests.api.studio import bring_in_digits, content_of
from tests.client import ApiClient
from tests.objects import BUCKET, ObjectServer
from tour.studio import free_port

pytestmark = pytest.mark.django_db(transaction=True)
DATA = bytes(range(256)) * 100


@pytest.fixture(scope="module")
def objects() -> Iterator[ObjectServer]:
    with ObjectServer().running() as server:
        yield server


@pytest.fixture(autouse=True)
def machine_a(settings: Any, tmp_path: Path, objects: ObjectServer) -> Path:
    """This process is a machine with a folder of its own and the shared store."""
    settings.ENVIRONMENT = objects.settings(settings.ENVIRONMENT)
    settings.DATA_FOLDER = tmp_path / "a"
    settings.DATA_FOLDER.mkdir()
    return settings.DATA_FOLDER


@pytest.fixture
def move_to_b(settings: Any, tmp_path: Path) -> Any:
    """Become another machine."""

    def move() -> Path:
        settings.DATA_FOLDER = tmp_path / "b"
        settings.DATA_FOLDER.mkdir()
        return settings.DATA_FOLDER

    return move


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_what_one_machine_stores_another_reads(
    project: Any, tmp_path: Path, machine_a: Path, move_to_b: Any
) -> None:
    large = tmp_path / "checkpoint"
    large.write_bytes(DATA)
    batch = store_batch(project, [b"one", b"two", b"one"])
    blob = store_file(project, large, is_movable=True)
    assert not large.exists()
    assert _files(machine_a) == [], "nothing stays with the machine that stored it"
    folder = move_to_b()
    assert [read_blob(each.sha256) for each in batch] == [b"one", b"two", b"one"]
    path = local_blob(blob.sha256, folder / "mine")
    assert path.read_bytes() == DATA
    assert Blob.objects.count() == 3


def test_a_fetched_blob_is_fetched_once_and_outlives_its_eviction(
    project: Any, machine_a: Path, objects: ObjectServer, settings: Any
) -> None:
    blob = store_bytes(project, DATA)
    first = local_blob(blob.sha256, machine_a / "first")
    objects.client.delete_object(Bucket=BUCKET, Key=blob_key(blob.sha256))
    second = local_blob(blob.sha256, machine_a / "second")
    assert second.samefile(first), "the second comes from this machine's cache"
    others = store_batch(project, [bytes([number]) * 700_000 for number in range(3)])
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"cache_mb": 1})
    for place, each in enumerate(others):
        local_blob(each.sha256, machine_a / f"other-{place}")
    kept = {path.name for path in _files(machine_a / "cache")}
    assert blob.sha256 not in kept, "what was used longest ago is evicted"
    assert others[-1].sha256 in kept
    assert first.read_bytes() == DATA, "whoever works with it keeps it"


def test_damaged_bytes_are_not_used(project: Any, machine_a: Path, objects: ObjectServer) -> None:
    good, bad = store_batch(project, [b"good", b"bad"])
    objects.client.put_object(Bucket=BUCKET, Key=blob_key(bad.sha256), Body=b"dab")
    with pytest.raises(Problem) as damaged:
        local_blobs([good.sha256, bad.sha256], machine_a / "mine")
    assert damaged.value.code is Code.CHECKSUM_MISMATCH
    assert bad.sha256 not in {path.name for path in _files(machine_a)}
    objects.client.delete_object(Bucket=BUCKET, Key=blob_key(bad.sha256))
    with pytest.raises(Problem) as lost:
        local_blob(bad.sha256, machine_a / "again")
    assert lost.value.code is Code.FILE_MISSING


def test_deleting_removes_the_object(project: Any) -> None:
    blob = store_bytes(project, DATA)
    remove_blob_files([blob.sha256])
    assert the_store().missing([blob_key(blob.sha256)]) == [blob_key(blob.sha256)]
    remove_blob_files([blob.sha256])  # what is gone already is no trouble


def test_content_that_vanished_while_it_was_counted_is_written_again(
    project: Any, objects: ObjectServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else let go of the same bytes between the write and the row."""
    from storage import services

    held = services.hold_room
    key = blob_key(hashlib.sha256(DATA).hexdigest())

    def hold_late(*arguments: Any) -> None:
        objects.client.delete_object(Bucket=BUCKET, Key=key)
        held(*arguments)

    monkeypatch.setattr(services, "hold_room", hold_late)
    assert read_blob(store_bytes(project, DATA).sha256) == DATA


def test_chunks_reach_different_machines(
    api: ApiClient, project: Any, machine_a: Path, move_to_b: Any
) -> None:
    announced = api.post(
        "/api/uploads",
        {
            "project_id": project.id,
            "file_name": "photos.zip",
            "size_bytes": len(DATA),
            "sha256": hashlib.sha256(DATA).hexdigest(),
        },
    ).json()
    address = f"/api/uploads/{announced['id']}?offset="
    assert api.put_bytes(f"{address}0", DATA[:1000]).json()["offset"] == 1000
    again = api.put_bytes(f"{address}0", DATA[:1000])
    assert (again.status_code, again.json()["data"]["offset"]) == (409, 1000)
    folder = move_to_b()
    wrong = api.put_bytes(f"{address}1000", b"!" + DATA[1001:])
    assert (wrong.status_code, wrong.json()["code"]) == (422, "checksum_mismatch")
    assert api.put_bytes(f"{address}0", DATA[:9000]).json()["offset"] == 9000
    assert api.put_bytes(f"{address}9000", DATA[9000:]).json()["is_complete"]
    upload = Upload.objects.get(pk=announced["id"])
    assert local_upload(upload, folder / "mine").read_bytes() == DATA
    assert _files(machine_a) == []
    keys = {part.key for part in upload.parts.all()}
    assert set(the_store().missing(keys)) == set()
    discard_upload(upload)
    assert set(the_store().missing(keys)) == keys


def test_pictures_and_parts_of_files_are_served_by_any_machine(
    api: ApiClient, project: Any, run_jobs: Any, machine_a: Path, move_to_b: Any
) -> None:
    dataset = bring_in_digits(api, project, run_jobs)
    assert _files(machine_a) == []
    move_to_b()
    item = api.get(f"/api/datasets/{dataset['id']}/items?limit=1").json()["items"][0]
    whole = content_of(api.get(item["thumbnail_url"]))
    assert whole[8:12] == b"WEBP"
    part = api.get(item["thumbnail_url"], Range="bytes=8-11")
    assert (part.status_code, content_of(part)) == (206, b"WEBP")
    assert part["Content-Range"] == f"bytes 8-11/{len(whole)}"
    beyond = api.get(item["thumbnail_url"], Range=f"bytes={len(whole)}-")
    assert beyond.status_code == 416


def test_a_manifest_with_its_images_needs_no_store(
    api: ApiClient, project: Any, run_jobs: Any, machine_a: Path, tmp_path: Path
) -> None:
    dataset = Dataset.objects.get(pk=bring_in_digits(api, project, run_jobs)["id"])
    folder = tmp_path / "exported"
    manifest = Manifest.read(write_manifest(pin_version(dataset, None), folder, with_images=True))
    shutil.rmtree(machine_a)  # with the cache of what was fetched
    assert manifest.items
    for item in manifest.items:
        content = (folder / item.path).read_bytes()
        assert hashlib.sha256(content).hexdigest() == item.digest
    assert sorted(path.name for path in folder.iterdir()) == ["images", "manifest.json"]


def test_a_store_that_is_away_is_told_in_one_sentence(project: Any, settings: Any) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"s3_endpoint": nowhere})
    with pytest.raises(Problem) as away:
        store_bytes(project, DATA)
    assert away.value.code is Code.UNAVAILABLE
    assert "cannot be reached" in away.value.detail
    assert not Blob.objects.exists()


def test_a_store_that_is_full_is_told_as_a_full_disk(
    api: ApiClient, project: Any, objects: ObjectServer
) -> None:
    announced = api.post(
        "/api/uploads", {"project_id": project.id, "file_name": "a.zip", "size_bytes": len(DATA)}
    ).json()
    objects.is_full = True
    try:
        refused = api.put_bytes(f"/api/uploads/{announced['id']}?offset=0", DATA)
        with pytest.raises(Problem) as full:
            store_bytes(project, DATA)
    finally:
        objects.is_full = False
    assert (refused.status_code, refused.json()["code"]) == (507, "disk_full")
    assert full.value.code is Code.DISK_FULL
    assert not Blob.objects.exists()
    again = api.put_bytes(f"/api/uploads/{announced['id']}?offset=0", DATA)
    assert again.json()["is_complete"]


def test_a_bucket_that_is_not_there_is_the_operators_to_correct(
    project: Any, settings: Any
) -> None:
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"s3_bucket": "elsewhere"})
    with pytest.raises(Problem) as refused:
        store_bytes(project, DATA)
    assert (refused.value.code, "NoSuchBucket" in refused.value.detail) == (Code.UNAVAILABLE, True)
