"""Every process of the studio is killed, stopped or frozen in turn; the numbers stay the same."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from celery import Celery

from tests.faults.live import LiveApi, LiveSocket
from tests.faults.runs import (
    LONG,
    SETTINGS,
    Numbers,
    digits_network,
    freeze_when,
    has_checkpoint,
    is_alive,
    numbers_of,
    process_of,
    start,
    wait_for_attempt,
    wait_for_success,
)
from tests.house.studio_process import REPOSITORY, studio_environment
from tests.waiting import RIGHT_WITHIN_S, until
from tour.studio import Studio, private_studio

pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.campaign]


def hear_until_the_end(live: LiveSocket, numbers: list[int]) -> None:
    """Collect the numbers of events until the connection is gone."""
    while True:
        message = live.receive()
        if message["type"] == "event":
            numbers.append(message["seq"])


def test_a_killed_web_process_comes_back_and_the_page_catches_up(
    studio: Studio,
    api: LiveApi,
    network: dict[str, Any],
    data_folder: Path,
    undisturbed: Numbers,
) -> None:
    """A page reads, follows, loses its server, reads again: no event is lost.

    What is published while it subscribes comes twice; a page skips the numbers it knows.
    """
    run = start(api, network, LONG)
    topic = f"run:{run['id']}"
    numbers: list[int] = []
    with api.socket() as live:
        live.subscribe(topic)
        while len(numbers) < 20:
            message = live.receive()
            if message["type"] == "event":
                numbers.append(message["seq"])
        process_of(studio, "manage.py", "web").kill()
        with pytest.raises((ConnectionError, ValueError)):
            hear_until_the_end(live, numbers)
    is_right = {"running", "succeeded"}
    api.wait_for(f"/api/runs/{run['id']}", lambda one: one["state"] in is_right, RIGHT_WITHIN_S)
    with api.socket() as live:
        state = live.subscribe(topic, numbers[-1])["snapshot"]["state"]
        told = None
        while told is None or numbers[-1] < told["last_event"]:
            if state != "running" and told is None:
                told = wait_for_success(api, run["id"])
                continue
            message = live.receive()
            if message["type"] == "event" and message["seq"] > numbers[-1]:
                numbers.append(message["seq"])
            elif message["type"] == "state":
                state = message["run"]["state"]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(told["attempts"]) == 1
    undisturbed.assert_same(numbers_of(api, data_folder, run["id"]))


def test_a_trainer_killed_while_it_saves_a_checkpoint(
    studio: Studio,
    api: LiveApi,
    network: dict[str, Any],
    data_folder: Path,
    undisturbed: Numbers,
) -> None:
    """Frozen the moment a half-written file is seen, then killed: the file counts for nothing."""
    run = start(api, network, {**LONG, "checkpoint_every_s": 0.001})
    api.wait_for(f"/api/runs/{run['id']}", has_checkpoint)
    trainer = process_of(studio, "netloom.train", run["id"])
    output = data_folder / "runs" / run["id"] / "attempt-1" / "output"

    freeze_when(trainer, lambda: any(output.rglob("*.partial")))
    trainer.kill()
    told = wait_for_attempt(api, run["id"], 2)
    assert "SIGKILL" in told["attempts"][0]["exit_cause"]
    assert wait_for_success(api, run["id"])["attempts"][1]["resumed_from_step"] > 0
    undisturbed.assert_same(numbers_of(api, data_folder, run["id"]))


def test_a_supervisor_killed_between_a_checkpoint_and_its_row(
    studio: Studio,
    api: LiveApi,
    network: dict[str, Any],
    data_folder: Path,
    undisturbed: Numbers,
) -> None:
    """The bytes are in storage and no row names them: the run goes on from the one before."""
    run = start(api, network, {**LONG, "checkpoint_every_s": 0.001})
    api.wait_for(f"/api/runs/{run['id']}", has_checkpoint)
    database = data_folder / "netloom.sqlite3"
    newest = latest_step(database, run["id"])
    known = stored(data_folder)

    def is_caught_between() -> bool:
        known.update(counted(database))  # the file of one that has just been let go goes after it
        return bool(stored(data_folder) - known)

    worker = process_of(studio, "worker", "train")
    freeze_when(worker, is_caught_between)
    was = latest_step(database, run["id"])
    assert was >= newest
    worker.kill()
    wait_for_attempt(api, run["id"], 2)
    told = wait_for_success(api, run["id"])
    assert told["attempts"][1]["resumed_from_step"] == was
    undisturbed.assert_same(numbers_of(api, data_folder, run["id"]))


def stored(data_folder: Path) -> set[str]:
    """Names of the files in storage that are whole."""
    return {path.name for path in data_folder.glob("blobs/??/*") if path.name[0] != "."}


def counted(database: Path) -> set[str]:
    with closing(sqlite3.connect(database, timeout=0.5)) as connection:
        return {blob for (blob,) in connection.execute("select blob_id from training_checkpoint")}


def latest_step(database: Path, run_id: str) -> int:
    with closing(sqlite3.connect(database, timeout=0.5)) as connection:
        sql = "select max(step) from training_checkpoint where run_id = ?"
        return connection.execute(sql, [run_id]).fetchone()[0]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_studio_whose_processes_all_get_a_signal_goes_on_with_its_run(
    tmp_path: Path, number: signal.Signals
) -> None:
    """SIGTERM as a deployment sends it, SIGKILL as a power cut does; then a new start."""
    with private_studio(tmp_path, extra_settings=SETTINGS) as running:
        api = LiveApi(running.url, running.signin_url)
        network = digits_network(api)
        run = start(api, network, LONG)
        queued = start(api, network, LONG)
        api.wait_for(f"/api/runs/{run['id']}", has_checkpoint)
        launcher = psutil.Process(running.process.pid)
        everyone = [*launcher.children(recursive=True), launcher]
        for process in everyone:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)
        running.process.wait(40)
        until(lambda: not any(map(is_alive, everyone)), 40)
    with private_studio(tmp_path, extra_settings=SETTINGS) as running:
        api = LiveApi(running.url, running.signin_url)
        api.wait_for(f"/api/runs/{run['id']}", is_shown_right, RIGHT_WITHIN_S)
        told = wait_for_success(api, run["id"])
        assert len(told["attempts"]) == 2
        assert told["attempts"][1]["resumed_from_step"] > 0
        left_alone = wait_for_success(api, queued["id"])
        assert len(left_alone["attempts"]) == 1
        if number == signal.SIGTERM:
            again, first = told["attempts"][1], left_alone["attempts"][0]
            assert again["started_at"] < first["started_at"], "who was training keeps the place"
        numbers = numbers_of(api, tmp_path, queued["id"])
        numbers.assert_same(numbers_of(api, tmp_path, run["id"]))


def is_shown_right(run: dict[str, Any]) -> bool:
    """It waits for its next attempt, perhaps behind the other run, or is in it."""
    return run["state"] in ("queued", "interrupted") or len(run["attempts"]) == 2


@contextmanager
def second_worker(data_folder: Path) -> Iterator[psutil.Process]:
    """Another process that trains, on the same machine and data folder."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", "worker", "train"],
        cwd=REPOSITORY,
        env=studio_environment(data_folder, **SETTINGS),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def trainers_of(run_id: str) -> list[psutil.Process]:
    """Those that a worker has started: what a trainer starts is called like it for a moment."""
    found: dict[int, tuple[int, psutil.Process]] = {}
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            line = process.cmdline()
            if "netloom.train" in line and any(run_id in word for word in line):
                found[process.pid] = (process.ppid(), process)
    return [process for parent, process in found.values() if parent not in found]


