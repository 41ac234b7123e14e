"""A small real installation for tests: digits brought in, a network, and a worker that trains."""

from __future__ import annotations

import io
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

from asgiref.sync import async_to_sync
from django.db import connection
from PIL import Image

from tests.client import ApiClient

DIGITS_PER_CLASS = {"train": 12, "validation": 4, "test": 4}


def digits_zip() -> bytes:
    """200 of scikit-learn's digits as train/validation/test folders of class folders."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for digit in range(10):
            images = iter(digits.images[digits.target == digit])
            for split, count in DIGITS_PER_CLASS.items():
                for index in range(count):
                    pixels = (next(images) / 16 * 255).astype("uint8")
                    file = io.BytesIO()
                    Image.fromarray(pixels).save(file, "PNG")
                    archive.writestr(f"{split}/{digit}/{digit}-{index}.png", file.getvalue())
    return buffer.getvalue()


def bring_in_digits(api: ApiClient, project: Any, run_jobs: Callable[..., Any]) -> dict[str, Any]:
    """A dataset of the digits, brought in through the API as a person does."""
    made = api.post(f"/api/projects/{project.id}/datasets", {"name": "Digits"})
    assert made.status_code == 201, made.content
    dataset = made.json()
    upload_id = api.upload(project, "digits.zip", digits_zip())
    asked = api.post(
        f"/api/datasets/{dataset['id']}/imports",
        {"source": {"type": "upload", "upload_ids": [upload_id]}},
    )
    assert asked.status_code == 202, asked.content
    run_jobs("bulk")
    dataset = api.get(f"/api/datasets/{dataset['id']}").json()
    assert dataset["num_labeled"] == 200, dataset
    return dataset


def tiny_network(classes: int = 10) -> dict[str, Any]:
    """An 8 x 8 grey network with one convolution, so that Grad-CAM has a layer."""

    def node(kind: str, name: str, **params: Any) -> dict[str, Any]:
        return {"type": kind, "name": name, "params": params}

    order = ["image", "conv", "relu", "flatten", "linear", "output"]
    nodes = {
        "image": node("ImageInput", "image", height=8, width=8, channels=1, mean=[0.0], std=[1.0]),
        "conv": node("Conv2d", "conv", out_channels=8, kernel_size=[3, 3], padding=[1, 1]),
        "relu": node("ReLU", "relu"),
        "flatten": node("Flatten", "flatten"),
        "linear": node("Linear", "linear", out_features=classes),
        "output": node("Output", "output"),
    }
    edges = {
        f"e{index}": {
            "source": {"node": source, "port": "output"},
            "target": {"node": target, "port": "input"},
        }
        for index, (source, target) in enumerate(pairwise(order))
    }
    graph = {"name": "Tiny", "nodes": nodes, "edges": edges}
    return {"format": "netloom.network", "schema": 1, "graph": graph}


def draw_network(
    api: ApiClient, project: Any, dataset: dict[str, Any] | None, classes: int = 10
) -> dict[str, Any]:
    """The tiny network, saved and bound to the dataset."""
    made = api.post(
        f"/api/projects/{project.id}/networks",
        {
            "name": "Tiny",
            "document": tiny_network(classes),
            "dataset_id": dataset["id"] if dataset else None,
        },
    )
    assert made.status_code == 201, made.content
    return made.json()


def content_of(answer: Any) -> bytes:
    """All bytes of a file response, which streams asynchronously."""

    async def read() -> bytes:
        return b"".join([chunk async for chunk in answer.streaming_content])

    return async_to_sync(read)()


@contextmanager
def training_worker() -> Iterator[None]:
    """What `manage.py worker train` does, in a thread: claims, supervises, reconciles."""
    from training.reconcile import Reconciler
    from training.tasks import execute_next

    stopped = threading.Event()
    reconciler = Reconciler()

    def loop() -> None:
        try:
            while not stopped.is_set():
                reconciler.look()
                if not execute_next():
                    stopped.wait(0.1)
        finally:
            connection.close()

    def tidy() -> None:
        try:
            while not stopped.wait(0.2):
                reconciler.look()
        finally:
            connection.close()

    threads = [threading.Thread(target=loop), threading.Thread(target=tidy)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stopped.set()
        for thread in threads:
            thread.join()


def wait_for(
    api: ApiClient, run_id: str, is_reached: Callable[[dict[str, Any]], bool], timeout_s: float = 90
) -> dict[str, Any]:
    """Ask for the run until it is as wanted."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        run = api.get(f"/api/runs/{run_id}").json()
        if is_reached(run):
            return run
        time.sleep(0.05)
    raise AssertionError(f"the run never got there: {run}")


def has_ended(run: dict[str, Any]) -> bool:
    return run["state"] in ("succeeded", "failed", "stopped", "paused")


def loss_steps(api: ApiClient, run_id: str) -> list[int]:
    """Steps of the training-loss curve as the API gives it."""
    metrics = api.get(f"/api/runs/{run_id}/metrics?split=train&names=loss&max_points=20000").json()
    return metrics["series"][0]["steps"] if metrics["series"] else []
