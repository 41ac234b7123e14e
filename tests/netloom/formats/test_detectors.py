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
from netloom.compile import generate_source
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
