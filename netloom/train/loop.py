"""The training loop: plain PyTorch, nothing asked of the device that makes it wait."""

from __future__ import annotations

import dataclasses
import math
import time
from typing import Literal

import torch

from netloom.compile import load_weights, state_weights
from netloom.data.sampler import SamplerPosition
from netloom.graph.document import graph_hash
from netloom.tasks.classification import ClassificationMetrics, pick_samples
from netloom.train.checkpoint import (
    FORMAT,
    SCHEMA,
    CheckpointContent,
    CheckpointKeeper,
    position_fields,
    position_of,
    read_random_states,
    restore_random_states,
)
from netloom.train.control import Control
from netloom.train.emitter import EventWriter
from netloom.train.events import (
    Checkpoint,
    EpochEnd,
    Finished,
    MetricPoint,
    Metrics,
    Phase,
    SamplePrediction,
    Samples,
)
from netloom.train.recorder import NonFiniteLossError, StepRecorder
from netloom.train.session import Session
from netloom.train.steps import evaluate_rows, train_step

_NUM_SAMPLES = 24
FinishReason = Literal["completed", "early_stopped", "stopped", "paused"]


@dataclasses.dataclass(slots=True)
class Best:
    """The best validation so far."""

    metric: float
    step: int


class TrainingLoop:
    """Runs a session from where it stands to its end or until it is asked to stop."""

    def __init__(
        self,
        session: Session,
        keeper: CheckpointKeeper,
        writer: EventWriter,
        control: Control,
        environment: dict[str, str],
    ) -> None:
        self.session = session
        self.step = 0
        self.position = SamplerPosition()
        self.best: Best | None = None
        self.epochs_without_gain = 0
        self._keeper = keeper
        self._writer = writer
        self._control = control
        self._environment = environment
        self.last_checkpoint: str | None = None
        self._saved_step = -1
        self._saved_at = time.monotonic()
        self._recorder: StepRecorder | None = None
        validation_labels = session.dataset.items.labels[session.dataset.validation_rows]
        self._sample_rows = pick_samples(validation_labels, _NUM_SAMPLES)

    def restore(self, content: CheckpointContent) -> None:
        """Continue where a checkpoint was taken."""
        session = self.session
        load_weights(session.module, content["weights"])
        session.optimizer.load_state_dict(content["optimizer"])
        session.scaler.load_state_dict(content["scaler"])
        restore_random_states(content["random"], session.placement.device)
        self.step = content["step"]
        self.position = position_of(content)
        if content["best"] is not None:
            self.best = Best(content["best"]["metric"], int(content["best"]["step"]))
        self.epochs_without_gain = content["epochs_without_gain"]
        self._saved_step = self.step

    def run(self) -> Finished:
        """Train until the end, an early stop or a request.

        Raises:
            NonFiniteLossError: The loss is no number any more; nothing was saved since.
        """
        session = self.session
        config = session.spec.config
        self._recorder = StepRecorder(
            self._writer,
            session.placement.device,
            start_step=self.step,
            total_steps=session.total_steps,
            steps_per_epoch=session.sampler.batches_per_epoch,
            rate=session.schedule.rate,
        )
        while self.position.epoch < config.epochs:
            self._train_epoch(self._recorder)
            metrics = None if self._control.request else self._validate()
            if self._control.request is not None:
                return self._finish("paused" if self._control.request == "pause" else "stopped")
            is_best = self._end_epoch(metrics)
            self.position = SamplerPosition(self.position.epoch + 1, 0)
            if is_best or self._is_save_due():
                self._save(is_best=is_best, metric=self._metric(metrics))
            early_stop = config.early_stop
            if early_stop.is_enabled and self.epochs_without_gain >= early_stop.patience_epochs:
                return self._finish("early_stopped")
        return self._finish("completed")

    def _train_epoch(self, recorder: StepRecorder) -> None:
        """Step through the rest of the epoch; returns early when a stop is asked for."""
        session = self.session
        session.module.train()
        self._phase("training")
        try:
            self._take_steps(recorder)
        except NonFiniteLossError:
            recorder.flush()
            raise
        recorder.flush()

    def _take_steps(self, recorder: StepRecorder) -> None:
        session = self.session
        batches = session.batches.training(
            session.sampler, session.dataset.train_rows, self.position
        )
        began = time.perf_counter()
        for batch in batches:
            ready = time.perf_counter()
            loss, right = train_step(session, batch, self.step)
            self.step += 1
            self.position = dataclasses.replace(self.position, batches=self.position.batches + 1)
            ended = time.perf_counter()
            recorder.add(
                loss,
                right,
                len(batch.labels_B),
                wait_s=ready - began,
                step_s=ended - began,
            )
            if self._control.request is not None:
                break
            is_last = self.position.batches == session.sampler.batches_per_epoch
            if self._is_save_due() and not is_last:
                # After the last step validation comes first, so that no step is saved twice.
                self._save(is_best=False, metric=None)
                self._phase("training")
            began = time.perf_counter()

    def _validate(self) -> ClassificationMetrics | None:
        """Measure the validation items; None without any, or when a stop is asked for."""
        session = self.session
        rows = session.dataset.validation_rows
        if len(rows) == 0:
            return None
        self._phase("validating")
        return evaluate_rows(session, rows, lambda: self._control.request is not None)

    def _end_epoch(self, metrics: ClassificationMetrics | None) -> bool:
        """Report an epoch's validation; returns whether it is the best so far."""
        if metrics is None:
            return False
        epoch = self.position.epoch + 1
        now = time.time()
        values = {
            "loss": metrics.loss,
            "accuracy": metrics.accuracy,
            "balanced_accuracy": metrics.balanced_accuracy,
        }
        if not math.isfinite(metrics.loss):
            raise NonFiniteLossError(self.step)
        point = MetricPoint(
            split="validation", step=self.step, epoch=float(epoch), time_s=now, values=values
        )
        self._writer.emit(Metrics(time_s=now, points=[point]))
        self._writer.emit(
            EpochEnd(
                time_s=now,
                epoch=epoch,
                step=self.step,
                values=values,
                recall_K=metrics.recall_K,
                confusion_KK=metrics.confusion_KK,
            )
        )
        self._send_samples(metrics, epoch, now)
        name = self.session.spec.config.best_metric
        metric = metrics.value(name)
        gain = self.best is None or (
            metric < self.best.metric if name == "loss" else metric > self.best.metric
        )
        if gain:
            self.best = Best(metric, self.step)
            self.epochs_without_gain = 0
        else:
            self.epochs_without_gain += 1
        return gain

    def _send_samples(self, metrics: ClassificationMetrics, epoch: int, now: float) -> None:
        items = self.session.dataset.items
        rows = self.session.dataset.validation_rows
        predictions = [
            SamplePrediction(
                item_id=items.ids[int(rows[row])],
                label=int(items.labels[rows[row]]),
                predicted=int(metrics.predicted[row]),
                confidence=float(metrics.confidence[row]),
            )
            for row in self._sample_rows
        ]
        self._writer.emit(Samples(time_s=now, epoch=epoch, step=self.step, predictions=predictions))

    def _finish(self, reason: FinishReason) -> Finished:
        if self._recorder is not None:
            self._recorder.send_progress()
        if self._saved_step != self.step:
            # Without validation nothing tells checkpoints apart, so the last is the best.
            is_best = self.best is None and reason == "completed"
            self._save(is_best=is_best, metric=None)
        return Finished(
            time_s=time.time(),
            reason=reason,
            step=self.step,
            best_metric=self.best.metric if self.best else None,
            best_step=self.best.step if self.best else None,
        )

    def _is_save_due(self) -> bool:
        return time.monotonic() - self._saved_at >= self.session.spec.config.checkpoint_every_s

    def _save(self, *, is_best: bool, metric: float | None) -> None:
        if self._recorder is not None:
            self._recorder.flush()
        content = self._content()
        if not _all_finite(content["weights"]):
            raise NonFiniteLossError(max(0, self.step - 1))
        self._phase("saving")
        saved = self._keeper.save(content, is_best=is_best)
        self.last_checkpoint = saved.path.name
        self._saved_step = self.step
        self._saved_at = time.monotonic()
        self._writer.emit(
            Checkpoint(
                time_s=time.time(),
                path=saved.path.name,
                step=self.step,
                epoch=self.step / self.session.sampler.batches_per_epoch,
                sha256=saved.sha256,
                size_bytes=saved.size_bytes,
                is_best=is_best,
                is_last=True,
                metric=metric,
            )
        )

    def _content(self) -> CheckpointContent:
        session = self.session
        return {
            "format": FORMAT,
            "schema": SCHEMA,
            "step": self.step,
            "weights": state_weights(session.module),
            "optimizer": session.optimizer.state_dict(),
            "scheduler": {"learning_rate": session.schedule.rate(self.step)},
            "scaler": session.scaler.state_dict(),
            "random": read_random_states(session.placement.device),
            "sampler": position_fields(self.position),
            "best": dataclasses.asdict(self.best) if self.best else None,
            "epochs_without_gain": self.epochs_without_gain,
            "graph_hash": graph_hash(session.spec.document),
            "data_fingerprint": session.dataset.fingerprint,
            "config": session.spec.config.model_dump_json(),
            "environment": self._environment,
        }

    def _metric(self, metrics: ClassificationMetrics | None) -> float | None:
        return metrics.value(self.session.spec.config.best_metric) if metrics else None

    def _phase(self, phase: Literal["training", "validating", "saving"]) -> None:
        self._writer.emit(Phase(time_s=time.time(), phase=phase))


def _all_finite(weights: dict[str, torch.Tensor]) -> bool:
    checks = [torch.isfinite(w).all() for w in weights.values() if w.is_floating_point()]
    return bool(torch.stack(checks).all()) if checks else True
