"""Runs on several devices: claimed all at once, never starved, one process group in the studio."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import psutil
import pytest
from django.db import connection

from tests.api.studio import has_ended, loss_steps, wait_for
from tests.client import ApiClient
from training import lifecycle
from training.fencing import fenced
from training.models import Attempt, Run, State, TakenSlot
from training.queue import Worker, claim_next
from training.supervision.process import visible_gpus

MakeRun = Callable[..., Run]
GPUS = {"cpu": 2, "cuda:0": 1, "cuda:1": 1}


def worker(host: str = "here", slots: dict[str, int] | None = None) -> Worker:
    return Worker(host=host, name="w", slots=slots or GPUS)


def end(attempt: Attempt | None) -> None:
    assert attempt is not None
    with fenced(attempt.run_id, attempt.number) as run:
        lifecycle.finish(run, State.SUCCEEDED)
        lifecycle.close_attempt(run, exit_cause="completed", exit_code=0)


@pytest.fixture
def make_gpu_run(make_run: MakeRun, make_person: Callable[..., Any]) -> MakeRun:
    """A queued run of a person of its own, so that runs stand in the order they were made."""

    def make(name: str, device: str = "cuda", devices: int = 1) -> Run:
        run = make_run(name=name, author=make_person(name))
        run.config = {**run.config, "device": device, "devices": devices}
        run.save()
        return run

    return make


@pytest.mark.django_db
def test_a_run_takes_all_its_devices_at_once_and_gives_all_back(make_gpu_run: MakeRun) -> None:
    make_gpu_run("two", devices=2)
    make_gpu_run("one")
    both = claim_next(worker())
    assert both is not None
    assert (both.run.name, both.device) == ("two", "cuda:0,cuda:1")
    both.run.refresh_from_db()
    assert both.run.device == "cuda:0,cuda:1"
    assert claim_next(worker()) is None
    end(both)
    assert not TakenSlot.objects.exists()
    one = claim_next(worker())
    assert one is not None
    assert (one.run.name, one.device) == ("one", "cuda:0")


@pytest.mark.django_db
def test_single_devices_do_not_starve_a_run_that_waits_for_two(make_gpu_run: MakeRun) -> None:
    make_gpu_run("first")
    first = claim_next(worker())
    make_gpu_run("two", devices=2)
    later = [make_gpu_run(f"later {index}") for index in range(3)]
    make_gpu_run("on the CPU", device="cpu")
    on_cpu = claim_next(worker())
    assert on_cpu is not None
    assert on_cpu.run.name == "on the CPU", "what it does not wait for is not held"
    assert claim_next(worker()) is None, "cuda:1 is held for the run that waits for both"
    end(first)
    both = claim_next(worker())
    assert both is not None
    assert both.run.name == "two"
    end(both)
    assert [claim_next(worker()), claim_next(worker()), claim_next(worker())].count(None) == 1
    assert Run.objects.filter(pk__in=[run.pk for run in later], state=State.CLAIMED).count() == 2


@pytest.mark.django_db
def test_a_worker_with_too_few_devices_leaves_the_run_to_others(make_gpu_run: MakeRun) -> None:
    make_gpu_run("two", devices=2)
    make_gpu_run("one")
    small = claim_next(worker("small", {"cpu": 1, "cuda:0": 1}))
    assert small is not None
    assert small.run.name == "one", "its only GPU is not held for a run that never fits"
    large = claim_next(worker("large"))
    assert large is not None
    assert large.run.name == "two"


@pytest.mark.django_db
def test_processes_on_a_cpu_share_one_slot(make_gpu_run: MakeRun) -> None:
    make_gpu_run("two", device="cpu", devices=2)
    make_gpu_run("one", device="cpu")
    cpu = {"cpu": 2}
    assert [a.device for _ in range(2) if (a := claim_next(worker(slots=cpu)))] == ["cpu", "cpu"]


@pytest.mark.django_db(transaction=True)
def test_rivals_never_share_a_device_and_never_wait_for_each_other(make_gpu_run: MakeRun) -> None:
    for index in range(4):
        make_gpu_run(f"two {index}", devices=2)
        make_gpu_run(f"one {index}")
    start = threading.Barrier(4)
    most_taken: list[int] = []

    def claim_and_end() -> None:
        start.wait()
        while Run.objects.filter(state=State.QUEUED).exists():
            attempt = claim_next(worker())
            if attempt is not None:
                most_taken.append(TakenSlot.objects.count())
                end(attempt)
        connection.close()

    threads = [threading.Thread(target=claim_and_end) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert Run.objects.filter(state=State.SUCCEEDED).count() == 8
    assert max(most_taken) <= 2
    assert not TakenSlot.objects.exists()


@pytest.mark.parametrize(
    ("device", "worker_sees", "visible"),
    [
        ("cpu", "0,1", ""),
        ("cuda:1", None, "1"),
        ("cuda:0,cuda:1", None, "0,1"),
        ("cuda:0,cuda:2", "4,5, GPU-7", "4,GPU-7"),
    ],
)
def test_a_trainer_sees_its_own_gpus(device: str, worker_sees: str | None, visible: str) -> None:
    assert visible_gpus(device, worker_sees) == visible


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_more_devices_than_there_are_is_refused_at_the_start(
    api: ApiClient, network: dict[str, Any]
) -> None:
    config = {"device": "cuda", "devices": 2}
    url = f"/api/networks/{network['id']}"
    answer = api.post(f"{url}/runs", {"config": config})
    assert (answer.status_code, answer.json()["code"]) == (422, "run_cannot_start")
    from jobs.models import WorkerReport

    devices = [{"id": name, "is_available": True} for name in ("cpu", "cuda:0")]
    WorkerReport.objects.create(name="gpu-host", report={"devices": devices})
    (problem,) = api.post(f"{url}/run-check", {"config": config}).json()["problems"]
    assert (problem["code"], problem["severity"]) == ("too_few_devices", "error")
    assert "no machine here has more than 1" in problem["message"]
    assert not Run.objects.exists()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_run_on_two_devices_survives_the_loss_of_one(
    api: ApiClient, network: dict[str, Any], worker: None, settings: Any
) -> None:
    # On a busy machine two trainers may keep a heartbeat waiting; leases are not the matter here.
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"lease_s": 60.0})
    config = {
        "device": "cpu", "devices": 2, "epochs": 60, "batch_size": 16, "checkpoint_every_s": 0.5
    }  # fmt: skip
    run = api.post(f"/api/networks/{network['id']}/runs", {"config": config}).json()
    wait_for(api, run["id"], lambda one: len(one["checkpoints"]) > 0)
    family = psutil.Process().children(recursive=True)
    (rank,) = [process for process in family if "netloom.train.rank" in process.cmdline()]
    rank.kill()
    wait_for(api, run["id"], lambda one: len(one["attempts"]) == 2)
    run = wait_for(api, run["id"], has_ended)
    assert run["state"] == "succeeded", run["log_tail"]
    assert run["started"]["num_devices"] == 2
    assert "device 2 of 2 was ended by SIGKILL" in run["attempts"][0]["exit_cause"]
    assert run["attempts"][1]["resumed_from_step"] > 0
    assert loss_steps(api, run["id"]) == list(range(1, 60 * 8 + 1))
    left = psutil.Process().children(recursive=True)
    assert not [process for process in left if "netloom.train" in " ".join(process.cmdline())]
