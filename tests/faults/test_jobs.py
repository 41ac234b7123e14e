"""Imports and explanations whose process dies: told as cleanly as a run, or done all the same."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
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
    RIGHT_WITHIN_S,
    is_alive,
    process_of,
    start,
    until,
    wait_for_success,
)
from tour.studio import Studio

pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.campaign]


def has_ended(job: dict[str, Any]) -> bool:
    return job["state"] in ("succeeded", "failed", "cancelled")


def is_under_way(job: dict[str, Any]) -> bool:
    assert not has_ended(job), "the job was quicker than the test"
    return job["state"] == "running" and (job["progress"] or 0) > 0


def shifted_digits() -> Iterator[tuple[str, bytes]]:
    """Each of the 1,797 digits four times, moved by a pixel: no two files are the same."""
    digits = load_digits()
    for index, (image, digit) in enumerate(zip(digits.images, digits.target, strict=True)):
        pixels = np.pad((image / 16 * 255).astype("uint8"), 4)
        for turn in range(4):
            file = io.BytesIO()
            Image.fromarray(np.roll(pixels, turn, axis=1)).save(file, "PNG")
            yield f"{digit}/{index}-{turn}.png", file.getvalue()


@pytest.fixture(scope="module")
def upload_id(api: LiveApi) -> str:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in shifted_digits():
            archive.writestr(name, data)
    content = buffer.getvalue()
    project = api.get("/api/session")["projects"][0]["id"]
    announced = {"project_id": project, "file_name": "shifted.zip", "size_bytes": len(content)}
    upload = api.call("POST", "/api/uploads", announced)
    for offset in range(0, len(content), upload["chunk_bytes"]):
        chunk = content[offset : offset + upload["chunk_bytes"]]
        status, answer = api.put_chunk(upload["id"], offset, chunk)
        assert status == 200, answer
    return upload["id"]


def test_an_import_whose_worker_is_killed_is_done_again_and_doubles_nothing(
    studio: Studio, api: LiveApi, upload_id: str
) -> None:
    project = api.get("/api/session")["projects"][0]["id"]
    dataset = api.call("POST", f"/api/projects/{project}/datasets", {"name": "Shifted"})
    source = {"type": "upload", "upload_ids": [upload_id]}
    job = api.call("POST", f"/api/datasets/{dataset['id']}/imports", {"source": source})
    address = f"/api/jobs/{job['id']}"
    api.wait_for(address, is_under_way, 300)  # the samples come in first
    worker = process_of(studio, "worker", "bulk")
    everyone = [worker, *worker.children(recursive=True)]
    worker.kill()
    api.wait_for(address, lambda one: one["message"] == "Starting again", RIGHT_WITHIN_S)
    until(lambda: not any(map(is_alive, everyone)), 15)
    ended = api.wait_for(address, has_ended, 600)
    assert ended["state"] == "succeeded", ended["problem"]
    told = api.get(f"/api/datasets/{dataset['id']}")
    assert (told["num_items"], told["num_labeled"]) == (4 * 1797, 4 * 1797)
    (report,) = api.get(f"/api/datasets/{dataset['id']}/imports")
    assert report["state"] == "succeeded"


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
