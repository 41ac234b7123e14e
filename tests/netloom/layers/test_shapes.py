"""Shapes with named dimensions and symbolic sizes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netloom.layers.shapes import (
    BATCH,
    Dim,
    concrete,
    elements_per_sample,
    image_shape,
    named_shape_text,
    shape_json,
    shape_text,
)
from netloom.layers.sizes import Expr, Size, exact_divide, floor_divide, symbol

SHAPE = image_shape(64, 56, 28)


def test_shapes_are_written_in_axis_words() -> None:
    assert shape_text(SHAPE) == "B × 64 × 56 × 28"
    assert named_shape_text(SHAPE) == "(B, C=64, H=56, W=28)"
    assert shape_json(SHAPE)[:2] == [{"axis": "B", "size": "B"}, {"axis": "C", "size": 64}]
    assert concrete(SHAPE, B=3) == (3, 64, 56, 28)
    assert elements_per_sample(SHAPE) == 64 * 56 * 28


def test_time_stays_symbolic() -> None:
    sequence = (BATCH, Dim("T", symbol("T")), Dim("F", 8))
    assert shape_text(sequence) == "B × T × 8"
    assert str(elements_per_sample(sequence)) == "8·T"
    assert concrete(sequence, B=2, T=5) == (2, 5, 8)
    with pytest.raises(KeyError):
        concrete(sequence, B=2)


def test_expressions_are_equal_when_they_mean_the_same() -> None:
    time = symbol("T")
    assert time + time == 2 * time
    assert str((time + 1) * (time + 1)) == "T·T + 2·T + 1"
    assert time + -1 * time == 0
    assert time * 0 == 0
    assert hash(time * 3) == hash(time + time + time)


def test_a_stride_divides_time() -> None:
    time = symbol("T")
    assert str(floor_divide(time + 1, 2)) == "⌊(T + 1) / 2⌋"
    assert str(floor_divide(time + -1, 2) + 1) == "⌊(T + 1) / 2⌋"
    assert floor_divide(4 * time + 3, 2) == 2 * time + 1
    assert floor_divide(floor_divide(time, 2), 2) == floor_divide(time, 4)
    assert floor_divide(floor_divide(time + 1, 2) + 1, 2) == floor_divide(time + 3, 4)
    assert str(floor_divide(time, 2) * 8 + -3) == "8·⌊T / 2⌋ − 3"
    assert exact_divide(6 * time + 3, 3) == 2 * time + 1
    assert exact_divide(time, 2) is None


@st.composite
def expressions(draw: st.DrawFn) -> Size:
    size: Size = symbol(draw(st.sampled_from("BT")))
    for step in draw(
        st.lists(st.tuples(st.booleans(), st.integers(-4, 4), st.sampled_from("BT1")), max_size=4)
    ):
        is_product, number, name = step
        other: Size = number if name == "1" else number * symbol(name)
        size = size * other if is_product else size + other
        divisor = draw(st.sampled_from([1, 1, 2, 3, 4, 6]))
        size = floor_divide(size + divisor // 2, divisor) if divisor > 1 else size
    return size


def value_of(size: Size, values: dict[str, int]) -> int:
    return size.evaluate(values) if isinstance(size, Expr) else size


@given(expressions(), expressions(), st.integers(-5, 5), st.integers(-5, 5))
def test_arithmetic_agrees_with_numbers(left: Size, right: Size, batch: int, time: int) -> None:
    values = {"B": batch, "T": time}
    one, other = value_of(left, values), value_of(right, values)
    assert value_of(left + right, values) == one + other
    assert value_of(left * right, values) == one * other
    for divisor in (1, 2, 3, 4):
        assert value_of(floor_divide(left, divisor), values) == one // divisor
        exact = exact_divide(left, divisor)
        assert exact is None or value_of(exact, values) * divisor == one
