"""A whole studio: its memory, how it takes in images, and whether people wait for that."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.client import Client, open_studio, wait_until, web_rss_mb
from bench.registry import Declaration, Figure, Goal, at_most, gives

_NUM_IMAGES = 60_000
_PAGES = 30
_EXPLANATIONS = 12
_WARM_UP = 3
_TRAINED_WITHIN_S = 600
_NETWORK = "small CNN on the 96 px inspection sample"


@gives(
    Declaration("web_rss_mb_idle", "MB", None, "Memory of the web process after the start"),
    Declaration(
        "gradcam_ms_during_ingest", "ms", None,
        "Grad-CAM from the request to the result while images come in; 1.5 x idle is the goal",
    ),
    Declaration("ingest_images_per_s", "images/s", None, "Images of one zip archive brought in"),
    Declaration(
        "web_rss_mb_after_60k", "MB", None,
        "Memory of the web process after 60,000 images came in and were leafed through",
    ),
)  # fmt: skip
def ingest() -> Iterator[tuple[str, Figure]]:
    from bench.images import load_digits, write_archive

    with tempfile.TemporaryDirectory(prefix="netloom-bench-") as folder:
        digits = load_digits(_NUM_IMAGES)
        archive = write_archive(digits, Path(folder) / "digits.zip")
        with open_studio() as (studio, client):
            idle_mb = web_rss_mb(studio)
            yield "web_rss_mb_idle", Figure(idle_mb, note="one web process, samples brought in")
            datasets = client.get(f"/api/projects/{client.project_id}/datasets")
            sample = next(d for d in datasets if "nspection" in d["name"])
            checkpoint_id = _train(client, sample["id"])
            items = client.get(f"/api/datasets/{sample['id']}/items?limit=60")["items"]
            _leaf_through(client, sample["id"])
            explanations = _Explanations(client, checkpoint_id, [item["id"] for item in items])
            explanations.milliseconds(_WARM_UP)
            idle_ms = explanations.milliseconds(_EXPLANATIONS)
            before_mb = web_rss_mb(studio)
            dataset_id, import_id = _start_import(client, archive)
            busy_ms = explanations.milliseconds(_EXPLANATIONS)
            still = client.get(f"/api/imports/{import_id}")["state"]
            if still == "running":
                yield "gradcam_ms_during_ingest", _during_ingest(idle_ms, busy_ms)
            report = wait_until(
                lambda: client.get(f"/api/imports/{import_id}"),
                lambda found: found["state"] not in ("queued", "running"),
                3600,
            )
            yield "ingest_images_per_s", _rate(report, digits.source)
            _leaf_through(client, dataset_id)
            after_mb = web_rss_mb(studio)
            note = (
                f"{before_mb:.0f} MB before, with {sample['num_items']:,} images and as many pages;"
                " the goal is a tenth more than that"
            )
            yield (
                "web_rss_mb_after_60k",
                Figure(
                    after_mb, model=f"{report['num_added']:,} images",
                    goal=at_most(round(1.1 * before_mb, 1)), note=note,
                ),
            )  # fmt: skip


@gives(
    Declaration(
        "second_start_s", "s", at_most(10), "`make run` again, until the studio answers"
    )
)  # fmt: skip
def second_start() -> Iterator[tuple[str, Figure]]:
    from tour.studio import REPOSITORY, private_studio

    setup = [sys.executable, "-m", "config.setup", "run"]
    with tempfile.TemporaryDirectory(prefix="netloom-bench-", ignore_cleanup_errors=True) as folder:
        times: list[tuple[float, float]] = []
        for _ in range(4):
            started = time.perf_counter()
            subprocess.run(setup, cwd=REPOSITORY, check=True, capture_output=True)
            prepared = time.perf_counter()
            with private_studio(Path(folder) / "data") as studio:
                Client.sign_in(studio)
                times.append((prepared - started, time.perf_counter() - prepared))
    seconds = [sum(one) for one in times[1:]]
    note = (
        f"median of {len(seconds)} further starts; the checks of what is installed take "
        f"{statistics.median(one[0] for one in times[1:]):.2f} s of it; the first start, with "
        f"everything installed, took {sum(times[0]):.1f} s"
    )
    yield "second_start_s", Figure(statistics.median(seconds), note=note)


class _Explanations:
    """Asks for Grad-CAM of one image after another, so that nothing can be remembered."""

    def __init__(self, client: Client, checkpoint_id: str, item_ids: list[str]) -> None:
        self._client = client
        self._checkpoint_id = checkpoint_id
        self._item_ids = iter(item_ids)

    def milliseconds(self, count: int) -> list[float]:
        times: list[float] = []
        for _ in range(count):
            body = {
                "checkpoint_id": self._checkpoint_id,
                "item_id": next(self._item_ids),
                "method": "gradcam",
            }
            started = time.perf_counter()
            job = self._client.post("/api/explanations", body)
            self._client.wait_for_job(job["id"])
            times.append((time.perf_counter() - started) * 1000)
        return times


def _during_ingest(idle_ms: list[float], busy_ms: list[float]) -> Figure:
    idle, busy = statistics.median(idle_ms), statistics.median(busy_ms)
    note = (
        f"idle {idle:.0f} ms, so {busy / idle:.2f} x; medians of {len(busy_ms)}; slowest "
        f"{max(busy_ms):.0f} ms, idle {max(idle_ms):.0f} ms"
    )
    goal = Goal("at most", round(1.5 * idle, 1))
    return Figure(busy, "the same studio without the ingest", _NETWORK, 1, goal=goal, note=note)


def _rate(report: dict[str, Any], source: str) -> Figure:
    note = (
        f"{report['num_added']:,} added, {report['num_duplicates']:,} duplicates, "
        f"{report['num_skipped']:,} skipped in {report['seconds']:.1f} s; {_EXPLANATIONS} "
        "explanations were made meanwhile"
    )
    rate = report["num_files"] / report["seconds"]
    return Figure(rate, model=f"28 px PNG from {source}, shifted and turned", note=note)


def _train(client: Client, dataset_id: str) -> str:
    """Train the sample's network for one epoch; return its checkpoint."""
    networks = client.get(f"/api/projects/{client.project_id}/networks")
    network = next(n for n in networks if "nspection" in n["name"])
    start = {"config": {"epochs": 1}, "dataset_id": dataset_id}
    run = client.post(f"/api/networks/{network['id']}/runs", start)
    ended = wait_until(
        lambda: client.get(f"/api/runs/{run['id']}"),
        lambda run: run["state"] in ("succeeded", "failed", "stopped"),
        _TRAINED_WITHIN_S,
    )
    if ended["state"] != "succeeded":
        raise RuntimeError(f"The training of the sample {ended['state']}")
    found = client.get(f"/api/runs/{run['id']}/checkpoints")
    return (found["items"] if isinstance(found, dict) else found)[0]["id"]


def _start_import(client: Client, archive: Path) -> tuple[str, str]:
    """Upload the archive and return the ids of dataset and import once images come in."""
    made = client.post(f"/api/projects/{client.project_id}/datasets", {"name": "Sixty thousand"})
    source = {"type": "upload", "upload_ids": [client.upload(archive)]}
    client.post(f"/api/datasets/{made['id']}/imports", {"source": source})
    wait_until(
        lambda: client.get(f"/api/datasets/{made['id']}"), lambda found: found["num_items"] > 0, 300
    )
    reports = client.get(f"/api/datasets/{made['id']}/imports")
    newest = (reports["items"] if isinstance(reports, dict) else reports)[0]
    return made["id"], newest["id"]


def _leaf_through(client: Client, dataset_id: str) -> None:
    """Read gallery pages and their thumbnails, as somebody scrolling does."""
    cursor = ""
    for _ in range(_PAGES):
        page = client.get(f"/api/datasets/{dataset_id}/items?limit=100{cursor}")
        for item in page["items"]:
            client.read(item["thumbnail_url"])
        cursor = "" if page["next"] is None else f"&cursor={page['next']}"