def wake_all_workers(data_folder: Path, num_messages: int) -> None:
    """Send the message that says "look at the queue", again and again."""
    told = json.loads((data_folder / "runtime.json").read_text())
    installation = (data_folder / "netloom.sqlite3").parent  # the prefix keeps installations apart
    prefix = subprocess.run(
        [sys.executable, "-c", "from django.conf import settings; print(settings.INSTALLATION_ID)"],
        cwd=REPOSITORY,
        env={**studio_environment(installation), "DJANGO_SETTINGS_MODULE": "config.settings"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    sender = Celery(broker=told["redis_url"].replace("unix://", "redis+socket://"))
    sender.conf.broker_transport_options = {"global_keyprefix": f"netloom-{prefix}:"}
    with sender.connection_for_write() as connection:
        for _ in range(num_messages):
            sender.send_task("training.work", queue="train", connection=connection)


def test_two_workers_and_too_many_messages_execute_a_run_once(
    api: LiveApi, network: dict[str, Any], data_folder: Path, undisturbed: Numbers
) -> None:
    with second_worker(data_folder):
        runs = [start(api, network, LONG) for _ in range(2)]
        wake_all_workers(data_folder, 50)
        most = 0

        def are_done() -> bool:
            nonlocal most
            most = max(most, *(len(trainers_of(run["id"])) for run in runs))
            return all(api.get(f"/api/runs/{run['id']}")["state"] == "succeeded" for run in runs)

        until(are_done, 600)
    assert most == 1
    for run in runs:
        assert len(api.get(f"/api/runs/{run['id']}")["attempts"]) == 1
        undisturbed.assert_same(numbers_of(api, data_folder, run["id"]))


def freeze(worker: psutil.Process, database: Path) -> None:
    """Stop a process where it holds no lock, as one on another machine could not."""

    def holds_no_lock() -> bool:
        with closing(sqlite3.connect(database, timeout=0.5, isolation_level=None)) as rival:
            try:
                rival.execute("begin immediate")
            except sqlite3.OperationalError:
                return False
            rival.execute("rollback")
            return True

    freeze_when(worker, holds_no_lock)


def assert_told_once(api: LiveApi, run_id: str) -> None:
    """After it went on from a checkpoint, no step was told a second time by whoever was late."""
    steps: list[int] = []
    since, has_more, num_rewinds = 0, True, 0
    while has_more:
        page = api.get(f"/api/runs/{run_id}/events?since={since}&limit=2000")
        has_more = page["has_more"]
        for numbered in page["events"]:
            since, event = numbered["seq"], numbered["event"]
            if event["event"] == "rewind":
                num_rewinds += 1
                steps.clear()
            elif event["event"] == "metrics":
                steps += [point["step"] for point in event["points"] if point["split"] == "train"]
    assert num_rewinds > 0
    assert steps == sorted(set(steps))


def test_a_supervisor_that_was_frozen_writes_nothing_more(
    studio: Studio,
    api: LiveApi,
    network: dict[str, Any],
    data_folder: Path,
    undisturbed: Numbers,
) -> None:
    """It wakes up when its run has long gone on elsewhere: its trainer ends, its words are lost."""
    run = start(api, network, LONG)
    api.wait_for(f"/api/runs/{run['id']}", has_checkpoint)
    worker = process_of(studio, "worker", "train")
    with second_worker(data_folder):
        (late,) = trainers_of(run["id"])
        freeze(worker, data_folder / "netloom.sqlite3")
        try:
            wait_for_attempt(api, run["id"], 2)
            api.wait_for(f"/api/runs/{run['id']}", lambda one: one["state"] == "running")
        finally:
            worker.resume()
        until(lambda: not is_alive(late))
        told = wait_for_success(api, run["id"])
    assert [one["number"] for one in told["attempts"]] == [1, 2]
    assert_told_once(api, run["id"])
    undisturbed.assert_same(numbers_of(api, data_folder, run["id"]))
