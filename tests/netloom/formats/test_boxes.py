"""A face detector of another library: boxes chosen behind it, drawn over a photo."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import Tensor

from netloom.cli import main
from netloom.compile import build_module, load_weights
from netloom.data.decode import decode_image
from netloom.data.manifest import Item
from netloom.explain.activations import activations
from netloom.explain.detection_results import BoxOptions, FoundBoxes
from netloom.explain.detections import Detector, detect_items
from netloom.explain.preview_inputs import preview_inputs
from netloom.formats.bundle import make_meta, write_bundle
from netloom.formats.read import read_network
from netloom.graph.apply import apply_operations
from netloom.graph.document import Document
from netloom.graph.operations import SetParam
from tests.faces import (
    FACES,
    OVERLAP,
    PHOTO,
    PHOTO_SIZE,
    SCORE,
    FaceDetector,
    face_detector,
    faces_inside,
)

HALF_FACE = 60
"""In pixels of the photo."""


@pytest.fixture(scope="module")
def detector(shared_data: Path) -> FaceDetector:
    """The imported detector with the choice of boxes behind it."""
    return face_detector(shared_data)


@pytest.fixture(scope="module")
def bundle(detector: FaceDetector, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same to take away."""
    path = tmp_path_factory.mktemp("faces") / "faces.netloom"
    meta = make_meta(detector.drawn, classes=["nothing", "face"])
    write_bundle(path, detector.drawn, detector.weights, meta)
    return path


def test_faces_are_found_and_drawn_over_the_photo(
    detector: FaceDetector, shared_data: Path
) -> None:
    document = detector.drawn
    network = build_module(document)
    assert load_weights(network, detector.weights).missing == ()
    photo = decode_image(shared_data / PHOTO)
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


def _find(
    document: Document, weights: dict[str, Tensor], photo: Path, **options: float
) -> FoundBoxes:
    network = build_module(document)
    assert load_weights(network, weights).missing == ()
    detector = Detector.of(network.eval())
    assert detector is not None
    image_HWC = decode_image(photo)
    pixels_CHW = torch.tensor(detector.preprocessing.to_uint8_CHW(image_HWC))
    size = (image_HWC.shape[0], image_HWC.shape[1])
    found = detector.found(pixels_CHW, size, BoxOptions(**options), ["nothing", "face"])
    assert detector.own == (SCORE, OVERLAP), "what was asked differently is set back"
    return found


def _corners(found: FoundBoxes) -> list[tuple[float, float, float, float]]:
    return [(box.x1, box.y1, box.x2, box.y2) for box in found.boxes]


def test_boxes_lie_on_the_photo_in_its_own_pixels(
    detector: FaceDetector, shared_data: Path
) -> None:
    found = _find(detector.drawn, detector.weights, shared_data / PHOTO)
    assert (found.width, found.height) == PHOTO_SIZE
    assert faces_inside(_corners(found)) == [1] * len(FACES)
    assert found.num_all == len(FACES)
    assert {box.name for box in found.boxes} == {"face"}
    assert (found.score_threshold, found.iou_threshold) == (SCORE, OVERLAP)


def test_one_may_ask_for_weaker_boxes_and_for_more_overlap(
    detector: FaceDetector, shared_data: Path
) -> None:
    photo = shared_data / PHOTO
    strong = _find(detector.drawn, detector.weights, photo)
    weak = _find(detector.drawn, detector.weights, photo, score_threshold=0.05)
    assert weak.num_all > strong.num_all
    assert weak.boxes[: strong.num_all] == strong.boxes, "the best are the same"
    assert weak.own_score_threshold == SCORE
    crowded = _find(detector.drawn, detector.weights, photo, iou_threshold=0.9)
    assert max(faces_inside(_corners(crowded))) > 1


