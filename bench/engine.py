"""Our training engine and the bare loop a person would write, on the same network and data.

Legend: N items, B batch, C channels, H height, W width.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from bench.timing import Spent
from netloom.compile import build_module
from netloom.data.augment import AugmentationConfig
from netloom.data.items import LabelledItems
from netloom.data.pixels import MemoryPixels, PixelSource
from netloom.data.preprocess import Preprocessing
from netloom.data.sampler import EpochSampler, SamplerPosition
from netloom.graph.document import Document
from netloom.train.batches import Batch
from netloom.train.checkpoint import CheckpointKeeper
from netloom.train.control import Control
from netloom.train.device import Placement, choose_placement, prepare_device
from netloom.train.emitter import EventWriter
from netloom.train.events import EventModel, Phase
from netloom.train.loop import TrainingLoop
from netloom.train.session import Dataset, build_session
from netloom.train.spec import OptimizerConfig, RunConfig, ScheduleConfig, TrainSpec


@dataclass(frozen=True, slots=True)
class Task:
    """What both sides train.

    Attributes:
        num_threads: Threads of torch; set for the whole process.
    """

    document: Document
    pixels_NCHW: torch.Tensor
    labels_N: NDArray[np.int64]
    classes: list[str]
    batch_size: int
    device: str = "cpu"
    precision: Literal["auto", "bfloat16"] = "auto"
    num_threads: int | None = 1

    def placement(self) -> Placement:
        placement = choose_placement(self.device, self.precision)
        prepare_device(placement, self.num_threads)
        return placement

    def spec(self, folder: Path) -> TrainSpec:
        """Return a run of one epoch without augmentation, with plain SGD and momentum."""
        config = RunConfig(
            epochs=1,
            batch_size=self.batch_size,
            device=self.device,
            precision=self.precision,
            optimizer=OptimizerConfig(type="sgd", learning_rate=1e-3, weight_decay=0),
            schedule=ScheduleConfig(type="constant"),
            augmentation=AugmentationConfig(),
            checkpoint_every_s=3600,
        )
        manifest = folder / "manifest.json"
        return TrainSpec(
            document=self.document, manifest=str(manifest), output=str(folder), config=config
        )


class _StepClock(EventWriter):
    """Writes events as usual and measures from the first step to the end of the epoch."""

    def __init__(self, device: torch.device) -> None:
        super().__init__(os.open(os.devnull, os.O_WRONLY))
        self._device = device
        self._began: tuple[float, float] | None = None
        self.spent = Spent(0.0, 0.0)

    def emit(self, event: EventModel) -> None:
        if isinstance(event, Phase) and event.phase == "training":
            self._began = self._now()
        elif isinstance(event, Phase) and self._began is not None:
            wall, cpu = self._now()
            self.spent = Spent(wall - self._began[0], cpu - self._began[1])
            self._began = None
        super().emit(event)

    def _now(self) -> tuple[float, float]:
        synchronise(self._device)
        return time.perf_counter(), time.process_time()


class _ReadyBatches:
    """The same prepared batch again and again: training without any reading of data."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch

    def training(
        self, sampler: EpochSampler, rows: NDArray[np.int64], position: SamplerPosition
    ) -> Iterator[Batch]:
        del rows
        for _ in sampler.batches(position):
            yield self._batch


def synchronise(device: torch.device) -> None:
    """Wait for what a GPU still computes."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def engine_epoch(
    task: Task, folder: Path, pixels: PixelSource | None = None, *, is_ready: bool = False
) -> Callable[[], Spent]:
    """Return an epoch of our engine, with its events, metrics and progress, without its saving.

    Args:
        pixels: Where batches come from; None keeps the task's pixels on the device.
        is_ready: Train on one prepared batch instead.
    """
    placement = task.placement()
    rows = np.arange(len(task.labels_N), dtype=np.int64)
    names = [str(row) for row in rows]
    items = LabelledItems(names, [], [], task.labels_N, ["train"] * len(rows), list(task.classes))
    source = pixels or MemoryPixels(task.pixels_NCHW.to(placement.device))
    preprocessing = Preprocessing.from_document(task.document)
    dataset = Dataset(items, source, preprocessing, rows, rows[:0], "")
    session = build_session(
        task.spec(folder), placement, build_module(task.document).to(placement.device), dataset
    )
    if is_ready:
        first = next(session.batches.training(session.sampler, rows, SamplerPosition()))
        session.batches = _ReadyBatches(first)  # type: ignore[assignment]

    def run() -> Spent:
        clock = _StepClock(placement.device)
        TrainingLoop(session, CheckpointKeeper(folder), clock, Control(), {}).run()
        return clock.spent

    return run


Loader = Callable[[], Iterator[tuple[torch.Tensor, torch.Tensor]]]


def bare_epoch(task: Task, loader: Loader | None = None) -> Callable[[], Spent]:
    """Return an epoch of a bare PyTorch loop: no metrics, no events, no checks.

    Both sides run in this process with the same threads and the same allocator.

    Args:
        loader: Gives images float32 and labels on the device; None gathers them from the task's
            pixels in memory.
    """
    placement = task.placement()
    device = placement.device
    is_cuda = device.type == "cuda"
    memory_format = torch.channels_last if is_cuda else torch.contiguous_format
    module = build_module(task.document).to(device).to(memory_format=memory_format).train()
    optimizer = torch.optim.SGD(module.parameters(), lr=1e-3, momentum=0.9, fused=True)
    pixels_NCHW = task.pixels_NCHW.to(device)
    labels_N = torch.from_numpy(task.labels_N).to(device)
    preprocessing = Preprocessing.from_document(task.document)
    mean_C11 = torch.tensor(preprocessing.mean, device=device)[:, None, None]
    std_C11 = torch.tensor(preprocessing.std, device=device)[:, None, None]

    def from_memory() -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        order = torch.randperm(len(labels_N)).to(device)
        for start in range(0, len(labels_N), task.batch_size):
            rows_B = order[start : start + task.batch_size]
            images_BCHW = pixels_NCHW[rows_B].float().div_(255).sub_(mean_C11).div_(std_C11)
            yield images_BCHW.contiguous(memory_format=memory_format), labels_N[rows_B]

    batches = loader or from_memory

    def run() -> Spent:
        synchronise(device)
        wall, cpu = time.perf_counter(), time.process_time()
        for images_BCHW, labels_B in batches():
            with placement.autocast():
                logits_BK = module(images_BCHW)
            loss = functional.cross_entropy(logits_BK.float(), labels_B)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
        synchronise(device)
        return Spent(time.perf_counter() - wall, time.process_time() - cpu)

    return run
