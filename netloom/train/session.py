"""Everything a run is made of, built from its specification before the first step."""

from __future__ import annotations

import gc
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from netloom.compile import Network
from netloom.data.items import LabelledItems
from netloom.data.manifest import Manifest
from netloom.data.pixels import (
    DEVICE_MEMORY_SHARE,
    DecodedPixels,
    MemoryPixels,
    PixelSource,
    fits_in_memory,
    load_pixels,
)
from netloom.data.preprocess import Preprocessing
from netloom.data.sampler import EpochSampler
from netloom.tasks.classification import ClassificationLoss
from netloom.tasks.output import find_final_softmax
from netloom.train.batches import BatchMaker
from netloom.train.control import Control
from netloom.train.device import DeviceError, Placement
from netloom.train.emitter import EventWriter
from netloom.train.events import Phase
from netloom.train.optimize import Schedule, make_optimizer
from netloom.train.ranks import ALONE, Ranks
from netloom.train.spec import TrainSpec
from netloom.train.unfreeze import FrozenGroup, Unfreezing

_PHASE_INTERVAL_S = 0.2


@dataclass(slots=True)
class Dataset:
    """Pixels and labels of training and validation items, and their fingerprint."""

    items: LabelledItems
    pixels: PixelSource
    preprocessing: Preprocessing
    train_rows: NDArray[np.int64]
    validation_rows: NDArray[np.int64]
    fingerprint: str


@dataclass(slots=True)
class Session:
    """The parts of a run, ready to step.

    Attributes:
        module: The network, for measuring and saving.
        trained: What a training step calls: the network, or what adds up its gradients over all
            devices.
    """

    spec: TrainSpec
    placement: Placement
    module: Network
    trained: torch.nn.Module
    dataset: Dataset
    sampler: EpochSampler
    batches: BatchMaker
    loss: ClassificationLoss
    optimizer: torch.optim.Optimizer
    schedule: Schedule
    scaler: torch.amp.GradScaler
    unfreezing: Unfreezing
    is_probability: bool
    ranks: Ranks = ALONE

    @property
    def num_classes(self) -> int:
        """Number of classes of the dataset."""
        return len(self.dataset.items.classes)

    @property
    def total_steps(self) -> int:
        """Optimiser steps of the whole run."""
        return self.sampler.batches_per_epoch * self.spec.config.epochs

    def unfreeze(self, epoch: int) -> tuple[FrozenGroup, ...]:
        """Thaw what learns once so many epochs are over; returns what did not before."""
        thawed = self.unfreezing.advance(self.module, epoch)
        if thawed and not self.ranks.is_alone:
            # What adds up gradients takes those of parameters that learned when it was made; the
            # hooks of the former one go with it.
            self.optimizer.zero_grad(set_to_none=True)
            self.trained = self.module
            gc.collect()
            self.trained = share_gradients(self.module, self.placement.device, self.ranks)
        return thawed


def open_dataset(
    spec: TrainSpec,
    manifest: Manifest,
    device: torch.device,
    writer: EventWriter,
    control: Control,
    ranks: Ranks = ALONE,
) -> Dataset:
    """Bring the pixels where they are read fastest: device, memory, or decoded on the way.

    Rank 0 fills the cache before the others read it.
    """
    preprocessing = Preprocessing.from_document(spec.document)
    folder = Path(spec.manifest).resolve().parent
    items = LabelledItems.select(manifest, folder, ("train", "validation"))
    digests = items.content_digests(control.raise_if_requested)
    # Without a cache every rank holds all pixels for itself.
    copies = 1 if spec.cache else ranks.count
    fits = fits_in_memory(len(items.paths) * copies, preprocessing, spec.data_memory_bytes)
    (is_memory,) = ranks.follow([fits])
    if is_memory:
        if spec.cache and not ranks.is_lead:
            ranks.wait()
        pixels: PixelSource = _to_device(
            load_pixels(
                items,
                preprocessing,
                digests=digests,
                cache=Path(spec.cache) if spec.cache else None,
                num_workers=spec.workers_per_device,
                progress=_CachingProgress(writer, control),
                warn=lambda message: writer.log("warning", message),
            ),
            device,
        )
        if spec.cache and ranks.is_lead:
            ranks.wait()
    else:
        pixels = DecodedPixels(items.paths, preprocessing, spec.workers_per_device, items.digests)
    return Dataset(
        items=items,
        pixels=pixels,
        preprocessing=preprocessing,
        train_rows=items.rows("train"),
        validation_rows=items.rows("validation"),
        fingerprint=items.fingerprint(digests),
    )


