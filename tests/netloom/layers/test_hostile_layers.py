"""Whatever arrives at a layer, with whatever parameters: an answer, no exception, no memory."""

from __future__ import annotations

import json
import time
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from netloom.graph.document import Node, ParamValue
from netloom.layers import all_layers, describe_layers
from netloom.layers.base import AnyLayer, Inference, InsertBefore, SetParams, ShapeProblem
from netloom.layers.expect import LARGEST_SIZE, infer_layer
from netloom.layers.fields import ParamDescription
from netloom.layers.parse import parse_params
from netloom.layers.registry import get_layer
from netloom.layers.shapes import BATCH, Dim, Shape, index_shape
from netloom.layers.sizes import floor_divide, symbol

LAYERS = [layer for layer in all_layers() if layer.role == "layer"]
MAY_LACK_BATCH = ("Operator", "Parameter", "Constant", "RegionAlign")
"""They give tensors of any axes, such as one value for all samples or regions one by one."""
DESCRIPTIONS = {description.type: description for description in describe_layers()}
TIME = symbol("T")
HALF = floor_divide(TIME, 2)
SIZES = st.sampled_from(
    [1, 2, 3, 4, 8, 9, 12, 10**9, 10**15, TIME, 2 * TIME + -3, HALF, TIME * TIME]
)
AXES = ["BF", "BCT", "BCHW", "BCDHW", "BTF", "BHWF", "BT", "BCHF", "BDCT", "BCTF", "BH"]


@st.composite
def shapes(draw: st.DrawFn) -> Shape:
    axes = draw(st.sampled_from(AXES))
    shape = (BATCH, *(Dim(axis, draw(SIZES)) for axis in axes[1:]))
    return (
        index_shape(shape, draw(st.sampled_from([None, shape])))
        if draw(st.integers(0, 9)) == 0
        else shape
    )


INTEGERS = st.sampled_from([0, 1, 2, 3, 4, 5, 7, 64, 65_536, 10**9, -1, -3])


def values(param: ParamDescription) -> st.SearchStrategy[ParamValue]:
    if param.kind == "choice":
        return st.sampled_from(param.choices)
    if param.kind == "bool":
        return st.booleans()
    if param.kind == "float":
        return st.sampled_from([0.0, 0.5, 1.0, 2.0, 1e9])
    if param.kind == "text":
        return st.sampled_from(
            [
                "",
                "HW",
                "C,T",
                "bi,bi->bi",
                "bchw,bchw->bc",
                "b c (h p) w -> b c h (p w)",
                "p=2",
                "F",
                "F=?",
                "C=4, H=?, W=2",
                "T=?",
                "C=0",
                "x",
                "C=?,C=2",
                "9" * 500,
            ]
        )
    lists = st.lists(INTEGERS, max_size=7)
    return st.one_of(INTEGERS, lists, st.sampled_from(["same", None, [0, 2, 1], [1, 1]]))


@st.composite
def uses(draw: st.DrawFn) -> tuple[AnyLayer, dict[str, ParamValue], list[Shape]]:
    layer = draw(st.sampled_from(LAYERS))
    params = DESCRIPTIONS[layer.type_name].params
    chosen = draw(st.lists(st.sampled_from(params), max_size=4)) if params else []
    raw = {param.name: draw(values(param)) for param in chosen}
    return layer, raw, draw(st.lists(shapes(), min_size=1, max_size=3))


@settings(max_examples=700, deadline=None, derandomize=True)
@given(uses())
def test_every_layer_answers(use: tuple[AnyLayer, dict[str, ParamValue], list[Shape]]) -> None:
    layer, raw, given = use
    params = parse_params(layer, raw).params
    if params is None:
        return
    ports = [port.name for port in layer.input_ports(params)]
    inputs = {port: given[index % len(given)] for index, port in enumerate(ports)}
    found = infer_layer(layer, params, inputs)
    if isinstance(found, Inference):
        assert list(found.outputs) == [port.name for port in layer.output_ports(params)]
        for shape in found.outputs.values():
            assert shape[0] == BATCH or layer.type_name in MAY_LACK_BATCH
            assert all(dim.size <= LARGEST_SIZE for dim in shape if isinstance(dim.size, int))
        json.dumps(found.inferred)
        if layer.call_source(params, inputs, ports) is None:
            str(layer.constructor(params, inputs))
        return
    assert found.message.endswith((".", "?", ")"))
    assert found.port is None or found.port in ports
    assert found.param is None or found.param in layer.Params.model_fields
    for suggestion in found.suggestions:
        if isinstance(suggestion, SetParams):
            kept = {name: value for name, value in suggestion.values.items() if value is not None}
            rest = {name: value for name, value in raw.items() if name not in suggestion.values}
            assert parse_params(layer, {**rest, **kept}).params is not None, suggestion
        elif isinstance(suggestion, InsertBefore):
            other = get_layer(suggestion.type_name)
            assert other is not None
            assert suggestion.port in ports
            assert parse_params(other, suggestion.params).params is not None


