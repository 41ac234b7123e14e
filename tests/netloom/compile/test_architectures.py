"""Kinds of network that people draw, whole: they are checked, compiled, and written as code."""

from __future__ import annotations

import pytest
import torch

from netloom.compile import build_module
from netloom.graph.document import Document
from netloom.layers.shapes import named_shape_text
from tests.netloom.compile.networks import chain, image, network, node
from tests.netloom.compile.test_source import assert_same_network

OUT = node("Output", "out")


def u_net() -> Document:
    """Down and up again without padding: skips are cropped to the path they join."""
    nodes = {
        "in": image(3, 20),
        "c1": node("Conv2d", "down1", out_channels=4, padding=0),
        "p": node("MaxPool2d", "pool"),
        "c2": node("Conv2d", "down2", out_channels=8, padding=0),
        "u": node("ConvTranspose2d", "up", out_channels=4),
        "k": node("Crop2d", "crop", to_input=True),
        "j": node("Concatenate", "join"),
        "g": node("GroupNorm", "norm", num_groups=4),
        "s": node("Conv2d", "classes", out_channels=5, kernel_size=1),
        "o": OUT,
    }
    return network(
        nodes, "in>c1", "c1>p", "p>c2", "c2>u", "c1>k", "u>k.like", "k>j.input_1", "u>j.input_2",
        "j>g", "g>s", "s>o", name="UNet",
    )  # fmt: skip


def seg_net() -> Document:
    """The decoder puts numbers back where the encoder's pooling found them."""
    nodes = {
        "in": image(3, 17),
        "c": node("SeparableConv2d", "encode", out_channels=6),
        "p": node("MaxPool2d", "pool", return_indices=True),
        "m": node("Mish", "mish"),
        "e": node("SqueezeExcite", "weigh", reduction=2),
        "u": node("MaxUnpool2d", "unpool"),
        "o": OUT,
    }
    return network(
        nodes, "in>c", "c>p", "p>m", "m>e", "e>u", "p.indices>u.indices", "u>o", name="SegNet"
    )


def generator() -> Document:
    return chain(
        node("FeatureInput", "noise", num_features=10),
        node("Linear", "project", out_features=8 * 4 * 4),
        node("Reshape", "unflatten", shape="C=8, H=4, W=4"),
        node("ConvTranspose2d", "up1", out_channels=4, kernel_size=4, padding=1),
        node("BatchNorm2d", "bn"),
        node("Upsample", "up2", mode="linear"),
        node("Conv2d", "colours", out_channels=12),
        node("PixelShuffle", "shuffle"),
        node("Hardtanh", "limit"),
        OUT,
        name="Generator",
    )


def sound_classifier() -> Document:
    """Sequences of any length: strides divide what nobody knows yet."""
    return chain(
        node("SignalInput", "sound", channels=2),
        node("Conv1d", "conv1", out_channels=8, kernel_size=5, stride=2),
        node("InstanceNorm1d", "norm"),
        node("MaxPool1d", "pool", kernel_size=3, stride=2, padding=1),
        node("Dropout1d", "dropout"),
        node("Permute", "steps"),
        node("RMSNorm", "rms"),
        node("Mean", "mean"),
        node("LowRankLinear", "classes", rank=2, out_features=4),
        OUT,
        name="Sound",
    )


def patch_attention() -> Document:
    """Patches that look at each other, spelled out in patterns."""
    nodes = {
        "in": image(3, 16),
        "r": node("Rearrange", "patches"),
        "l": node("Linear", "embed", out_features=12),
        "e": node("Einsum", "scores"),
        "s": node("Softmax", "weights"),
        "m": node("MatMul", "mix"),
        "d": node("StochasticDepth", "skip"),
        "a": node("Add", "residual"),
        "x": node("Max", "strongest"),
        "o": OUT,
    }
    return network(
        nodes, "in>r", "r>l", "l>e.input_1", "l>e.input_2", "e>s", "s>m.input_1", "l>m.input_2",
        "m>d", "l>a.input_1", "d>a.input_2", "a>x", "x>o", name="PatchAttention",
    )  # fmt: skip


def scan_classifier() -> Document:
    return chain(
        node("VolumeInput", "scan", depth=8, height=9, width=10),
        node("Conv3d", "conv", out_channels=4, stride=2),
        node("BatchNorm3d", "bn"),
        node("PReLU", "prelu", per_channel=True),
        node("AvgPool3d", "pool"),
        node("GlobalMaxPool", "pooled"),
        OUT,
        name="Scan",
    )


@pytest.mark.parametrize(
    ("document", "shape", "result"),
    [
        (u_net(), (2, 3, 20, 20), (2, 5, 14, 14)),
        (seg_net(), (2, 3, 17, 17), (2, 6, 17, 17)),
        (generator(), (2, 10), (2, 3, 32, 32)),
        (sound_classifier(), (2, 2, 57), (2, 4)),
        (patch_attention(), (2, 3, 16, 16), (2, 12)),
        (scan_classifier(), (2, 1, 8, 9, 10), (2, 4)),
    ],
    ids=lambda value: value.graph.name if isinstance(value, Document) else "",
)
def test_it_is_built_and_learns(
    document: Document, shape: tuple[int, ...], result: tuple[int, ...]
) -> None:
    assert_same_network(document)
    module = build_module(document)
    output = module(torch.randn(shape))
    assert tuple(output.shape) == result
    output.square().mean().backward()
    grads = [parameter.grad for parameter in module.parameters()]
    assert grads
    assert all(grad is not None and torch.isfinite(grad).all() for grad in grads)


def test_lengths_stay_in_words() -> None:
    from netloom.compile.plan import plan_network

    steps = plan_network(sound_classifier()).steps
    pool = steps[2].layer.infer(steps[2].params, steps[2].input_shapes)  # type: ignore[union-attr]
    assert named_shape_text(pool.outputs["output"]) == "(B, C=8, T=⌊(T + 3) / 4⌋)"  # type: ignore[union-attr]
