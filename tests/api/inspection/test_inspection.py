"""Questions to a trained checkpoint, through the API, answered by the real warm child."""

from __future__ import annotations

import io
import json
import threading
import time
import zipfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from inspection.bundles import MOST_WAITING, waiting_room
from netloom.cli import main
from tests.api.studio import content_of
from tests.client import ApiClient

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

Ask = Callable[[str, dict[str, Any]], dict[str, Any]]


@pytest.mark.timed
def test_everything_a_person_asks_of_a_checkpoint(
    api: ApiClient,
    project: Any,
    dataset: dict[str, Any],
    run: dict[str, Any],
    checkpoint: dict[str, Any],
    ask: Ask,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One trained network for the whole walk: training it is what takes the time."""
    item = api.get(f"/api/datasets/{dataset['id']}/items?split=validation").json()["items"][0]
    _predicts(api, project, dataset, checkpoint, item, ask)
    _explains(api, checkpoint, item, ask)
    _evaluates(api, dataset, run, checkpoint, ask)
    _refuses(api, project, checkpoint, item, ask)
    _cancels_within_a_second(api, checkpoint, item)
    bundle = tmp_path / "digits.zip"
    bundle.write_bytes(_packs(api, checkpoint))
    _answers_on_the_command_line(api, checkpoint, item, ask, bundle, capsys)


def _predicts(
    api: ApiClient,
    project: Any,
    dataset: dict[str, Any],
    checkpoint: dict[str, Any],
    item: dict[str, Any],
    ask: Ask,
) -> None:
    body = {"checkpoint_id": checkpoint["id"], "item_id": item["id"], "top_k": 3}
    job = ask("/api/predictions", body)
    assert job["state"] == "succeeded", job["problem"]
    top = job["result"]["probabilities"]
    assert len(top) == 3
    assert top[0]["class_id"] in {one["id"] for one in dataset["classes"]}
    assert top[0]["value"] >= top[1]["value"] >= top[2]["value"] > 0
    assert job["result"]["input_shape"] == [1, 1, 8, 8]

    big = io.BytesIO()
    Image.new("RGB", (50, 30), "white").save(big, "JPEG")
    upload_id = api.upload(project, "white.jpg", big.getvalue())
    body = {"checkpoint_id": checkpoint["id"], "upload_id": upload_id, "top_k": 10}
    job = ask("/api/predictions", body)
    assert job["state"] == "succeeded", job["problem"]
    total = sum(one["value"] for one in job["result"]["probabilities"])
    assert total == pytest.approx(1, abs=1e-4)


def _explains(api: ApiClient, checkpoint: dict[str, Any], item: dict[str, Any], ask: Ask) -> None:
    layers = api.get(f"/api/checkpoints/{checkpoint['id']}/layers").json()
    assert [one["name"] for one in layers if one["is_convolution"]] == ["conv"]
    assert [one["is_default"] for one in layers].count(True) == 1

    for method in ("gradcam", "occlusion", "lime"):
        body = {
            "checkpoint_id": checkpoint["id"],
            "item_id": item["id"],
            "method": method,
            "target_class": 3,
            "layer": layers[0]["path"] if method == "gradcam" else None,
            "options": {"seed": 7},
        }
        job = ask("/api/explanations", body)
        assert job["state"] == "succeeded", job["problem"]
        told = api.get(f"/api/explanations/{job['result']['explanation_id']}").json()
        assert (told["method"], told["target_class"], told["class_name"]) == (method, 3, "3")
        assert told["options"]["seed"] == 7
        assert told["max"] > told["min"]
        assert told["rows_forwarded"] > (1 if method == "gradcam" else 20)
        assert (told["r2"] is not None) == (method == "lime")
        _pictures_agree(api, told)


def _pictures_agree(api: ApiClient, told: dict[str, Any]) -> None:
    """The 8-bit picture spans the raw map."""
    answer = api.get(told["heatmap_url"])
    assert answer["Content-Type"] == "image/png"
    grey_HW = np.asarray(Image.open(io.BytesIO(content_of(answer))))
    assert grey_HW.shape == (told["height"], told["width"]) == (8, 8)
    raw_HW = np.load(io.BytesIO(content_of(api.get(told["data_url"]))))["heatmap"]
    assert raw_HW.dtype == np.float32
    assert (float(raw_HW.min()), float(raw_HW.max())) == (told["min"], told["max"])
    scaled_HW = (raw_HW - told["min"]) / (told["max"] - told["min"]) * 255
    assert np.abs(scaled_HW - grey_HW).max() <= 1
    for url in (told["overlay_url"], told["input_image_url"]):
        assert Image.open(io.BytesIO(content_of(api.get(url)))).size == (8, 8)


def _evaluates(
    api: ApiClient,
    dataset: dict[str, Any],
    run: dict[str, Any],
    checkpoint: dict[str, Any],
    ask: Ask,
) -> None:
    body = {"checkpoint_id": checkpoint["id"], "split": "validation"}
    job = ask("/api/evaluations", body)
    assert job["state"] == "succeeded", job["problem"]
    address = f"/api/evaluations/{job['result']['evaluation_id']}"
    told = api.get(address).json()
    assert told["num_items"] == 40
    assert told["accuracy"] == pytest.approx(run["best_metric"]["value"])
    confusion = np.array(told["confusion"])
    assert confusion.sum() == 40
    assert np.trace(confusion) / 40 == pytest.approx(told["accuracy"])
    assert [one["support"] for one in told["per_class"]] == [4] * 10

    cells = [(t, p) for t in range(10) for p in range(10) if confusion[t, p]]
    for true, predicted in cells:
        cell = api.get(f"{address}/items?true={true}&predicted={predicted}").json()
        assert cell["total"] == confusion[true, predicted]
        assert all(one["item"]["split"] == "validation" for one in cell["items"])

    losses: list[float] = []
    cursor = ""
    while cursor is not None:
        page = api.get(f"{address}/items?limit=7" + (f"&cursor={cursor}" if cursor else "")).json()
        losses += [one["loss"] for one in page["items"]]
        cursor = page["next"]
    assert len(losses) == 40
    assert losses == sorted(losses, reverse=True)

    ask("/api/evaluations", {"checkpoint_id": checkpoint["id"], "split": "test"})
    listed = api.get(f"/api/evaluations?run={run['id']}").json()["items"]
    for cursor in ("-5", "9" * 30, "x"):
        refused = api.get(f"/api/evaluations?run={run['id']}&cursor={cursor}")
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid")
    assert [one["split"] for one in listed] == ["test", "validation"]
    assert listed[0]["author"] == "Ada"


def _refuses(
    api: ApiClient, project: Any, checkpoint: dict[str, Any], item: dict[str, Any], ask: Ask
) -> None:
    upload_id = api.upload(project, "cat.png", b"<svg onload=alert(1)>" * 20)
    job = ask("/api/predictions", {"checkpoint_id": checkpoint["id"], "upload_id": upload_id})
    assert (job["state"], job["problem"]["code"]) == ("failed", "not_an_image")

    body = {"checkpoint_id": checkpoint["id"], "item_id": item["id"], "method": "gradcam"}
    refused = api.post("/api/explanations", {**body, "target_class": 10})
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid")
    job = ask("/api/explanations", {**body, "layer": "nowhere"})
    assert (job["state"], job["problem"]["code"]) == ("failed", "explain_failed")
    both = api.post("/api/predictions", {"checkpoint_id": checkpoint["id"]})
    assert both.status_code == 422


def _packs(api: ApiClient, checkpoint: dict[str, Any]) -> bytes:
    from jobs.tasks import run_next

    stopped = threading.Event()

    def work() -> None:
        from django.db import connection

        while not stopped.is_set():
            if not run_next("interactive"):
                time.sleep(0.05)
        connection.close()

    with ExitStack() as others:
        for _ in range(MOST_WAITING):
            others.enter_context(waiting_room.entered())
        refused = api.get(f"/api/checkpoints/{checkpoint['id']}/bundle")
    assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
    assert refused["Retry-After"]

    worker = threading.Thread(target=work)
    worker.start()
    try:
        answer = api.get(f"/api/checkpoints/{checkpoint['id']}/bundle")
    finally:
        stopped.set()
        worker.join()
    assert answer.status_code == 200, answer.content
    assert answer["Content-Type"] == "application/zip"
    content = content_of(answer)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert set(archive.namelist()) == {"network.json", "weights.safetensors", "meta.json"}
        assert b'"classes"' in archive.read("meta.json")
    assert answer["Accept-Ranges"] == "bytes"
    part = api.get(f"/api/checkpoints/{checkpoint['id']}/bundle", Range="bytes=0-3")
    assert (part.status_code, content_of(part)) == (206, content[:4])
    return content


def _answers_on_the_command_line(
    api: ApiClient,
    checkpoint: dict[str, Any],
    item: dict[str, Any],
    ask: Ask,
    bundle: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """`netloom predict` and `explain` say of the downloaded bundle what the page says."""
    picture = bundle.with_name("item.png")
    picture.write_bytes(content_of(api.get(item["image_url"])))
    asked = {"checkpoint_id": checkpoint["id"], "item_id": item["id"]}

    def netloom(*arguments: object) -> Any:
        capsys.readouterr()
        assert main([*map(str, arguments), "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    (told,) = netloom("predict", bundle, picture, "--top", 3)
    page = ask("/api/predictions", {**asked, "top_k": 3})["result"]["probabilities"]
    assert [one["name"] for one in told["classes"]] == [one["name"] for one in page]
    values = [one["probability"] for one in told["classes"]]
    assert values == pytest.approx([one["value"] for one in page], abs=1e-6)

    numbers = bundle.with_name("map.npy")
    netloom("explain", bundle, picture, "--class", "3", "--out", numbers, "--quiet")
    job = ask("/api/explanations", {**asked, "method": "gradcam", "target_class": 3})
    data_url = api.get(f"/api/explanations/{job['result']['explanation_id']}").json()["data_url"]
    page_HW = np.load(io.BytesIO(content_of(api.get(data_url))))["heatmap"]
    assert np.load(numbers) == pytest.approx(page_HW, abs=1e-6)
    assert netloom("inspect", bundle)["meta"]["classes"][3] == "3"


def _cancels_within_a_second(
    api: ApiClient, checkpoint: dict[str, Any], item: dict[str, Any]
) -> None:
    from jobs.tasks import run_next

    options = {"num_superpixels": 20, "samples_per_superpixel": 1000}
    body = {"checkpoint_id": checkpoint["id"], "item_id": item["id"], "method": "lime"}
    job_id = api.post("/api/explanations", {**body, "options": options}).json()["id"]

    def work() -> None:
        from django.db import connection

        run_next("interactive")
        connection.close()

    worker = threading.Thread(target=work)
    worker.start()
    while not (api.get(f"/api/jobs/{job_id}").json()["progress"] or 0) > 0:
        assert worker.is_alive()
        time.sleep(0.02)
    asked = time.monotonic()
    api.post(f"/api/jobs/{job_id}/cancel")
    worker.join()
    assert api.get(f"/api/jobs/{job_id}").json()["state"] == "cancelled"
    assert time.monotonic() - asked < 1.5
