"""The large templates are torchvision's networks: as many numbers, and the same results.

No weights are downloaded: torchvision's random ones are carried over.
"""

from __future__ import annotations

import pytest
import torch
import torchvision.models as zoo
from torch import nn

from netloom.analyze import analyze
from netloom.compile import build_module
from netloom.graph.document import Document
from netloom.templates import make_template

PEERS = {
    "resnet18": zoo.resnet18,
    "resnet50": zoo.resnet50,
    "vgg11": zoo.vgg11_bn,
    "densenet121": zoo.densenet121,
    "mobilenet_v2": zoo.mobilenet_v2,
}


def photographs(template_id: str, num_classes: int = 1000) -> Document:
    return make_template(template_id, channels=3, height=224, width=224, num_classes=num_classes)


@pytest.mark.parametrize("template_id", PEERS)
def test_has_as_many_parameters(template_id: str) -> None:
    with torch.device("meta"):
        peer = PEERS[template_id](weights=None)
    expected = sum(parameter.numel() for parameter in peer.parameters())
    assert analyze(photographs(template_id)).totals.parameters == expected


def _with_statistics(peer: nn.Module) -> nn.Module:
    """Give every normalisation numbers of its own: at 0 and 1 a mixed-up one would not show."""
    for module in peer.modules():
        if isinstance(module, nn.BatchNorm2d):
            assert module.running_mean is not None
            assert module.running_var is not None
            nn.init.normal_(module.running_mean, std=0.1)
            nn.init.uniform_(module.running_var, 0.8, 1.2)
            nn.init.uniform_(module.weight, 0.8, 1.2)
            nn.init.normal_(module.bias, std=0.1)
    return peer.eval()


def _leaves(module: nn.Module, image_BCHW: torch.Tensor) -> list[nn.Module]:
    """Return the modules with weights in the order in which they are called."""
    called: list[nn.Module] = []
    hooks = [
        leaf.register_forward_hook(lambda leaf, *_: called.append(leaf))
        for leaf in module.modules()
        if not list(leaf.children()) and list(leaf.parameters())
    ]
    module(image_BCHW)
    for hook in hooks:
        hook.remove()
    return called


def _residual_names(stages: tuple[int, ...], per_block: int) -> dict[str, str]:
    """Return torchvision's names by those of the template, for what has weights."""
    names = {"stem": "conv1", "bn": "bn1", "classifier": "fc"}
    for stage, count in enumerate(stages, start=1):
        has_down = per_block == 3 or stage > 1
        for index in range(count):
            is_down = has_down and index == 0
            if is_down:
                ours = f"stage{stage}_down"
            else:
                repeats = count - has_down
                place = f".{index - has_down}" if repeats > 1 else ""
                ours = f"stage{stage}{place}"
            theirs = f"layer{stage}.{index}"
            for number in range(1, per_block + 1):
                suffix = "" if number == 1 else f"_{number}"
                names[f"{ours}.conv{suffix}"] = f"{theirs}.conv{number}"
                names[f"{ours}.bn{suffix}"] = f"{theirs}.bn{number}"
            if is_down:
                names[f"{ours}.shortcut"] = f"{theirs}.downsample.0"
                names[f"{ours}.shortcut_bn"] = f"{theirs}.downsample.1"
    return names


def _carry_over(source: nn.Module, target: nn.Module) -> None:
    assert type(source) is type(target)
    target.load_state_dict(source.state_dict())


@pytest.mark.parametrize(
    ("template_id", "stages", "per_block"),
    [("resnet18", (2, 2, 2, 2), 2), ("resnet50", (3, 4, 6, 3), 3)],
)
def test_a_resnet_computes_the_same(
    template_id: str, stages: tuple[int, ...], per_block: int
) -> None:
    torch.manual_seed(0)
    peer = _with_statistics(PEERS[template_id](weights=None, num_classes=10))
    ours = build_module(photographs(template_id, 10), seed=0).eval()
    names = _residual_names(stages, per_block)
    for our_name, their_name in names.items():
        _carry_over(peer.get_submodule(their_name), ours.get_submodule(our_name))
    with_weights = [name for name, module in ours.named_modules() if list(module.parameters())]
    leaves = {name for name in with_weights if not list(ours.get_submodule(name).children())}
    assert leaves == names.keys()
    _assert_equal(peer, ours)


@pytest.mark.parametrize("template_id", ["densenet121", "mobilenet_v2", "vgg11"])
def test_a_chain_computes_the_same(template_id: str) -> None:
    """Their layers are called in one order, so that weights go from the nth to the nth."""
    torch.manual_seed(0)
    peer = _with_statistics(PEERS[template_id](weights=None, num_classes=10))
    ours = build_module(photographs(template_id, 10), seed=0).eval()
    image_BCHW = torch.zeros(1, 3, 224, 224)
    with torch.no_grad():
        pairs = zip(_leaves(peer, image_BCHW), _leaves(ours, image_BCHW), strict=True)
    for source, target in pairs:
        _carry_over(source, target)
    _assert_equal(peer, ours)


def _assert_equal(peer: nn.Module, ours: nn.Module) -> None:
    image_BCHW = torch.randn(2, 3, 224, 224)
    with torch.no_grad():
        expected_BK, found_BK = peer(image_BCHW), ours(image_BCHW)
    assert expected_BK.std() > 1e-3
    torch.testing.assert_close(found_BK, expected_BK, rtol=1e-4, atol=1e-5)
