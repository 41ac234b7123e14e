"""Curves in blocks: nothing lost, few points sent, nothing left of what was superseded."""

from __future__ import annotations

from typing import Any

import pytest

from netloom.train.events import MetricPoint, Metrics
from training.curves import BLOCK_POINTS, fold_metrics, forget_after, read_metrics
from training.models import MetricBlock, Run, RunEvent

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(make_run: Any) -> Run:
    return make_run()


def add_points(run: Run, steps: range, value: Any = float) -> None:
    """What a supervisor commits: one numbered event."""
    points = [
        MetricPoint(
            split="train", step=step, epoch=step / 10, time_s=0.0, values={"loss": value(step)}
        )
        for step in steps
    ]
    run.last_seq += 1
    event = Metrics(time_s=0.0, points=points).model_dump(mode="json")
    RunEvent.objects.create(run=run, seq=run.last_seq, kind="metrics", event=event)
    run.save(update_fields=["last_seq"])


def loss_of(run: Run, max_points: int = 20_000) -> Any:
    (series,) = read_metrics(run, max_points=max_points).series
    return series


def test_points_are_whole_whether_folded_or_not(run: Run) -> None:
    add_points(run, range(1, 1501))
    assert loss_of(run).steps == list(range(1, 1501))
    fold_metrics(run.id)
    fold_metrics(run.id)
    add_points(run, range(1501, 2501))
    assert loss_of(run).steps == list(range(1, 2501))
    assert loss_of(run).values == [float(step) for step in range(1, 2501)]
    fold_metrics(run.id)
    assert loss_of(run).steps == list(range(1, 2501))
    sizes = MetricBlock.objects.order_by("index").values_list("count", flat=True)
    assert list(sizes) == [BLOCK_POINTS, BLOCK_POINTS, 2500 - 2 * BLOCK_POINTS]


@pytest.mark.parametrize("max_points", [2, 10, 100, 1000])
def test_a_long_curve_is_sent_as_buckets_that_hide_no_spike(run: Run, max_points: int) -> None:
    add_points(
        run, range(1, 20_001), lambda step: 99.0 if step == 7777 else -5.0 if step == 3 else 1.0
    )
    fold_metrics(run.id)
    series = loss_of(run, max_points)
    assert max_points / 2.1 <= len(series.steps) <= max_points
    assert max(series.max) == 99.0
    assert min(series.min) == -5.0
    assert series.steps == sorted(series.steps)
    assert series.steps[-1] == 20_000


def test_superseded_points_are_gone(run: Run) -> None:
    add_points(run, range(1, 3001))
    fold_metrics(run.id)
    forget_after(run.id, 1030)
    assert loss_of(run).steps == list(range(1, 1031))
    add_points(run, range(1031, 1101), lambda step: -float(step))
    fold_metrics(run.id)
    series = loss_of(run)
    assert series.steps == list(range(1, 1101))
    assert series.values[-1] == -1100.0


def test_only_what_was_asked_for_is_read(run: Run) -> None:
    add_points(run, range(1, 10))
    assert read_metrics(run, split="validation").series == []
    assert read_metrics(run, names=["accuracy"]).series == []
    assert len(read_metrics(run, split="train", names=["loss"]).series) == 1
