"""A face detector asked about photographs: boxes of one image, and a table of many."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from PIL import Image
from safetensors.torch import save

from accounts.models import Person
from designer.documents import as_stored
from designer.models import Network, WeightSet
from storage.services import store_bytes
from tests.api.studio import content_of
from tests.client import ApiClient
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

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

Ask = Callable[[str, dict[str, Any]], dict[str, Any]]


@pytest.fixture(scope="module")
def detector(shared_data: Path) -> FaceDetector:
    return face_detector(shared_data)


@pytest.fixture
def weight_set(project: Any, detector: FaceDetector) -> WeightSet:
    """What an import leaves, after its boxes were chosen in the designer."""
    weights = {key: tensor.contiguous() for key, tensor in detector.weights.items()}
    network = Network.objects.create(
        project=project,
        name="Faces",
        document=as_stored(detector.drawn),
        updated_at=timezone.now(),
    )
    return WeightSet.objects.create(
        network=network,
        blob=store_bytes(project, save(weights)),
        document=as_stored(detector.opened),
        source="version-RFB-320.onnx",
        format="ONNX",
        num_tensors=len(weights),
    )


@pytest.fixture
def weights(weight_set: WeightSet) -> dict[str, str]:
    return {"type": "weights", "weight_set_id": weight_set.id}


def _corners(boxes: list[dict[str, float]]) -> list[tuple[float, float, float, float]]:
    return [(box["x1"], box["y1"], box["x2"], box["y2"]) for box in boxes]


def test_faces_are_boxes_in_the_pixels_of_the_photo(
    api: ApiClient, project: Any, weights: dict[str, str], ask: Ask, shared_data: Path
) -> None:
    upload_id = api.upload(project, "solvay.jpg", (shared_data / PHOTO).read_bytes())
    asked = {"weights": weights, "upload_id": upload_id}
    job = ask("/api/predictions", asked)
    assert job["state"] == "succeeded", job["problem"]
    told = api.get(f"/api/predictions/{job['id']}").json()
    assert told == job["result"]
    assert told["probabilities"] == []
    assert told["is_as_drawn"], "the boxes were chosen after the file was opened"
    found = told["found"]
    assert (found["width"], found["height"]) == PHOTO_SIZE
    assert faces_inside(_corners(found["boxes"])) == [1] * len(FACES)
    assert (found["own_score_threshold"], found["own_iou_threshold"]) == (SCORE, OVERLAP)

    more = ask("/api/predictions", {**asked, "boxes": {"score_threshold": 0.05}})["result"]["found"]
    assert more["boxes"][: len(FACES)] == found["boxes"]
    assert more["num_all"] > found["num_all"]
    for wrong in ({"score_threshold": 2}, {"iou_threshold": -1}, {"sort": "x"}):
        assert api.post("/api/predictions", {**asked, "boxes": wrong}).status_code == 422

    explained = ask("/api/explanations", {**asked, "method": "occlusion"})
    assert explained["state"] == "failed"
    assert "no class" in explained["problem"]["detail"]


def test_what_others_asked_is_not_told(
    api: ApiClient,
    make_person: Callable[..., Person],
    project: Any,
    weights: dict[str, str],
    ask: Ask,
    shared_data: Path,
) -> None:
    upload_id = api.upload(project, "solvay.jpg", (shared_data / PHOTO).read_bytes())
    job = ask("/api/predictions", {"weights": weights, "upload_id": upload_id})
    stranger = ApiClient(make_person("Stranger"))
    assert stranger.get(f"/api/predictions/{job['id']}").status_code == 404
    assert api.get(f"/api/predictions/{'a' * 32}").status_code == 404


def test_a_drawing_that_lacks_weights_is_not_asked(
    api: ApiClient,
    project: Any,
    weight_set: WeightSet,
    weights: dict[str, str],
    ask: Ask,
    shared_data: Path,
) -> None:
    upload_id = api.upload(project, "solvay.jpg", (shared_data / PHOTO).read_bytes())
    drawn = json.loads(json.dumps(weight_set.network.document))
    node = next(each for each in drawn["graph"]["nodes"].values() if each["type"] == "Conv2d")
    node["params"]["kernel_size"] = [5, 5]
    Network.objects.filter(pk=weight_set.network_id).update(document=drawn)
    job = ask("/api/predictions", {"weights": weights, "upload_id": upload_id})
    assert job["state"] == "failed"
    assert "Choose the best boxes" in job["problem"]["next_step"], "as opened it gives numbers"


def test_a_table_says_how_many_boxes_each_image_has(
    api: ApiClient,
    project: Any,
    weights: dict[str, str],
    run_jobs: Callable[..., Any],
    shared_data: Path,
) -> None:
    dataset = _bring_in_photos(api, project, run_jobs, shared_data)
    body = {"weights": weights, "dataset_id": dataset["id"]}
    answer = api.post("/api/prediction-tables", body)
    assert answer.status_code == 202, answer.content
    run_jobs("bulk")
    job = api.get(f"/api/jobs/{answer.json()['id']}").json()
    assert job["state"] == "succeeded", job["problem"]
    table = api.get(f"/api/prediction-tables/{job['result']['table_id']}").json()
    assert (table["kind"], table["num_items"], table["accuracy"]) == ("boxes", 2, None)
    assert table["classes"] == ["class 0", "class 1"]
    address = f"/api/prediction-tables/{table['id']}/rows"
    most, none = api.get(f"{address}?order=-boxes").json()["items"]
    assert (most["item"]["file_name"], most["num_boxes"]) == ("solvay.jpg", len(FACES))
    [best] = most["top"]
    assert best["index"] == 1
    assert best["score"] > 0.99
    assert (none["num_boxes"], none["top"]) == (0, [])
    assert api.get(f"{address}?predicted=1").json()["total"] == 1

    text = content_of(api.get(table["csv_url"])).decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    of_photo = [row for row in rows if row["image"] == "solvay.jpg"]
    corners = [tuple(float(row[edge]) for edge in ("x1", "y1", "x2", "y2")) for row in of_photo]
    assert faces_inside(corners) == [1] * len(FACES)
    assert [row["score"] for row in rows if row["image"] == "gray.png"] == [""]


def _bring_in_photos(
    api: ApiClient, project: Any, run_jobs: Callable[..., Any], shared_data: Path
) -> dict[str, Any]:
    gray = io.BytesIO()
    Image.new("RGB", (64, 48), "gray").save(gray, "PNG")
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.write(shared_data / PHOTO, "solvay.jpg")
        archive.writestr("gray.png", gray.getvalue())
    made = api.post(f"/api/projects/{project.id}/datasets", {"name": "Photos"}).json()
    source = {
        "type": "upload",
        "upload_ids": [api.upload(project, "photos.zip", content.getvalue())],
    }
    asked = api.post(f"/api/datasets/{made['id']}/imports", {"source": source})
    assert asked.status_code == 202, asked.content
    run_jobs("bulk")
    return made
