"""Parameters and multiply-adds of drawn networks equal those that others count on torchvision's.

Two counters look at the same modules: `torch.utils.flop_counter` follows what is computed and
counts two FLOPs for a multiply-add of convolutions and products; torchinfo follows the layers and
counts the bias as one more. Where the two agree, so does the analysis; where they differ in no more
than the bias, the analysis counts without it, as torch does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode
from torchinfo import summary
from torchvision import models

from bench.networks import RESNET_152, resnet
from netloom.analyze import Analysis, analyze
from netloom.graph.document import Document, Node
from netloom.templates import make_template

IMAGE = (1, 3, 224, 224)
PRODUCTS = (nn.Conv2d, nn.Linear)
Costs = tuple[int, int]
"""Parameters and multiply-adds of one layer."""


@dataclass(frozen=True)
class Counted:
    """What the two counters say of a module."""

    parameters: int
    macs: int
    layers: Counter[Costs]
    agreed: Counter[Costs]


def template(name: str) -> Callable[[], Document]:
    return lambda: make_template(name, channels=3, height=224, width=224, num_classes=1000)


ZOO = [
    pytest.param(template("resnet18"), models.resnet18, id="ResNet-18"),
    pytest.param(template("resnet50"), models.resnet50, id="ResNet-50"),
    pytest.param(lambda: resnet(RESNET_152), models.resnet152, id="ResNet-152"),
    pytest.param(template("densenet121"), models.densenet121, id="DenseNet-121"),
    pytest.param(template("mobilenet_v2"), models.mobilenet_v2, id="MobileNet-v2"),
    pytest.param(template("vgg11"), models.vgg11_bn, id="VGG-11 with batch norm"),
]


@pytest.mark.parametrize(("draw", "make"), ZOO)
def test_costs_equal_those_of_other_counters(
    draw: Callable[[], Document], make: Callable[[], nn.Module]
) -> None:
    document = draw()
    analysis = analyze(document)
    counted = count(make)
    assert analysis.totals.parameters == counted.parameters
    assert analysis.totals.macs == counted.macs
    assert costs_of_layers(document, analysis) == counted.layers
    # Convolutions before a batch norm have no bias, so that the counters agree on most layers.
    assert counted.agreed.total() > 0.9 * counted.layers.total() or make is models.vgg11_bn
    assert counted.agreed <= counted.layers


def count(make: Callable[[], nn.Module]) -> Counted:
    with torch.device("meta"):
        module = make().eval()
        with FlopCounterMode(display=False, depth=None) as counter:
            module(torch.empty(IMAGE))
        told = summary(module, IMAGE, device="meta", verbose=0, col_names=("mult_adds",))
    by_name = {name.partition(".")[2]: sum(ops.values()) // 2
               for name, ops in counter.get_flop_counts().items()}  # fmt: skip
    names = {id(layer): name for name, layer in module.named_modules()}
    layers: Counter[Costs] = Counter()
    agreed: Counter[Costs] = Counter()
    for info in told.summary_list:
        if not isinstance(info.module, PRODUCTS):
            continue
        macs = by_name[names[id(info.module)]]
        bias = 0 if info.module.bias is None else info.module.bias.numel()
        positions = torch.Size(info.output_size[2:]).numel()
        assert info.macs == macs + bias * positions
        layers[info.num_params, macs] += 1
        agreed[info.num_params, macs] += info.macs == macs
    return Counted(told.total_params, counter.get_total_flops() // 2, layers, +agreed)


def costs_of_layers(document: Document, analysis: Analysis) -> Counter[Costs]:
    """Return what every layer with a matrix costs, those inside blocks once for each repeat."""
    layers: Counter[Costs] = Counter()
    for path, found in analysis.nodes.items():
        if found.macs and node_at(document, path).block is None:
            layers[found.parameters, found.macs] += found.repeats
    return layers


def node_at(document: Document, path: str) -> Node:
    nodes = document.graph.nodes
    *uses, last = path.split("/")
    for use in uses:
        nodes = document.graph.blocks[nodes[use].block or ""].nodes
    return nodes[last]
