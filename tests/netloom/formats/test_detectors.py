"""Detectors of torchvision: recorded backbones, declared heads, equal boxes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from conformance.detectors import compare_detector, detector_entries, drawn_detector
from conformance.torchvision_models import Comparison
from netloom import from_module
from netloom.cli import main
from netloom.compile import build_module, generate_source, load_weights
from netloom.explain.detection_results import BoxOptions
from netloom.explain.detections import Detector
from netloom.graph.document import Document
from netloom.readback import read_source

SMALLEST = ("ssdlite320_mobilenet_v3_large", "fasterrcnn_mobilenet_v3_large_320_fpn")
HEADS = {
    "ssdlite320_mobilenet_v3_large": {"DetectionTransform", "DefaultBoxDetections"},
    "fasterrcnn_mobilenet_v3_large_320_fpn": {
        "DetectionTransform", "RegionProposalHead", "RegionProposals", "RegionAlign",
        "RegionDetections",
    },
}  # fmt: skip


@pytest.mark.parametrize("name", SMALLEST)
def test_a_detector_finds_the_boxes_that_torchvision_finds(name: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    module = drawn_detector(name, 160, num_classes=4)
    image = torch.rand(1, 3, 120, 200)
    imported = from_module(module, image, check=False)
    types = {node.type for node in imported.document.graph.nodes.values()}
    assert HEADS[name] <= types
    found = compare_detector(name, module, imported, image)
    assert found.is_equal, found
    if name.startswith("faster"):
        _its_code_says_the_same(imported.document, image, 100, tmp_path)


@pytest.mark.parametrize("name", SMALLEST)
def test_what_a_detector_finds_lies_in_the_image_and_can_be_nothing(name: str) -> None:
    torch.manual_seed(0)
    module = drawn_detector(name, 160, num_classes=4)
    imported = from_module(module, torch.rand(1, 3, 120, 200), check=False)
    network = build_module(imported.document)
    assert load_weights(network, imported.weights).missing == ()
    detector = Detector.of(network.eval())
    assert detector is not None
    noise = torch.Generator().manual_seed(2)
    pixels_CHW = torch.randint(0, 256, (3, 120, 200), dtype=torch.uint8, generator=noise)
    own = detector.own
    weak = detector.found(pixels_CHW, (240, 400), BoxOptions(score_threshold=0.01), [])
    apart = detector.found(pixels_CHW, (240, 400), BoxOptions(iou_threshold=0.0), [])
    none = detector.found(pixels_CHW, (240, 400), BoxOptions(score_threshold=1.0), [])
    assert weak.num_all > apart.num_all > none.num_all == 0
    assert none.boxes == []
    assert detector.own == own
    for box in weak.boxes:
        assert 0 <= box.x1 <= box.x2 <= 400
        assert 0 <= box.y1 <= box.y2 <= 240
        assert box.score > 0.01


def _its_code_says_the_same(
    document: Document, image: torch.Tensor, num_rows: int, folder: Path
) -> None:
    """Code is read back as the same network, and runs where there is no Netloom."""
    source = generate_source(document)
    reading = read_source(source, document)
    assert not reading.problems
    assert not reading.operations
    (folder / "network.py").write_text(source)
    run = (
        "import sys, torch; sys.modules['netloom'] = None; import network; "
        "made = next(v for v in reversed(list(vars(network).values())) if isinstance(v, type)); "
        f"print(list(made().eval()(torch.rand(1, 3, {image.shape[2]}, {image.shape[3]})).shape))"
    )
    result = subprocess.run(
        [sys.executable, "-c", run], cwd=folder, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout) == [1, num_rows, 6]


def test_every_detector_is_in_the_list_and_can_be_opened(capsys) -> None:
    assert len(detector_entries()) == 12
    assert all(entry.can_open for entry in detector_entries())
    assert main(["zoo", "list", "fcos", "--json"]) == 0
    [entry] = json.loads(capsys.readouterr().out)
    assert entry["task"] == "detection"


def test_finding_nothing_counts_as_no_proof() -> None:
    assert not Comparison("empty", "it finds nothing, so equality says nothing").is_equal
