"""Detection and segmentation layers against torchvision's.

B batch, C channels, H height, W width, N boxes.
"""

from __future__ import annotations

import pytest
import torch
from torchvision.ops import FeaturePyramidNetwork, roi_align

from netloom.analyze import analyze
from netloom.compile import build_module
from netloom.graph.diagnostics import DiagnosticCode
from netloom.layers.modules import FeaturePyramid, RoIAlign
from tests.netloom.compile.networks import network, node


@pytest.mark.parametrize("num_samples", [1, 2])
def test_roi_align_is_that_of_torchvision_also_beyond_the_border(num_samples: int) -> None:
    torch.manual_seed(0)
    map_BCHW = torch.randn(2, 3, 9, 7)
    corners = torch.tensor([[4.0, 5.0, 50.0, 60.0], [-30.0, -9.0, 20.0, 12.0], [90, 90, 160, 170]])
    boxes_BN4 = torch.stack([corners, corners.flip(0)])
    ours = RoIAlign((4, 3), stride=16, num_samples=num_samples)(map_BCHW, boxes_BN4)
    theirs = roi_align(
        map_BCHW, list(boxes_BN4), (4, 3), spatial_scale=1 / 16, sampling_ratio=num_samples,
        aligned=True,
    )  # fmt: skip
    assert torch.allclose(ours, theirs.flatten(1).view(2, 3, -1), atol=1e-5)


def test_a_feature_pyramid_takes_the_weights_of_torchvision() -> None:
    torch.manual_seed(0)
    theirs = FeaturePyramidNetwork([4, 6, 3], 5)
    ours = FeaturePyramid([4, 6, 3], 5)
    ours.load_state_dict(theirs.state_dict())
    maps = [torch.randn(2, 4, 13, 16), torch.randn(2, 6, 7, 8), torch.randn(2, 3, 3, 4)]
    expected = theirs({str(level): each for level, each in enumerate(maps)})
    for own, other in zip(ours(*maps), expected.values(), strict=True):
        assert torch.allclose(own, other, atol=1e-6)


def test_a_small_detector_is_built_from_backbone_to_maps() -> None:
    document = network(
        {
            "i": node("ImageInput", "image", height=32, width=32),
            "a": node("Conv2d", "fine", out_channels=4, stride=4),
            "b": node("Conv2d", "coarse", out_channels=6, stride=2),
            "p": node("FeaturePyramid", "pyramid", num_levels=2, out_channels=8),
            "h": node("AnchorFreeHead", "head", num_levels=2, num_classes=3, num_convs=1),
            "o": node("Output", "boxes"),
            "q": node("Output", "classes"),
        },
        "i>a", "a>b", "a>p.input_1", "b>p.input_2", "p.output_1>h.input_1",
        "p.output_2>h.input_2", "h.box_1>o", "h.class_2>q",
    )  # fmt: skip
    analysis = analyze(document)
    assert analysis.is_trainable
    net = build_module(document)
    assert sum(p.numel() for p in net.parameters()) == analysis.totals.parameters
    boxes_BCHW, classes_BKHW = net(torch.randn(2, 3, 32, 32))
    assert boxes_BCHW.shape == (2, 4, 8, 8)
    assert boxes_BCHW.min() >= 0
    assert classes_BKHW.shape == (2, 3, 4, 4)
    probability = torch.sigmoid(classes_BKHW).mean()
    assert 0.005 < probability < 0.02
    unused = [d for d in analysis.diagnostics if d.code is DiagnosticCode.UNUSED_OUTPUT]
    assert not any(found.severity == "error" for found in unused)


def test_levels_of_different_width_are_told_with_a_repair() -> None:
    document = network(
        {
            "i": node("ImageInput", "image"),
            "a": node("Conv2d", "fine", out_channels=4),
            "b": node("Conv2d", "coarse", out_channels=6),
            "h": node("AnchorHead", "head", num_levels=2),
            "o": node("Output", "classes"),
        },
        "i>a", "a>b", "a>h.input_1", "b>h.input_2", "h.class_1>o",
    )  # fmt: skip
    (found,) = [d for d in analyze(document).diagnostics if d.severity == "error"]
    assert "all need 4 channels, but input_2 has 6" in found.message
    assert [fix.label for fix in found.fixes] == ["Insert Conv2d with 4 filters"]


@pytest.mark.parametrize(
    ("type_name", "raw"),
    [
        ("AnchorHead", {"num_levels": 1, "num_anchors": 1024, "num_classes": 1_000_000}),
        ("AnchorHead", {"num_levels": 10**9}),
        ("AnchorFreeHead", {"num_levels": 1, "num_convs": -3}),
        ("FeaturePyramid", {"num_levels": 1, "out_channels": 10**9}),
        ("SegmentationHead", {"hidden_channels": 10**9}),
        ("SegmentationHead", {"num_classes": 10**6, "scale": 1024}),
    ],
)
def test_hostile_sizes_are_diagnostics(type_name: str, raw: dict[str, int]) -> None:
    port = "input" if type_name == "SegmentationHead" else "input_1"
    document = network(
        {
            "i": node("ImageInput", "image", height=64, width=64),
            "h": node(type_name, "head", **raw),
        },
        f"i>h.{port}",
    )
    codes = {d.code for d in analyze(document).diagnostics if d.severity == "error"}
    assert codes & {DiagnosticCode.LIMIT_EXCEEDED, DiagnosticCode.INVALID_PARAM}
