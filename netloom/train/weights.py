"""Weights to start a run from."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file  # pyright: ignore[reportUnknownVariableType]

from netloom.train.checkpoint import read_checkpoint_weights


class WeightsError(Exception):
    """A file whose weights cannot be read."""


def read_weights(path: Path) -> dict[str, torch.Tensor]:
    """Read weights by weight key from a safetensors file or a checkpoint (`.ckpt`).

    Raises:
        WeightsError: The file is missing or damaged.
        CheckpointError: The checkpoint is missing or damaged.
    """
    if path.suffix == ".ckpt":
        return read_checkpoint_weights(path)
    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise WeightsError(f"The weights in {path.name} cannot be read: {error}") from error
