"""Networks as they are drawn by hand, and the same written by hand in PyTorch.

Legend: B batch, C channels, H height, W width, T time, F features, K classes.
"""

from __future__ import annotations

import torch
from torch import nn

from tests.e2e.person import Person


def draw_resnet18(person: Person) -> None:
    """A ResNet-18 for 1,000 classes; its basic block is drawn, the one with a stride is taken."""
    person.add("image input", "224", "224")
    person.add("conv", "64", "7", "2", "3")
    person.without_bias()
    for text in ("bn", "relu"):
        person.add(text)
    person.add("max pool", "3", "2", "1")
    for last in ("relu", "add"):
        person.add("conv", "64")
        person.without_bias()
        person.add("bn")
        person.add(last)
    person.feed("input_2", "maxpool")
    person.add("relu")
    person.group(7, "Basic")
    person.put("block-repeat", "2")
    person.offer("filters", "conv_2", "conv_3")
    for filters in ("128", "256", "512"):
        for block in ("residual down", "Basic"):
            person.add(block)
            person.put("param-filters", filters)
    person.add("global pool")
    person.add("linear", "1000")
    person.add("output")
    person.hit("t")


def draw_unet(person: Person) -> None:
    """A U-Net of two levels that tells two classes apart; skips are dragged with the mouse."""
    person.add("image input", "64", "64")
    for _ in range(2):
        person.add("conv", "16")
        person.add("bn")
        person.add("relu")
    person.group(6, "DoubleConv")
    person.offer("filters", "conv", "conv_2")
    for filters in ("32", "64"):
        person.add("max pool")
        person.add("DoubleConv")
        person.put("param-filters", filters)
    for filters in ("32", "16"):
        person.add("transposed conv", filters)
        person.add("concat")
        person.add("DoubleConv")
        person.put("param-filters", filters)
    person.add("conv", "2", "1")
    person.add("output")
    person.tidy()
    person.join("double_conv", "concat", "input_2")
    person.join("block", "concat_2", "input_2")


def draw_transformer(person: Person) -> None:
    """Two encoder blocks that normalise first, over 16 tokens out of 100, and 5 classes."""
    person.add("tokens", "16", "100")
    person.add("embedding", "32")
    person.add("learned positions")
    person.add("layer norm")
    person.add("self attention")
    person.add("add")
    person.feed("input_2", "positions")
    person.add("layer norm")
    person.add("linear", "64")
    person.add("gelu")
    person.add("linear", "32")
    person.add("add")
    person.feed("input_2", "add")
    person.group(8, "Encoder")
    person.put("block-repeat", "2")
    person.add("layer norm")
    person.add("mean", "T")
    person.add("linear", "5")
    person.add("output")
    person.hit("t")


class DoubleConv(nn.Sequential):
    def __init__(self, arriving: int, filters: int) -> None:
        layers: list[nn.Module] = []
        for channels in (arriving, filters):
            layers.append(nn.Conv2d(channels, filters, 3, padding=1))
            layers.append(nn.BatchNorm2d(filters))
            layers.append(nn.ReLU())
        super().__init__(*layers)


class UNet(nn.Module):
    """The U-Net that `draw_unet` draws."""

    def __init__(self) -> None:
        super().__init__()
        self.first = DoubleConv(3, 16)
        self.second = DoubleConv(16, 32)
        self.bottom = DoubleConv(32, 64)
        self.up_second = nn.ConvTranspose2d(64, 32, 2, stride=2)
        self.merged_second = DoubleConv(64, 32)
        self.up_first = nn.ConvTranspose2d(32, 16, 2, stride=2)
        self.merged_first = DoubleConv(32, 16)
        self.head = nn.Conv2d(16, 2, 1)

    def forward(self, image_BCHW: torch.Tensor) -> torch.Tensor:
        first = self.first(image_BCHW)
        second = self.second(nn.functional.max_pool2d(first, 2))
        bottom = self.bottom(nn.functional.max_pool2d(second, 2))
        wide = self.merged_second(torch.cat([self.up_second(bottom), second], dim=1))
        return self.head(self.merged_first(torch.cat([self.up_first(wide), first], dim=1)))


class Encoder(nn.Module):
    def __init__(self, features: int, hidden_features: int, num_heads: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(features)
        self.attention = nn.MultiheadAttention(features, num_heads, batch_first=True)
        self.norm_2 = nn.LayerNorm(features)
        self.linear = nn.Linear(features, hidden_features)
        self.linear_2 = nn.Linear(hidden_features, features)

    def forward(self, sequence_BTF: torch.Tensor) -> torch.Tensor:
        normed = self.norm(sequence_BTF)
        sequence_BTF = sequence_BTF + self.attention(normed, normed, normed)[0]
        hidden = nn.functional.gelu(self.linear(self.norm_2(sequence_BTF)))
        return sequence_BTF + self.linear_2(hidden)


class Transformer(nn.Module):
    """The transformer that `draw_transformer` draws."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(100, 32)
        self.positions = nn.Parameter(torch.randn(16, 32))
        self.blocks = nn.Sequential(Encoder(32, 64, 4), Encoder(32, 64, 4))
        self.norm = nn.LayerNorm(32)
        self.head = nn.Linear(32, 5)

    def forward(self, tokens_BT: torch.Tensor) -> torch.Tensor:
        sequence_BTF = self.blocks(self.embedding(tokens_BT) + self.positions)
        return self.head(self.norm(sequence_BTF).mean(dim=1))
