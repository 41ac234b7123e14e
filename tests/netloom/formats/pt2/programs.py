"""Modules that are exported in the tests, small, with weights that give other than zeros."""

from __future__ import annotations

import warnings
from pathlib import Path

import torch
from torch import Tensor, nn
from torchvision import models


class Reader(nn.Module):
    """Tokens through two recurrent layers, one from both ends."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(40, 12)
        self.lstm = nn.LSTM(12, 10, num_layers=2, batch_first=True, bidirectional=True)
        self.gru = nn.GRU(20, 8, batch_first=True)
        self.head = nn.Linear(8, 5)
        self.register_buffer("scale", torch.arange(1.0, 6.0))

    def forward(self, tokens: Tensor) -> Tensor:
        sequence, _ = self.lstm(self.table(tokens))
        _, state = self.gru(sequence)
        return self.head(state[0]) * self.scale


class Mixed(nn.Module):
    """Operators that modules have between their layers."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1, groups=1)
        self.up = nn.ConvTranspose2d(8, 6, 4, stride=2, padding=1)
        self.norm = nn.GroupNorm(2, 6)
        self.head = nn.Linear(12, 4)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        hidden = nn.functional.silu(self.conv(image))
        grown = self.norm(self.up(hidden))
        smaller = nn.functional.interpolate(grown, scale_factor=2.0, mode="nearest")[..., 1:-1, ::2]
        both = torch.cat([grown.mean((2, 3)), smaller.amax((2, 3))], 1)
        one, other = both.split([4, 8], 1)
        return self.head(both).softmax(-1), (one * 2 - other[:, :4]).clamp(-1, 1)


def vision_transformer() -> nn.Module:
    """Return a small one."""
    return models.VisionTransformer(
        image_size=16, patch_size=8, num_layers=2, num_heads=2, hidden_dim=16, mlp_dim=24,
        num_classes=7,
    )  # fmt: skip


def lively(module: nn.Module) -> nn.Module:
    """Give a network statistics and weights with which numbers stay large until its end."""
    with torch.no_grad():
        for name, tensor in module.state_dict().items():
            if name.endswith("running_mean"):
                tensor.normal_(0.0, 0.1)
            elif name.endswith("running_var"):
                tensor.uniform_(0.05, 0.3)
            elif not bool(tensor.any()) and tensor.is_floating_point():
                tensor.normal_(0.0, 0.3)
    return module.eval()


def exported(module: nn.Module, example: Tensor, path: Path, *, is_open: bool) -> nn.Module:
    """Write a program; returns the module.

    Args:
        is_open: For any number of samples.
    """
    module = lively(module)
    shapes = ({0: torch.export.Dim("batch", min=1, max=64)},) if is_open else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.export.export(module, (example,), dynamic_shapes=shapes)
        torch.export.save(program, path)
    return module
