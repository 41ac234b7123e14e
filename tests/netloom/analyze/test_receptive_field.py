"""Receptive fields: what is claimed is where the gradient of one output position arrives."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from bench.networks import RESNET_18, RESNET_50, resnet
from netloom.analyze import analyze
from netloom.analyze.receptive import Fields, fields_behind, input_fields
from netloom.compile import build_module
from netloom.graph.document import Document, ParamValue
from netloom.layer_checks.examples import example
from netloom.layers import all_layers
from netloom.layers.base import AnyLayer, Inference
from netloom.layers.expect import infer_layer
from netloom.layers.parse import parse_params
from netloom.layers.reach import POSITION_AXES
from netloom.layers.shapes import Shape, axes_of, holds_numbers
from tests.netloom.graph.build import block, chain, document, edge, instance, node
from tests.netloom.layers.cases import CASES, Case

TIME = 23
CONVOLVED = ("Conv1d", "Conv2d", "Conv3d", "AvgPool1d", "AvgPool2d", "AvgPool3d")
CONVOLVED += ("ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d")
CONVOLVED += ("SeparableConv1d", "SeparableConv2d", "SeparableConv3d")
INDEXED = {"MaxUnpool1d", "MaxUnpool2d", "MaxUnpool3d"}
"""What they see follows the indices they are given, here any."""
MOST_CASES = 12


def cases() -> list[object]:
    return [
        pytest.param(layer, case, id=f"{layer.type_name}-{index}")
        for layer in all_layers()
        if layer.role == "layer"
        for index, case in enumerate(CASES[layer.type_name][:MOST_CASES])
        if layer.type_name not in INDEXED
    ]


def touched(
    output: Tensor, at: tuple[int | slice, ...], arriving: Tensor
) -> list[tuple[int, int] | None]:
    """First and last position along each dimension of the input that reach one position."""
    (gradient,) = torch.autograd.grad(
        output[at].square().sum() + output[at].sum(), arriving, retain_graph=True, allow_unused=True
    )
    if gradient is None or not gradient.any():
        return [None] * arriving.dim()
    places = gradient.nonzero()
    return [(int(places[:, dim].min()), int(places[:, dim].max())) for dim in range(arriving.dim())]


def places(shape: Shape, sizes: tuple[int, ...]) -> list[tuple[int | slice, ...]]:
    """Corners and middle of the positions of a tensor, with all channels."""
    return [
        tuple(
            0 if dim.axis == "B" else int(share * (size - 1)) if dim.axis in POSITION_AXES
            else slice(None)
            for dim, size in zip(shape, sizes, strict=True)
        )
        for share in (0, 0.3, 0.5, 1)
    ]  # fmt: skip


def clipped(field: tuple[int, int], size: int) -> tuple[int, int]:
    return max(0, field[0]), min(size - 1, field[1])


@pytest.mark.parametrize(("layer", "case"), cases())
def test_no_layer_sees_more_than_it_declares(layer: AnyLayer, case: Case) -> None:
    params = parse_params(layer, case.params).params
    assert params is not None
    inputs = case.inputs(layer, params)
    found = infer_layer(layer, params, inputs)
    assert isinstance(found, Inference)
    torch.manual_seed(0)
    module = layer.make_module(params, inputs).eval()
    tensors = [example(shape, 1, TIME) for shape in inputs.values()]
    results = module(*tensors)
    results = results if isinstance(results, tuple) else (results,)
    reach = layer.reach(params, inputs)
    # At a border that repeats the inside a window may see further than elsewhere.
    mode = getattr(params, "padding_mode", "zeros")
    is_exact = layer.type_name in CONVOLVED and mode in ("zeros", "circular")
    for (port, shape), arriving in zip(inputs.items(), tensors, strict=True):
        if not holds_numbers(shape):
            continue
        for declared, result in zip(found.outputs.values(), results, strict=True):
            if not holds_numbers(declared) or not result.requires_grad:
                continue
            fields = fields_behind(reach, [(input_fields(inputs[port]), shape)], declared)
            is_mirrored = getattr(params, "mode", "") in ("reflect", "replicate")
            # What fills the border stands for positions inside.
            inner = slice(1, -1) if is_mirrored else slice(None)
            for at in places(declared, tuple(result.shape))[inner]:
                seen = touched(result, at, arriving)
                check(fields, shape, declared, at, seen, arriving, is_exact=is_exact)


def check(
    fields: Fields,
    shape: Shape,
    declared: Shape,
    at: tuple[int | slice, ...],
    seen: list[tuple[int, int] | None],
    arriving: Tensor,
    *,
    is_exact: bool,
) -> None:
    for dim, axis in enumerate(each.axis for each in shape):
        field = fields.get(axis)
        span = seen[dim]
        if axis not in POSITION_AXES or field is None or span is None or field.axis != axis:
            continue
        position = at[axes_of(declared).index(axis)]
        assert isinstance(position, int)
        window = clipped(field.window(position), arriving.shape[dim])
        assert window[0] <= span[0]
        assert span[1] <= window[1], f"{axis} {position}: {span} is not in {window}"
        if is_exact and window == field.window(position):
            assert span == window


def along(*layers: tuple[str, dict[str, ParamValue]], size: int = 41) -> Document:
    """An image through layers in a row."""
    nodes = [node(kind, f"layer_{index}", **params) for index, (kind, params) in enumerate(layers)]
    image = node("ImageInput", "image", channels=2, height=size, width=size)
    return chain(image, *nodes, node("Output", "output"))


CHAINS = {
    "convolutions": along(
        ("Conv2d", {"kernel_size": 3}), ("ReLU", {}),
        ("Conv2d", {"kernel_size": [5, 3], "stride": 2}),
        ("Conv2d", {"kernel_size": 3, "padding": 0}),
    ),
    "dilated": along(
        ("Conv2d", {"kernel_size": 3, "dilation": 2}), ("Conv2d", {"kernel_size": 3, "dilation": 4})
    ),
    "pooled": along(
        ("Conv2d", {"kernel_size": 3}), ("AvgPool2d", {"kernel_size": 3, "stride": 2}),
        ("Conv2d", {"kernel_size": 3}), ("AvgPool2d", {}),
    ),
    "transposed": along(
        ("Conv2d", {"kernel_size": 3, "stride": 2}), ("Conv2d", {"kernel_size": 3, "stride": 2}),
        ("ConvTranspose2d", {"kernel_size": 4, "stride": 2, "padding": 1}),
        ("ConvTranspose2d", {"kernel_size": 3, "stride": 3}), ("Conv2d", {"kernel_size": 3}),
    ),
    "resized": along(
        ("AvgPool2d", {}), ("Upsample", {"mode": "linear"}), ("Conv2d", {"kernel_size": 3}),
        ("Upsample", {}), ("Conv2d", {"kernel_size": 3, "stride": 2}),
    ),
    "even": along(("Conv2d", {"kernel_size": 4}), ("Conv2d", {"kernel_size": 2, "padding": 0})),
}  # fmt: skip


def make_all_positive(module: nn.Module) -> None:
    """So that no ReLU stops a gradient and no sum cancels one."""
    with torch.no_grad():
        for value in module.parameters():
            value.abs_().add_(0.01)


@pytest.mark.parametrize("name", CHAINS)
def test_a_chain_sees_exactly_its_window(name: str) -> None:
    exactly(CHAINS[name], size=41)


def residual() -> Document:
    """A strided block with a shortcut, twice, and a depth-wise path beside it."""
    nodes = {"image": node("ImageInput", "image", channels=2, height=41, width=41)}
    edges = {}
    last = "image"
    for stage in ("a", "b"):
        nodes |= {
            f"{stage}_wide": node("Conv2d", f"{stage}_wide", kernel_size=5, stride=2),
            f"{stage}_more": node("Conv2d", f"{stage}_more", kernel_size=3),
            f"{stage}_short": node("Conv2d", f"{stage}_short", kernel_size=1, stride=2, padding=0),
            f"{stage}_add": node("Add", f"{stage}_add"),
        }
        edges |= {
            f"{stage}1": edge(last, f"{stage}_wide"),
            f"{stage}2": edge(f"{stage}_wide", f"{stage}_more"),
            f"{stage}3": edge(last, f"{stage}_short"),
            f"{stage}4": edge(f"{stage}_more", f"{stage}_add", port="input_1"),
            f"{stage}5": edge(f"{stage}_short", f"{stage}_add", port="input_2"),
        }
        last = f"{stage}_add"
    nodes["out"] = node("Output", "output")
    return document(nodes, edges | {"last": edge(last, "out")}, {})


def test_a_residual_network_sees_exactly_its_window() -> None:
    exactly(residual(), size=41)


def exactly(made: Document, size: int) -> None:
    analysis = analyze(made)
    assert analysis.is_trainable, analysis.diagnostics
    claimed = analysis.nodes[analysis.order[-1]].receptive_field
    module = build_module(made).eval()
    make_all_positive(module)
    image = torch.rand(1, 2, size, size, requires_grad=True)
    output = module(image)
    assert isinstance(output, Tensor)
    widest = [0, 0]
    for place in range(min(output.shape[2:])):
        span = touched(output, (0, slice(None), place, place), image)[2:]
        for index, (field, found) in enumerate(zip(claimed, span, strict=True)):
            assert found is not None
            assert field.size is not None
            assert found[1] - found[0] < field.size
            inside = found[0] > 0
            if inside and found[1] < size - 1:
                widest[index] = max(widest[index], found[1] - found[0] + 1)
    for field, found in zip(claimed, widest, strict=True):
        assert field.size == found


def test_known_networks() -> None:
    for depths, expected in ((RESNET_18, 435), (RESNET_50, 427)):
        made = resnet(depths)
        analysis = analyze(made)
        last_map = analysis.nodes[analysis.order[-5]]
        assert last_map.output_text.endswith("7 × 7")
        assert [field.size for field in last_map.receptive_field] == [expected, expected]
        assert [field.jump for field in last_map.receptive_field] == [32, 32]
        assert [field.size for field in analysis.nodes[analysis.order[-1]].receptive_field] == [
            None,
            None,
        ]


def test_repeats_of_a_block_widen_the_field() -> None:
    conv = node("Conv2d", "conv", out_channels=2, kernel_size=3)
    made = document(
        {
            "image": node("ImageInput", "image", channels=2, height=32, width=32),
            "use": instance("b", "use", repeat=4),
            "out": node("Output", "output"),
        },
        {"a": edge("image", "use"), "b": edge("use", "out")},
        {"b": block("B", "p", conv)},
    )
    nodes = analyze(made).nodes
    assert [field.size for field in nodes["use/p1"].receptive_field] == [3, 3]
    assert [field.size for field in nodes["out"].receptive_field] == [9, 9]
