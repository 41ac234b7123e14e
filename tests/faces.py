"""A face detector of another library with its boxes chosen, and the faces it must find."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from netloom.formats.read import read_network
from netloom.graph.apply import apply_operations
from netloom.graph.document import Document
from netloom.graph.operations import SetParam
from netloom.surgery import plan_act

PHOTO = "free-photos/solvay_conference.jpg"
PHOTO_SIZE = (995, 960)
FACES = ((0.10, 0.24), (0.29, 0.14), (0.43, 0.25), (0.65, 0.12), (0.83, 0.23), (0.91, 0.13))
"""Middle of each face on the photo, in shares of its width and height."""
SCORE, OVERLAP = 0.7, 0.3


@dataclass(frozen=True, slots=True)
class FaceDetector:
    """The network as its file has it, and with boxes chosen and its input normalised."""

    opened: Document
    drawn: Document
    weights: dict[str, Tensor]


WITH_BOXES = "models-rfb320/models/onnx/version-RFB-320.onnx"
WITH_OFFSETS = (
    "models-rfb320/caffe/model/RFB-320/RFB-320.caffemodel",
    "models-rfb320/models/onnx/version-RFB-320_simplified.onnx",
    "models-rfb320/models/onnx/version-RFB-320_without_postprocessing.onnx",
)
"""The same detector, which leaves it to others to make boxes of what it gives."""


def face_detector(shared_data: Path, file: str = WITH_BOXES) -> FaceDetector:
    """Import the detector and choose its boxes, as a person does in the designer."""
    imported = read_network(shared_data / file)
    document = imported.document
    nodes = document.graph.nodes
    [image] = [node_id for node_id, node in nodes.items() if node.type == "ImageInput"]
    plan = plan_act(
        document, "choose_boxes", values={"score_threshold": SCORE, "iou_threshold": OVERLAP}
    )
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
    drawn, _ = apply_operations(document, [*plan.operations, *settings])
    return FaceDetector(document, drawn, imported.weights)


def faces_inside(boxes: list[tuple[float, float, float, float]]) -> list[int]:
    """How many boxes are around each face, in the photo's own pixels."""
    width, height = PHOTO_SIZE
    return [
        sum(x1 < x * width < x2 and y1 < y * height < y2 for x1, y1, x2, y2 in boxes)
        for x, y in FACES
    ]
