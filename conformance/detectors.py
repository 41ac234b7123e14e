"""Every detector of torchvision, against torchvision itself.

Weights are drawn as for other networks; what predicts boxes and scores is then scaled so that
some boxes are found and most are not, since equality of nothing says nothing.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn

from conformance.torchvision_models import Comparison, randomised
from netloom import from_module
from netloom.analyze import analyze
from netloom.compile import build_module, load_weights
from netloom.formats.imported import ImportedNetwork
from netloom.formats.traced.detectors import OriginalDetector, rebuilt_detector
from netloom.formats.traced.outputs import named_outputs
from netloom.formats.zoo import TorchvisionZoo, ZooEntry
from netloom.formats.zoo.torchvision_zoo import build, detector_input

_SPREADS = {
    "cls_logits": 1.5, "cls_score": 3.0, "bbox_pred": 0.4, "bbox_reg": 0.4, "bbox_ctrness": 1.0,
    "mask_fcn_logits": 2.0, "kps_score_lowres": 2.0, "classification_head": 1.5,
    "regression_head": 0.4,
}  # fmt: skip
"""Standard deviation of what a layer predicts, by a part of its path."""


def detector_entries() -> list[ZooEntry]:
    """Return the detectors of torchvision."""
    return [each for each in TorchvisionZoo().entries() if each.task == "detection"]


def compared_detector(
    entry: ZooEntry, *, shorter_side: int | None = None, num_classes: int | None = None
) -> Comparison:
    """Import a detector with random weights and run both on the same images.

    Args:
        shorter_side: To which images are resized, where the detector leaves that open; its own
            without.
    """
    torch.manual_seed(0)  # pyright: ignore[reportUnknownMemberType] - half typed in torch
    module = drawn_detector(entry.name, shorter_side, num_classes)
    image = detector_image(entry)
    imported = from_module(module, image, check=False)
    return compare_detector(entry.name, module, imported, image)


def drawn_detector(
    name: str, shorter_side: int | None = None, num_classes: int | None = None
) -> nn.Module:
    """Return a detector with weights that find something."""
    module = randomised(build(name, num_classes)).eval()
    transform = cast("Any", module.transform)
    if shorter_side is not None and transform.fixed_size is None:
        transform.min_size, transform.max_size = (shorter_side,), 2 * shorter_side
    with torch.no_grad(), _scaling(module):
        module([torch.rand(3, 120, 160, generator=torch.Generator().manual_seed(3))])
    return module


def detector_image(entry: ZooEntry) -> Tensor:
    """Return a random image of the size that the detector is opened for."""
    return torch.rand(detector_shape(entry), generator=torch.Generator().manual_seed(1))


def detector_shape(entry: ZooEntry) -> tuple[int, ...]:
    """Return the shape of the image that a detector is opened for."""
    given = detector_input(entry.name)
    return (1, 3, given.height, given.width)


def compare_detector(
    name: str, module: nn.Module, imported: ImportedNetwork, image: Tensor
) -> Comparison:
    """Run a detector and what was imported of it on the same images."""
    placeholders = [p for p in imported.report.pieces if p.outcome == "placeholder"]
    if placeholders:
        first = placeholders[0]
        return Comparison(name, f"{len(placeholders)} placeholders: {first.source} {first.message}")
    errors = [d for d in analyze(imported.document).diagnostics if d.severity == "error"]
    if errors:
        return Comparison(name, f"{len(errors)} errors: {errors[0].message}")
    network = build_module(imported.document)
    report = load_weights(network, imported.weights)
    if report.initialised or report.left_over or report.mismatched:
        return Comparison(name, f"weights: {report.initialised[:1]} {report.left_over[:1]}")
    rebuilt = rebuilt_detector(module)
    if rebuilt is None:
        return Comparison(name, "it is no detector")
    original = OriginalDetector(module, rebuilt).eval()
    network.eval()
    with torch.no_grad():
        expected, given = original(image), named_outputs(imported.document, network(image))
    if expected.keys() != given.keys():
        return Comparison(name, f"outputs {sorted(given)} instead of {sorted(expected)}")
    if int((expected["detections"][..., 5] >= 0).sum()) < 3:
        return Comparison(name, "it finds nothing, so equality says nothing")
    pairs = [(expected[key], given[key]) for key in expected]
    return Comparison(
        name,
        max_abs_diff=max(float((one - other).abs().max()) for one, other in pairs),
        max_abs_value=max(float(one.abs().max()) for one, _ in pairs),
        std=min(float(one.std()) for one, _ in pairs),
    )


@dataclass(slots=True)
class _Scale:
    """Scales the weights of a layer when it is called first, so that its output is as wished."""

    spread: float
    is_done: bool = False

    def __call__(self, module: nn.Module, _given: object, result: Tensor) -> Tensor | None:
        if self.is_done or result.numel() < 2:
            return None
        self.is_done = True
        bias = cast("Tensor | None", module.bias)
        centered = result if bias is None else result - bias.view(-1, *[1] * (result.ndim - 2))
        factor = self.spread / max(float(centered.std()), 1e-12)
        cast("Tensor", module.weight).mul_(factor)
        return result + centered * (factor - 1)


@contextmanager
def _scaling(module: nn.Module) -> Generator[None]:
    hooks = []
    for path, inner in module.named_modules():
        if isinstance(inner, nn.Conv2d | nn.Linear | nn.ConvTranspose2d):
            last = path.split(".")[-1]
            key = last if last in _SPREADS else _ssd_part(path)
            if key is not None:
                hooks.append(inner.register_forward_hook(_Scale(_SPREADS[key])))
    yield
    for hook in hooks:
        hook.remove()


def _ssd_part(path: str) -> str | None:
    """Return which head of an SSD a layer ends: the last convolution of a level."""
    parts = path.split(".")
    if "module_list" not in parts:
        return None
    inside = parts[parts.index("module_list") + 2 :]
    return parts[1] if inside in ([], ["1"]) else None