def build_session(
    spec: TrainSpec,
    placement: Placement,
    module: Network,
    dataset: Dataset,
    ranks: Ranks = ALONE,
) -> Session:
    """Put the parts together: batches, loss, optimiser, schedule.

    Raises:
        DeviceError: There are batches with fewer items than devices.
    """
    config = spec.config
    device = placement.device
    if not ranks.is_alone and device.type == "cuda":
        torch.nn.SyncBatchNorm.convert_sync_batchnorm(module)  # pyright: ignore[reportUnknownMemberType]
    is_channels_last = device.type == "cuda" and has_convolution(module)
    if is_channels_last:
        module.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue, reportUnknownMemberType]
    sampler = EpochSampler(len(dataset.train_rows), config.batch_size, config.seed)
    if sampler.num_items // sampler.batches_per_epoch < ranks.count:
        raise DeviceError(
            f"The smallest batch has {sampler.num_items // sampler.batches_per_epoch} items, which "
            f"{ranks.count} devices cannot share. Choose fewer devices or larger batches."
        )
    loss = ClassificationLoss(
        config.task,
        dataset.items.labels[dataset.train_rows],
        len(dataset.items.classes),
        device,
    )
    unfreezing = Unfreezing(config.unfreeze, module)
    return Session(
        spec=spec,
        placement=placement,
        module=module,
        trained=share_gradients(module, device, ranks),
        dataset=dataset,
        sampler=sampler,
        batches=BatchMaker(
            dataset.pixels,
            dataset.items.labels,
            dataset.preprocessing,
            device,
            augmentation=config.augmentation,
            seed=config.seed,
            is_channels_last=is_channels_last,
            weigh=loss.weight,
            ranks=ranks,
        ),
        loss=loss,
        optimizer=make_optimizer(config.optimizer, module, unfreezing),
        schedule=Schedule(
            config.schedule,
            config.optimizer.learning_rate,
            sampler.batches_per_epoch,
            config.epochs,
        ),
        scaler=torch.amp.GradScaler(device.type, enabled=placement.uses_scaler),
        unfreezing=unfreezing,
        is_probability=find_final_softmax(spec.document) is not None,
        ranks=ranks,
    )


def share_gradients(module: Network, device: torch.device, ranks: Ranks) -> torch.nn.Module:
    """Return a module whose backward pass averages the gradients over all ranks."""
    if ranks.is_alone:
        return module
    is_cuda = device.type == "cuda"
    # Gradients travel in buckets, which are otherwise put together anew after the first step: of
    # a run, or of a resumed one. More than two ranks would then add up in another order.
    return torch.nn.parallel.DistributedDataParallel(
        module,
        device_ids=[device] if is_cuda else None,
        find_unused_parameters=not is_cuda,
        gradient_as_bucket_view=True,
    )


def has_convolution(module: torch.nn.Module) -> bool:
    """Return whether channels_last can pay."""
    return any(isinstance(part, torch.nn.Conv2d) for part in module.modules())


def _to_device(pixels: MemoryPixels, device: torch.device) -> MemoryPixels:
    """Keep the pixels on the GPU when they take little of it."""
    if device.type != "cuda":
        return pixels
    free_bytes, _ = torch.cuda.mem_get_info(device)
    size_bytes = pixels.pixels_NCHW.nelement()
    if size_bytes > free_bytes * DEVICE_MEMORY_SHARE:
        return pixels
    return MemoryPixels(pixels.pixels_NCHW.to(device))


class _CachingProgress:
    """Tells how far decoding is, a few times a second, and gives up when asked to stop."""

    def __init__(self, writer: EventWriter, control: Control) -> None:
        self._writer = writer
        self._control = control
        self._told = 0.0

    def __call__(self, done: int, total: int) -> None:
        self._control.raise_if_requested()
        now = time.monotonic()
        if now - self._told >= _PHASE_INTERVAL_S or done == total:
            self._told = now
            self._writer.emit(Phase(time_s=time.time(), phase="caching", done=done, total=total))
