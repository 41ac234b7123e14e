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
from netloom.tasks.classification import ClassificationMetrics
from netloom.train.checkpoint import (
    FORMAT,
    SCHEMA,
    CheckpointContent,
    CheckpointKeeper,
    RandomStates,
    position_fields,
    position_of,
    read_random_states,
    restore_random_states,
)
from netloom.train.control import Control
from netloom.train.emitter import EventWriter
from netloom.train.events import Checkpoint, Finished, Phase
from netloom.train.recorder import NonFiniteLossError, StepRecorder
from netloom.train.report import EpochReporter, tell_unfrozen
from netloom.train.session import Session
from netloom.train.steps import evaluate_rows, train_step

_REQUESTS = (None, "stop", "pause")
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
        self._ranks = session.ranks
        self._request: Literal["stop", "pause"] | None = None
        self._keeper = keeper
        self._writer = writer
        self._control = control
        self._environment = environment
        self.last_checkpoint: str | None = None
        self._saved_step = -1
        self._saved_at = time.monotonic()
        self._recorder: StepRecorder | None = None
        self._reporter = EpochReporter(session, writer)

    def restore(self, content: CheckpointContent) -> None:
        """Continue where a checkpoint was taken."""
        session = self.session
        load_weights(session.module, content["weights"])
        session.optimizer.load_state_dict(content["optimizer"])
        session.scaler.load_state_dict(content["scaler"])
        states = [content["random"], *content.get("other_random", [])]
        if self._ranks.index < len(states):
            restore_random_states(states[self._ranks.index], session.placement.device)
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
            other_pids=self._ranks.pids,
        )
        while self.position.epoch < config.epochs:
            self._train_epoch(self._recorder)
            metrics = None if self._request else self._validate()
            if self._request is not None:
                return self._finish("paused" if self._request == "pause" else "stopped")
            is_best = self._end_epoch(metrics)
            self.position = SamplerPosition(self.position.epoch + 1, 0)
            if self._consult() or is_best:
                self._save(is_best=is_best, metric=self._metric(metrics))
            early_stop = config.early_stop
            if early_stop.is_enabled and self.epochs_without_gain >= early_stop.patience_epochs:
                return self._finish("early_stopped")
        return self._finish("completed")

    def _train_epoch(self, recorder: StepRecorder) -> None:
        """Step through the rest of the epoch; returns early when a stop is asked for."""
        session = self.session
        thawed = session.unfreeze(self.position.epoch)
        if self.position.batches == 0:
            # Resumed within an epoch, all of them have been told before.
            due = [group for group in thawed if group.epoch == self.position.epoch]
            tell_unfrozen(session, due, self.step, self._writer)
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
                batch.num_items,
                wait_s=ready - began,
                step_s=ended - began,
            )
            is_save_due = self._consult()
            if self._request is not None:
                break
            is_last = self.position.batches == session.sampler.batches_per_epoch
            if is_save_due and not is_last:
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
        return evaluate_rows(session, rows, self._is_asked_to_end)

    def _end_epoch(self, metrics: ClassificationMetrics | None) -> bool:
        """Report an epoch's validation; returns whether it is the best so far."""
        if metrics is None:
            return False
        if not math.isfinite(metrics.loss):
            raise NonFiniteLossError(self.step)
        self._reporter.tell(metrics, self.position.epoch + 1, self.step)
        name = self.session.spec.config.best_metric
        metric = metrics.value(name)
        gain = self.best is None or (
            metric < self.best.metric if name == "loss" else metric > self.best.metric
        )
        (gain,) = self._ranks.follow([gain])
        if gain:
            self.best = Best(metric, self.step)
            self.epochs_without_gain = 0
        else:
            self.epochs_without_gain += 1
        return bool(gain)

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

    def _consult(self) -> bool:
        """Take note of what rank 0 was asked for; returns whether a checkpoint is due.

        All ranks call it at the same places, so that they stop and save at the same step.
        """
        every_s = self.session.spec.config.checkpoint_every_s
        is_save_due = time.monotonic() - self._saved_at >= every_s
        if self._ranks.is_alone:
            self._request = self._control.request
            return is_save_due
        mine = _REQUESTS.index(self._control.request)
        request, is_due = self._ranks.follow([mine, is_save_due])
        self._request = _REQUESTS[request]
        return bool(is_due)

    def _is_asked_to_end(self) -> bool:
        self._consult()
        return self._request is not None

    def _save(self, *, is_best: bool, metric: float | None) -> None:
        if self._recorder is not None:
            self._recorder.flush()
        states = self._read_random_states()
        self._saved_step = self.step
        if not self._ranks.is_lead:
            return
        self._phase("saving")
        content = self._content(states)
        if not _all_finite(content["weights"]):
            raise NonFiniteLossError(max(0, self.step - 1))
        saved = self._keeper.save(content, is_best=is_best)
        self.last_checkpoint = saved.path.name
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

    def _read_random_states(self) -> list[RandomStates]:
        mine = read_random_states(self.session.placement.device)
        return [mine] if self._ranks.is_alone else self._ranks.gather(mine)

    def _content(self, states: list[RandomStates]) -> CheckpointContent:
        session = self.session
        return {
            "format": FORMAT,
            "schema": SCHEMA,
            "step": self.step,
            "weights": state_weights(session.module),
            "optimizer": session.optimizer.state_dict(),
            "scheduler": {"learning_rate": session.schedule.rate(self.step)},
            "scaler": session.scaler.state_dict(),
            "random": states[0],
            "other_random": states[1:],
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
