"""Parameters: what is accepted, and what a person reads when it is not."""

from __future__ import annotations

import subprocess
import sys

import pytest

from netloom.graph.document import ParamValue
from netloom.layers import get_layer
from netloom.layers.base import AnyLayer
from netloom.layers.parse import parse_params
from netloom.layers.refusals import ParamError


def layer_of(type_name: str) -> AnyLayer:
    layer = get_layer(type_name)
    assert layer is not None
    return layer


def error_of(type_name: str, **raw: ParamValue) -> ParamError:
    (error,) = parse_params(layer_of(type_name), raw).errors
    return error


@pytest.mark.parametrize(
    ("type_name", "raw", "message"),
    [
        (
            "Conv2d",
            {"out_channels": 0},
            "Filters must be a whole number from 1 to 1,000,000,000, not 0.",
        ),
        (
            "Conv2d",
            {"out_channels": 10**30},
            "Filters must be a whole number from 1 to 1,000,000,000, not such a large one.",
        ),
        (
            "Conv2d",
            {"kernel_size": [3, 3, 3]},
            "Kernel size must be one or two whole numbers from 1 to 65,536, not (3, 3, 3).",
        ),
        (
            "Conv2d",
            {"padding": "valid"},
            "Padding must be “same”, or one or two whole numbers from 0 to 65,536, not 'valid'.",
        ),
        ("Conv2d", {"bias": 1}, "Bias must be on or off, not 1."),
        (
            "MaxPool2d",
            {"stride": "x"},
            "Stride must be one or two whole numbers from 1 to 65,536, or empty, not 'x'.",
        ),
        ("Dropout", {"p": 1.5}, "Probability must be a number from 0 to 1, not 1.5."),
        ("GELU", {"approximate": "erf"}, "Approximation must be one of none, tanh, not 'erf'."),
        ("ImageInput", {"std": 0}, "Image input: every standard deviation must be above 0."),
        (
            "ImageInput",
            {"mean": [0.1, 0.2]},
            "Image input: mean has 2 values; give one, or 3 for 3 channels.",
        ),
    ],
)
def test_refused_values(type_name: str, raw: dict[str, ParamValue], message: str) -> None:
    assert error_of(type_name, **raw).message == message


def test_nothing_is_converted_silently() -> None:
    for value in ("16", 16.5, True, None, [16]):
        assert error_of("Conv2d", out_channels=value).param == "out_channels"


def test_the_nearest_accepted_number_is_offered() -> None:
    assert error_of("Dropout", p=3).nearest == 1
    assert error_of("Conv2d", out_channels=-5).nearest == 1
    assert error_of("Conv2d", out_channels=2.4).nearest == 2
    assert error_of("Conv2d", out_channels="many").nearest is None


def test_one_number_stands_for_both_directions() -> None:
    layer = layer_of("Conv2d")
    assert parse_params(layer, {"kernel_size": 5}) == parse_params(layer, {"kernel_size": [5, 5]})


def test_unknown_parameters_are_named_and_ignored() -> None:
    parsed = parse_params(layer_of("ReLU"), {"slope": 1, "inplace": True})
    assert parsed.unknown == ("inplace", "slope")
    assert parsed.params is not None


def test_declarations_and_analysis_load_no_torch() -> None:
    code = (
        "import sys, netloom.analyze, netloom.templates, netloom.graph.migrations as m\n"
        "from netloom.layers import describe_layers\n"
        "document = netloom.templates.make_template('small_resnet', channels=3, height=32,"
        " width=32, num_classes=10)\n"
        "assert netloom.analyze.analyze(document).is_trainable and describe_layers()\n"
        "assert not {'torch', 'numpy', 'django'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