@pytest.mark.parametrize("policy", ["crop", "pad"])
def test_boxes_of_a_cropped_or_padded_input_lie_where_the_faces_are(
    detector: FaceDetector, shared_data: Path, policy: str
) -> None:
    nodes = detector.drawn.graph.nodes
    [image] = [node_id for node_id, node in nodes.items() if node.type == "ImageInput"]
    change = SetParam(scope=None, node_id=image, param="resize_policy", is_set=True, value=policy)
    document, _ = apply_operations(detector.drawn, [change])
    found = _find(document, detector.weights, shared_data / PHOTO)
    _, top, _, bottom = found.seen
    # The crop cuts faces at the upper edge in half, which need not be found.
    whole = [top + HALF_FACE < y * PHOTO_SIZE[1] < bottom - HALF_FACE for _, y in FACES]
    around = faces_inside(_corners(found))
    assert [count for count, is_whole in zip(around, whole, strict=True) if is_whole] == [1] * (
        len(FACES) if policy == "pad" else 3
    )
    for x1, y1, x2, y2 in _corners(found):
        assert 0 <= x1 <= x2 <= PHOTO_SIZE[0]
        assert 0 <= y1 <= y2 <= PHOTO_SIZE[1]


def test_a_bundle_finds_what_the_file_of_the_other_library_finds(
    detector: FaceDetector, bundle: Path, shared_data: Path
) -> None:
    again = read_network(bundle)
    photo = shared_data / PHOTO
    found = _find(again.document, again.weights, photo)
    assert found == _find(detector.drawn, detector.weights, photo)


def test_many_images_are_looked_at_in_their_order(
    detector: FaceDetector, shared_data: Path, tmp_path: Path
) -> None:
    network = build_module(detector.drawn)
    load_weights(network, detector.weights)
    asked = Detector.of(network.eval())
    assert asked is not None
    (tmp_path / "broken.jpg").write_bytes(b"no image")
    Image.new("RGB", (64, 48), "gray").save(tmp_path / "empty.png")
    paths = [tmp_path / "empty.png", tmp_path / "broken.jpg", shared_data / PHOTO]
    items = [Item(id=path.name, path=str(path)) for path in paths]
    empty, broken, photo = detect_items(asked, items, tmp_path)
    assert (empty.width, empty.height, empty.boxes, empty.problem) == (64, 48, [], "")
    assert "no image" in broken.problem
    assert (photo.width, photo.height) == PHOTO_SIZE
    assert photo.num_all == len(photo.boxes) == len(FACES)


@pytest.fixture
def asked(bundle: Path, shared_data: Path, tmp_path: Path) -> list[str]:
    """A command about the photo and about a folder with an image of nothing."""
    Image.new("RGB", (64, 48), "gray").save(tmp_path / "empty.png")
    return ["predict", str(bundle), str(shared_data / PHOTO), str(tmp_path)]


def test_the_command_line_tells_boxes_as_json(
    asked: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*asked, "--json"]) == 0
    photo, empty = json.loads(capsys.readouterr().out)
    assert (photo["width"], photo["height"]) == PHOTO_SIZE
    boxes = [(box["x1"], box["y1"], box["x2"], box["y2"]) for box in photo["boxes"]]
    assert faces_inside(boxes) == [1] * len(FACES)
    assert {(box["index"], box["name"]) for box in photo["boxes"]} == {(1, "face")}
    assert empty["boxes"] == []


def test_the_command_line_writes_a_row_for_each_box(
    asked: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "boxes.csv"
    assert main([*asked, "--csv", str(table), "--min-score", "0.999"]) == 0
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len([row for row in rows if row["class"] == "face"]) < len(FACES)
    assert all(float(row["score"]) >= 0.999 for row in rows if row["score"])
    assert [row["x1"] for row in rows if row["image"].endswith("empty.png")] == [""]
    assert "2 images in" in capsys.readouterr().out


def test_the_command_line_says_what_was_found(
    asked: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(asked) == 0
    said = capsys.readouterr().out
    assert "6 × face; the best scores" in said
    assert "empty.png: nothing found" in said


def test_a_detector_is_not_compared_with_class_folders(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", str(bundle), "--data", str(tmp_path)]) == 1
    assert "compares classes" in capsys.readouterr().err
