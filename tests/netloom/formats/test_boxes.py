"""A face detector of another library: boxes chosen behind it, drawn over a photo."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from netloom.compile import build_module, load_weights
from netloom.data.decode import decode_image
from netloom.explain.activations import activations
from netloom.explain.preview_inputs import preview_inputs
from netloom.formats.read import read_network
from netloom.graph.apply import apply_operations
from netloom.graph.document import Document
from netloom.graph.operations import SetParam
from netloom.surgery import plan_act

FACES = ((0.10, 0.24), (0.29, 0.14), (0.43, 0.25), (0.65, 0.12), (0.83, 0.23), (0.91, 0.13))
"""Middle of each face on the photo, in shares of its width and height."""


@pytest.fixture(scope="module")
def detector(shared_data: Path) -> tuple[Document, dict[str, torch.Tensor]]:
    """The imported detector with the choice of boxes behind it."""
    path = shared_data / "models-rfb320/models/onnx/version-RFB-320.onnx"
    imported = read_network(path)
    document = imported.document
    nodes = document.graph.nodes
    [image] = [node_id for node_id, node in nodes.items() if node.type == "ImageInput"]
    plan = plan_act(document, "choose_boxes", values={"score_threshold": 0.7, "iou_threshold": 0.3})
    assert plan.refusal == ""
    assert plan.values["background"] == 0
    assert plan.problems == []
    assert plan.survival is not None
    assert plan.survival.new == plan.survival.removed == 0
    # The detector was trained on (x - 127) / 128 of 0..255.
    settings = [
        SetParam(scope=None, node_id=image, param=name, is_set=True, value=[value / 255])
        for name, value in (("mean", 127), ("std", 128))
    ]
    changed, _ = apply_operations(document, [*plan.operations, *settings])
    return changed, imported.weights


def test_faces_are_found_and_drawn_over_the_photo(
    detector: tuple[Document, dict[str, torch.Tensor]], shared_data: Path
) -> None:
    document, weights = detector
    network = build_module(document)
    left = load_weights(network, weights).initialised
    assert all(key.endswith("num_batches_tracked") for key in left)
    photo = decode_image(shared_data / "free-photos/solvay_conference.jpg")
    inputs = preview_inputs(document, photo)
    with torch.no_grad():
        found = network.eval()(*inputs.tensors)
    rows = found[0][found[0, :, 5] >= 0]
    assert len(rows) == len(FACES)
    assert (rows[:, 4] > 0.7).all()
    for x, y in FACES:
        point = torch.tensor([x * 320, y * 240])
        is_around = (rows[:, :2] < point).all(dim=1) & (rows[:, 2:4] > point).all(dim=1)
        assert int(is_around.sum()) == 1
    seen = activations(network, inputs.tensors)
    [node_id] = [key for key, node in document.graph.nodes.items() if node.type == "Output"]
    picture = seen[node_id].outputs[0].picture
    assert picture is not None
    assert picture.kind == "boxes"
    assert {box.label for box in picture.boxes or []} == {1}
    assert picture.num_shown == picture.num_all == len(rows)
    assert picture.boxes is not None
    assert picture.boxes[0].score == pytest.approx(float(rows[0, 4]), abs=1e-3)
