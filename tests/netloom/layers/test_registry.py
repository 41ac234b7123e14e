"""One test body over every layer type: what is declared is what torch does.

B batch, C channels, H height, W width, F features.
"""

from __future__ import annotations

import itertools

import pytest
import torch
from torch import nn

from netloom.graph.document import ParamValue
from netloom.layers import all_layers, describe_layers, get_layer
from netloom.layers.base import AnyLayer, Inference, Inputs
from netloom.layers.parse import parse_params
from netloom.layers.shapes import Shape, concrete, feature_shape, image_shape

IMAGES = (image_shape(4, 13, 16), image_shape(6, 32, 9))
FEATURES = (feature_shape(7), feature_shape(12))
Params = dict[str, ParamValue]

CASES: dict[str, tuple[tuple[Shape, ...], list[Params]]] = {
    "Conv2d": (
        IMAGES,
        [
            {},
            {"out_channels": 5, "kernel_size": [5, 3], "stride": 2, "padding": [1, 0]},
            {"kernel_size": 4},
            {"kernel_size": 5, "stride": 3},
            {"kernel_size": 3, "dilation": [2, 1], "padding": 2, "bias": False},
            {"kernel_size": [2, 4], "dilation": 2, "stride": 2},
            {"out_channels": 8, "groups": 2},
        ],
    ),
    "Linear": (FEATURES, [{}, {"out_features": 3, "bias": False}]),
    "MaxPool2d": (
        IMAGES,
        [
            {},
            {"kernel_size": 3, "stride": 2, "padding": 1},
            {"kernel_size": [3, 2], "stride": [2, 3], "padding": [1, 0], "ceil_mode": True},
            {"kernel_size": 2, "stride": 3, "ceil_mode": True},
            {"kernel_size": 2, "stride": 4, "padding": 1, "ceil_mode": True},
        ],
    ),
    "AvgPool2d": (
        IMAGES,
        [{}, {"kernel_size": 3, "stride": 2, "padding": 1, "count_include_pad": False}],
    ),
    "AdaptiveAvgPool2d": (IMAGES, [{}, {"output_size": [3, 2]}]),
    "BatchNorm2d": (IMAGES, [{}, {"affine": False}, {"eps": 1e-3, "momentum": 0.5}]),
    "LayerNorm": ((*IMAGES, *FEATURES), [{}, {"eps": 1e-3, "elementwise_affine": False}]),
    "ReLU": ((*IMAGES, *FEATURES), [{}]),
    "LeakyReLU": ((*IMAGES, *FEATURES), [{}, {"negative_slope": 0.2}]),
    "GELU": ((*IMAGES, *FEATURES), [{}, {"approximate": "tanh"}]),
    "SiLU": ((*IMAGES, *FEATURES), [{}]),
    "Sigmoid": ((*IMAGES, *FEATURES), [{}]),
    "Tanh": ((*IMAGES, *FEATURES), [{}]),
    "Softmax": ((*IMAGES, *FEATURES), [{}]),
    "Dropout": ((*IMAGES, *FEATURES), [{}, {"p": 0.25}]),
    "Flatten": ((*IMAGES, *FEATURES), [{}]),
    "Add": ((*IMAGES, *FEATURES), [{}, {"num_inputs": 4}]),
    "Multiply": ((*IMAGES, *FEATURES), [{}, {"num_inputs": 3}]),
    "Concatenate": ((*IMAGES, *FEATURES), [{}, {"num_inputs": 3}]),
}
COMPUTING = [layer for layer in all_layers() if layer.role == "layer"]


def cases() -> list[object]:
    """Every layer type with each of its parameter sets on each of its input shapes."""
    found: list[object] = []
    for layer in COMPUTING:
        shapes, sets = CASES[layer.type_name]
        for index, (shape, raw) in enumerate(itertools.product(shapes, sets)):
            found.append(pytest.param(layer, shape, raw, id=f"{layer.type_name}-{index}"))
    return found


