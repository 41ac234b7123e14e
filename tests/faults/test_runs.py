"""Runs on a whole studio whose processes are killed: what is shown stays right."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.faults.live import LiveApi
from tour.studio import Studio, private_studio

pytestmark = [pytest.mark.faults, pytest.mark.slow]

SETTINGS = {
    "NETLOOM_HEARTBEAT_S": "0.3",
    "NETLOOM_LEASE_S": "5",
    "NETLOOM_RECONCILE_S": "0.5",
    "NETLOOM_RESERVE_MB": "0",
}
RIGHT_WITHIN_S = 60.0
LONG = {"epochs": 60, "batch_size": 64, "device": "cpu", "checkpoint_every_s": 0.5}


@pytest.fixture(scope="module")
def data_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("studio")


@pytest.fixture(scope="module")
def studio(data_folder: Path) -> Iterator[Studio]:
    with private_studio(data_folder, extra_settings=SETTINGS) as running:
        yield running


@pytest.fixture(scope="module")
def api(studio: Studio) -> LiveApi:
    return LiveApi(studio.url, studio.signin_url)


@pytest.fixture(scope="module")
def network(api: LiveApi) -> dict[str, Any]:
    return digits_network(api)


def digits_network(api: LiveApi) -> dict[str, Any]:
    """The sample project's digits network, once its data has been brought in."""
    project = api.get("/api/session")["projects"][0]["id"]
    listed = api.wait_for(
        f"/api/projects/{project}/networks",
        lambda networks: any("Digits" in one["name"] for one in networks),
    )
    network = next(one for one in listed if "Digits" in one["name"])
    api.wait_for(
        f"/api/datasets/{network['dataset_id']}", lambda one: one["num_labeled"] == 1797, 120
    )
    return network


def start(api: LiveApi, network: dict[str, Any], config: dict[str, Any]) -> dict[str, Any]:
    return api.call("POST", f"/api/networks/{network['id']}/runs", {"config": config})


def has_ended(run: dict[str, Any]) -> bool:
    return run["state"] in ("succeeded", "failed", "stopped", "paused")


def loss_of(api: LiveApi, run_id: str) -> tuple[list[int], list[float]]:
    told = api.get(f"/api/runs/{run_id}/metrics?split=train&names=loss&max_points=20000")
    return told["series"][0]["steps"], told["series"][0]["values"]


def process_of(studio: Studio, *words: str) -> psutil.Process:
    """The studio's process whose command line has these words."""
    for process in psutil.Process(studio.process.pid).children(recursive=True):
        if all(any(word in part for part in process.cmdline()) for word in words):
            return process
    raise AssertionError(f"no process {words}")


def is_alive(process: psutil.Process) -> bool:
    """False for a zombie too: its parent is gone and nobody asks how it ended."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_the_socket_tells_every_event_once_in_order_and_soon(
    api: LiveApi, network: dict[str, Any]
) -> None:
    run = start(api, network, {"epochs": 4, "batch_size": 64, "device": "cpu"})
    numbers: list[int] = []
    losses: dict[int, float] = {}
    delays: list[float] = []
    state = "queued"
    with api.socket() as live:
        told = live.subscribe(f"run:{run['id']}")
        assert told["type"] == "subscribed"
        assert told["snapshot"]["id"] == run["id"]
        while state != "succeeded":
            message = live.receive(60)
            if message["type"] == "state":
                state = message["run"]["state"]
                assert state != "failed", message
            elif message["seq"] > max(numbers, default=0):
                numbers.append(message["seq"])
                event = message["event"]
                for point in event["points"] if event["event"] == "metrics" else []:
                    delays.append(time.time() - event["time_s"])
                    if point["split"] == "train":
                        losses[point["step"]] = point["values"]["loss"]
    assert numbers == list(range(1, len(numbers) + 1))
    assert (list(losses), list(losses.values())) == loss_of(api, run["id"])
    delays.sort()
    assert delays[int(len(delays) * 0.95)] < 0.5, "promise 7: metric to page within 500 ms"


def test_a_killed_supervisor_takes_its_trainer_along_and_the_run_goes_on(
    studio: Studio, api: LiveApi, network: dict[str, Any]
) -> None:
    run = start(api, network, LONG)
    address = f"/api/runs/{run['id']}"
    api.wait_for(address, lambda one: len(one["checkpoints"]) > 0)
    trainer = process_of(studio, "netloom.train", run["id"])
    process_of(studio, "worker", "train").kill()
    killed = time.monotonic()
    trainer.wait(10)
    told = api.wait_for(address, lambda one: len(one["attempts"]) == 2, RIGHT_WITHIN_S)
    assert time.monotonic() - killed < RIGHT_WITHIN_S
    assert "lost its connection" in told["attempts"][0]["exit_cause"]
    told = api.wait_for(address, has_ended, 180)
    assert told["state"] == "succeeded", told["log_tail"]
    assert told["attempts"][1]["resumed_from_step"] > 0
    steps, _ = loss_of(api, run["id"])
    assert steps == list(range(1, steps[-1] + 1))
    assert steps[-1] == told["started"]["total_steps"]


def test_a_run_survives_the_broker(studio: Studio, api: LiveApi, network: dict[str, Any]) -> None:
    """Redis only wakes and tells; the database knows."""
    first = start(api, network, {**LONG, "epochs": 8})
    api.wait_for(f"/api/runs/{first['id']}", lambda one: one["state"] == "running")
    second = start(api, network, {**LONG, "epochs": 1})
    process_of(studio, "redis").kill()
    for run in (first, second):
        told = api.wait_for(f"/api/runs/{run['id']}", has_ended, 180)
        assert told["state"] == "succeeded", told["log_tail"]
        assert len(told["attempts"]) == 1


def test_a_studio_that_is_stopped_goes_on_with_its_runs(tmp_path: Path) -> None:
    with private_studio(tmp_path, extra_settings=SETTINGS) as running:
        api = LiveApi(running.url, running.signin_url)
        run = start(api, digits_network(api), LONG)
        api.wait_for(f"/api/runs/{run['id']}", lambda one: one["epochs_done"] > 1)
        children = psutil.Process(running.process.pid).children(recursive=True)
    assert not [one for one in children if is_alive(one)], "Ctrl-C leaves no process behind"
    with private_studio(tmp_path, extra_settings=SETTINGS) as running:
        api = LiveApi(running.url, running.signin_url)
        told = api.wait_for(f"/api/runs/{run['id']}", has_ended, 180)
    assert told["state"] == "succeeded", told["log_tail"]
    assert told["attempts"][1]["resumed_from_step"] > 0
