"""Parameters and multiply-adds of drawn networks equal those of torchvision's, counted by torch.

`torch.utils.flop_counter` counts two FLOPs for each multiply-add of convolutions and products.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode
from torchvision import models

from bench.networks import RESNET_18, RESNET_50, RESNET_152, resnet
from netloom.analyze import analyze


@pytest.mark.parametrize(
    ("depths", "make"),
    [
        pytest.param(RESNET_18, models.resnet18, id="ResNet-18"),
        pytest.param(RESNET_50, models.resnet50, id="ResNet-50"),
        pytest.param(RESNET_152, models.resnet152, id="ResNet-152"),
    ],
)
def test_residual_networks(depths: Sequence[int], make: Callable[[], nn.Module]) -> None:
    totals = analyze(resnet(depths)).totals
    with torch.device("meta"):
        module = make().eval()
        with FlopCounterMode(display=False) as counter:
            module(torch.empty(1, 3, 224, 224))
    assert totals.parameters == sum(value.numel() for value in module.parameters())
    assert 2 * totals.macs == counter.get_total_flops()
