"""Numbers of single precision come back as people wrote them, and stay the same numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest

from netloom.formats.single import shortest


@pytest.mark.parametrize("written", [1e-5, 0.001, 0.1, 0.9, 1.0, 3.0, 1e30, -0.75, 0.0])
def test_a_number_comes_back_as_it_was_written(written: float) -> None:
    assert shortest(float(np.float32(written))) == written


def test_it_stays_the_same_number() -> None:
    bits = np.random.default_rng(0).integers(0, 2**32, 2000, dtype=np.uint32)
    for given in bits.view(np.float32):
        found = np.float32(shortest(float(given)))
        assert found == given or (math.isnan(found) and math.isnan(given))
