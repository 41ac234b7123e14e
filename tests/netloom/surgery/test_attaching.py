"""A classifier as backbone: pyramids and decoders at its maps, weights kept, code that runs."""

from __future__ import annotations

from collections import OrderedDict

import pytest
import torch
from torch import nn

from netloom import from_module
from netloom.analyze import analyze
from netloom.compile import build_module, generate_source, load_weights
from netloom.graph.apply import apply_operations
from netloom.graph.document import Document, ParamValue
from netloom.readback import read_source
from netloom.surgery import Plan, plan_act
from tests.netloom.surgery.networks import recurrent, residual, template

CLASSIFIERS = ("resnet18", "mobilenet_v2", "vgg11")
DETECTED = {"anchor-free": ("AnchorFreeHead", 100), "anchors": ("AnchorHead", 300)}


def done(document: Document, plan: Plan) -> Document:
    """The network afterwards; undoing it gives back exactly what was there."""
    assert plan.refusal == "", plan.refusal
    changed, inverses = apply_operations(document, plan.operations)
    assert apply_operations(changed, inverses)[0] == document
    assert plan.problems == []
    return changed


def runs_and_reads_back(document: Document) -> torch.Tensor:
    """Run the network on one image; its code is read as the same network."""
    network = build_module(document).eval()
    [image] = [n for n in document.graph.nodes.values() if n.type == "ImageInput"]
    size = [int(str(image.params.get(side, 32))) for side in ("height", "width")]
    with torch.no_grad():
        result = network(torch.randn(2, 3, *size))
    assert isinstance(result, torch.Tensor)
    reading = read_source(generate_source(document), document)
    assert not reading.problems
    assert not reading.operations
    return result


@pytest.mark.parametrize("head", sorted(DETECTED))
def test_a_pyramid_makes_a_detector_of_a_classifier(head: str) -> None:
    document = template("resnet18")
    plan = plan_act(document, "attach_pyramid", values={"head": head, "channels": 16})
    changed = done(document, plan)
    type_name, count = DETECTED[head]
    assert type_name in {node.type for node in changed.graph.nodes.values()}
    assert runs_and_reads_back(changed).shape == (2, count, 6)
    survival = plan.survival
    assert survival is not None
    fates = {layer.type: layer.fate for layer in survival.layers if layer.fate != "kept"}
    assert fates == {"FeaturePyramid": "new", type_name: "new", "Linear": "removed"}
    backbone = analyze(document).totals.parameters - survival.removed
    assert survival.kept == backbone
    assert "no detectors" in plan.warnings[0]


def test_a_pyramid_gives_every_pixel_a_class() -> None:
    document = template("resnet18")
    values: dict[str, ParamValue] = {
        "head": "pixels", "channels": 16, "freeze_backbone": True, "num_classes": 5,
    }  # fmt: skip
    plan = plan_act(document, "attach_pyramid", values=values)
    changed = done(document, plan)
    [image] = [n for n in changed.graph.nodes.values() if n.type == "ImageInput"]
    height = image.params.get("height", 32)
    assert list(runs_and_reads_back(changed).shape) == [2, 5, height, height]
    learning = {n.type for n in changed.graph.nodes.values() if not n.is_frozen}
    assert {"FeaturePyramid", "SegmentationHead"} <= learning
    assert "Conv2d" not in learning


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_a_decoder_makes_a_unet_of_a_classifier(name: str) -> None:
    document = template(name)
    plan = plan_act(document, "attach_unet", values={"num_classes": 3, "channels": 8})
    changed = done(document, plan)
    levels = str(plan.values["layers"]).split(", ")
    assert len(levels) >= 2
    joined = [n for n in changed.graph.nodes.values() if n.type == "Concatenate"]
    assert len(joined) >= len(levels) - 1
    assert runs_and_reads_back(changed).shape[1] == 3


def test_maps_inside_a_block_that_is_used_once_are_reached() -> None:
    torch.manual_seed(0)
    features = nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(4, 6, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 8, 3, padding=1),
    )  # fmt: skip
    module = nn.Sequential(OrderedDict(features=features, pool=nn.AdaptiveAvgPool2d(1)))
    module.append(nn.Flatten()).append(nn.Linear(8, 3))
    imported = from_module(module, torch.zeros(1, 3, 16, 16), fold=True, check=False)
    assert len(imported.document.graph.blocks) == 1
    plan = plan_act(imported.document, "attach_unet", values={"num_classes": 2})
    changed = done(imported.document, plan)
    assert all(name.startswith("features") for name in str(plan.values["layers"]).split(", "))
    network = build_module(changed)
    report = load_weights(network, imported.weights)
    assert report.left_over  # the classifier's own
    image = torch.randn(2, 3, 16, 16)
    seen: list[torch.Tensor] = []
    convs = [each for each in network.modules() if isinstance(each, nn.Conv2d)]
    [joined] = [each for each in convs if each.in_channels == 8 + 6]
    joined.register_forward_hook(lambda _module, given, _result: seen.append(given[0]))
    network.eval()(image)
    torch.testing.assert_close(seen[0][:, 8:], features[:5](image))


def test_layers_can_be_named_and_mistakes_are_told() -> None:
    document = template("resnet18")
    proposed = str(plan_act(document, "attach_unet").values["layers"]).split(", ")
    plan = plan_act(document, "attach_unet", values={"layers": ",".join(proposed[-2:])})
    assert "2 layers" in plan.label
    refused = plan_act(document, "attach_unet", values={"layers": "nothing"})
    assert "can be reached at nothing" in refused.refusal
    twice = plan_act(document, "attach_unet", values={"layers": f"{proposed[0]},{proposed[0]}"})
    assert "one size" in twice.refusal
    assert "image input" in plan_act(recurrent("LSTM"), "attach_unet").refusal
    assert plan_act(residual(), "choose_boxes").refusal.startswith("No two outputs")
