"""An installation on many machines does its work, and loses one of them."""

from __future__ import annotations

import hashlib
import io
import json
import urllib.request
from http.cookiejar import CookieJar
from typing import Any

import psutil
import pytest
from PIL import Image

from tests.api.studio import digits_zip
from tests.faults.runs import LONG, has_checkpoint, start, wait_for_attempt, wait_for_success
from tests.topology.conftest import Installation
from tests.topology.numbers import Numbers, numbers_of
from tests.topology.program import Program
from tests.waiting import until

pytestmark = [pytest.mark.topology, pytest.mark.campaign, pytest.mark.slow]

CHUNK = 20_000


@pytest.fixture(scope="module")
def dataset(api_a: Program, api_b: Program) -> dict[str, Any]:
    """200 digits, uploaded in chunks that reach A and B in turns, brought in by machine 1."""
    project = api_a.get("/api/session")["projects"][0]["id"]
    made = api_a.call("POST", f"/api/projects/{project}/datasets", {"name": "Brought in"})
    data = digits_zip()
    upload = api_a.call(
        "POST",
        "/api/uploads",
        {
            "project_id": project,
            "file_name": "digits.zip",
            "size_bytes": len(data),
            "sha256": hashlib.sha256(data).hexdigest(),
        },
    )
    for number, offset in enumerate(range(0, len(data), CHUNK)):
        api = (api_a, api_b)[number % 2]
        status, answer = api.put_chunk(upload["id"], offset, data[offset : offset + CHUNK])
        assert status == 200, answer
    assert json.loads(answer)["is_complete"]
    source = {"type": "upload", "upload_ids": [upload["id"]]}
    api_b.call("POST", f"/api/datasets/{made['id']}/imports", {"source": source})
    return api_a.wait_for(f"/api/datasets/{made['id']}", lambda one: one["num_labeled"] == 200, 900)


def test_a_sign_in_at_one_machine_is_one_at_all(installation: Installation) -> None:
    jar = CookieJar()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))

    def session(base: str) -> dict[str, Any]:
        return json.loads(opener.open(f"{base}/api/session", timeout=30).read())

    a, b = installation.base["a"], installation.base["b"]
    token = installation.workers["2"].run("signin").split("token=", 1)[1]
    request = urllib.request.Request(
        f"{a}/api/session/link",
        json.dumps({"token": token}).encode(),
        {
            "Content-Type": "application/json",
            "Origin": a,
            "X-CSRFToken": session(a)["csrf_token"],
        },
    )
    opener.open(request, timeout=30)
    assert session(b)["person"] is not None
    assert session(b)["person"] == session(a)["person"]


def test_pictures_are_seen_at_every_machine(
    installation: Installation, api_a: Program, api_b: Program, dataset: dict[str, Any]
) -> None:
    page = api_b.get(f"/api/datasets/{dataset['id']}/items?limit=20")
    for item in page["items"]:
        for url in (item["thumbnail_url"], item["image_url"]):
            picture = api_b.download(url)
            assert Image.open(io.BytesIO(picture)).size == (item["width"], item["height"])
            assert api_a.download(url) == picture
    whole = api_b.download(page["items"][0]["image_url"])
    part = api_b.download(page["items"][0]["image_url"], Range="bytes=10-29")
    assert part == whole[10:30]
    for machine in (*installation.web.values(), *installation.workers.values()):
        for kept in ("blobs", "pictures", "uploads"):
            assert not (machine.folder / kept).exists(), f"{kept} lie on {machine.name} alone"


