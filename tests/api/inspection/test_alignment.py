"""The map lies over the photo as a person sees it: turned upright, cut or padded as trained."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps

from tests.api.studio import content_of, has_ended, tiny_network, training_worker, wait_for
from tests.client import ApiClient

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

SIDE = 24
SQUARE_PX = 24
TURNED_LEFT = 6
"""EXIF orientation of a phone held upright: the stored picture lies on its side."""


def photo(generator: np.random.Generator, corner: tuple[int, int] | None) -> Image.Image:
    """Dark noise, 120 x 80 px, with a bright square at (left, top)."""
    pixels_HW = generator.integers(0, 90, (80, 120)).astype(np.uint8)
    if corner is not None:
        left, top = corner
        pixels_HW[top : top + SQUARE_PX, left : left + SQUARE_PX] = 255
    return Image.fromarray(pixels_HW)


def photos_zip() -> bytes:
    """Squares anywhere in the middle (a crop keeps it), and photos without one."""
    generator = np.random.default_rng(5)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for split, count in (("train", 24), ("validation", 6)):
            for index in range(count):
                corner = (int(generator.integers(20, 76)), int(generator.integers(0, 56)))
                for name, place in (("square", corner), ("plain", None)):
                    file = io.BytesIO()
                    photo(generator, place).save(file, "PNG")
                    archive.writestr(f"{split}/{name}/{index}.png", file.getvalue())
    return buffer.getvalue()


def phone_photo(corner: tuple[int, int]) -> bytes:
    """A JPEG stored on its side, whose upright picture has its square at `corner`."""
    upright = photo(np.random.default_rng(6), corner)
    exif = Image.Exif()
    exif[0x0112] = TURNED_LEFT
    file = io.BytesIO()
    upright.transpose(Image.Transpose.ROTATE_90).save(file, "JPEG", quality=95, exif=exif)
    return file.getvalue()


@pytest.mark.parametrize("policy", ["crop", "pad"])
def test_the_map_of_a_turned_photo_lies_on_what_it_is_about(
    api: ApiClient, project: Any, run_jobs: Callable[..., Any], policy: str
) -> None:
    checkpoint_id = _trained(api, project, run_jobs, policy)
    for corner in ((26, 6), (68, 50)):
        data = phone_photo(corner)
        upload_id = api.upload(project, "phone.jpg", data)
        for method in ("gradcam", "occlusion"):
            asked = {"checkpoint_id": checkpoint_id, "upload_id": upload_id, "method": method}
            job_id = api.post("/api/explanations", {**asked, "target_class": 1}).json()["id"]
            run_jobs("interactive")
            job = api.get(f"/api/jobs/{job_id}").json()
            assert job["state"] == "succeeded", job["problem"]
            told = api.get(f"/api/explanations/{job['result']['explanation_id']}").json()
            assert told["class_name"] == "square"
            assert told["probability"] > 0.5
            _image_is_the_upright_part(api, told, data)
            column, row = _hottest_place(api, told)
            middle = (corner[0] + SQUARE_PX / 2, corner[1] + SQUARE_PX / 2)
            assert abs(column - middle[0]) < SQUARE_PX / 2, (method, column, middle)
            assert abs(row - middle[1]) < SQUARE_PX / 2, (method, row, middle)


def _trained(api: ApiClient, project: Any, run_jobs: Callable[..., Any], policy: str) -> str:
    dataset = api.post(f"/api/projects/{project.id}/datasets", {"name": "Photos"}).json()
    upload_id = api.upload(project, "photos.zip", photos_zip())
    source = {"type": "upload", "upload_ids": [upload_id]}
    api.post(f"/api/datasets/{dataset['id']}/imports", {"source": source})
    run_jobs("bulk")
    document = tiny_network(classes=2)
    nodes = document["graph"]["nodes"]
    nodes["image"]["params"] |= {"height": SIDE, "width": SIDE, "resize_policy": policy}
    nodes["conv"]["params"] |= {"kernel_size": [5, 5], "padding": [2, 2]}
    nodes["pool"] = {"type": "AdaptiveAvgPool2d", "name": "pool", "params": {}}
    edges = document["graph"]["edges"]
    edges["pooled"] = {
        "source": {"node": "pool", "port": "output"},
        "target": edges["e2"]["target"],
    }
    edges["e2"] = edges["e2"] | {"target": {"node": "pool", "port": "input"}}
    body = {"name": "Squares", "document": document, "dataset_id": dataset["id"]}
    network = api.post(f"/api/projects/{project.id}/networks", body).json()
    config = {
        "epochs": 20,
        "batch_size": 8,
        "device": "cpu",
        "optimizer": {"type": "adamw", "learning_rate": 0.02},
    }
    run = api.post(f"/api/networks/{network['id']}/runs", {"config": config}).json()
    with training_worker():
        run = wait_for(api, run["id"], has_ended)
    assert run["state"] == "succeeded", run["failure"] or run["log_tail"]
    assert run["best_metric"]["value"] == 1.0
    assert run["classes"] == ["plain", "square"]
    return next(one["id"] for one in run["checkpoints"] if one["is_best"])


def _image_is_the_upright_part(api: ApiClient, told: dict[str, Any], data: bytes) -> None:
    """The picture under the map is `source_box` of the upright photo, black where it has none."""
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("L")
    assert upright.size == (120, 80)
    left, top, right, bottom = told["source_box"]
    part = Image.new("L", (round(right - left), round(bottom - top)))
    part.paste(upright, (round(-left), round(-top)))
    mine_HW = np.asarray(part.resize((SIDE, SIDE), Image.Resampling.BILINEAR), np.float32)
    shown = Image.open(io.BytesIO(content_of(api.get(told["input_image_url"])))).convert("L")
    assert np.abs(mine_HW - np.asarray(shown, np.float32)).mean() < 3


def _hottest_place(api: ApiClient, told: dict[str, Any]) -> tuple[float, float]:
    """Centre of the hottest twentieth of the map, in pixels of the upright photo."""
    raw_HW = np.load(io.BytesIO(content_of(api.get(told["data_url"]))))["heatmap"]
    rows, columns = np.nonzero(raw_HW >= np.quantile(raw_HW, 0.95))
    left, top, right, bottom = told["source_box"]
    return (
        left + (columns.mean() + 0.5) / raw_HW.shape[1] * (right - left),
        top + (rows.mean() + 0.5) / raw_HW.shape[0] * (bottom - top),
    )
