"""The sample datasets: real or realistic, always the same, learnable but not trivial."""

from __future__ import annotations

import hashlib
import io
import json
from collections import Counter
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.linear_model import LogisticRegression

from netloom.data.decode import decode_image
from netloom.data.manifest import Manifest
from netloom.samples import SampleImage, digits, inspection, write_samples
from netloom.samples.inspection import inspection_images


@pytest.fixture(scope="module")
def few_inspections() -> list[SampleImage]:
    return list(inspection_images(per_class=40))


def test_digits_are_scikit_learns(tmp_path: Path) -> None:
    from sklearn.datasets import load_digits

    manifest = write_samples(digits, tmp_path)
    assert Manifest.read(tmp_path / "manifest.json") == manifest
    assert Counter(i.split for i in manifest.items) == {
        "train": 1167,
        "validation": 270,
        "test": 360,
    }
    assert {item.label for item in manifest.items if item.split == "test"} == set(range(10))
    data = load_digits()
    for index in (0, 500, 1796):
        item = manifest.items[index]
        assert item.label == data.target[index]
        pixels = decode_image(tmp_path / item.path)
        ink = np.round(pixels[:, :, 0].astype(float) * 16 / 255)
        np.testing.assert_array_equal(ink, data.images[index])


def test_inspection_is_the_same_every_time(few_inspections: list[SampleImage]) -> None:
    again = list(islice(inspection_images(per_class=40), 3))
    assert [i.png for i in again] == [i.png for i in few_inspections[:3]]
    digest = hashlib.sha256(b"".join(i.png for i in few_inspections)).hexdigest()
    assert len({i.png for i in few_inspections}) == len(few_inspections)
    assert (
        digest
        == hashlib.sha256(b"".join(i.png for i in inspection_images(per_class=40))).hexdigest()
    )


def test_inspection_has_every_class_in_every_split(few_inspections: list[SampleImage]) -> None:
    counts = Counter((i.class_name, i.split) for i in few_inspections)
    for name in inspection.classes:
        assert counts[name, "train"] == 28
        assert counts[name, "validation"] == counts[name, "test"] == 6


def test_defects_lie_in_their_boxes_and_good_ones_have_none(
    few_inspections: list[SampleImage],
) -> None:
    for image in few_inspections:
        assert (image.box is None) == (image.class_name == "good")
        pixels = np.asarray(Image.open(io.BytesIO(image.png)))
        assert pixels.shape == (96, 96)
        # Neither too dark nor too bright for a camera.
        assert 60 < pixels.mean() < 220
        if image.box is not None:
            assert 0 <= image.box.left < image.box.right <= 96
            assert 0 <= image.box.top < image.box.bottom <= 96
            area = (image.box.right - image.box.left) * (image.box.bottom - image.box.top)
            assert area < 0.6 * 96 * 96


def test_inspection_is_not_told_apart_by_brightness_alone(
    few_inspections: list[SampleImage],
) -> None:
    features = []
    for image in few_inspections:
        pixels = np.asarray(Image.open(io.BytesIO(image.png))) / 255
        features.append([pixels.mean(), pixels.std(), pixels.min(), pixels.max()])
    labels = [image.class_name for image in few_inspections]
    splits = np.array([image.split == "train" for image in few_inspections])
    features_NF, labels_N = np.array(features), np.array(labels)
    model = LogisticRegression(max_iter=2000).fit(features_NF[splits], labels_N[splits])
    assert model.score(features_NF[~splits], labels_N[~splits]) < 0.8


def test_boxes_are_written_beside_the_images(tmp_path: Path) -> None:
    from dataclasses import replace

    small = replace(inspection, images=lambda: inspection_images(per_class=2))
    manifest = write_samples(small, tmp_path)
    boxes = json.loads((tmp_path / "boxes.json").read_text())
    assert len(manifest.items) == 8
    assert set(boxes) == {i.path for i in manifest.items if not i.path.startswith("good/")}
