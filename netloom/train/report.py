"""What is said of an epoch's validation."""

from __future__ import annotations

import time
from collections.abc import Sequence

from netloom.tasks.classification import ClassificationMetrics, pick_samples
from netloom.train.emitter import EventWriter
from netloom.train.events import (
    EpochEnd,
    MetricPoint,
    Metrics,
    SamplePrediction,
    Samples,
    Unfrozen,
)
from netloom.train.session import Session
from netloom.train.unfreeze import FrozenGroup, group_parameters

_NUM_SAMPLES = 24


class EpochReporter:
    """Tells a validation's metrics and what the network says of a few items, always the same."""

    def __init__(self, session: Session, writer: EventWriter) -> None:
        self._items = session.dataset.items
        self._rows = session.dataset.validation_rows
        self._writer = writer
        self._sample_rows = pick_samples(self._items.labels[self._rows], _NUM_SAMPLES)

    def tell(self, metrics: ClassificationMetrics, epoch: int, step: int) -> None:
        """Send everything about the validation after `epoch`, counted from 1."""
        now = time.time()
        values = {
            "loss": metrics.loss,
            "accuracy": metrics.accuracy,
            "balanced_accuracy": metrics.balanced_accuracy,
        }
        point = MetricPoint(
            split="validation", step=step, epoch=float(epoch), time_s=now, values=values
        )
        self._writer.emit(Metrics(time_s=now, points=[point]))
        self._writer.emit(
            EpochEnd(
                time_s=now,
                epoch=epoch,
                step=step,
                values=values,
                recall_K=metrics.recall_K,
                confusion_KK=metrics.confusion_KK,
            )
        )
        predictions = [self._prediction(metrics, row) for row in self._sample_rows]
        self._writer.emit(Samples(time_s=now, epoch=epoch, step=step, predictions=predictions))

    def _prediction(self, metrics: ClassificationMetrics, row: int) -> SamplePrediction:
        item = int(self._rows[row])
        return SamplePrediction(
            item_id=self._items.ids[item],
            label=int(self._items.labels[item]),
            predicted=int(metrics.predicted[row]),
            confidence=float(metrics.confidence[row]),
        )


def tell_unfrozen(
    session: Session, groups: Sequence[FrozenGroup], step: int, writer: EventWriter
) -> None:
    """Say which groups begin to learn after `step`."""
    frozen = session.unfreezing.groups
    for group in groups:
        parameters = {id(each): each for each in group_parameters(session.module, group)}
        writer.emit(
            Unfrozen(
                time_s=time.time(),
                epoch=group.epoch,
                step=step,
                group=group.name,
                num_parameters=sum(each.numel() for each in parameters.values()),
                num_left=len(frozen) - frozen.index(group) - 1,
            )
        )
