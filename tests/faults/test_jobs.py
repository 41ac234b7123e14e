"""Imports and explanations whose process dies: told as cleanly as a run, or done all the same."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from inspection.schemas import MAX_ROWS
from tests.faults.live import LiveApi
from tests.faults.runs import (
    LONG,
    is_alive,
    process_of,
    start,
    wait_for_success,
)
from tests.waiting import RIGHT_WITHIN_S, until
from tour.studio import Studio

pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.campaign]


def has_ended(job: dict[str, Any]) -> bool:
    return job["state"] in ("succeeded", "failed", "cancelled")


def is_under_way(job: dict[str, Any]) -> bool:
    assert not has_ended(job), "the job was quicker than the test"
    return job["state"] == "running" and (job["progress"] or 0) > 0


def shifted_digits(first_shift: int) -> bytes:
    """A zip of each of the 1,797 digits four times, moved by a pixel: no two files are the same."""
    digits = load_digits()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for index, (image, digit) in enumerate(zip(digits.images, digits.target, strict=True)):
            pixels = np.pad((image / 16 * 255).astype("uint8"), 4)
            for shift in range(first_shift, first_shift + 4):
                file = io.BytesIO()
                Image.fromarray(np.roll(pixels, shift, axis=1)).save(file, "PNG")
                archive.writestr(f"{digit}/{index}-{shift}.png", file.getvalue())
    return buffer.getvalue()


def start_import(api: LiveApi, project: str, archive: bytes) -> tuple[str, str]:
    """Send the archive to a new dataset; return the addresses of the dataset and of the job."""
    announced = {"project_id": project, "file_name": "shifted.zip", "size_bytes": len(archive)}
    upload = api.call("POST", "/api/uploads", announced)
    for offset in range(0, len(archive), upload["chunk_bytes"]):
        chunk = archive[offset : offset + upload["chunk_bytes"]]
        status, answer = api.put_chunk(upload["id"], offset, chunk)
        assert status == 200, answer
    made = api.call("POST", f"/api/projects/{project}/datasets", {"name": "Shifted"})
    dataset = f"/api/datasets/{made['id']}"
    source = {"type": "upload", "upload_ids": [upload["id"]]}
    job = api.call("POST", f"{dataset}/imports", {"source": source})
    return dataset, f"/api/jobs/{job['id']}"


def kill_its_worker(studio: Studio, api: LiveApi, job: str) -> None:
    worker = process_of(studio, "worker", "bulk")
    everyone = [worker, *worker.children(recursive=True)]
    started = api.get(job)["started_at"]
    worker.kill()

    def is_noticed(told: dict[str, Any]) -> bool:
        return told["message"] == "Starting again" or told["started_at"] != started

    api.wait_for(job, is_noticed, RIGHT_WITHIN_S)
    until(lambda: not any(map(is_alive, everyone)), 15)


def test_an_import_whose_worker_is_killed_is_done_again_and_doubles_nothing(
    studio: Studio, api: LiveApi
) -> None:
    project = api.get("/api/session")["projects"][0]["id"]
    dataset, job = start_import(api, project, shifted_digits(0))
    api.wait_for(job, is_under_way, 300)  # the samples come in first
    kill_its_worker(studio, api, job)
    ended = api.wait_for(job, has_ended, 600)
    assert ended["state"] == "succeeded", ended["problem"]
    told = api.get(dataset)
    assert (told["num_items"], told["num_labeled"]) == (4 * 1797, 4 * 1797)
    (report,) = api.get(f"{dataset}/imports")
    assert report["state"] == "succeeded"


def test_a_purge_whose_worker_is_killed_goes_on_and_leaves_nothing(
    studio: Studio, api: LiveApi, data_folder: Path
) -> None:
    def num_files() -> int:
        folders = (data_folder / "blobs", data_folder / "pictures")
        return sum(file.is_file() for folder in folders for file in folder.rglob("*"))

    samples = "/api/jobs?project=" + api.get("/api/session")["projects"][0]["id"]
    api.wait_for(samples, lambda jobs: all(map(has_ended, jobs["items"])), 300)
    before = num_files()
    project = api.call("POST", "/api/projects", {"name": "Short-lived"})["id"]
    _, importing = start_import(api, project, shifted_digits(4))
    ended = api.wait_for(importing, has_ended, 600)
    assert ended["state"] == "succeeded", ended["problem"]
    full = num_files()
    assert full >= before + 4 * 1797

    api.call("DELETE", f"/api/projects/{project}")
    purging = f"/api/jobs/{api.call('DELETE', f'/api/bin/projects/{project}')['id']}"
    until(lambda: num_files() < full - 100)
    kill_its_worker(studio, api, purging)
    assert before < num_files() < full, "the purge was over, or had not begun"
    ended = api.wait_for(purging, has_ended, 600)
    assert ended["state"] == "succeeded", ended["problem"]
    assert num_files() == before
    assert project not in {row["id"] for row in api.get("/api/bin/projects")["items"]}


@pytest.fixture(scope="module")
def image(api: LiveApi, network: dict[str, Any]) -> dict[str, str]:
    """A checkpoint and an item to explain, large enough to keep a process busy for a while."""
    networks = api.get(f"/api/projects/{network['project_id']}/networks")
    inspection = next(one for one in networks if "Inspection" in one["name"])
    dataset = f"/api/datasets/{inspection['dataset_id']}"
    api.wait_for(f"{dataset}/imports", lambda told: told[0]["state"] == "succeeded", 240)
    run = start(api, inspection, {**LONG, "epochs": 1})
    run = wait_for_success(api, run["id"])
    item = api.get(f"{dataset}/items?limit=1")["items"][0]
    return {"checkpoint_id": run["checkpoints"][0]["id"], "item_id": item["id"]}


LENGTHY = {"num_superpixels": 1000, "samples_per_superpixel": MAX_ROWS // 1000}


def explain(api: LiveApi, image: dict[str, str], method: str, **options: Any) -> dict[str, Any]:
    return api.call("POST", "/api/explanations", {**image, "method": method, "options": options})


@pytest.mark.parametrize(
    ("victim", "codes"),
    [
        (("jobs.warm_loop",), {"out_of_memory", "job_crashed"}),
        (("worker", "interactive"), {"job_lost"}),
    ],
)
def test_an_explanation_whose_process_is_killed_fails_with_words_and_the_next_one_works(
    studio: Studio,
    api: LiveApi,
    image: dict[str, str],
    victim: tuple[str, ...],
    codes: set[str],
) -> None:
    job = explain(api, image, "lime", **LENGTHY)
    api.wait_for(f"/api/jobs/{job['id']}", is_under_way)
    child = process_of(studio, "jobs.warm_loop")
    process_of(studio, *victim).kill()
    ended = api.wait_for(f"/api/jobs/{job['id']}", has_ended, RIGHT_WITHIN_S)
    assert ended["state"] == "failed"
    assert ended["problem"]["code"] in codes
    assert ended["problem"]["next_step"]
    until(lambda: not is_alive(child), 15)
    again = explain(api, image, "gradcam")
    ended = api.wait_for(f"/api/jobs/{again['id']}", has_ended, 90)
    assert ended["state"] == "succeeded", ended["problem"]
    assert psutil.pid_exists(process_of(studio, "jobs.warm_loop").pid)
