"""Background work: claimed once, told, cancelled, and found again after a crash."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection

from jobs import running, services
from jobs.models import Job, JobState
from jobs.reconcile import Reconciler
from jobs.selectors import jobs_out, queue_order, queue_places
from jobs.tasks import run_next, work
from tests.client import ApiClient
from tests.house import job_kinds

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def fast(settings: Any) -> Iterator[None]:
    """Heartbeats in tenths of a second, and no state left over from another test."""
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(
        update={"heartbeat_s": 0.1, "lease_s": 0.6, "reconcile_s": 0.1}
    )
    job_kinds.started.clear()
    job_kinds.may_end.clear()
    job_kinds.states.clear()
    yield
    job_kinds.may_end.set()
    running.stopping.clear()


@pytest.fixture
def enqueue(person: Any, project: Any) -> Callable[..., Job]:
    def put(kind: str, payload: dict[str, Any] | None = None, by: Any = None) -> Job:
        return services.enqueue(kind, payload or {}, person=by or person, project=project)

    return put


@pytest.fixture
def in_worker() -> Iterator[Callable[..., threading.Thread]]:
    """Do the next training job in a thread, as a worker does."""
    threads: list[threading.Thread] = []

    def start(do: Callable[[], object] = lambda: run_next("train")) -> threading.Thread:
        def do_and_close() -> None:
            do()
            connection.close()

        thread = threading.Thread(target=do_and_close)
        threads.append(thread)
        thread.start()
        assert job_kinds.started.wait(5)
        return thread

    yield start
    job_kinds.may_end.set()
    for thread in threads:
        thread.join(5)
        assert not thread.is_alive()


def _until(condition: Callable[[], bool], timeout_s: float = 5.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "the condition never came true"
        time.sleep(0.01)


def test_a_job_ends_in_a_result(enqueue: Any, run_jobs: Any, api: ApiClient):
    job = enqueue("tests.add", {"a": 2, "b": 3})
    assert api.get(f"/api/jobs/{job.id}").json()["state"] == "queued"
    run_jobs("bulk")
    told = api.get(f"/api/jobs/{job.id}").json()
    assert (told["state"], told["progress"], told["result"]) == ("succeeded", 1.0, {"sum": 5})
    assert told["message"] == "Adding"
    assert told["finished_at"] >= told["started_at"] >= told["created_at"]


def test_a_job_ends_in_its_problem(enqueue: Any, run_jobs: Any, api: ApiClient):
    job = enqueue("tests.refuse")
    run_jobs("bulk")
    told = api.get(f"/api/jobs/{job.id}").json()
    assert told["state"] == "failed"
    assert told["problem"]["code"] == "import_empty"
    assert told["problem"]["next_step"] == "Choose another."
    assert told["problem"]["data"] == {"num_files": 0}


def test_a_bug_in_a_job_is_told_by_its_id_alone(enqueue: Any, run_jobs: Any, api: ApiClient):
    job = enqueue("tests.explode")
    run_jobs("bulk")
    problem = api.get(f"/api/jobs/{job.id}").json()["problem"]
    assert (problem["code"], problem["error_id"]) == ("server_error", job.id)
    assert "secret" not in str(problem)


def test_waiting_jobs_are_cancelled_at_once(enqueue: Any, run_jobs: Any, api: ApiClient):
    job = enqueue("tests.add", {"a": 1, "b": 1})
    assert api.post(f"/api/jobs/{job.id}/cancel").json()["state"] == "cancelled"
    run_jobs()
    assert api.get(f"/api/jobs/{job.id}").json()["result"] is None


@pytest.mark.timed
def test_running_jobs_are_cancelled_within_a_second(enqueue: Any, in_worker: Any, api: ApiClient):
    job = enqueue("tests.wait")
    in_worker()
    began = time.monotonic()
    api.post(f"/api/jobs/{job.id}/cancel")
    _until(lambda: api.get(f"/api/jobs/{job.id}").json()["state"] == "cancelled")
    assert time.monotonic() - began < 1.0
    _until(lambda: job_kinds.states == ["running", "cancelled"])


def test_two_workers_never_take_the_same_job(enqueue: Any):
    jobs = [enqueue("tests.add", {"a": 1, "b": 1}) for _ in range(6)]
    claimed: list[str] = []
    gate = threading.Barrier(3)

    def claim() -> None:
        gate.wait()
        while (job := services.claim_next("bulk", "worker")) is not None:
            claimed.append(job.id)
        connection.close()

    threads = [threading.Thread(target=claim) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claimed) == sorted(job.id for job in jobs)


def test_people_take_turns(enqueue: Any, join: Any, project: Any):
    busy, rare = join(project, "editor"), join(project, "editor")
    first, second, third = (enqueue("tests.add", by=busy) for _ in range(3))
    late = enqueue("tests.add", by=rare)
    assert [job.id for job in queue_order("bulk")] == [first.id, late.id, second.id, third.id]
    assert queue_places("bulk") == {first.id: 1, late.id: 2, second.id: 3, third.id: 4}
    told = {job.id: job.queue_place for job in jobs_out([third, late])}
    assert told == {third.id: 4, late.id: 2}
    services.claim_next("bulk", "worker")
    assert [job.id for job in queue_order("bulk")] == [late.id, second.id, third.id]


def test_a_living_runner_keeps_its_lease(enqueue: Any, in_worker: Any):
    job = enqueue("tests.wait")
    thread = in_worker()
    janitor = Reconciler("train")
    deadline = time.monotonic() + 1.5  # more than twice the lease
    while time.monotonic() < deadline:
        janitor.round()
        time.sleep(0.05)
    job_kinds.may_end.set()
    thread.join(5)
    job.refresh_from_db()
    assert (job.state, job.result) == (JobState.SUCCEEDED, {"attempt": 1})


def test_a_dead_runner_is_noticed_and_the_job_tried_again_then_failed(enqueue: Any):
    job = enqueue("tests.wait")
    janitor = Reconciler("train")
    for attempt in (1, 2):
        claimed = services.claim_next("train", "worker that dies")
        assert claimed is not None
        assert claimed.attempt == attempt
        _until(lambda: janitor.round() or not Job.objects.filter(state="running").exists())
    job.refresh_from_db()
    assert (job.state, job.problem["code"]) == (JobState.FAILED, "job_lost")
    assert job_kinds.states == ["running", "queued", "running", "failed"]


def test_a_runner_that_lost_its_lease_changes_nothing(enqueue: Any, in_worker: Any):
    job = enqueue("tests.wait")
    thread = in_worker()
    stale = Job.objects.get(pk=job.pk)
    services.expire(stale)
    again = services.claim_next("train", "another worker")
    assert again is not None
    job_kinds.may_end.set()
    thread.join(5)
    job.refresh_from_db()
    assert (job.state, job.attempt, job.result) == (JobState.RUNNING, 2, None)
    assert not services.finish(stale, JobState.SUCCEEDED, result={"stale": True})


def test_a_stopping_worker_gives_its_job_back(enqueue: Any, in_worker: Any):
    job = enqueue("tests.wait")
    thread = in_worker()
    running.stop_all()
    thread.join(5)
    job.refresh_from_db()
    assert (job.state, job.worker) == (JobState.QUEUED, "")
    job_kinds.may_end.set()
    assert run_next("train")
    job.refresh_from_db()
    assert (job.state, job.result) == (JobState.SUCCEEDED, {"attempt": 2})


def test_a_stopping_worker_does_not_take_its_job_again(enqueue: Any, in_worker: Any):
    job = enqueue("tests.wait")
    thread = in_worker(lambda: work("train"))
    running.stop_all()
    thread.join(5)
    assert not thread.is_alive()
    job.refresh_from_db()
    assert (job.state, job.attempt) == (JobState.QUEUED, 1)


def test_the_list_is_filtered(enqueue: Any, run_jobs: Any, api: ApiClient, project: Any):
    enqueue("tests.add", {"a": 1, "b": 1})
    run_jobs()
    waiting = enqueue("tests.wait")
    listed = api.get(f"/api/jobs?project={project.id}&state=queued").json()
    assert [entry["id"] for entry in listed["items"]] == [waiting.id]
    assert api.get("/api/jobs").json()["total"] == 2


def test_an_unknown_kind_is_a_bug_at_once(enqueue: Any):
    with pytest.raises(ValueError, match="no job kind"):
        enqueue("tests.missing")
