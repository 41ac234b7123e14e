"""Tensors that a network holds by itself, and operations that only tensors have."""

from __future__ import annotations

import torch
from torch import nn


class LearnedTensor(nn.Module):
    """Gives a learned tensor; nothing arrives."""

    def __init__(self, shape: list[int]) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(shape))
        nn.init.normal_(self.weight, std=0.02)

    def forward(self) -> torch.Tensor:
        return self.weight

    def extra_repr(self) -> str:
        return f"{list(self.weight.shape)}"


class SavedTensor(nn.Module):
    """Gives values that are saved and never learned; nothing arrives."""

    values: torch.Tensor

    def __init__(self, shape: list[int], kind: str = "number") -> None:
        super().__init__()
        types = {"number": torch.float32, "integer": torch.int64, "boolean": torch.bool}
        self.register_buffer("values", torch.zeros(shape, dtype=types[kind]))

    def forward(self) -> torch.Tensor:
        return self.values

    def extra_repr(self) -> str:
        return f"{list(self.values.shape)}, dtype={self.values.dtype}"


class Expand(nn.Module):
    """Repeats axes of size 1 without copying; -1 keeps a size."""

    def __init__(self, shape: list[int]) -> None:
        super().__init__()
        self.shape = tuple(shape)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.expand(self.shape)

    def extra_repr(self) -> str:
        return f"{list(self.shape)}"


class ExpandToBatch(nn.Module):
    """Repeats a tensor for every sample of another one."""

    def __init__(self, shape: list[int]) -> None:
        super().__init__()
        self.shape = tuple(shape)

    def forward(self, x: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
        return x.expand(like.shape[:1] + self.shape[1:])

    def extra_repr(self) -> str:
        return f"{list(self.shape)}"


class CastTo(nn.Module):
    """Turns what arrives into another kind of number."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        types = {"number": torch.float32, "integer": torch.int64, "boolean": torch.bool}
        return x.to(types[self.kind])

    def extra_repr(self) -> str:
        return self.kind
