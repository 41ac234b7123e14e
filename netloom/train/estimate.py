"""Time and memory of a run before it starts, measured by a few real steps."""

from __future__ import annotations

import math
import os
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict

from netloom.compile import build_module, state_weights
from netloom.data.decode_pool import load_items
from netloom.data.items import LabelledItems
from netloom.data.manifest import Manifest
from netloom.data.pixels import MemoryPixels, fits_in_memory
from netloom.data.preprocess import Preprocessing
from netloom.data.sampler import SamplerPosition
from netloom.data.tensors import as_tensor
from netloom.train.check import check_spec
from netloom.train.device import choose_placement, prepare_device
from netloom.train.diagnose import describe_failure
from netloom.train.session import Dataset, Session, build_session
from netloom.train.spec import TrainSpec
from netloom.train.steps import evaluate_rows, train_step

_NUM_DECODED = 16
_TRIAL_BUDGET_S = 0.8


class Estimate(BaseModel):
    """What a run will take.

    Attributes:
        seconds: The whole run while the machine is as busy as now: reading the data, all epochs
            with validation and a checkpoint.
        load_seconds: Decoding the data once; 0 when that happens during training.
        memory_bytes: Largest resident memory of the trainer.
        device_memory_bytes: Largest memory on the GPU, None on a CPU.
        data_bytes: Decoded images in memory, part of `memory_bytes`.
        checkpoint_bytes: Size of one checkpoint.
    """

    model_config = ConfigDict(frozen=True)

    seconds: float
    seconds_per_epoch: float
    load_seconds: float
    step_seconds: float
    steps_per_epoch: int
    memory_bytes: int
    device_memory_bytes: int | None
    data_bytes: int
    data_tier: Literal["memory", "decode"]
    checkpoint_bytes: int
    device: str
    precision: str


class EstimateError(Exception):
    """The run could not start, so there is nothing to estimate."""


def estimate(spec: TrainSpec) -> Estimate:
    """Try a few steps of a run on a few of its images.

    Raises:
        EstimateError: The trial cannot run; the text says why and what to do.
    """
    try:
        manifest = Manifest.read(Path(spec.manifest))
        errors = [p.message for p in check_spec(spec, manifest) if p.severity == "error"]
        if errors:
            raise EstimateError(" ".join(errors))
        return _try(spec, manifest)
    except EstimateError:
        raise
    except Exception as error:
        raise EstimateError(describe_failure(error, None).message) from error


def _try(spec: TrainSpec, manifest: Manifest) -> Estimate:
    placement = choose_placement(spec.config.device, spec.config.precision)
    prepare_device(placement, spec.num_threads)
    preprocessing = Preprocessing.from_document(spec.document)
    folder = Path(spec.manifest).resolve().parent
    items = LabelledItems.select(manifest, folder, ("train", "validation"))
    num_items = len(items.paths)
    is_memory = fits_in_memory(num_items, preprocessing, spec.data_memory_bytes)

    dataset, item_s = _trial_dataset(items, preprocessing, spec.config.batch_size)
    module = build_module(spec.document, seed=spec.config.seed).to(placement.device)
    session = build_session(spec, placement, module, dataset)
    step_s, evaluation_s = _time_steps(session)
    checkpoint_bytes, save_s = _try_save(session)

    num_train, num_validation = len(items.rows("train")), len(items.rows("validation"))
    steps = -(-num_train // spec.config.batch_size)
    # A process decodes while the loop computes; only what exceeds the step is waited for.
    decode_s = 0.0 if is_memory else item_s * spec.config.batch_size / max(1, spec.num_workers)
    epoch_s = steps * max(step_s, decode_s) + num_validation * (
        evaluation_s if is_memory else max(evaluation_s, item_s / max(1, spec.num_workers))
    )
    load_s = item_s * num_items if is_memory else 0.0
    data_bytes = num_items * preprocessing.item_bytes if is_memory else 0
    is_cuda = placement.device.type == "cuda"
    return Estimate(
        # A run that learns saves after most epochs, because each is the best so far.
        seconds=load_s + spec.config.epochs * (epoch_s + save_s),
        seconds_per_epoch=epoch_s,
        load_seconds=load_s,
        step_seconds=step_s,
        steps_per_epoch=steps,
        memory_bytes=_peak_memory_bytes() + data_bytes,
        device_memory_bytes=(torch.cuda.max_memory_reserved(placement.device) if is_cuda else None),
        data_bytes=data_bytes,
        data_tier="memory" if is_memory else "decode",
        checkpoint_bytes=checkpoint_bytes,
        device=str(placement.device),
        precision=placement.precision,
    )


def _trial_dataset(
    items: LabelledItems, preprocessing: Preprocessing, batch_size: int
) -> tuple[Dataset, float]:
    """Decode a few images spread over the data, repeated to one batch; also seconds per image."""
    count = len(items.paths)
    spread = np.unique(np.linspace(0, count - 1, min(count, _NUM_DECODED)).astype(np.int64))
    picks: list[int] = spread.tolist()
    load_items([items.paths[0]], preprocessing)  # The first image also loads Pillow's plugins.
    began = time.perf_counter()
    pixels = load_items([items.paths[row] for row in picks], preprocessing)
    item_s = (time.perf_counter() - began) / len(picks)
    repeats = np.resize(np.arange(len(picks)), batch_size)
    rows = np.arange(batch_size, dtype=np.int64)
    trial = LabelledItems(
        ids=[items.ids[picks[i]] for i in repeats],
        paths=[items.paths[picks[i]] for i in repeats],
        digests=[""] * batch_size,
        labels=items.labels[spread[repeats]],
        splits=["train"] * batch_size,
        classes=items.classes,
    )
    source = MemoryPixels(as_tensor(pixels[repeats]))
    return Dataset(trial, source, preprocessing, rows, rows, ""), item_s


def _time_steps(session: Session) -> tuple[float, float]:
    """Return seconds per training step and per validated image."""
    device = session.placement.device
    # The first step also allocates, picks kernels and builds the optimiser's state.
    _time_step(session, 0)
    times = [_time_step(session, 1)]
    began = time.perf_counter()
    while time.perf_counter() - began < _TRIAL_BUDGET_S:
        times.append(_time_step(session, len(times) + 1))
    start = time.perf_counter()
    evaluate_rows(session, session.dataset.validation_rows, lambda: False)
    _wait_for(device)
    evaluation_s = (time.perf_counter() - start) / len(session.dataset.validation_rows)
    return statistics.mean(times), evaluation_s


def _time_step(session: Session, epoch: int) -> float:
    """Take the one step of a trial epoch; returns seconds, its data included."""
    session.module.train()
    start = time.perf_counter()
    for batch in session.batches.training(
        session.sampler, session.dataset.train_rows, SamplerPosition(epoch)
    ):
        train_step(session, batch, 0)
    _wait_for(session.placement.device)
    return time.perf_counter() - start


def _wait_for(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _try_save(session: Session) -> tuple[int, float]:
    """Write weights and optimiser state once; returns bytes and seconds."""
    began = time.perf_counter()
    content = {
        "weights": state_weights(session.module),
        "optimizer": session.optimizer.state_dict(),
    }
    with tempfile.TemporaryFile() as file:
        torch.save(content, file)
        file.flush()
        os.fsync(file.fileno())
        return file.tell(), time.perf_counter() - began


def _peak_memory_bytes() -> int:
    unit = 1 if sys.platform == "darwin" else 1024
    return math.ceil(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit)
