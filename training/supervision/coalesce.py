"""Events on their way to the database: fewer, and safe to store."""

from __future__ import annotations

import math
from collections.abc import Iterable

from netloom.train.events import Checkpoint, Event, MetricPoint, Metrics, Phase, Progress, Rewind


def coalesce(events: Iterable[Event]) -> list[Event]:
    """Join metrics into one event and keep only the newest progress and phase, order kept.

    Points around any other event stay on their side of it.
    """
    kept: list[Event] = []
    for event in events:
        if isinstance(event, Metrics):
            _join_metrics(kept, _finite(event))
            continue
        if isinstance(event, Progress):
            _drop_older_progress(kept)
        elif isinstance(event, Phase) and kept and isinstance(kept[-1], Phase):
            kept.pop()
        kept.append(event)
    return kept


def newest_checkpoints(events: Iterable[Event]) -> list[Event]:
    """Leave out checkpoints that a newer one replaces: only the last and the best will be kept.

    A tiny network that gets better a hundred times a second would otherwise keep its supervisor
    busy storing what the next epoch throws away.
    """
    kept: list[Event] = []
    has_last = has_best = False
    for event in reversed(list(events)):
        if isinstance(event, Rewind):
            has_last = has_best = False
        elif isinstance(event, Checkpoint):
            if has_last and (has_best or not event.is_best):
                continue
            has_last = True
            has_best = has_best or event.is_best
        kept.append(event)
    return kept[::-1]


def _join_metrics(kept: list[Event], event: Metrics) -> None:
    """Add points to the newest metrics when nothing but progress came after them."""
    for index in range(len(kept) - 1, -1, -1):
        earlier = kept[index]
        if isinstance(earlier, Metrics):
            points = [*earlier.points, *event.points]
            kept[index] = Metrics(time_s=event.time_s, points=points)
            return
        if not isinstance(earlier, Progress):
            break
    kept.append(event)


def _drop_older_progress(kept: list[Event]) -> None:
    """Forget the progress that the next one replaces, as far back as only numbers lie between."""
    for index in range(len(kept) - 1, -1, -1):
        if isinstance(kept[index], Progress):
            del kept[index]
            return
        if not isinstance(kept[index], Metrics):
            return


def _finite(event: Metrics) -> Metrics:
    """Leave out values that JSON cannot hold; the trainer reports them as a failure."""
    points: list[MetricPoint] = []
    for point in event.points:
        values = {name: value for name, value in point.values.items() if math.isfinite(value)}
        if values:
            points.append(point.model_copy(update={"values": values}))
    return event.model_copy(update={"points": points})
