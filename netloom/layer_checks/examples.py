"""Tensors of a wished shape, for layers that are tried.

B batch, T time, S another time.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from netloom.layers.shapes import Shape, axes_of, concrete, holds_integers, holds_mask


def example(shape: Shape, num_samples: int, time: int) -> Tensor:
    """Return a tensor of a shape: normal numbers, tokens 0 and 1, indices without repeats, a mask.

    A mask leaves out less from sample to sample: of several samples all of the first, and nothing
    of the last.

    Args:
        time: What T is; S is two more.
    """
    sizes = concrete(shape, B=num_samples, T=time, S=time + 2)
    if holds_mask(shape):
        num_real = torch.linspace(0, sizes[1], num_samples) if num_samples > 1 else sizes[1]
        return torch.arange(sizes[1]) >= torch.as_tensor(num_real).view(-1, 1)
    if not holds_integers(shape):
        return torch.randn(sizes, requires_grad=True)
    if axes_of(shape) == "BT":
        return torch.randint(0, 2, sizes)
    positions = torch.arange(math.prod(sizes[2:]))
    return positions.view(sizes[2:]).expand(sizes).contiguous()
