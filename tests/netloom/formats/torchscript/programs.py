"""Modules that are traced and scripted in the tests."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn

from tests.netloom.formats.pt2.programs import lively

How = Literal["traced", "scripted", "frozen"]


class Digits(nn.Module):
    """A small network of images of one size, as courses begin with."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5, padding="same")
        self.norm = nn.BatchNorm2d(6)
        self.conv2 = nn.Conv2d(6, 8, 5)
        self.drop = nn.Dropout(0.3)
        self.fc = nn.Linear(8 * 5 * 5, 10)

    def forward(self, image: Tensor) -> Tensor:
        hidden = torch.max_pool2d(torch.relu(self.norm(self.conv1(image))), 2)
        hidden = nn.functional.max_pool2d(nn.functional.gelu(self.conv2(hidden)), 2)
        return torch.log_softmax(self.fc(self.drop(hidden.view(hidden.size(0), -1))), 1)


class Deciding(nn.Module):
    """Loops over its layers and decides by sizes and settings, which sizes settle."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(12, 12) for _ in range(3)])
        self.scale = 2
        self.bias: Tensor | None = None
        self.head = nn.Linear(12, 4)

    def forward(self, given: Tensor, mask: Tensor | None = None) -> Tensor:
        hidden = given
        for layer in self.layers:
            hidden = torch.tanh(layer(hidden)) + hidden
        for _ in range(self.scale):
            hidden = hidden * 0.5 if hidden.size(-1) > 8 else hidden
        if mask is not None:
            hidden = hidden * mask
        if self.training or self.bias is not None:
            hidden = hidden + 1
        steps: list[Tensor] = []
        while len(steps) < 2:
            steps.append(hidden)
        return self.head(torch.stack(steps, 1).mean(1))


class Larger(nn.Module):
    """Of two halves takes the larger and the smaller numbers: operators that have other forms."""

    def __init__(self) -> None:
        super().__init__()
        self.wide = nn.Linear(12, 16)
        self.head = nn.Linear(16, 4)

    def forward(self, given: Tensor) -> Tensor:
        one, other = torch.chunk(self.wide(given), 2, 1)
        larger, smaller = torch.max(one, other), torch.min(one, other)
        return self.head(torch.cat([larger, smaller], 1))


class TwoInputs(nn.Module):
    """An image and features to two outputs, by name."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 6, 3)
        self.wide = nn.Linear(5, 6)
        self.head = nn.Linear(12, 3)

    def forward(self, image: Tensor, features: Tensor) -> dict[str, Tensor]:
        seen = torch.relu(self.conv(image)).mean((2, 3))
        told = torch.relu(self.wide(features))
        return {"classes": self.head(torch.cat([seen, told], 1)), "told": told * 2.0}


class Slow(nn.Module):
    """Never ends."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, given: Tensor) -> Tensor:
        hidden = self.fc(given)
        count = 0
        while count >= 0:
            count += 1
        return hidden


class Choosy(nn.Module):
    """Decides by the numbers of its input."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, given: Tensor) -> Tensor:
        hidden = self.fc(given)
        if bool(hidden.sum() > 0):
            return hidden * 2
        return hidden


def saved(
    module: nn.Module, example: Tensor | tuple[Tensor, ...], path: Path, how: How
) -> nn.Module:
    """Write a TorchScript file; returns the module."""
    module = lively(module)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        if how == "traced":
            script = torch.jit.trace(module, example, check_trace=False, strict=False)
        else:
            script = torch.jit.script(module)
        if how == "frozen":
            script = torch.jit.freeze(script)
        torch.jit.save(script, str(path))
    return module