@pytest.mark.parametrize(("layer", "shape", "raw"), cases())
def test_declaration_is_what_torch_does(layer: AnyLayer, shape: Shape, raw: Params) -> None:
    params = parse_params(layer, raw).params
    assert params is not None
    inputs: Inputs = {port.name: shape for port in layer.input_ports(params)}
    found = layer.infer(params, inputs)
    assert isinstance(found, Inference)
    assert set(found.inferred) == set(layer.inferred)

    torch.manual_seed(0)
    module = layer.make_module(params, inputs).eval()
    expected = {name: tuple(value.shape) for name, value in module.named_parameters()}
    assert dict(found.parameters) == expected
    assert dict(found.buffers) == {name: tuple(b.shape) for name, b in module.named_buffers()}

    for num_samples in (2, 3):
        tensors = [
            torch.randn(concrete(given, B=num_samples), requires_grad=True)
            for given in inputs.values()
        ]
        copies = [tensor.detach().clone() for tensor in tensors]
        output = module(*tensors)
        (port,) = (port.name for port in layer.output_ports(params))
        assert tuple(output.shape) == concrete(found.outputs[port], B=num_samples)
        output.square().sum().backward()
        for tensor, copy in zip(tensors, copies, strict=True):
            assert tensor.grad is not None
            assert torch.isfinite(tensor.grad).all()
            assert torch.equal(tensor.detach(), copy), "a layer must not work in place"
        assert torch.allclose(output, _from_source(layer, params, inputs, module)(*tensors))


def _from_source(layer: AnyLayer, params: object, inputs: Inputs, module: nn.Module):
    """Rebuild the layer from its generated code, with the same weights."""
    names = [f"x{index}" for index in range(len(inputs))]
    scope = {"nn": nn, "torch": torch}
    expression = layer.call_source(params, inputs, names)  # type: ignore[arg-type]
    if expression is not None:
        return eval(f"lambda {', '.join(names)}: {expression}", scope)
    rebuilt = eval(layer.source(params, inputs), scope)  # type: ignore[arg-type]
    rebuilt.load_state_dict(module.state_dict())
    return rebuilt.eval()


def test_every_layer_type_has_cases() -> None:
    assert set(CASES) == {layer.type_name for layer in COMPUTING}


def test_names_are_unique_and_findable() -> None:
    names = [layer.type_name for layer in all_layers()]
    assert len(names) == len(set(names))
    for layer in all_layers():
        assert get_layer(layer.type_name) is layer
    assert get_layer("Conv9d") is None


def test_flops_count_a_multiply_add_as_two() -> None:
    conv, linear = get_layer("Conv2d"), get_layer("Linear")
    assert conv is not None
    assert linear is not None
    params = parse_params(conv, {"out_channels": 16, "kernel_size": 3, "bias": False}).params
    assert params is not None
    found = conv.infer(params, {"input": image_shape(3, 32, 32)})
    assert isinstance(found, Inference)
    assert found.flops == 2 * 3 * 3 * 3 * 16 * 32 * 32
    params = parse_params(linear, {"out_features": 10}).params
    assert params is not None
    found = linear.infer(params, {"input": feature_shape(100)})
    assert isinstance(found, Inference)
    assert found.flops == 2 * 100 * 10 + 10


@pytest.mark.parametrize("description", describe_layers(), ids=lambda found: found.type)
def test_descriptions_are_complete(description) -> None:
    assert description.title
    assert description.summary.endswith(".")
    assert description.docs.endswith(".")
    assert 0 <= description.hue <= 360
    assert description.aliases
    assert description.name_stem.isidentifier()
    for param in description.params:
        assert param.title
        assert param.description.endswith(".")
        assert (param.kind == "choice") == bool(param.choices)
        assert param.is_required is False
    if description.variadic_param:
        assert description.variadic_param in {param.name for param in description.params}
    layer = get_layer(description.type)
    assert layer is not None
    defaults = {param.name: param.default for param in description.params}
    assert parse_params(layer, defaults).params == layer.Params()


def test_limits_in_the_form_are_the_limits_of_the_parser() -> None:
    for description in describe_layers():
        layer = get_layer(description.type)
        assert layer is not None
        for param in description.params:
            if param.minimum is None:
                continue
            below: ParamValue = param.minimum - 1
            if param.kind in ("int_pair", "padding"):
                below = [int(param.minimum), int(param.minimum) - 1]
            errors = parse_params(layer, {param.name: below}).errors
            assert [error.param for error in errors] == [param.name]
