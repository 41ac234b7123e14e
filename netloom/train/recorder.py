"""Metrics on their way from the device to the pipe.

Losses stay tensors on the device until `flush`, a few times a second: asking a GPU for a number
after every step would make it wait for the host.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray

from netloom.train.device import device_memory_bytes, process_memory_bytes
from netloom.train.emitter import EventWriter
from netloom.train.events import MetricPoint, Metrics, Progress

FLUSH_INTERVAL_S = 0.2
_PROGRESS_INTERVAL_S = 0.5


class NonFiniteLossError(Exception):
    """The loss is NaN or infinite. Attribute `step` is the first such step, counted from 0."""

    def __init__(self, step: int) -> None:
        super().__init__(f"The loss is not finite at step {step}.")
        self.step = step


class StepRecorder:
    """Collects one point per training step and measures the pace.

    Args:
        start_step: The first step that will be recorded.
        other_pids: Processes whose memory counts too.
    """

    def __init__(
        self,
        writer: EventWriter,
        device: torch.device,
        *,
        start_step: int,
        total_steps: int,
        steps_per_epoch: int,
        rate: Callable[[int], float],
        other_pids: Sequence[int] = (),
    ) -> None:
        self._writer = writer
        self._device = device
        self._total_steps = total_steps
        self._steps_per_epoch = steps_per_epoch
        self._rate = rate
        self._other_pids = other_pids
        self._step = start_step
        self._start_step = start_step
        self._losses: list[torch.Tensor] = []
        self._rights: list[torch.Tensor] = []
        self._counts: list[int] = []
        self._times: list[float] = []
        now = time.monotonic()
        self._started = now
        self._flushed = now
        self._progress_at = now - _PROGRESS_INTERVAL_S
        self._window_images = 0
        self._window_wait_s = 0.0
        self._window_step_s = 0.0
        self._images_per_s = 0.0
        self._data_wait_share = 0.0

    def add(
        self, loss: torch.Tensor, right: torch.Tensor, count: int, *, wait_s: float, step_s: float
    ) -> None:
        """Record a step.

        Args:
            loss: Scalar on the device.
            right: Number of right answers, scalar on the device.
            count: Images in the batch.
            wait_s: Time the step waited for its data, part of `step_s`.
        """
        self._losses.append(loss)
        self._rights.append(right)
        self._counts.append(count)
        self._times.append(time.time())
        self._window_images += count
        self._window_wait_s += wait_s
        self._window_step_s += step_s
        self._step += 1
        if time.monotonic() - self._flushed >= FLUSH_INTERVAL_S:
            self.flush()

    def flush(self) -> None:
        """Copy what has gathered, send it, and check it.

        Raises:
            NonFiniteLossError: After sending the points before the first such step.
        """
        self._flushed = time.monotonic()
        if self._losses:
            self._send_points()
        if self._flushed - self._progress_at >= _PROGRESS_INTERVAL_S:
            self.send_progress()

    def send_progress(self) -> None:
        """Send where the run is and how fast it goes."""
        self._progress_at = time.monotonic()
        elapsed_s = self._progress_at - self._started
        done = self._step - self._start_step
        remaining = self._total_steps - self._step
        if self._window_step_s > 0:
            self._images_per_s = self._window_images / self._window_step_s
            self._data_wait_share = min(1.0, self._window_wait_s / self._window_step_s)
        self._writer.emit(
            Progress(
                time_s=time.time(),
                step=self._step,
                total_steps=self._total_steps,
                epoch=self._step / self._steps_per_epoch,
                images_per_s=self._images_per_s,
                data_wait_share=self._data_wait_share,
                memory_bytes=process_memory_bytes(self._other_pids),
                device_memory_bytes=device_memory_bytes(self._device),
                remaining_s=elapsed_s / done * remaining if done else None,
            )
        )
        self._window_images = 0
        self._window_wait_s = 0.0
        self._window_step_s = 0.0

    def _send_points(self) -> None:
        copied = torch.stack([torch.stack(self._losses).float(), torch.stack(self._rights).float()])
        losses, rights = cast(NDArray[np.float32], copied.cpu().numpy()).tolist()
        first = self._step - len(losses)
        finite = next((i for i, x in enumerate(losses) if not math.isfinite(x)), len(losses))
        points = [
            MetricPoint(
                split="train",
                step=first + i + 1,
                epoch=(first + i + 1) / self._steps_per_epoch,
                time_s=self._times[i],
                values={
                    "loss": losses[i],
                    "accuracy": rights[i] / self._counts[i],
                    "learning_rate": self._rate(first + i),
                },
            )
            for i in range(finite)
        ]
        self._losses, self._rights, self._counts, self._times = [], [], [], []
        if points:
            self._writer.emit(Metrics(time_s=time.time(), points=points))
        if finite < len(losses):
            raise NonFiniteLossError(first + finite)
