"""Runs on a whole studio whose processes are killed: what is shown stays right."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.faults.live import LiveApi
from tests.faults.runs import (
    LONG,
    Numbers,
    has_checkpoint,
    has_ended,
    is_alive,
    loss_of,
    numbers_of,
    process_of,
    start,
    wait_for_attempt,
    wait_for_success,
)
from tests.waiting import until
from tour.studio import Studio

pytestmark = [pytest.mark.faults, pytest.mark.slow]


@pytest.mark.timed
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
    studio: Studio,
    api: LiveApi,
    network: dict[str, Any],
    data_folder: Path,
    undisturbed: Numbers,
) -> None:
    run = start(api, network, LONG)
    api.wait_for(f"/api/runs/{run['id']}", has_checkpoint)
    trainer = process_of(studio, "netloom.train", run["id"])
    process_of(studio, "worker", "train").kill()
    trainer.wait(10)
    told = wait_for_attempt(api, run["id"], 2)
    assert "lost its connection" in told["attempts"][0]["exit_cause"]
    told = wait_for_success(api, run["id"])
    assert told["attempts"][1]["resumed_from_step"] > 0
    undisturbed.assert_same(numbers_of(api, data_folder, run["id"]))


def test_a_run_survives_the_broker(
    studio: Studio,
    api: LiveApi,
    network: dict[str, Any],
    data_folder: Path,
    undisturbed: Numbers,
) -> None:
    """Redis loses everything: it only wakes and tells, the database knows."""
    first = start(api, network, LONG)
    api.wait_for(f"/api/runs/{first['id']}", lambda one: one["state"] == "running")
    second = start(api, network, {**LONG, "epochs": 1})
    assert api.get(f"/api/runs/{second['id']}")["state"] == "queued"
    redis = process_of(studio, "redis")
    redis.kill()
    for run in (first, second):
        told = wait_for_success(api, run["id"])
        assert len(told["attempts"]) == 1
    assert process_of(studio, "redis").pid != redis.pid
    undisturbed.assert_same(numbers_of(api, data_folder, first["id"]))


@pytest.mark.campaign
@pytest.mark.timed
def test_a_stop_acts_within_a_second_and_frees_the_device(
    studio: Studio, api: LiveApi, network: dict[str, Any]
) -> None:
    """No step ends later than that, nothing of the run's processes is left, the next one starts."""
    run = start(api, network, {**LONG, "epochs": 100_000})
    waiting = start(api, network, {**LONG, "epochs": 1})
    api.wait_for(f"/api/runs/{run['id']}", has_checkpoint)
    group = os.getpgid(process_of(studio, "netloom.train", run["id"]).pid)
    asked_s = time.time()
    api.call("POST", f"/api/runs/{run['id']}/stop")
    told = api.wait_for(f"/api/runs/{run['id']}", has_ended)
    assert told["state"] == "stopped"
    assert told["checkpoints"][0]["step"] == loss_of(api, run["id"])[0][-1]
    since = max(told["last_event"] - 50, 0)
    heard = [
        one["event"] for one in api.get(f"/api/runs/{run['id']}/events?since={since}")["events"]
    ]
    last_step_s = max(one["time_s"] for one in heard if one["event"] == "metrics")
    assert last_step_s - asked_s < 1.0
    until(lambda: not members_of(group), 5)
    wait_for_success(api, waiting["id"])


def members_of(group: int) -> list[int]:
    """Processes of a group that still live."""
    found: list[int] = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, ProcessLookupError):
            if os.getpgid(process.pid) == group and is_alive(process):
                found.append(process.pid)
    return found


@pytest.mark.campaign
def test_a_trainer_killed_in_a_step(
    studio: Studio,
    api: LiveApi,
    network: dict[str, Any],
    data_folder: Path,
    undisturbed: Numbers,
) -> None:
    run = start(api, network, LONG)
    api.wait_for(f"/api/runs/{run['id']}", has_checkpoint)
    process_of(studio, "netloom.train", run["id"]).kill()
    told = wait_for_attempt(api, run["id"], 2)
    assert "SIGKILL" in told["attempts"][0]["exit_cause"]
    assert wait_for_success(api, run["id"])["attempts"][1]["resumed_from_step"] > 0
    undisturbed.assert_same(numbers_of(api, data_folder, run["id"]))
