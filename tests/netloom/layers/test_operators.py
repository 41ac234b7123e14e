"""Operators as a whole: every one is tried, and wrong arguments are problems, never exceptions."""

from __future__ import annotations

import pytest

from netloom.layers import get_layer
from netloom.layers.base import ShapeProblem
from netloom.layers.describe import describe_layer
from netloom.layers.expect import infer_layer
from netloom.layers.operators import OPERATORS
from netloom.layers.operators.naming import regrouped
from netloom.layers.parse import parse_params
from netloom.layers.shapes import (
    BATCH,
    Dim,
    Shape,
    elements_per_sample,
    image_shape,
    named_shape_text,
)
from netloom.layers.sizes import symbol
from tests.netloom.layers.cases.arrays import ARRAY_CASES
from tests.netloom.layers.cases.operators import OPERATOR_CASES

POSITIVE_ONLY = {"log", "log1p", "sqrt", "rsqrt"}
"""Their gradient is not finite on all numbers; `test_traced` computes with them."""
NEEDS_OTHER_NUMBERS = {
    "acos", "acosh", "asin", "atanh", "power", "fmod", "divide_whole", "take", "pick", "scatter",
}  # fmt: skip
"""They take numbers of a range, or indices within one; the tests of ONNX compute with them."""


def test_every_operator_is_tried() -> None:
    tried = {str(case.params["op"]) for case in (*OPERATOR_CASES, *ARRAY_CASES)}
    assert tried | POSITIVE_ONLY | NEEDS_OTHER_NUMBERS == set(OPERATORS)


def test_every_operator_says_what_it_does_in_a_sentence() -> None:
    for operator in OPERATORS.values():
        assert operator.summary.endswith(".")
        assert operator.summary[0].isupper()


@pytest.mark.parametrize(
    ("op", "arguments"),
    [
        ("clamp", "{}"),
        ("clamp", "no json"),
        ("clamp", '{"min": "a"}'),
        ("reshape", '{"shape": [-2]}'),
        ("softmax", '{"dim": 1, "other": 2}'),
        ("einsum", '{"equation": "ab"}'),
        ("split", '{"sizes": [1]}'),
    ],
)
def test_arguments_that_do_not_fit_are_refused_with_a_reason(op: str, arguments: str) -> None:
    layer = get_layer("Operator")
    assert layer is not None
    parsed = parse_params(layer, {"op": op, "arguments": arguments})
    assert parsed.params is None
    assert op in parsed.errors[0].message


@pytest.mark.parametrize(
    ("op", "arguments", "words"),
    [
        ("softmax", '{"dim": 7}', "no axis 7"),
        ("reshape", '{"shape": [5, -1]}', "do not make up"),
        ("select", '{"dim": 1, "index": 4}', "no 4"),
        ("squeeze", '{"dim": 1}', "not 1"),
        ("split", '{"sizes": [1, 2]}', "3 positions, not 4"),
        ("slice", '{"dim": 0, "stop": 2}', "depends on the data"),
        ("pad", '{"padding": [-9, 0]}', "too small"),
    ],
)
def test_shapes_that_do_not_fit_are_problems_with_a_reason(
    op: str, arguments: str, words: str
) -> None:
    layer = get_layer("Operator")
    assert layer is not None
    params = parse_params(layer, {"op": op, "arguments": arguments}).params
    assert params is not None
    found = infer_layer(layer, params, {"input": image_shape(4, 6, 8)})
    assert isinstance(found, ShapeProblem)
    assert words in found.message


B = symbol("B")


@pytest.mark.parametrize(
    ("before", "sizes", "text"),
    [
        (image_shape(48, 8, 8), [B, 2, 24, 8, 8], "(B, N=2, C=24, H=8, W=8)"),
        (image_shape(48, 8, 8), [B, 48, 64], "(B, C=48, T=64)"),
        (image_shape(4, 8, 8), [B, 256], "(B, F=256)"),
        ((BATCH, Dim("T", 16), Dim("F", 8)), [B * 4, 4, 8], "(B=4·B, T=4, F=8)"),
        ((Dim("B", B * 4), Dim("T", 4), Dim("F", 8)), [B, 16, 8], "(B, T=16, F=8)"),
    ],
)
def test_axes_keep_their_names_through_a_reshape(before: Shape, sizes: list, text: str) -> None:
    assert named_shape_text(regrouped(before, sizes)) == text


def test_pieces_of_a_sample_count_for_the_sample() -> None:
    windows = (Dim("B", B * 64), Dim("T", 49), Dim("F", 96))
    assert elements_per_sample(windows) == 64 * 49 * 96


@pytest.mark.parametrize(
    ("op", "arguments", "place"),
    [
        ("permute", "{}", "arguments.dims"),
        ("permute", '{"dims": [0, "a"]}', "arguments.dims"),
        ("slice", '{"dim": 1, "step": 0}', "arguments.step"),
        ("pad", '{"padding": [1, 1], "mode": "mirror"}', "arguments.mode"),
        ("clamp", "{}", "arguments"),
        ("softmax", '{"dim": 1, "other": 2}', "arguments"),
        ("softmax", "dim", "arguments"),
    ],
)
def test_a_refused_argument_is_named(op: str, arguments: str, place: str) -> None:
    layer = get_layer("Operator")
    assert layer is not None
    [error] = parse_params(layer, {"op": op, "arguments": arguments}).errors
    assert error.param == place


@pytest.mark.parametrize(
    ("op", "arguments", "place"),
    [
        ("transpose", '{"dim0": 1, "dim1": 7}', "arguments.dim1"),
        ("softmax", '{"dim": 5}', "arguments.dim"),
        ("mean", '{"dim": [1, 9]}', "arguments.dim"),
        ("reshape", '{"shape": [-1, 7]}', "arguments.shape"),
    ],
)
def test_an_argument_that_does_not_fit_what_arrives_is_named(
    op: str, arguments: str, place: str
) -> None:
    layer = get_layer("Operator")
    assert layer is not None
    params = parse_params(layer, {"op": op, "arguments": arguments}).params
    assert params is not None
    problem = infer_layer(layer, params, {"input": image_shape(3, 8, 8)})
    assert isinstance(problem, ShapeProblem)
    assert problem.param == place


def test_every_argument_has_a_field_and_words() -> None:
    layer = get_layer("Operator")
    assert layer is not None
    described = describe_layer(layer).operators
    assert set(described) == set(OPERATORS)
    for name, operator in described.items():
        assert {field.name for field in operator.arguments} == set(
            OPERATORS[name].arguments.model_fields
        )
        for field in operator.arguments:
            assert field.title[0].isupper(), (name, field.name)
            assert field.description.endswith("."), (name, field.name)
