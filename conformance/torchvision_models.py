"""Every network of torchvision that opens, against torchvision itself.

Weights are drawn so that outputs tell: batch normalisations have statistics of what arrives, and
scales that start near zero do not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from netloom import from_module
from netloom.analyze import analyze
from netloom.compile import Network, build_module, load_weights
from netloom.formats.imported import ImportedNetwork
from netloom.formats.zoo import TorchvisionZoo, ZooEntry
from netloom.formats.zoo.provider import ZooInput
from netloom.formats.zoo.torchvision_zoo import build, input_shape

TOLERANCE = 1e-5
"""Of the largest absolute difference, in shares of the largest output where that is above 1."""
_SMALL_SIDE_PX = 96
_ANY_SIDE = (
    "alexnet", "convnext", "densenet", "efficientnet", "googlenet", "mnasnet", "mobilenet",
    "regnet", "resnet", "resnext", "shufflenet", "squeezenet", "swin_t", "vgg", "wide",
)  # fmt: skip
_LAYERS_WITH_STATISTICS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
_LEAST_VARIANCE = 0.2
"""Of a channel, in shares of the mean over channels: two images may not vary in one at all."""
_STARTS_SMALL = ("token", "pos_embedding", "relative_position_bias", "rel_pos", "positional")


@dataclass(frozen=True, slots=True)
class Comparison:
    """An imported network beside the original.

    Attributes:
        problem: Why there are no numbers; empty where there are.
        max_abs_diff: Over all outputs.
        std: Smallest standard deviation of an output: near zero, equality says nothing.
        rounding: How far the original is from itself in double precision, where that was asked:
            two programs that are both right may differ by twice as much.
    """

    name: str
    problem: str = ""
    max_abs_diff: float = 0.0
    max_abs_value: float = 0.0
    std: float = 0.0
    tolerance: float = TOLERANCE
    rounding: float = 0.0

    @property
    def is_equal(self) -> bool:
        allowed = self.tolerance * max(1.0, self.max_abs_value) + 2 * self.rounding
        return not self.problem and self.max_abs_diff <= allowed and self.std > 1e-3


def entries() -> list[ZooEntry]:
    """Return the networks that are compared: classification, segmentation and video."""
    found = TorchvisionZoo().entries()
    return [entry for entry in found if entry.can_open and entry.task != "detection"]


def randomised(module: nn.Module, seed: int = 0) -> nn.Module:
    """Draw weights anew so that outputs depend on all of them; returns the module."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for inner in module.modules():
            if isinstance(inner, _LAYERS_WITH_STATISTICS):
                cast("Tensor", inner.running_mean).normal_(0, 0.1, generator=generator)
                cast("Tensor", inner.running_var).uniform_(0.5, 1.5, generator=generator)
                inner.weight.uniform_(0.5, 1.5, generator=generator)
                inner.bias.normal_(0, 0.1, generator=generator)
            elif isinstance(inner, nn.Linear):
                inner.weight.normal_(0, inner.in_features**-0.5, generator=generator)
                if inner.bias is not None:
                    inner.bias.normal_(0, 0.1, generator=generator)
            elif isinstance(inner, nn.Conv2d | nn.Conv3d):
                fan_in = inner.weight[0].numel()
                inner.weight.normal_(0, (2.0 / fan_in) ** 0.5, generator=generator)
        for name, parameter in module.named_parameters():
            if any(word in name for word in _STARTS_SMALL):
                parameter.normal_(0, 0.3, generator=generator)
            elif "layer_scale" in name:
                parameter.uniform_(0.1, 0.9, generator=generator)
    return module


