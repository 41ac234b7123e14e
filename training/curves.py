"""Curves: points packed into blocks of 1,024, read as at most `max_points` buckets.

A block holds its points as rows of little-endian float64 (step, epoch, time, value). A full block
also holds coarser levels, rows of (step, epoch, time, mean, min, max) over 8, 64 and 512 points,
so that a curve of a million points is drawn from a few kilobytes. Points that are newer than the
blocks are read from the events; `fold_metrics` moves them over now and then.

Legend: N points, M buckets; columns 4 of a point, 6 of a bucket.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import numpy.typing as npt
from django.db import transaction

from training.models import MetricBlock, Run, RunEvent
from training.schemas import MetricSeries, RunMetrics

BLOCK_POINTS = 1024
FACTORS = (8, 64, 512)
STEP, EPOCH, TIME, VALUE, MIN, MAX = range(6)

Array = npt.NDArray[np.float64]
Curve = tuple[str, str]


def points_by_curve(events: list[RunEvent]) -> dict[Curve, Array]:
    """Sort the points of `metrics` events by (split, name); arrays are N x 4."""
    rows: dict[Curve, list[tuple[float, float, float, float]]] = defaultdict(list)
    for event in events:
        for point in event.event["points"]:
            for name, value in point["values"].items():
                rows[point["split"], name].append(
                    (point["step"], point["epoch"], point["time_s"], value)
                )
    return {curve: np.array(points, dtype=np.float64) for curve, points in rows.items()}


def fold_metrics(run_id: str) -> None:
    """Move what the events say after `folded_seq` into blocks. Safe to repeat."""
    with transaction.atomic():
        run = Run.objects.select_for_update(no_key=True).get(id=run_id)
        events = list(_unfolded(run))
        for (split, name), points_N4 in points_by_curve(events).items():
            _append(run_id, split, name, points_N4)
        if run.last_seq != run.folded_seq:
            Run.objects.filter(id=run_id).update(folded_seq=run.last_seq)


def forget_after(run_id: str, to_step: int) -> None:
    """Drop the points of steps after `to_step`; the caller has folded and holds the fence."""
    blocks = MetricBlock.objects.filter(run_id=run_id)
    blocks.filter(first_step__gt=to_step).delete()
    for block in blocks.filter(last_step__gt=to_step):
        points_N4 = _unpack(block.points, 4)
        kept_N4 = points_N4[points_N4[:, STEP] <= to_step]
        _save(block, kept_N4)


def read_metrics(
    run: Run, *, split: str | None = None, names: list[str] | None = None, max_points: int = 1000
) -> RunMetrics:
    """Read curves, each with at most `max_points` points, complete up to `last_event`.

    No transaction: the tail is read before the blocks, and what was folded in between is
    recognised by its step.
    """
    now = Run.objects.only("last_seq", "folded_seq").get(id=run.id)
    tails = points_by_curve(_unfolded(now))
    blocks = MetricBlock.objects.filter(run=run).order_by("split", "name", "index")
    stored: dict[Curve, list[tuple[int, int]]] = defaultdict(list)
    for block_split, name, count, last_step in blocks.values_list(
        "split", "name", "count", "last_step"
    ):
        stored[block_split, name].append((count, last_step))
    series: list[MetricSeries] = []
    for curve in sorted(set(stored) | set(tails)):
        if (split and curve[0] != split) or (names and curve[1] not in names):
            continue
        tail_N4 = tails.get(curve, np.empty((0, 4)))
        if curve in stored:
            tail_N4 = tail_N4[tail_N4[:, STEP] > stored[curve][-1][1]]
        num_stored = sum(count for count, _ in stored[curve])
        series.append(_series(run, curve, num_stored, tail_N4, max_points))
    return RunMetrics(series=series, last_event=now.last_seq)


def _unfolded(run: Run) -> list[RunEvent]:
    return list(
        RunEvent.objects.filter(
            run=run, kind="metrics", seq__gt=run.folded_seq, seq__lte=run.last_seq
        ).order_by("seq")
    )


def _append(run_id: str, split: str, name: str, points_N4: Array) -> None:
    last = (
        MetricBlock.objects.filter(run_id=run_id, split=split, name=name).order_by("-index").first()
    )
    if last is not None and last.count < BLOCK_POINTS:
        points_N4 = np.concatenate([_unpack(last.points, 4), points_N4])
        index = last.index
    else:
        index = 0 if last is None else last.index + 1
    for offset in range(0, len(points_N4), BLOCK_POINTS):
        block = MetricBlock.objects.filter(
            run_id=run_id, split=split, name=name, index=index
        ).first() or MetricBlock(run_id=run_id, split=split, name=name, index=index)
        _save(block, points_N4[offset : offset + BLOCK_POINTS])
        index += 1


def _save(block: MetricBlock, points_N4: Array) -> None:
    block.count = len(points_N4)
    block.first_step = int(points_N4[0, STEP])
    block.last_step = int(points_N4[-1, STEP])
    block.points = points_N4.astype("<f8").tobytes()
    is_full = block.count == BLOCK_POINTS
    block.levels = (
        b"".join(_buckets(points_N4, factor).astype("<f8").tobytes() for factor in FACTORS)
        if is_full
        else b""
    )
    block.save()


def _unpack(data: bytes, columns: int) -> Array:
    return np.frombuffer(bytes(data), dtype="<f8").reshape(-1, columns)


def _level(block: MetricBlock, factor: int) -> Array:
    """Buckets of `factor` points; the open last block is bucketed on the fly."""
    if factor == 1 or block.count < BLOCK_POINTS:
        return _buckets(_unpack(block.points, 4), factor)
    start = sum(BLOCK_POINTS // finer for finer in FACTORS if finer < factor)
    levels_M6 = _unpack(block.levels, 6)
    return levels_M6[start : start + BLOCK_POINTS // factor]


def _buckets(rows: Array, factor: int) -> Array:
    """Merge every `factor` rows of points (N x 4) or buckets (M x 6) into one bucket."""
    if rows.shape[1] == 4:
        rows = np.concatenate([rows, rows[:, [VALUE, VALUE]]], axis=1)
    if factor <= 1 or len(rows) == 0:
        return rows
    starts = np.arange(0, len(rows), factor)
    ends = np.minimum(starts + factor, len(rows))
    buckets_M6 = rows[ends - 1].copy()
    buckets_M6[:, VALUE] = np.add.reduceat(rows[:, VALUE], starts) / (ends - starts)
    buckets_M6[:, MIN] = np.minimum.reduceat(rows[:, MIN], starts)
    buckets_M6[:, MAX] = np.maximum.reduceat(rows[:, MAX], starts)
    return buckets_M6


def _series(
    run: Run, curve: Curve, num_stored: int, tail_N4: Array, max_points: int
) -> MetricSeries:
    split, name = curve
    num_points = num_stored + len(tail_N4)
    factor = max((level for level in (1, *FACTORS) if num_points // level >= max_points), default=1)
    blocks = MetricBlock.objects.filter(run=run, split=split, name=name).order_by("index")
    columns = ("count", "points") if factor == 1 else ("count", "levels")
    parts = [_level(block, factor) for block in blocks.only(*columns)]
    rows_M6 = np.concatenate([*parts, _buckets(tail_N4, factor)])
    further = -(-len(rows_M6) // max_points)
    rows_M6 = _buckets(rows_M6, further)
    is_merged = factor * further > 1
    return MetricSeries(
        split=split,  # pyright: ignore[reportArgumentType] - pydantic checks it
        name=name,
        steps=[int(step) for step in rows_M6[:, STEP]],
        epochs=rows_M6[:, EPOCH].tolist(),
        times=rows_M6[:, TIME].tolist(),
        values=rows_M6[:, VALUE].tolist(),
        min=rows_M6[:, MIN].tolist() if is_merged else None,
        max=rows_M6[:, MAX].tolist() if is_merged else None,
    )
