"""One test body over every layer type: what is declared is what torch does.

Cases stand in the tables of the package `cases`, one file for each family.
"""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import pytest
import torch
from torch import nn

from netloom.compile.own_classes import carried, own_classes
from netloom.compile.signatures import signature_of
from netloom.graph.document import ParamValue
from netloom.graph.names import name_problem
from netloom.layer_checks.flaws import Trial
from netloom.layer_checks.trial import check_trial
from netloom.layers import all_layers, describe_layers, get_layer, modules
from netloom.layers.base import AnyLayer, Inference
from netloom.layers.expect import infer_layer
from netloom.layers.parse import parse_params
from netloom.layers.shapes import feature_shape, image_shape
from tests.netloom.layers.cases import CASES, Case

COMPUTING = [layer for layer in all_layers() if layer.role == "layer"]


WITHOUT_GRADIENT = {
    ("Crop2d", "like"),
    ("Crop3d", "like"),
    ("Detections", "image"),
    ("PriorBoxes", "image"),
    *(("RegionAlign", port) for port in ("boxes", "sizes")),
    *(("RegionKeypoints", port) for port in ("boxes", "maps")),
    *(("RegionMasks", port) for port in ("detections", "image")),
    *(("RegionProposals", port) for port in ("object_1", "box_1", "object_2", "box_2", "sizes")),
}
"""Ports of which a layer takes the size alone, or where places are chosen."""


def cases() -> list[object]:
    """Every layer type with each of its cases."""
    return [
        pytest.param(layer, case, id=f"{layer.type_name}-{index}")
        for layer in COMPUTING
        for index, case in enumerate(CASES[layer.type_name])
    ]


@pytest.mark.parametrize(("layer", "case"), cases())
def test_declaration_is_what_torch_does(layer: AnyLayer, case: Case) -> None:
    params = parse_params(layer, case.params).params
    assert params is not None
    trial = Trial(case.params, case.inputs(layer, params))
    assert isinstance(infer_layer(layer, params, trial.inputs), Inference)
    flaws = [
        flaw.message
        for flaw in check_trial(layer, trial, reads_back=False)
        if flaw.kind != "gradient" or (layer.type_name, flaw.port) not in WITHOUT_GRADIENT
    ]
    assert flaws == []


@pytest.mark.parametrize(("layer", "case"), cases())
def test_constructors_are_known_to_the_code_generator(layer: AnyLayer, case: Case) -> None:
    """Without the names and defaults of its arguments, a block's uses could not be aligned."""
    params = parse_params(layer, case.params).params
    assert params is not None
    inputs = case.inputs(layer, params)
    if layer.call_source(params, inputs, [f"x{index}" for index in range(len(inputs))]) is not None:
        return
    call = layer.constructor(params, inputs)
    known = list(signature_of(call.target))
    assert len(call.args) <= len(known)
    assert call.kwargs.keys() <= set(known)


def test_own_classes_need_torch_alone() -> None:
    """What generated source carries must run there: no imports, constants or varying arguments."""
    folder = Path(inspect.getfile(modules)).parent
    for path in sorted(folder.glob("*.py")):
        if path.name == "__init__.py":
            continue
        docstring, *parts = ast.parse(path.read_text()).body
        assert isinstance(docstring, ast.Expr)
        for part in parts:
            if isinstance(part, ast.ImportFrom):
                assert part.module in ("__future__", "torch") or (part.module or "").startswith(
                    modules.__name__
                )
                assert part.module != "torch" or [name.name for name in part.names] == ["nn"]
            elif isinstance(part, ast.Import):
                assert [name.name for name in part.names] == ["torch"]
            else:
                assert isinstance(part, ast.ClassDef | ast.FunctionDef), f"{path.name}: {part}"
    for own in own_classes().values():
        scope: dict[str, object] = {"nn": nn, "torch": torch}
        for needed in carried([own.name]):
            exec(needed.text, scope)
        made, original = scope[own.name], getattr(modules, own.name, None)
        if original is not None and isinstance(made, type):
            parameters = list(inspect.signature(original.__init__).parameters.values())[1:]
            assert not any(
                parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters
            ) or "__init__" not in vars(original)


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
    assert name_problem(description.name_stem) is None
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
            if param.count is not None and param.count > 1:
                below = [*[int(param.minimum)] * (param.count - 1), int(param.minimum) - 1]
            if param.kind == "int_list":
                below = [int(param.minimum) - 1]
            errors = parse_params(layer, {param.name: below}).errors
            assert [error.param for error in errors] == [param.name]
