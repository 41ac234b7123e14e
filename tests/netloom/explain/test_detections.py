"""What is made of the rows a detector gives, however odd they are."""

from __future__ import annotations

import math

import torch

from netloom.explain.box_picture import box_picture, with_names
from netloom.explain.detection_results import MOST_CLASSES
from netloom.explain.detections import boxes_of, found_rows


def rows(*labels: float) -> torch.Tensor:
    return torch.tensor([[0.0, 0.0, 4.0, 4.0, 0.9, label] for label in labels])


def test_rows_without_a_class_are_left_out() -> None:
    found = found_rows(rows(0, -1, 7, math.nan, math.inf, MOST_CLASSES, 2.0**40))
    assert [box.label for box in boxes_of(found)] == [0, 7]


def test_a_picture_names_the_classes_that_are_known() -> None:
    picture = with_names(box_picture(rows(1, 3, 2.0**40)[None]), ["ash", "beech"])
    assert [(box.label, box.name) for box in picture.boxes or []] == [(1, "beech"), (3, "")]
