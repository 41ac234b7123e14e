"""Detectors that leave decoding to others: offsets from prior boxes, and maps of boxes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from torchvision.ops import batched_nms

from netloom.compile import build_module, load_weights
from netloom.data.decode import decode_image
from netloom.explain.detection_results import BoxOptions, FoundBoxes
from netloom.explain.detections import Detector
from netloom.formats.read import read_network
from netloom.graph.apply import apply_operations
from netloom.graph.document import Document
from netloom.layers.modules.raw_boxes import PriorBoxes
from netloom.surgery import plan_act
from tests.faces import FACES, PHOTO, WITH_OFFSETS, face_detector, faces_inside

FASTEST = "models-fastestdet/example/onnx-runtime/FastestDet.onnx"
PEOPLE = "models-fastestdet/data/3.jpg"


def _found(document: Document, weights: dict[str, torch.Tensor], photo: Path) -> FoundBoxes:
    network = build_module(document)
    assert load_weights(network, weights).missing == ()
    detector = Detector.of(network.eval())
    assert detector is not None
    image_HWC = decode_image(photo)
    pixels_CHW = torch.tensor(detector.preprocessing.to_uint8_CHW(image_HWC))
    size = (image_HWC.shape[0], image_HWC.shape[1])
    return detector.found(pixels_CHW, size, BoxOptions(), [])


def _rows(found: FoundBoxes) -> list[tuple[float, ...]]:
    return [(box.x1, box.y1, box.x2, box.y2, 1000 * box.score, box.label) for box in found.boxes]


@pytest.fixture(scope="module")
def with_boxes(shared_data: Path) -> FoundBoxes:
    """What the export finds that makes boxes itself."""
    detector = face_detector(shared_data)
    assert "PriorBoxes" not in {node.type for node in detector.drawn.graph.nodes.values()}
    return _found(detector.drawn, detector.weights, shared_data / PHOTO)


@pytest.mark.parametrize("file", WITH_OFFSETS)
def test_offsets_become_the_boxes_of_the_export_that_makes_them_itself(
    file: str, with_boxes: FoundBoxes, shared_data: Path
) -> None:
    detector = face_detector(shared_data, file)
    assert "PriorBoxes" in {node.type for node in detector.drawn.graph.nodes.values()}
    found = _found(detector.drawn, detector.weights, shared_data / PHOTO)
    corners = [(box.x1, box.y1, box.x2, box.y2) for box in found.boxes]
    assert faces_inside(corners) == [1] * len(FACES)
    assert np.abs(np.array(_rows(found)) - np.array(_rows(with_boxes))).max() < 0.2


def test_prior_boxes_are_proposed_only_where_the_grid_is_exactly_theirs(shared_data: Path) -> None:
    document = read_network(shared_data / WITH_OFFSETS[0]).document
    plan = plan_act(document, "choose_boxes")
    assert plan.values["box_format"] == "offsets"
    assert plan.values["strides"] == [8, 16, 32, 64]
    assert "does not say how large" in plan.warnings[0]
    other = plan_act(document, "choose_boxes", values={"sizes": [20.0] * 10})
    assert (other.refusal, other.warnings) == ("", [])
    none = plan_act(document, "choose_boxes", values={"sizes": []})
    assert "10 prior boxes" in none.refusal
    wrong = plan_act(document, "choose_boxes", values={"strides": [8, 16, 32, 32]})
    assert "rows of offsets" in wrong.problems[0]
    few = plan_act(document, "choose_boxes", values={"sizes": [20.0] * 9})
    assert "9 sizes for 10" in few.problems[0]
    assert (
        "does not fit" in plan_act(document, "choose_boxes", values={"box_format": "grid"}).refusal
    )


def test_an_offset_moves_and_scales_its_prior_box() -> None:
    layer = PriorBoxes([10, 20], [2, 1], [6.0, 12.0, 80.0])
    offsets_BN4 = torch.zeros(1, 2 * 3 * 4 + 2 * 2, 4)
    offsets_BN4[0, 3] = torch.tensor([5.0, -5.0, 0.0, 10.0])
    pixels = layer(offsets_BN4, torch.zeros(1, 3, 30, 40)) * torch.tensor([40, 30, 40, 30])
    torch.testing.assert_close(pixels[0, 0], torch.tensor([2.0, 2.0, 8.0, 8.0]))
    half = 6.0 * float(np.exp(2.0))
    moved = torch.tensor([15.0 + 6 - 6, 5.0 - 6 - half, 15.0 + 6 + 6, 5.0 - 6 + half])
    torch.testing.assert_close(pixels[0, 3], moved)
    last = torch.tensor([30.0 - 40, 30.0 - 40, 30.0 + 40, 30.0 + 40])
    torch.testing.assert_close(pixels[0, -1], last)
    layer.is_clipped = True
    clipped = layer.priors(30, 40)[-1]
    torch.testing.assert_close(clipped, torch.tensor([0.75, 1.0, 1.0, 1.0]))


def test_a_map_of_boxes_gives_what_its_authors_code_gives(shared_data: Path) -> None:
    imported = read_network(shared_data / FASTEST)
    plan = plan_act(imported.document, "choose_boxes", values={"iou_threshold": 0.45})
    assert (plan.refusal, plan.problems, plan.values["box_format"]) == ("", [], "grid")
    assert "sizes" not in {field.name for field in plan.form}
    document, _ = apply_operations(imported.document, plan.operations)
    found = _found(document, imported.weights, shared_data / PEOPLE)
    image_HWC = decode_image(shared_data / PEOPLE)
    detector = Detector.of(build_module(document).eval())
    assert detector is not None
    pixels_CHW = detector.preprocessing.to_uint8_CHW(image_HWC)
    expected = _by_hand(shared_data / FASTEST, pixels_CHW[None].astype(np.float32) / 255)
    height, width = image_HWC.shape[:2]
    size = np.array([width, height, width, height, 1000, 1])
    told = expected * size
    told[:, [0, 2]], told[:, [1, 3]] = (
        told[:, [0, 2]].clip(0, width),
        told[:, [1, 3]].clip(0, height),
    )
    assert len(found.boxes) == len(told) >= 3
    assert np.abs(np.array(_rows(found)) - told).max() < 0.5
    assert {box.label for box in found.boxes} == {0}, "people with frisbees"


def _by_hand(path: Path, image_BCHW: np.ndarray) -> np.ndarray:
    """Return boxes in shares of the image, score and label: the formulas of FastestDet."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), options)
    [[map_CHW]] = session.run(None, {session.get_inputs()[0].name: image_BCHW})
    rows: list[list[float]] = []
    for y, x in np.ndindex(22, 22):
        objectness, offset_x, offset_y, width, height, *classes = map_CHW[:, y, x].tolist()
        score = objectness**0.6 * max(classes) ** 0.4
        if score <= 0.5:
            continue
        center_x, center_y = (x + np.tanh(offset_x)) / 22, (y + np.tanh(offset_y)) / 22
        half_w, half_h = (0.5 / (1 + np.exp(-side)) for side in (width, height))
        corners = [center_x - half_w, center_y - half_h, center_x + half_w, center_y + half_h]
        rows.append([*corners, score, float(np.argmax(classes))])
    table = torch.tensor(rows)
    return table[batched_nms(table[:, :4], table[:, 4], table[:, 5].long(), 0.45)].numpy()
