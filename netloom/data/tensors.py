"""Typed doors to what torch leaves untyped."""

from __future__ import annotations

from typing import Any

import torch
from numpy.typing import NDArray


def as_tensor(array: NDArray[Any]) -> torch.Tensor:
    """Return a CPU tensor that shares the array's memory."""
    return torch.from_numpy(array)  # pyright: ignore[reportUnknownMemberType]
