"""A studio whose disk fills up: it says so, loses nothing, and goes on when there is room."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.faults.live import LiveApi
from tests.faults.runs import (
    LONG,
    SETTINGS,
    digits_network,
    has_checkpoint,
    has_ended,
    numbers_of,
    start,
    wait_for_success,
)
from tests.house.studio_process import StudioProcess, running_studio
from tests.waiting import RIGHT_WITHIN_S

pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.campaign]

DISK_MB = 400
RESERVE_MB = 30
NUM_NOISY = 200


@contextmanager
def studio_on_small_disk(folder: Path) -> Iterator[tuple[StudioProcess, Path]]:
    """A studio whose data lie on a disk of its own, and where the test reaches that disk."""
    script = f'mount -t tmpfs -o size={DISK_MB}m none "$0" && exec "$@"'
    own_disk = ["unshare", "--mount", "--map-root-user", "sh", "-c", script, str(folder)]
    try:
        usable = subprocess.run([*own_disk, "true"], check=False).returncode
    except FileNotFoundError:
        usable = 1
    if usable != 0:
        pytest.skip("This system does not let us mount a disk for the test.")
    settings = {**SETTINGS, "NETLOOM_RESERVE_MB": str(RESERVE_MB)}
    with running_studio(folder, runner=own_disk, **settings) as studio:
        yield studio, Path(f"/proc/{studio.process.pid}/root{folder}")


def fill(disk: Path, left_mb: int) -> Path:
    """Leave so much room and no more, while others go on writing."""
    filler = disk / "filler"
    megabyte = bytes(1 << 20)
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while shutil.disk_usage(disk).free > left_mb << 20:
            file.write(megabyte)
    return filler


def test_a_full_disk_stops_a_run_and_an_upload_and_both_go_on_when_there_is_room(
    tmp_path: Path,
) -> None:
    data, copied = tmp_path / "data", tmp_path / "copied"
    data.mkdir()
    with studio_on_small_disk(data) as (studio, disk):
        api = LiveApi(studio.url, f"{studio.url}/signin#token={studio.token}")
        network = digits_network(api)
        project = api.get("/api/session")["projects"][0]["id"]
        content = os.urandom(40 << 20)
        announced = {
            "project_id": project,
            "file_name": "images.zip",
            "size_bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
        }
        upload = api.call("POST", "/api/uploads", announced)
        chunk_bytes: int = upload["chunk_bytes"]
        assert api.put_chunk(upload["id"], 0, content[:chunk_bytes])[0] == 200

        run = start(api, network, LONG)
        api.wait_for(f"/api/runs/{run['id']}", has_checkpoint)
        filler = fill(disk, left_mb=3)
        told = api.wait_for(f"/api/runs/{run['id']}", has_ended, RIGHT_WITHIN_S)
        assert (told["state"], told["failure"]["code"]) == ("failed", "disk_full")
        assert told["failure"]["next_step"]
        assert told["checkpoints"], "the last checkpoint is kept"
        second = content[chunk_bytes : 2 * chunk_bytes]
        status, refusal = api.put_chunk(upload["id"], chunk_bytes, second)
        assert status == 507, refusal
        assert b"disk_full" in refusal
        assert api.get(f"/api/uploads/{upload['id']}")["offset"] == chunk_bytes
        with pytest.raises(AssertionError, match="disk_full"):
            api.call("POST", "/api/uploads", announced)

        filler.unlink()
        for offset in range(chunk_bytes, len(content), chunk_bytes):
            chunk = content[offset : offset + chunk_bytes]
            status, answer = api.put_chunk(upload["id"], offset, chunk)
            assert status == 200, answer
        assert api.get(f"/api/uploads/{upload['id']}")["is_complete"]
        api.call("POST", f"/api/runs/{run['id']}/resume")
        wait_for_success(api, run["id"])
        assert_same_as_alone(api, disk, copied, network, run["id"])


def noisy_images(count: int) -> bytes:
    """An archive of images that nothing can pack tighter, 190 kB each."""
    chance = np.random.default_rng(0)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for index in range(count):
            file = io.BytesIO()
            pixels = chance.integers(0, 256, (256, 256, 3), dtype="uint8")
            Image.fromarray(pixels).save(file, "PNG", compress_level=0)
            archive.writestr(f"{index % 2}/{index}.png", file.getvalue())
    return buffer.getvalue()


def test_an_import_that_fills_the_disk_leaves_no_half_dataset_and_works_when_there_is_room(
    tmp_path: Path,
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    with studio_on_small_disk(data) as (studio, disk):
        api = LiveApi(studio.url, f"{studio.url}/signin#token={studio.token}")
        digits_network(api)
        project = api.get("/api/session")["projects"][0]["id"]
        dataset = api.call("POST", f"/api/projects/{project}/datasets", {"name": "Noise"})["id"]
        upload = send(api, project, "noise.zip", noisy_images(NUM_NOISY))
        source = {"type": "upload", "upload_ids": [upload]}

        filler = fill(disk, left_mb=RESERVE_MB + 12)
        job = api.call("POST", f"/api/datasets/{dataset}/imports", {"source": source})
        told = api.wait_for(f"/api/jobs/{job['id']}", job_has_ended, RIGHT_WITHIN_S)
        assert (told["state"], told["problem"]["code"]) == ("failed", "disk_full")
        assert told["problem"]["next_step"]
        assert api.get(f"/api/datasets/{dataset}")["num_items"] == 0
        (report,) = api.get(f"/api/datasets/{dataset}/imports")
        assert (report["state"], report["num_added"]) == ("failed", 0)

        filler.unlink()
        job = api.call("POST", f"/api/datasets/{dataset}/imports", {"source": source})
        told = api.wait_for(f"/api/jobs/{job['id']}", job_has_ended, RIGHT_WITHIN_S)
        assert told["state"] == "succeeded", told["problem"]
        told = api.get(f"/api/datasets/{dataset}")
        assert (told["num_items"], told["num_labeled"]) == (NUM_NOISY, NUM_NOISY)


def job_has_ended(job: dict[str, Any]) -> bool:
    return job["state"] in ("succeeded", "failed", "cancelled")


def send(api: LiveApi, project: str, name: str, content: bytes) -> str:
    """Upload a file; returns the upload's id."""
    announced = {"project_id": project, "file_name": name, "size_bytes": len(content)}
    upload = api.call("POST", "/api/uploads", announced)
    for offset in range(0, len(content), upload["chunk_bytes"]):
        chunk = content[offset : offset + upload["chunk_bytes"]]
        status, answer = api.put_chunk(upload["id"], offset, chunk)
        assert status == 200, answer
    return upload["id"]


