"""The queue: turns between people, one winner a claim, writes of stale attempts refused."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from training import lifecycle
from training.fencing import StaleAttempt, fenced
from training.models import Attempt, Run, State
from training.queue import Worker, claim_next, devices_for, queue_order
from training.reconcile import Reconciler

MakeRun = Callable[..., Run]


def worker(name: str = "w", **slots: int) -> Worker:
    return Worker(host="here", name=name, slots=slots or {"cpu": 1})


def end(attempt: Attempt) -> None:
    with fenced(attempt.run_id, attempt.number) as run:
        lifecycle.finish(run, State.SUCCEEDED)
        lifecycle.close_attempt(run, exit_cause="completed", exit_code=0)


@pytest.mark.parametrize(
    ("wanted", "available", "devices"),
    [
        ("auto", ["cpu"], ["cpu"]),
        ("auto", ["cpu", "cuda:0", "cuda:1"], ["cuda:0", "cuda:1"]),
        ("cuda", ["cpu", "cuda:1"], ["cuda:1"]),
        ("cuda:1", ["cpu", "cuda:0"], []),
        ("cpu", ["cpu", "cuda:0"], ["cpu"]),
    ],
)
def test_a_run_takes_the_device_it_asks_for(
    wanted: str, available: list[str], devices: list[str]
) -> None:
    assert devices_for(wanted, available) == devices


@pytest.mark.django_db
def test_people_take_turns(make_run: MakeRun, make_person: Callable[..., Any]) -> None:
    ada, bob = make_person("Ada"), make_person("Bob")
    names = [("a1", ada), ("a2", ada), ("a3", ada), ("b1", bob), ("b2", bob)]
    for name, author in names:
        make_run(name=name, author=author)
    assert [run.name for run in queue_order()] == ["a1", "b1", "a2", "b2", "a3"]

    first = claim_next(worker())
    assert first is not None
    assert first.run.name == "a1"
    assert [run.name for run in queue_order()] == ["b1", "a2", "b2", "a3"]
    end(first)
    assert [run.name for run in queue_order()] == ["b1", "a2", "b2", "a3"]


@pytest.mark.django_db
def test_a_device_has_so_many_slots(make_run: MakeRun) -> None:
    for _ in range(3):
        make_run()
    two = worker(cpu=2)
    attempts = [claim_next(two), claim_next(two)]
    assert claim_next(two) is None
    assert attempts[0] is not None
    end(attempts[0])
    assert claim_next(two) is not None


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_one_claims(make_run: MakeRun) -> None:
    run = make_run()
    claimed: list[Attempt | None] = []
    start = threading.Barrier(6)

    def claim(index: int) -> None:
        start.wait()
        claimed.append(claim_next(Worker(host=f"host{index}", name="w", slots={"cpu": 1})))
        connection.close()

    threads = [threading.Thread(target=claim, args=[index]) for index in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([one for one in claimed if one is not None]) == 1
    run.refresh_from_db()
    assert (run.state, run.attempt) == (State.CLAIMED, 1)


@pytest.mark.django_db
def test_a_stale_attempt_writes_nothing(make_run: MakeRun) -> None:
    run = make_run()
    first = claim_next(worker())
    assert first is not None
    with fenced(run.id, 1) as mine:
        lifecycle.requeue(mine)
        lifecycle.close_attempt(mine, exit_cause="lost", exit_code=None)
    second = claim_next(worker("other"))
    assert second is not None
    assert second.number == 2

    def write_as_first() -> None:
        with fenced(run.id, 1) as stale:
            stale.name = "overwritten"
            stale.save()

    with pytest.raises(StaleAttempt):
        write_as_first()
    with fenced(run.id, 2) as current:
        assert current.name != "overwritten"


@pytest.mark.django_db
def test_a_lease_is_judged_by_the_heartbeat_alone(
    make_run: MakeRun, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [1000.0]
    monkeypatch.setattr("training.reconcile.time.monotonic", lambda: clock[0])
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(
        update={"lease_s": 45.0, "reconcile_s": 0.001, "max_restarts": 1}
    )
    run = make_run()
    attempt = claim_next(worker())
    assert attempt is not None
    reconciler = Reconciler()
    reconciler.look()
    clock[0] += 44
    Attempt.objects.filter(pk=attempt.pk).update(heartbeat=1)
    reconciler.look()
    clock[0] += 44
    reconciler.look()
    run.refresh_from_db()
    assert run.state == State.CLAIMED

    clock[0] += 2
    reconciler.look()
    run.refresh_from_db()
    assert run.state in (State.INTERRUPTED, State.QUEUED)
    attempt.refresh_from_db()
    assert "lost its connection" in (attempt.exit_cause or "")


@pytest.mark.django_db
def test_a_run_that_keeps_dying_fails_with_the_cause(make_run: MakeRun, settings: Any) -> None:
    from training.reconcile import expire

    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"max_restarts": 2})
    run = make_run()
    for _ in range(3):
        Run.objects.filter(id=run.id, state=State.INTERRUPTED).update(state=State.QUEUED)
        attempt = claim_next(worker())
        assert attempt is not None
        assert expire(attempt)
    run.refresh_from_db()
    assert run.state == State.FAILED
    assert run.failure is not None
    assert run.failure["code"] == "crashed"
    assert "3 times" in run.failure["message"]
