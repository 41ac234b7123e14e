"""Forty people drawing at once: how long an edit takes until its analysis is back."""

from __future__ import annotations

import random
import statistics
import threading
import time
from collections.abc import Iterator
from typing import Any

from bench.client import Client, open_studio, web_processes
from bench.registry import Declaration, Figure, at_most, gives
from bench.timing import quantile
from tour.studio import Studio

_EDITORS = 40
_EDITS = 12
_PAUSE_S = 2.0
# What docs/one-server.md advises for forty people.
_WEB_PROCESSES = 2


@gives(
    Declaration(
        "analyze_edit_ms_p95_40_editors", "ms", at_most(200),
        "From an edit to its analysis over HTTP, 40 people editing 40 networks",
    )
)  # fmt: skip
def forty_editors() -> Iterator[tuple[str, Figure]]:
    from bench.networks import RESNET_18, resnet

    document = resnet(RESNET_18).model_dump(mode="json")
    with open_studio(NETLOOM_WEB_PROCESSES=str(_WEB_PROCESSES)) as (studio, client):
        path = f"/api/projects/{client.project_id}/networks"
        networks = [
            client.post(path, {"name": f"Network {number}", "document": document})
            for number in range(_EDITORS)
        ]
        lists: list[tuple[list[float], list[float]]] = [([], []) for _ in networks]
        threads = [
            threading.Thread(target=_edit, args=(client.another(), network, *times, number))
            for number, (network, times) in enumerate(zip(networks, lists, strict=True))
        ]
        before_s = _processor_s(studio)
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        spent_s = _processor_s(studio) - before_s
    analyses = [ms for times, _ in lists for ms in times]
    saves = [ms for _, times in lists for ms in times]
    if len(analyses) != _EDITORS * _EDITS:
        raise RuntimeError(f"only {len(analyses)} of {_EDITORS * _EDITS} edits were answered")
    note = (
        f"{len(analyses)} edits, one every {_PAUSE_S:g} s each, {_WEB_PROCESSES} web processes, "
        f"{1000 * spent_s / len(analyses):.0f} ms of processor time for analysis and save; median "
        f"{statistics.median(analyses):.0f} ms; the save that follows: median "
        f"{statistics.median(saves):.0f} ms, p95 {quantile(saves, 0.95):.0f} ms"
    )
    yield (
        "analyze_edit_ms_p95_40_editors",
        Figure(quantile(analyses, 0.95), model="ResNet-18, 71 nodes", note=note),
    )


def _processor_s(studio: Studio) -> float:
    times = [process.cpu_times() for process in web_processes(studio)]
    return sum(each.user + each.system for each in times)


def _edit(
    client: Client,
    network: dict[str, Any],
    analyses: list[float],
    saves: list[float],
    number: int,
) -> None:
    """Change one convolution again and again: ask for the analysis, then save, as the page does."""
    chance = random.Random(number)
    document, revision = network["document"], network["revision"]
    nodes = document["graph"]["nodes"]
    node_id = next(key for key, node in nodes.items() if node["type"] == "Conv2d")
    time.sleep(chance.uniform(0, _PAUSE_S))
    for index in range(_EDITS):
        width = 64 if index % 2 else 48
        nodes[node_id]["params"]["out_channels"] = width
        operation = {
            "op": "set_param",
            "node_id": node_id,
            "param": "out_channels",
            "value": width,
        }
        started = time.perf_counter()
        client.post("/api/analysis", {"document": document})
        analysed = time.perf_counter()
        body = {"base_revision": revision, "operations": [operation]}
        revision = client.post(f"/api/networks/{network['id']}/operations", body)["revision"]
        analyses.append((analysed - started) * 1000)
        saves.append((time.perf_counter() - analysed) * 1000)
        time.sleep(chance.uniform(0.5, 1.5) * _PAUSE_S)
