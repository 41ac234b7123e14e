"""Uploads in chunks, and what keeps the bytes."""

from __future__ import annotations

import errno
import hashlib
from typing import Any

import pytest

from common.errors import Code, Problem
from storage import services, uploads
from storage.models import Blob, Upload
from storage.quotas import used_bytes
from storage.store import FOLDER
from tests.client import ApiClient

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clean_files")]
DATA = bytes(range(256)) * 100


@pytest.fixture
def announced(api: ApiClient, project: Any) -> dict[str, Any]:
    answer = api.post(
        "/api/uploads",
        {
            "project_id": project.id,
            "file_name": "../../photos.zip",
            "size_bytes": len(DATA),
            "sha256": hashlib.sha256(DATA).hexdigest(),
        },
    )
    assert answer.status_code == 201
    return answer.json()


def _put(api: ApiClient, upload: dict[str, Any], offset: int, data: bytes) -> Any:
    return api.put_bytes(f"/api/uploads/{upload['id']}?offset={offset}", data)


def test_chunks_add_up(api: ApiClient, announced: dict[str, Any]):
    assert announced["offset"] == 0
    assert announced["chunk_bytes"] == 8_000_000
    for offset in range(0, len(DATA), 10_000):
        answer = _put(api, announced, offset, DATA[offset : offset + 10_000])
        assert answer.status_code == 200
    assert answer.json()["is_complete"]
    upload = Upload.objects.get(pk=announced["id"])
    assert uploads.upload_path(upload).read_bytes() == DATA


def test_what_is_complete_is_not_read_again(
    api: ApiClient, announced: dict[str, Any], monkeypatch: pytest.MonkeyPatch
):
    """The content may be gigabytes, and sending nothing costs the sender nothing."""
    assert _put(api, announced, 0, DATA).json()["is_complete"]
    monkeypatch.setattr("storage.uploads._check_content", lambda upload: pytest.fail("read again"))
    answer = _put(api, announced, len(DATA), b"")
    assert (answer.status_code, answer.json()["is_complete"]) == (200, True)


def test_a_lost_connection_goes_on_where_it_was(api: ApiClient, announced: dict[str, Any]):
    _put(api, announced, 0, DATA[:1000])
    again = _put(api, announced, 0, DATA[:1000])  # the answer was lost, the chunk was not
    assert (again.status_code, again.json()["code"]) == (409, "upload_offset")
    assert again.json()["data"]["offset"] == 1000
    assert api.get(f"/api/uploads/{announced['id']}").json()["offset"] == 1000
    assert _put(api, announced, 1000, DATA[1000:]).json()["is_complete"]


def test_bytes_from_before_a_crash_are_overwritten(api: ApiClient, announced: dict[str, Any]):
    _put(api, announced, 0, DATA[:1000])
    upload = Upload.objects.get(pk=announced["id"])
    with uploads.upload_path(upload).open("ab") as file:
        file.write(b"written, but never recorded")
    assert _put(api, announced, 1000, DATA[1000:]).json()["is_complete"]
    assert uploads.upload_path(upload).read_bytes() == DATA


def test_other_bytes_than_announced_are_refused(api: ApiClient, announced: dict[str, Any]):
    answer = _put(api, announced, 0, DATA[:-1] + b"!")
    assert (answer.status_code, answer.json()["code"]) == (422, "checksum_mismatch")
    assert api.get(f"/api/uploads/{announced['id']}").json()["offset"] == 0
    assert _put(api, announced, 0, DATA).json()["is_complete"]


def test_more_bytes_than_announced_are_refused(api: ApiClient, announced: dict[str, Any]):
    answer = _put(api, announced, 0, DATA + b"!")
    assert (answer.status_code, answer.json()["code"]) == (413, "upload_too_large")


def test_announcing_too_much_is_refused(api: ApiClient, project: Any, settings: Any):
    body = {"project_id": project.id, "file_name": "a.zip", "size_bytes": 10**15}
    assert api.post("/api/uploads", body).json()["code"] == "upload_too_large"

    small = settings.ENVIRONMENT.model_copy(update={"quota_mb": 1})
    settings.ENVIRONMENT = small
    first = {**body, "size_bytes": 800_000}
    assert api.post("/api/uploads", first).status_code == 201
    second = api.post("/api/uploads", first)
    assert (second.status_code, second.json()["code"]) == (413, "quota_exceeded")
    assert second.json()["data"]["used_bytes"] == 800_000


def test_a_full_disk_is_told_and_costs_nothing(
    api: ApiClient, announced: dict[str, Any], monkeypatch: pytest.MonkeyPatch
):
    def no_space(*_arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr("storage.uploads.os.fsync", no_space)
        answer = _put(api, announced, 0, DATA)
    assert (answer.status_code, answer.json()["code"]) == (507, "disk_full")
    assert api.get(f"/api/uploads/{announced['id']}").json()["offset"] == 0
    assert _put(api, announced, 0, DATA).json()["is_complete"]


def test_discarding_removes_the_bytes(api: ApiClient, announced: dict[str, Any], project: Any):
    _put(api, announced, 0, DATA)
    path = uploads.upload_path(Upload.objects.get(pk=announced["id"]))
    assert api.delete(f"/api/uploads/{announced['id']}").status_code == 204
    assert not path.exists()
    assert used_bytes(project) == 0


def test_same_bytes_are_kept_and_counted_once(project: Any):
    first, second, other = services.store_batch(project, [b"same", b"same", b"other"])
    assert first == second
    assert first.sha256 == hashlib.sha256(b"same").hexdigest()
    assert Blob.objects.count() == 2
    assert used_bytes(project) == len(b"same") + len(b"other")
    assert services.read_blob(other.sha256) == b"other"


def test_a_file_is_copied_or_moved(project: Any, tmp_path: Any):
    kept, given = tmp_path / "kept.bin", tmp_path / "given.bin"
    kept.write_bytes(b"kept")
    given.write_bytes(b"given")
    assert services.read_blob(services.store_file(project, kept).sha256) == b"kept"
    blob = services.store_file(project, given, is_movable=True)
    assert services.read_blob(blob.sha256) == b"given"
    assert kept.exists()
    assert not given.exists()


def test_a_blob_the_disk_lost_is_named(project: Any):
    blob = services.store_bytes(project, b"soon gone")
    FOLDER.path(services.blob_key(blob.sha256)).unlink()
    with pytest.raises(Problem) as lost:
        services.read_blob(blob.sha256)
    assert lost.value.code is Code.FILE_MISSING
