"""Heat maps land on the part of the picture that the network saw."""

from __future__ import annotations

import numpy as np
import pytest

from netloom.commands.explain import overlay
from netloom.data.preprocess import Preprocessing, ResizePolicy

GREY = 100


@pytest.mark.parametrize("policy", ["stretch", "crop", "pad"])
@pytest.mark.parametrize(("height", "width"), [(60, 120), (120, 60), (64, 64)])
@pytest.mark.parametrize("channels", [1, 3])
def test_the_heat_is_where_the_pixel_was(
    policy: ResizePolicy, height: int, width: int, channels: int
) -> None:
    """A bright square goes through preprocessing; its own pixels, taken as heat, cover it again."""
    image_HWC = np.full((height, width, channels), GREY, dtype=np.uint8)
    row, column = height // 2 - 9, width // 2 + 3
    image_HWC[row : row + 12, column : column + 12] = 255
    preprocessing = Preprocessing(48, 48, 1, policy, (0.0,), (1.0,))
    seen_HW = preprocessing.to_uint8_CHW(image_HWC)[0].astype(np.float32)
    heat_HW = (seen_HW > 200).astype(np.float32)
    plain = np.full((height, width, channels), GREY, dtype=np.uint8)
    drawn = np.asarray(overlay(plain, heat_HW, preprocessing.source_box(height, width)))
    changed_HW = np.any(drawn != GREY, axis=2)
    rows, columns = np.nonzero(changed_HW)
    assert abs(rows.mean() - (row + 5.5)) < 1.5
    assert abs(columns.mean() - (column + 5.5)) < 1.5
    assert 10 <= np.ptp(rows) <= 17
    assert 10 <= np.ptp(columns) <= 17


def test_a_map_without_heat_leaves_the_picture_alone() -> None:
    image_HWC = np.full((20, 20, 3), GREY, dtype=np.uint8)
    for heat_HW in (np.zeros((8, 8), np.float32), np.full((8, 8), -1, np.float32)):
        assert np.array_equal(np.asarray(overlay(image_HWC, heat_HW, (0, 0, 20, 20))), image_HWC)
