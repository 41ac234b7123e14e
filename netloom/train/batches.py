"""Training and validation batches: from rows of the dataset to what the network takes.

Legend: B batch, C channels, H height, W width.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from netloom.data.augment import AugmentationConfig, augment
from netloom.data.pixels import PixelSource
from netloom.data.preprocess import Preprocessing
from netloom.data.sampler import EpochSampler, SamplerPosition
from netloom.data.tensors import as_tensor


@dataclass(frozen=True, slots=True)
class Batch:
    """Normalised images float32 [B, C, H, W] and class indices int64 [B], on the device."""

    images_BCHW: torch.Tensor
    labels_B: torch.Tensor


class BatchMaker:
    """Joins pixels, labels, augmentation and normalisation.

    Args:
        rows: Rows of the split in `source`; the sampler counts within them.
        labels: Class of every row of `source`.
    """

    def __init__(
        self,
        source: PixelSource,
        labels: NDArray[np.int64],
        preprocessing: Preprocessing,
        device: torch.device,
        *,
        augmentation: AugmentationConfig,
        seed: int,
        is_channels_last: bool,
    ) -> None:
        self._source = source
        self._labels_N = as_tensor(labels).to(device)
        self._preprocessing = preprocessing
        self._device = device
        self._augmentation = augmentation
        self._seed = seed
        self._memory_format = torch.channels_last if is_channels_last else torch.contiguous_format

    def training(
        self, sampler: EpochSampler, rows: NDArray[np.int64], position: SamplerPosition
    ) -> Iterator[Batch]:
        """Yield augmented batches from `position` to the end of its epoch."""
        picks = list(sampler.batches(position))
        sources = self._source.batches(rows[pick] for pick in picks)
        for pick, pixels_BCHW in zip(picks, sources, strict=True):
            changed_BCHW = augment(
                self._to_device(pixels_BCHW),
                self._augmentation,
                seed=self._seed,
                epoch=position.epoch,
                items=pick,
            )
            yield self._batch(changed_BCHW, rows[pick])

    def evaluation(self, rows: NDArray[np.int64], batch_size: int) -> Iterator[Batch]:
        """Yield batches of all rows in order, unchanged."""
        starts = range(0, len(rows), batch_size)
        picks = [rows[start : start + batch_size] for start in starts]
        for pick, pixels_BCHW in zip(picks, self._source.batches(picks), strict=True):
            yield self._batch(self._to_device(pixels_BCHW), pick)

    def _to_device(self, pixels_BCHW: torch.Tensor) -> torch.Tensor:
        if pixels_BCHW.device == self._device:
            return pixels_BCHW
        if self._device.type == "cuda":
            pixels_BCHW = pixels_BCHW.pin_memory()
        return pixels_BCHW.to(self._device, non_blocking=True)

    def _batch(self, pixels_BCHW: torch.Tensor, rows: NDArray[np.int64]) -> Batch:
        images_BCHW = self._preprocessing.normalise(pixels_BCHW)
        labels_B = self._labels_N[as_tensor(rows).to(self._device)]
        return Batch(images_BCHW.contiguous(memory_format=self._memory_format), labels_B)
