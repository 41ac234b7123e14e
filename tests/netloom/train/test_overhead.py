"""Promise 8: the engine costs at most 5 % over a bare loop, and data in memory at most 5 % more.

CPU time with one thread, interleaved rounds, best of each: what else runs on the machine matters
little then.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as functional

from netloom.compile import Network, build_module
from netloom.data.items import LabelledItems
from netloom.data.pixels import MemoryPixels
from netloom.data.preprocess import Preprocessing
from netloom.graph.document import Document
from netloom.train import recorder
from netloom.train.checkpoint import CheckpointKeeper
from netloom.train.control import Control
from netloom.train.device import Placement
from netloom.train.emitter import EventWriter
from netloom.train.loop import TrainingLoop
from netloom.train.session import Dataset, Session, build_session
from netloom.train.spec import TrainSpec
from tests.netloom.train.conftest import chain

BATCH_SIZE = 128
STEPS = 20
ROUNDS = 4
LIMIT = 1.05
BUSY_LIMIT = 1.10
"""While others use the same cores and caches, even the bare loop differs from itself by more."""


def small_cnn() -> Document:
    """conv16-conv32-fc64-fc10 on 28 x 28: about 30 ms a step."""
    return chain(
        ("ImageInput", {"height": 28, "width": 28, "channels": 1, "mean": [0.13], "std": [0.31]}),
        ("Conv2d", {"out_channels": 16, "kernel_size": 3, "padding": 1}),
        ("ReLU", {}),
        ("MaxPool2d", {"kernel_size": 2}),
        ("Conv2d", {"out_channels": 32, "kernel_size": 3, "padding": 1}),
        ("ReLU", {}),
        ("MaxPool2d", {"kernel_size": 2}),
        ("Flatten", {}),
        ("Linear", {"out_features": 64}),
        ("ReLU", {}),
        ("Linear", {"out_features": 10}),
        ("Output", {}),
    )


@dataclass
class Bench:
    """The same network and data for every way of training."""

    spec: TrainSpec
    pixels_NCHW: torch.Tensor
    labels_N: torch.Tensor

    @property
    def preprocessing(self) -> Preprocessing:
        return Preprocessing.from_document(self.spec.document)

    def network(self) -> tuple[Network, torch.optim.Optimizer]:
        module = build_module(self.spec.document)
        return module, torch.optim.AdamW(module.parameters(), lr=1e-3, fused=True)

    def on_one_batch(self) -> Callable[[], None]:
        """Return a bare loop on one prepared batch: no data at all."""
        module, optimizer = self.network()
        images = self.preprocessing.normalise(self.pixels_NCHW[:BATCH_SIZE])
        labels = self.labels_N[:BATCH_SIZE]

        def run() -> None:
            for _ in range(STEPS):
                loss = functional.cross_entropy(module(images), labels)
                optimizer.zero_grad(set_to_none=True)
                loss.backward()
                optimizer.step()

        return run

    def bare(self) -> Callable[[], None]:
        """Return the loop a person would write, on the same data in memory."""
        module, optimizer = self.network()
        preprocessing = self.preprocessing

        def run() -> None:
            order = torch.randperm(len(self.labels_N))
            for step in range(STEPS):
                rows = order[step * BATCH_SIZE : (step + 1) * BATCH_SIZE]
                images = preprocessing.normalise(self.pixels_NCHW[rows])
                loss = functional.cross_entropy(module(images), self.labels_N[rows])
                optimizer.zero_grad(set_to_none=True)
                loss.backward()
                optimizer.step()

        return run

    def engine(self, folder: Path, writer: EventWriter) -> Callable[[], None]:
        """Return a run of the engine with its events, metrics and progress."""
        count = len(self.labels_N)
        rows = np.arange(count, dtype=np.int64)
        items = LabelledItems(
            ids=[str(row) for row in rows],
            paths=[],
            digests=[],
            labels=self.labels_N.numpy(),
            splits=["train"] * count,
            classes=[str(k) for k in range(10)],
        )
        dataset = Dataset(
            items, MemoryPixels(self.pixels_NCHW), self.preprocessing, rows, rows[:0], ""
        )
        placement = Placement(torch.device("cpu"), "CPU", "float32", ())
        module = build_module(self.spec.document)

        def run() -> None:
            session: Session = build_session(self.spec, placement, module, dataset)
            keeper = CheckpointKeeper(folder)
            TrainingLoop(session, keeper, writer, Control(), {}).run()

        return run


@pytest.fixture
def bench(make_spec: Callable[..., TrainSpec]) -> Bench:
    generator = torch.Generator().manual_seed(0)
    count = BATCH_SIZE * STEPS
    return Bench(
        make_spec(small_cnn(), batch_size=BATCH_SIZE, epochs=1),
        torch.randint(0, 256, (count, 1, 28, 28), dtype=torch.uint8, generator=generator),
        torch.randint(0, 10, (count,), generator=generator),
    )


@pytest.mark.slow
def test_engine_and_data_cost_at_most_five_percent_each(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The engine reports five times a second. On a busy machine a second holds fewer steps, so
    # the reports are timed by the same clock as the steps.
    clock = SimpleNamespace(monotonic=time.process_time, time=time.time)
    monkeypatch.setattr(recorder, "time", clock)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    sink = os.open(os.devnull, os.O_WRONLY)
    try:
        ways = {
            "one batch": bench.on_one_batch(),
            "bare": bench.bare(),
            "engine": bench.engine(tmp_path, EventWriter(sink)),
        }
        for run in ways.values():
            run()
        best = dict.fromkeys(ways, float("inf"))
        # More rounds only when a disturbed one could decide.
        for _ in range(3):
            for _ in range(ROUNDS):
                for name, run in ways.items():
                    began = time.process_time()
                    run()
                    best[name] = min(best[name], time.process_time() - began)
            engine, data = best["engine"] / best["bare"], best["bare"] / best["one batch"]
            if engine <= LIMIT and data <= LIMIT:
                break
    finally:
        os.close(sink)
        torch.set_num_threads(threads)
    limit = LIMIT if os.getloadavg()[0] <= (os.cpu_count() or 1) else BUSY_LIMIT
    print(f"engine / bare {engine:.3f}, data in memory / none {data:.3f}")  # noqa: T201
    assert engine <= limit
    assert data <= limit
