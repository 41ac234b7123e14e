"""A zip of class folders becomes a dataset."""

from __future__ import annotations

import pytest

from tests.api.datasets.conftest import Studio, png

pytestmark = pytest.mark.django_db(transaction=True)


def test_class_folders_become_classes(studio: Studio) -> None:
    dataset = studio.dataset()
    report = studio.bring_in_zip(
        dataset,
        {
            "cats/1.png": png(1),
            "cats/2.png": png(2),
            "dogs/3.png": png(3),
        },
    )
    assert report["state"] == "succeeded", report
    assert (report["num_files"], report["num_added"]) == (3, 3)
    assert studio.labels(dataset) == {"1.png": "cats", "2.png": "cats", "3.png": "dogs"}
    dataset = studio.refreshed(dataset)
    assert [(each["name"], each["count"]) for each in dataset["classes"]] == [
        ("cats", 2),
        ("dogs", 1),
    ]
    assert dataset["num_items"] == dataset["num_labeled"] == 3
    assert dataset["image_stats"]["width"] == {"min": 24, "median": 24, "max": 24}
    assert len(dataset["cover_item_ids"]) == 3
    assert "Class dogs has a single image" in " ".join(report["notes"])