def test_a_run_is_followed_and_explained_at_the_other_machine(
    installation: Installation, api_a: Program, api_b: Program, network: dict[str, Any]
) -> None:
    run = start(api_a, network, {"epochs": 2, "batch_size": 64, "device": "cpu"})
    numbers: list[int] = []
    state = "queued"
    with api_b.socket() as live:
        assert live.subscribe(f"run:{run['id']}")["snapshot"]["id"] == run["id"]
        while state != "succeeded":
            message = live.receive(120)
            if message["type"] == "state":
                state = message["run"]["state"]
                assert state != "failed", message
            elif message["seq"] > max(numbers, default=0):
                numbers.append(message["seq"])
    assert numbers == list(range(1, len(numbers) + 1))
    checkpoint = api_b.get(f"/api/runs/{run['id']}/checkpoints")[0]
    item = api_a.get(f"/api/datasets/{network['dataset_id']}/items?limit=1")["items"][0]
    asked = {"checkpoint_id": checkpoint["id"], "item_id": item["id"], "method": "gradcam"}
    job = api_a.call("POST", "/api/explanations", asked)
    done = api_b.wait_for(f"/api/jobs/{job['id']}", lambda one: one["finished_at"], 120)
    assert done["state"] == "succeeded", done["problem"]
    heatmap = f"/api/explanations/{done['result']['explanation_id']}/heatmap"
    assert Image.open(io.BytesIO(api_a.download(heatmap))).size == (8, 8)
    assert api_b.download(heatmap) == api_a.download(heatmap)
    assert not (installation.workers["1"].folder / "blobs").exists()


def test_a_run_moves_from_a_dead_machine_to_the_other(
    installation: Installation,
    api_a: Program,
    api_b: Program,
    network: dict[str, Any],
    undisturbed: Numbers,
) -> None:
    run = start(api_a, network, LONG)
    told = api_b.wait_for(f"/api/runs/{run['id']}", has_checkpoint)
    first = told["attempts"][0]["worker"].split(":")[0]
    dead = next(one for one in installation.workers.values() if one.name == first)
    trainers = _trainers(dead.processes["train"].pid)
    assert trainers, "the run has a training process"
    dead.kill("train")
    psutil.wait_procs(trainers, timeout=10)
    assert not any(one.is_running() for one in trainers), "nothing of the run is left"
    told = wait_for_attempt(api_b, run["id"], 2)
    other = told["attempts"][1]["worker"].split(":")[0]
    assert {first, other} == {one.name for one in installation.workers.values()}
    told = wait_for_success(api_b, run["id"])
    assert told["attempts"][1]["resumed_from_step"] > 0
    undisturbed.assert_same(numbers_of(api_b, run["id"]))
    dead.start("worker", "train")


def test_a_run_outlives_the_database(
    installation: Installation, api_a: Program, network: dict[str, Any], undisturbed: Numbers
) -> None:
    run = start(api_a, network, LONG)
    api_a.wait_for(f"/api/runs/{run['id']}", has_checkpoint)
    installation.cluster.kill()
    installation.cluster.start()
    told = wait_for_success(api_a, run["id"])
    assert told["restarts"] == 0 if "restarts" in told else len(told["attempts"]) <= 2
    undisturbed.assert_same(numbers_of(api_a, run["id"]))


def test_an_import_outlives_the_database(
    installation: Installation, api_a: Program, api_b: Program
) -> None:
    project = api_a.get("/api/session")["projects"][0]["id"]
    made = api_a.call("POST", f"/api/projects/{project}/datasets", {"name": "In a storm"})
    data = digits_zip()
    asked = {"project_id": project, "file_name": "digits.zip", "size_bytes": len(data)}
    upload = api_a.call("POST", "/api/uploads", asked)
    assert api_b.put_chunk(upload["id"], 0, data)[0] == 200
    source = {"type": "upload", "upload_ids": [upload["id"]]}
    job = api_a.call("POST", f"/api/datasets/{made['id']}/imports", {"source": source})
    until(lambda: api_a.get(f"/api/jobs/{job['id']}")["state"] != "queued", 60)
    installation.cluster.kill()
    installation.cluster.start()
    done = api_b.wait_for(f"/api/jobs/{job['id']}", lambda one: one["finished_at"], 120)
    assert done["state"] == "succeeded", done["problem"]
    dataset = api_b.get(f"/api/datasets/{made['id']}")
    assert (dataset["num_items"], dataset["num_labeled"]) == (200, 200)


def _trainers(worker: int) -> list[psutil.Process]:
    children = psutil.Process(worker).children(recursive=True)
    return [child for child in children if "netloom.train" in child.cmdline()]