def calibrated(module: nn.Module, image: Tensor) -> nn.Module:
    """Give batch normalisations the statistics of an image and of another one; returns the module.

    With others, numbers grow from layer to layer until every gate is open or closed, and rounding
    decides which: such a network is far from itself in double precision (`regnet_y_1_6gf` by a
    third of its largest output).
    """
    layers = [layer for layer in module.modules() if isinstance(layer, _LAYERS_WITH_STATISTICS)]
    momenta = [layer.momentum for layer in layers]
    generator = torch.Generator().manual_seed(2)
    for layer in layers:
        layer.momentum = 1.0
        layer.train()
    with torch.no_grad():
        module(torch.cat([image, torch.randn(image.shape, generator=generator)]))
    for layer, momentum in zip(layers, momenta, strict=True):
        layer.momentum = momentum
        layer.eval()
        variance = cast("Tensor", layer.running_var)
        variance.clamp_(min=_LEAST_VARIANCE * float(variance.mean()))
    return module


@dataclass(frozen=True, slots=True)
class Opened:
    """A network of torchvision with random weights, imported, and an image for both."""

    module: nn.Module
    imported: ImportedNetwork
    image: Tensor


def opened(entry: ZooEntry, *, is_small: bool = False, fold: bool = False) -> Opened:
    """Import a network with random weights.

    Args:
        is_small: Smaller images, where the network takes any.
    """
    torch.manual_seed(0)  # pyright: ignore[reportUnknownMemberType] - half typed in torch
    shape = _shape(entry, is_small=is_small)
    image = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    module = calibrated(randomised(build(entry.name, given=_input(entry))).eval(), image)
    return Opened(module, from_module(module, image, fold=fold, check=False), image)


def compared(entry: ZooEntry, *, is_small: bool = False, fold: bool = False) -> Comparison:
    """Import a network with random weights and run both on the same input."""
    found = opened(entry, is_small=is_small, fold=fold)
    return compared_modules(entry.name, found.module, found.imported, found.image)


def compared_modules(
    name: str, module: nn.Module, imported: ImportedNetwork, image: Tensor
) -> Comparison:
    """Run a module and what was imported of it on the same input."""
    placeholders = [p for p in imported.report.pieces if p.outcome == "placeholder"]
    if placeholders:
        first = placeholders[0]
        return Comparison(name, f"{len(placeholders)} placeholders: {first.source}")
    errors = [d for d in analyze(imported.document).diagnostics if d.severity == "error"]
    if errors:
        return Comparison(name, f"{len(errors)} errors: {errors[0].message}")
    network = build_module(imported.document)
    report = load_weights(network, imported.weights)
    if report.initialised or report.left_over or report.mismatched:
        return Comparison(name, f"weights: {report.initialised[:1]} {report.left_over[:1]}")
    network.eval()
    with torch.no_grad():
        expected, given = named_results(module(image)), _named_outputs(network, network(image))
    if expected.keys() != given.keys():
        return Comparison(name, f"outputs {sorted(given)} instead of {sorted(expected)}")
    pairs = [(expected[key], given[key]) for key in expected]
    return Comparison(
        name,
        max_abs_diff=max(float((one - other).abs().max()) for one, other in pairs),
        max_abs_value=max(float(one.abs().max()) for one, _ in pairs),
        std=min(float(one.std()) for one, _ in pairs),
    )


def _shape(entry: ZooEntry, *, is_small: bool) -> tuple[int, ...]:
    shape = input_shape(_input(entry), entry.task)
    if is_small and entry.name.startswith(_ANY_SIDE):
        return (*shape[:-2], _SMALL_SIDE_PX, _SMALL_SIDE_PX)
    return shape


def _input(entry: ZooEntry) -> ZooInput:
    if entry.default is None:
        raise ValueError(f"{entry.name} says nothing of its input")
    return entry.default.input


def named_results(result: object) -> dict[str, Tensor]:
    if isinstance(result, Mapping):
        return dict(cast("Mapping[str, Tensor]", result))
    return {"output": cast("Tensor", result)}


def _named_outputs(network: nn.Module, result: object) -> dict[str, Tensor]:
    """Return outputs by the names of their nodes, in whose order they come."""
    document = cast("Network", network).netloom_origins.document
    names = sorted(node.name for node in document.graph.nodes.values() if node.type == "Output")
    values = result if isinstance(result, tuple) else (result,)
    return dict(zip(names, cast("tuple[Tensor, ...]", values), strict=True))
