"""Training and validation batches: from rows of the dataset to what the network takes.

Legend: B batch, C channels, H height, W width.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from netloom.data.augment import AugmentationConfig, augment
from netloom.data.pixels import PixelSource
from netloom.data.preprocess import Preprocessing
from netloom.data.sampler import EpochSampler, SamplerPosition
from netloom.data.tensors import on_device
from netloom.train.ranks import ALONE, Ranks


@dataclass(frozen=True, slots=True)
class Batch:
    """Normalised images float32 [B, C, H, W] and class indices int64 [B], on the device.

    Attributes:
        num_items: Items of the whole batch, of which this may be one rank's share.
        weight: What the share weighs in the mean loss of the whole, 0 to 1.
    """

    images_BCHW: torch.Tensor
    labels_B: torch.Tensor
    num_items: int
    weight: float = 1.0


class BatchMaker:
    """Joins pixels, labels, augmentation and normalisation.

    Args:
        labels: Class of every row of `source`.
        weigh: What a batch with given labels weighs in the loss.
        ranks: Among whom each batch is shared.
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
        weigh: Callable[[NDArray[np.int64]], float] = len,
        ranks: Ranks = ALONE,
    ) -> None:
        self._source = source
        self._labels = labels
        self._weigh = weigh
        self._ranks = ranks
        self._preprocessing = preprocessing
        self._device = device
        self._augmentation = augmentation
        self._seed = seed
        self._memory_format = torch.channels_last if is_channels_last else torch.contiguous_format

    def training(
        self, sampler: EpochSampler, rows: NDArray[np.int64], position: SamplerPosition
    ) -> Iterator[Batch]:
        """Yield this rank's share of augmented batches from `position` to the end of its epoch."""
        picks = list(sampler.batches(position))
        shares = [self._ranks.share(pick) for pick in picks]
        sources = self._source.batches(rows[share] for share in shares)
        for pick, share, pixels_BCHW in zip(picks, shares, sources, strict=True):
            images_BCHW, labels_B = self._augmented(pixels_BCHW, rows, share, position.epoch)
            weight = 1.0 if self._ranks.is_alone else self._weight(rows[share], rows[pick])
            yield Batch(images_BCHW, labels_B, len(pick), weight)

    def whole(
        self, sampler: EpochSampler, rows: NDArray[np.int64], position: SamplerPosition
    ) -> Batch:
        """Return one batch as all ranks have it together."""
        pick = next(sampler.batches(position))
        pixels_BCHW = next(iter(self._source.batches([rows[pick]])))
        return Batch(*self._augmented(pixels_BCHW, rows, pick, position.epoch), len(pick))

    def evaluation(self, rows: NDArray[np.int64], batch_size: int) -> Iterator[Batch]:
        """Yield batches of all rows in order, unchanged."""
        starts = range(0, len(rows), batch_size)
        picks = [rows[start : start + batch_size] for start in starts]
        for pick, pixels_BCHW in zip(picks, self._source.batches(picks), strict=True):
            yield Batch(*self._normalised(self._to_device(pixels_BCHW), pick), len(pick))

    def _augmented(
        self,
        pixels_BCHW: torch.Tensor,
        rows: NDArray[np.int64],
        items: NDArray[np.int64],
        epoch: int,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        changed_BCHW = augment(
            self._to_device(pixels_BCHW),
            self._augmentation,
            seed=self._seed,
            epoch=epoch,
            items=items,
        )
        return self._normalised(changed_BCHW, rows[items])

    def _weight(self, share: NDArray[np.int64], whole: NDArray[np.int64]) -> float:
        return self._weigh(self._labels[share]) / self._weigh(self._labels[whole])

    def _to_device(self, pixels_BCHW: torch.Tensor) -> torch.Tensor:
        if pixels_BCHW.device == self._device:
            return pixels_BCHW
        if self._device.type == "cuda":
            pixels_BCHW = pixels_BCHW.pin_memory()
        return pixels_BCHW.to(self._device, non_blocking=True)

    def _normalised(
        self, pixels_BCHW: torch.Tensor, rows: NDArray[np.int64]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        images_BCHW = self._preprocessing.normalise(pixels_BCHW)
        labels_B = on_device(self._labels[rows], self._device)
        return images_BCHW.contiguous(memory_format=self._memory_format), labels_B