def test_a_disk_without_a_single_byte_left_loses_no_run(tmp_path: Path) -> None:
    """Not even the database can be written: what stands there is true again once there is room."""
    data, copied = tmp_path / "data", tmp_path / "copied"
    data.mkdir()
    with studio_on_small_disk(data) as (studio, disk):
        api = LiveApi(studio.url, f"{studio.url}/signin#token={studio.token}")
        network = digits_network(api)
        run = start(api, network, LONG)
        api.wait_for(f"/api/runs/{run['id']}", has_checkpoint)
        trainer = studio.child("netloom.train")
        assert trainer is not None
        filler = fill(disk, left_mb=0)
        trainer.wait(RIGHT_WITHIN_S)
        assert api.get(f"/api/runs/{run['id']}")["id"] == run["id"], "pages can be read"
        filler.unlink()
        told = api.wait_for(f"/api/runs/{run['id']}", has_ended, 180)
        if told["state"] == "failed":
            assert told["failure"]["code"] == "disk_full", told["failure"]
            api.call("POST", f"/api/runs/{run['id']}/resume")
            wait_for_success(api, run["id"])
        assert_same_as_alone(api, disk, copied, network, run["id"])


def assert_same_as_alone(
    api: LiveApi, disk: Path, copied: Path, network: dict[str, Any], run_id: str
) -> None:
    """Reads a copy: SQLite would look for the real path of the other process's disk, and miss."""
    alone = start(api, network, LONG)
    assert len(wait_for_success(api, alone["id"])["attempts"]) == 1
    copied.mkdir()
    for path in disk.glob("netloom.sqlite3*"):
        shutil.copy(path, copied)
    shutil.copytree(disk / "blobs", copied / "blobs")
    numbers_of(api, copied, alone["id"]).assert_same(numbers_of(api, copied, run_id))