@pytest.mark.timed
def test_absurd_parameters_take_neither_time_nor_memory() -> None:
    huge: list[tuple[str, dict[str, ParamValue], Shape]] = [
        ("ConvTranspose3d", {"stride": 65_536, "kernel_size": 65_536}, _cube(10**9)),
        ("Upsample", {"scale_factor": 65_536}, _cube(10**9)),
        ("Pad", {"padding": 65_536}, _cube(1)),
        ("Slice", {"start": -(10**9), "stop": 10**9}, _cube(10**15)),
        ("GroupNorm", {"num_groups": 10**9}, _cube(10**9 - 1)),
        ("Reshape", {"shape": "C=9999999999, H=9999999999, W=?"}, _cube(10**15)),
        ("PixelUnshuffle", {"factor": 65_536}, (BATCH, *(Dim(axis, 65_536**2) for axis in "CHW"))),
    ]
    tracemalloc.start()
    started = time.process_time()
    for type_name, raw, shape in huge:
        layer = get_layer(type_name)
        assert layer is not None
        params = parse_params(layer, raw).params
        assert params is not None
        infer_layer(layer, params, {"input": shape})
    assert time.process_time() - started < 0.5
    assert tracemalloc.get_traced_memory()[1] < 2**20
    tracemalloc.stop()


def _cube(size: int) -> Shape:
    return (BATCH, *(Dim(axis, size) for axis in "CDHW"))


@pytest.mark.parametrize("number", [10**400, -(10**400), 2**2000])
def test_a_number_beyond_all_bounds_is_in_no_document(number: int) -> None:
    for value in (number, [number], [[number]]):
        with pytest.raises(ValidationError):
            Node(type="Conv2d", name="conv", params={"out_channels": value})


@pytest.mark.parametrize("number", ["1e999", "-1e999", "9" * 400])
def test_a_number_beyond_all_bounds_is_no_argument(number: str) -> None:
    layer = get_layer("Operator")
    assert layer is not None
    parsed = parse_params(layer, {"op": "softmax", "arguments": f'{{"dim": {number}}}'})
    if parsed.params is None:
        assert parsed.errors
        return
    shape = (BATCH, Dim("F", 4))
    assert isinstance(infer_layer(layer, parsed.params, {"input": shape}), ShapeProblem)


def test_one_number_for_several_may_be_too_large() -> None:
    layer = get_layer("ImageInput")
    assert layer is not None
    assert parse_params(layer, {"mean": 10**400}).errors


@pytest.mark.parametrize(("side", "is_small"), [(32, True), (400, False)])
def test_what_a_sum_of_products_holds_on_the_way_is_counted(side: int, *, is_small: bool) -> None:
    """Four matrices that share letters in a ring hold a number for each combination of them."""
    shape = (BATCH, Dim("F", side), Dim("F", side))
    cases = {
        "Einsum": {"pattern": "zab,zcd,zac,zbd->za", "num_inputs": 4},
        "Operator": {"op": "einsum", "arguments": '{"equation": "zab,zcd,zac,zbd->za"}'},
    }
    for name, raw in cases.items():
        layer = get_layer(name)
        assert layer is not None
        params = parse_params(layer, raw).params
        assert params is not None
        ports = [port.name for port in layer.input_ports(params)]
        found = infer_layer(layer, params, dict.fromkeys(ports, shape))
        if is_small:
            assert isinstance(found, Inference)
            assert found.flops == 4 * side**4
        else:
            assert isinstance(found, ShapeProblem)
