"""Operations on several tensors as modules, so that hooks reach them by name."""

from __future__ import annotations

import torch
from torch import nn


class Add(nn.Module):
    """Sum of its inputs, broadcast over dimensions of size 1."""

    def forward(self, first: torch.Tensor, *others: torch.Tensor) -> torch.Tensor:
        total = first
        for other in others:
            total = total + other
        return total


class Multiply(nn.Module):
    """Element-wise product of its inputs, broadcast over dimensions of size 1."""

    def forward(self, first: torch.Tensor, *others: torch.Tensor) -> torch.Tensor:
        product = first
        for other in others:
            product = product * other
        return product


class Concatenate(nn.Module):
    """Inputs one behind the other along one dimension."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        return torch.cat(inputs, dim=self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class Subtract(nn.Module):
    """The first input less the others."""

    def forward(self, first: torch.Tensor, *others: torch.Tensor) -> torch.Tensor:
        rest = first
        for other in others:
            rest = rest - other
        return rest


class Divide(nn.Module):
    """The first input divided by the others."""

    def forward(self, first: torch.Tensor, *others: torch.Tensor) -> torch.Tensor:
        quotient = first
        for other in others:
            quotient = quotient / other
        return quotient


class Average(nn.Module):
    """Mean of its inputs."""

    def forward(self, first: torch.Tensor, *others: torch.Tensor) -> torch.Tensor:
        total = first
        for other in others:
            total = total + other
        return torch.div(total, 1 + len(others))


class Maximum(nn.Module):
    """The largest of its inputs, number by number."""

    def forward(self, first: torch.Tensor, *others: torch.Tensor) -> torch.Tensor:
        largest = first
        for other in others:
            largest = torch.maximum(largest, other)
        return largest


class Minimum(nn.Module):
    """The smallest of its inputs, number by number."""

    def forward(self, first: torch.Tensor, *others: torch.Tensor) -> torch.Tensor:
        smallest = first
        for other in others:
            smallest = torch.minimum(smallest, other)
        return smallest


class MatMul(nn.Module):
    """Product of the matrices of each sample."""

    def __init__(self, transpose_second: bool = False) -> None:
        super().__init__()
        self.transpose_second = transpose_second

    def forward(self, left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
        if self.transpose_second:
            right = torch.transpose(right, -2, -1)
        return torch.matmul(left, right)


class Gate(nn.Module):
    """Lets the second input decide how much of the first passes."""

    def forward(self, x: torch.Tensor, gate: torch.Tensor) -> torch.Tensor:
        return x * torch.sigmoid(gate)
