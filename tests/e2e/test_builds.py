"""ResNet-18, a U-Net and a transformer, drawn from an empty canvas: the numbers are right."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
import torch
import torchvision.models as zoo
from playwright.sync_api import BrowserContext
from torch import nn

from netloom.compile import build_module
from netloom.graph.migrations import load_document
from tests.e2e.drawn import (
    Transformer,
    UNet,
    draw_resnet18,
    draw_transformer,
    draw_unet,
)
from tests.e2e.person import Person

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

MAX_DIFFERENCE = 1e-5


@pytest.fixture
def person(open_context: Callable[..., BrowserContext]) -> Person:
    return Person(open_context().new_page())


def drawn(person: Person, title: str, draw: Callable[[Person], None]) -> nn.Module:
    """Draw a network, read what the server keeps of it, and compile that."""
    with person:
        person.new_network(title)
        draw(person)
        person.expect_saved()
    served = person.served()
    assert [each for each in served["analysis"]["diagnostics"] if each["severity"] == "error"] == []
    return build_module(load_document(served["document"]), seed=0).eval()


def with_statistics(peer: nn.Module) -> nn.Module:
    """Give every normalisation numbers of its own: at 0 and 1 a mixed-up one would not show."""
    torch.manual_seed(0)
    for module in peer.modules():
        if isinstance(module, nn.BatchNorm2d | nn.LayerNorm):
            nn.init.uniform_(module.weight, 0.8, 1.2)
            nn.init.normal_(module.bias, std=0.1)
        if isinstance(module, nn.BatchNorm2d):
            assert module.running_mean is not None
            assert module.running_var is not None
            nn.init.normal_(module.running_mean, std=0.1)
            nn.init.uniform_(module.running_var, 0.8, 1.2)
    return peer.eval()


def assert_equal(
    ours: nn.Module, peer: nn.Module, names: Mapping[str, str], example: torch.Tensor
) -> None:
    """Carry the weights of `peer` over by name, and compare size and results.

    Args:
        ours: The network that was drawn.
        peer: What it is to equal.
        names: The peer's modules by those of `ours`, whole parts of the network or single layers.
        example: What both are asked about.
    """
    with torch.no_grad():
        for our_name, their_name in names.items():
            theirs = peer.get_submodule(their_name)
            ours.get_submodule(our_name).load_state_dict(theirs.state_dict())
    assert count(ours) == count(peer)
    with torch.no_grad():
        expected, result = peer(example), ours(example)
    assert result.shape == expected.shape
    assert (result - expected).abs().max() <= MAX_DIFFERENCE


def count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def test_resnet18_is_torchvisions(person: Person) -> None:
    ours = drawn(person, "ResNet-18", draw_resnet18)
    peer = with_statistics(zoo.resnet18(weights=None))
    names = {"conv": "conv1", "bn": "bn1", "linear": "fc"}
    basic = {"block.0": "layer1.0", "block.1": "layer1.1"}
    for stage, suffix in ((2, ""), (3, "_2"), (4, "_3")):
        basic[f"basic{suffix}"] = f"layer{stage}.1"
        down, their_down = f"residual_down{suffix}", f"layer{stage}.0"
        names |= {f"{down}.conv": f"{their_down}.conv1", f"{down}.bn": f"{their_down}.bn1"}
        names |= {f"{down}.conv_2": f"{their_down}.conv2", f"{down}.bn_2": f"{their_down}.bn2"}
        names[f"{down}.shortcut"] = f"{their_down}.downsample.0"
        names[f"{down}.shortcut_bn"] = f"{their_down}.downsample.1"
    for our_block, their_block in basic.items():
        for number in (1, 2):
            names[f"{our_block}.conv_{number + 1}"] = f"{their_block}.conv{number}"
            names[f"{our_block}.bn_{number + 1}"] = f"{their_block}.bn{number}"
    assert count(ours) == 11_689_512
    assert_equal(ours, peer, names, torch.rand(2, 3, 224, 224))


def test_a_unet_is_the_one_written_by_hand(person: Person) -> None:
    ours = drawn(person, "U-Net", draw_unet)
    peer = with_statistics(UNet())
    names = {"upconv": "up_second", "upconv_2": "up_first", "conv": "head"}
    blocks = {"block": "first", "double_conv": "second", "double_conv_2": "bottom"}
    blocks |= {"double_conv_3": "merged_second", "double_conv_4": "merged_first"}
    layers = {"conv": 0, "bn": 1, "conv_2": 3, "bn_2": 4}
    for our_block, their_block in blocks.items():
        for name, place in layers.items():
            names[f"{our_block}.{name}"] = f"{their_block}.{place}"
    assert_equal(ours, peer, names, torch.rand(2, 3, 64, 64))


def test_a_transformer_is_the_one_written_by_hand(person: Person) -> None:
    ours = drawn(person, "Transformer", draw_transformer)
    peer = with_statistics(Transformer())
    names = {"embedding": "embedding", "norm": "norm", "linear": "head"}
    layers = {"norm": "norm", "attention": "attention", "norm_2": "norm_2"}
    layers |= {"linear": "linear", "linear_2": "linear_2"}
    for place in (0, 1):
        for ours_name, theirs_name in layers.items():
            names[f"block.{place}.{ours_name}"] = f"blocks.{place}.{theirs_name}"
    with torch.no_grad():
        (positions,) = ours.get_submodule("positions").parameters()
        positions.copy_(peer.get_parameter("positions").reshape(positions.shape))
    tokens_BT = torch.randint(0, 100, (4, 16))
    assert_equal(ours, peer, names, tokens_BT)
