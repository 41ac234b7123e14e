"""How far outputs are apart: each by its own scale, and never equal for want of numbers."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from netloom.formats import differences
from netloom.formats.differences import compare_arrays, worst_difference
from netloom.formats.imported import FormatError

NAN = float("nan")
INFINITE = float("inf")


def test_each_output_is_judged_by_its_own_scale() -> None:
    scores, boxes = torch.tensor([0.2, 0.9]), torch.tensor([10.0, 4000.0])
    told = worst_difference(
        [boxes, scores], [boxes + 0.01, scores + 0.1], oracle="somebody", inputs="made up"
    )
    assert told is not None
    assert told.max_abs_diff == pytest.approx(0.1)
    assert told.max_abs_value == pytest.approx(0.9)
    assert not told.is_equal


@pytest.mark.parametrize("missing", [NAN, INFINITE])
@pytest.mark.parametrize("place", [0, 1])
def test_a_number_missing_on_one_side_is_no_equality(missing: float, place: int) -> None:
    whole = [torch.ones(3), torch.ones(2, 2)]
    broken = [each.clone() for each in whole]
    broken[place].view(-1)[-1] = missing
    for sides in ((whole, broken), (broken, whole)):
        with pytest.raises(ValueError, match="numbers where"):
            worst_difference(*sides, oracle="somebody", inputs="made up")


def test_what_both_sides_mask_is_left_out() -> None:
    one, other = torch.tensor([1.0, -INFINITE]), torch.tensor([1.5, -INFINITE])
    told = worst_difference([one], [other], oracle="somebody", inputs="made up")
    assert told is not None
    assert told.max_abs_diff == 0.5


def test_without_numbers_nothing_is_said_to_be_equal() -> None:
    nothing = [torch.full((2,), NAN), torch.zeros(2, 0)]
    assert worst_difference(nothing, nothing, oracle="somebody", inputs="made up") is None
    empty = {"out": np.zeros((0, 3), np.float32)}
    with pytest.raises(FormatError, match="no numbers"):
        compare_arrays(empty, empty, oracle="somebody", inputs="made up")


def test_a_difference_is_found_wherever_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(differences, "_AT_ONCE", 4)
    expected = torch.arange(10.0)
    for place in range(10):
        given = expected.clone()
        given[place] += 0.25
        told = worst_difference([expected], [given], oracle="somebody", inputs="made up")
        assert told is not None
        assert (told.max_abs_diff, told.max_abs_value) == (0.25, 9.0)
