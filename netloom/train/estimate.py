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
import psutil
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
from netloom.train.device import Placement, choose_placement, prepare_device
from netloom.train.diagnose import describe_failure
from netloom.train.session import Dataset, Session, build_session
from netloom.train.spec import TrainSpec, num_cores
from netloom.train.steps import evaluate_rows, train_step

_NUM_DECODED = 16
_TRIAL_BUDGET_S = 0.8
_MEETING_S = 5e-4
"""Two or three small messages between the processes of a step."""
_GLOO_BYTES_PER_S, _NCCL_BYTES_PER_S = 1e9, 2e10


class Estimate(BaseModel):
    """What a run will take.

    Attributes:
        seconds: The whole run while the machine is as busy as now: the start of the process,
            reading the data, all epochs with validation and a checkpoint.
        start_seconds: Until the process has loaded torch, built the network and taken what its
            first step takes longer than the others.
        load_seconds: Decoding the data once; 0 when that happens during training.
        step_seconds: One step, with the exchange of gradients between several devices.
        memory_bytes: Largest resident memory of the trainer's processes together.
        device_memory_bytes: Largest memory on each GPU, None on a CPU.
        data_bytes: Decoded images in memory, part of `memory_bytes`.
        checkpoint_bytes: Size of one checkpoint.
    """

    model_config = ConfigDict(frozen=True)

    seconds: float
    start_seconds: float
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
    count = spec.config.devices
    placement = choose_placement(spec.config.device, spec.config.precision, count=count)
    prepare_device(placement, spec.threads_per_device)
    preprocessing = Preprocessing.from_document(spec.document)
    folder = Path(spec.manifest).resolve().parent
    items = LabelledItems.select(manifest, folder, ("train", "validation"))
    num_items = len(items.paths)
    is_memory = fits_in_memory(num_items, preprocessing, spec.data_memory_bytes)

    dataset, item_s, spent_s = _trial_dataset(
        items, preprocessing, -(-spec.config.batch_size // count)
    )
    module = build_module(spec.document, seed=spec.config.seed).to(placement.device)
    session = build_session(_for_one_device(spec), placement, module, dataset)
    session.unfreeze(spec.config.epochs - 1)  # A step takes most once all is thawed.
    start_s = time.time() - psutil.Process().create_time() - spent_s
    first_s, step_s, evaluation_s = _time_steps(session)
    checkpoint_bytes, save_s = _try_save(session)

    crowding = _crowding(spec, placement)
    step_s = step_s * crowding + _exchange_s(session, count)
    num_train, num_validation = len(items.rows("train")), len(items.rows("validation"))
    steps = -(-num_train // spec.config.batch_size)
    # A process decodes while the loop computes; only what exceeds the step is waited for.
    num_decoders = max(1, spec.num_workers)
    decode_s = 0.0 if is_memory else item_s * spec.config.batch_size / num_decoders
    validate_s = evaluation_s * crowding / count
    epoch_s = steps * max(step_s, decode_s) + num_validation * (
        validate_s if is_memory else max(validate_s, item_s / num_decoders)
    )
    load_s = item_s * num_items if is_memory else 0.0
    data_bytes = num_items * preprocessing.item_bytes if is_memory else 0
    copies = 1 if spec.cache else count
    start_s = (start_s + max(0.0, first_s - step_s)) * max(1.0, count / num_cores())
    is_cuda = placement.device.type == "cuda"
    return Estimate(
        # A run that learns saves after most epochs, because each is the best so far.
        seconds=start_s + load_s + spec.config.epochs * (epoch_s + save_s),
        start_seconds=start_s,
        seconds_per_epoch=epoch_s,
        load_seconds=load_s,
        step_seconds=step_s,
        steps_per_epoch=steps,
        memory_bytes=_peak_memory_bytes() * count + data_bytes * copies,
        device_memory_bytes=(torch.cuda.max_memory_reserved(placement.device) if is_cuda else None),
        data_bytes=data_bytes,
        data_tier="memory" if is_memory else "decode",
        checkpoint_bytes=checkpoint_bytes,
        device=str(placement.device),
        precision=placement.precision,
    )


def _for_one_device(spec: TrainSpec) -> TrainSpec:
    """Return what one of the run's devices does: its share of every batch."""
    share = -(-spec.config.batch_size // spec.config.devices)
    return spec.model_copy(
        update={"config": spec.config.model_copy(update={"batch_size": share, "devices": 1})}
    )


def _crowding(spec: TrainSpec, placement: Placement) -> float:
    """Return how much slower processes on one CPU are than the one that was tried alone."""
    if placement.device.type == "cuda" or spec.config.devices == 1:
        return 1.0
    return max(1.0, spec.config.devices * torch.get_num_threads() / num_cores())


def _exchange_s(session: Session, count: int) -> float:
    """Return roughly how long adding up the gradients of several devices takes."""
    if count == 1:
        return 0.0
    parameters = [p for p in session.module.parameters() if p.requires_grad]
    size_bytes = sum(p.nelement() * p.element_size() for p in parameters)
    is_cuda = session.placement.device.type == "cuda"
    rate = _NCCL_BYTES_PER_S if is_cuda else _GLOO_BYTES_PER_S
    return _MEETING_S + 2 * (count - 1) / count * size_bytes / rate


def _trial_dataset(
    items: LabelledItems, preprocessing: Preprocessing, batch_size: int
) -> tuple[Dataset, float, float]:
    """Decode a few images spread over the data, repeated to one batch.

    Returns:
        The data, seconds per image, and what all of it took.
    """
    start = time.perf_counter()
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
    dataset = Dataset(trial, source, preprocessing, rows, rows, "")
    return dataset, item_s, time.perf_counter() - start


def _time_steps(session: Session) -> tuple[float, float, float]:
    """Return seconds of the first training step, of a later one, and per validated image."""
    device = session.placement.device
    # The first step also allocates, picks kernels and builds the optimiser's state.
    first_s = _time_step(session, 0)
    times = [_time_step(session, 1)]
    began = time.perf_counter()
    while time.perf_counter() - began < _TRIAL_BUDGET_S:
        times.append(_time_step(session, len(times) + 1))
    start = time.perf_counter()
    evaluate_rows(session, session.dataset.validation_rows, lambda: False)
    _wait_for(device)
    evaluation_s = (time.perf_counter() - start) / len(session.dataset.validation_rows)
    return first_s, statistics.mean(times), evaluation_s


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
