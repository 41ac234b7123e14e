"""Events: numbered, joined, thinned out when old, and replayed to who asks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from common.topics import replay_topic
from netloom.train import events as ev
from tests.client import ApiClient
from training.intervals import intervals
from training.models import Run
from training.queue import Worker, claim_next
from training.supervision.coalesce import coalesce, newest_checkpoints
from training.supervision.record import EventRecorder

pytestmark = pytest.mark.django_db


def metrics(*steps: int, value: float = 1.0) -> ev.Metrics:
    points = [
        ev.MetricPoint(split="train", step=step, epoch=0, time_s=0, values={"loss": value})
        for step in steps
    ]
    return ev.Metrics(time_s=0, points=points)


def progress(step: int) -> ev.Progress:
    return ev.Progress(
        time_s=0, step=step, total_steps=9, epoch=0,
        images_per_s=1, data_wait_share=0, memory_bytes=1
    )  # fmt: skip


def checkpoint(step: int, *, is_best: bool = False) -> ev.Checkpoint:
    return ev.Checkpoint(
        time_s=0, path=f"{step}.ckpt", step=step, epoch=step, sha256="0" * 64,
        size_bytes=1, is_best=is_best, is_last=True, metric=None
    )  # fmt: skip


def test_of_a_burst_only_the_last_and_the_best_checkpoint_are_stored() -> None:
    best, last = checkpoint(3, is_best=True), checkpoint(5)
    said = [checkpoint(1, is_best=True), metrics(1), checkpoint(2), best, checkpoint(4), last]
    assert newest_checkpoints(said) == [metrics(1), best, last]
    assert newest_checkpoints([last, best]) == [best]


def test_a_rewind_replaces_no_checkpoint_from_before() -> None:
    rewind = ev.Rewind(time_s=0, to_step=1)
    said = [checkpoint(1), rewind, checkpoint(2)]
    assert newest_checkpoints(said) == said


def test_numbers_are_joined_and_nothing_passes_another_kind() -> None:
    log = ev.Log(time_s=0, level="info", message="between")
    said = [metrics(1), progress(1), metrics(2), progress(2), log, metrics(3), metrics(4)]
    kept = coalesce(said)
    assert [one.event for one in kept] == ["metrics", "progress", "log", "metrics"]
    assert [p.step for one in kept if isinstance(one, ev.Metrics) for p in one.points] == [
        1, 2, 3, 4
    ]  # fmt: skip
    assert isinstance(kept[1], ev.Progress)
    assert kept[1].step == 2


def test_what_json_cannot_hold_is_left_out() -> None:
    (kept,) = coalesce([metrics(1), metrics(2, value=float("nan")), metrics(3)])
    assert isinstance(kept, ev.Metrics)
    assert [point.step for point in kept.points] == [1, 3]


def test_old_events_go_and_the_page_reads_curves_instead(
    api: ApiClient,
    person: Any,
    make_run: Callable[..., Run],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("training.supervision.record.KEPT_EVENTS", 50)
    run = make_run()
    attempt = claim_next(Worker(host="here", name="w", slots={"cpu": 1}))
    assert attempt is not None
    recorder = EventRecorder(attempt, tmp_path, intervals())
    for step in range(1, 601):
        recorder.add([metrics(step), ev.Log(time_s=0, level="info", message=f"step {step}")])
        if step % 100 == 0:
            recorder.flush()
            recorder.fold()
    told = api.get(f"/api/runs/{run.id}/events").json()
    assert told["last_event"] == 1200
    assert told["first_event"] > 1
    curves = api.get(f"/api/runs/{run.id}/metrics").json()
    assert curves["series"][0]["steps"] == list(range(1, 601))

    behind = replay_topic(person, f"run:{run.id}", 3)
    assert (behind.messages, behind.last) == ([], 3)
    assert behind.snapshot is not None
    assert behind.snapshot["last_event"] == 1200
    close = replay_topic(person, f"run:{run.id}", 1195)
    assert [one["seq"] for one in close.messages] == [1196, 1197, 1198, 1199, 1200]
    assert close.last == 1200
