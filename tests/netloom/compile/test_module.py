"""Compiled networks: names, blocks, hooks, copies, seeds, frozen nodes, errors."""

from __future__ import annotations

import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from netloom.analyze import analyze
from netloom.compile import CompileError, build_module, node_of_exception
from netloom.graph.document import Document, Graph
from tests.netloom.compile.networks import (
    chain,
    image,
    nested_network,
    network,
    node,
    residual_block,
    rich_network,
    wide,
)


def test_modules_are_named_after_nodes_and_blocks_are_nested() -> None:
    net = build_module(rich_network())
    names = dict(net.named_modules())
    assert isinstance(names["conv"], nn.Conv2d)
    assert isinstance(names["stage1.2.bn1"], nn.BatchNorm2d)
    assert isinstance(names["stage2.shortcut"], nn.Conv2d)
    assert "stage2.0" not in names
    assert net.netloom_nodes["stage1.2.bn1"] == "A/b1"
    assert net.netloom_nodes["conv"] == "c"
    assert net(torch.randn(2, 1, 16, 16)).shape == (2, 12)


def test_parameters_are_as_many_as_the_analysis_says() -> None:
    document = rich_network()
    net = build_module(document)
    assert sum(p.numel() for p in net.parameters()) == analyze(document).totals.parameters


def test_every_use_has_its_own_module_and_operators_are_modules() -> None:
    net = build_module(rich_network())
    adds = [module for name, module in net.named_modules() if name.endswith("add")]
    assert len(adds) == len({id(module) for module in adds}) == 6
    seen: list[str] = []
    for name, module in net.named_modules():
        module.register_forward_hook(lambda _m, _i, _o, name=name: seen.append(name))
    net(torch.randn(2, 1, 16, 16))
    assert {"conv", "stage1.0.add", "stage1.2.relu2", "joined", "exchange.1.mix"} <= set(seen)


def test_shared_repeats_hold_one_set_of_parameters_and_their_own_buffers() -> None:
    net = build_module(rich_network())
    first, second = net.get_submodule("stage1.0"), net.get_submodule("stage1.1")
    assert first.get_parameter("conv1.weight") is second.get_parameter("conv1.weight")
    assert first.get_buffer("bn1.running_mean") is not second.get_buffer("bn1.running_mean")
    separate = net.get_submodule("stage3")
    assert separate.get_parameter("0.conv1.weight") is not separate.get_parameter("1.conv1.weight")


def test_a_deep_copy_computes_the_same_and_keeps_sharing_and_origins() -> None:
    net = build_module(rich_network()).eval()
    twin = copy.deepcopy(net)
    images = torch.randn(2, 1, 16, 16)
    assert torch.equal(net(images), twin(images))
    assert twin.netloom_nodes == net.netloom_nodes
    assert twin.get_parameter("stage1.0.conv1.weight") is twin.get_parameter(
        "stage1.2.conv1.weight"
    )
    with torch.no_grad():
        twin.get_parameter("fc.bias").add_(1.0)
    assert not torch.equal(net(images), twin(images))


def test_blocks_nest_to_any_depth() -> None:
    net = build_module(nested_network(5))
    assert isinstance(net.get_submodule("outer.inner.1.inner.0.inner.1.inner.1.conv"), nn.Conv2d)
    assert net.netloom_nodes["outer.inner.1.inner.0.inner.1.inner.1.conv"] == (
        "b/inner0/inner1/inner2/inner3/inner4"
    )
    assert net(torch.randn(1, 2, 6, 6)).shape == (1, 2, 6, 6)


def _weights(document: Document, seed: int) -> dict[str, torch.Tensor]:
    return dict(build_module(document, seed=seed).named_parameters())


def test_the_seed_decides_the_weights_whatever_the_order_of_creation() -> None:
    document = rich_network()
    graph = document.graph
    shuffled = Document(
        graph=Graph(
            name=graph.name,
            nodes=dict(reversed(graph.nodes.items())),
            edges=dict(reversed(graph.edges.items())),
            blocks=dict(reversed(graph.blocks.items())),
        )
    )
    first, second = _weights(document, 7), _weights(shuffled, 7)
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)
    other = _weights(document, 8)
    assert not torch.equal(first["conv.weight"], other["conv.weight"])


def test_editing_one_layer_leaves_the_initial_weights_of_the_others() -> None:
    before = _weights(rich_network(), 1)
    nodes = dict(rich_network().graph.nodes)
    nodes["C"] = nodes["C"].model_copy(update={"repeat": 3})
    graph = rich_network().graph.model_copy(update={"nodes": nodes})
    after = _weights(Document(graph=graph), 1)
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_building_does_not_touch_the_global_random_state() -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    build_module(rich_network())
    assert torch.equal(torch.rand(3), expected)


def test_layers_of_one_shape_start_differently() -> None:
    net = build_module(rich_network())
    assert not torch.equal(
        net.get_parameter("stage3.0.conv1.weight"), net.get_parameter("stage3.1.conv1.weight")
    )


def test_frozen_nodes_are_not_trained() -> None:
    document = network(
        {
            "in": image(1, 8),
            "b": node("Block", "body", block="res", overrides=wide(4), is_frozen=True),
            "c": node("Conv2d", "conv", out_channels=2, kernel_size=8),
            "f": node("Flatten", "flatten"),
            "out": node("Output", "out"),
        },
        "in>b.x", "b.y>c", "c>f", "f>out",
        blocks={"res": residual_block()},
    )  # fmt: skip
    net = build_module(document)
    assert not any(p.requires_grad for p in net.get_submodule("body").parameters())
    assert all(p.requires_grad for p in net.get_submodule("conv").parameters())
    statistics = net.get_buffer("body.bn1.running_mean").clone()
    net.train()
    net(torch.randn(4, 1, 8, 8)).sum().backward()
    assert torch.equal(statistics, net.get_buffer("body.bn1.running_mean"))
    assert not net.get_submodule("body.bn1").training
    assert net.get_submodule("conv").training


def test_several_outputs_come_in_the_order_of_their_names() -> None:
    document = network(
        {
            "in2": node("FeatureInput", "feature_10", num_features=3),
            "in1": node("FeatureInput", "feature_2", num_features=5),
            "o2": node("Output", "out_10"),
            "o1": node("Output", "out_2"),
        },
        "in2>o2", "in1>o1",
    )  # fmt: skip
    first, second = build_module(document)(torch.zeros(1, 5), torch.ones(1, 3))
    assert first.shape == (1, 5)
    assert second.shape == (1, 3)


@pytest.mark.parametrize(
    ("document", "shape", "path", "name"),
    [
        (rich_network(), (2, 3, 16, 16), "c", "conv"),
        (chain(image(), node("Flatten", "flat"), node("Linear", "fc"), node("Output", "out")),
         (2, 1, 9, 9), "n2", "fc"),
    ],
)  # fmt: skip
def test_an_error_in_forward_names_its_node(
    document: Document, shape: tuple[int, ...], path: str, name: str
) -> None:
    with pytest.raises(RuntimeError) as caught:
        build_module(document)(torch.randn(shape))
    assert node_of_exception(caught.value) == path
    assert any(f"node {name} ({path})" in note for note in caught.value.__notes__)


def test_an_error_inside_a_repeated_block_names_the_inner_node() -> None:
    net = build_module(rich_network())
    layer = net.get_submodule("stage3.1.conv2")

    def fail(*_: object) -> None:
        raise ValueError("as asked")

    layer.register_forward_pre_hook(fail)
    with pytest.raises(ValueError, match="as asked") as caught:
        net(torch.randn(2, 1, 16, 16))
    assert node_of_exception(caught.value) == "C/c2"


def test_errors_from_elsewhere_have_no_node() -> None:
    assert node_of_exception(ValueError("not from a network")) is None


def test_a_network_with_errors_is_refused_with_all_of_them() -> None:
    document = network(
        {
            "in": image(), "l": node("Linear", "fc"), "a": node("Add", "add"),
            "o": node("Output", "o"),
        },
        "in>l", "l>a.input_1", "a>o",
    )  # fmt: skip
    with pytest.raises(CompileError) as caught:
        build_module(document)
    assert len(caught.value.diagnostics) >= 2
    assert all(diagnostic.message in str(caught.value) for diagnostic in caught.value.diagnostics)


@given(name=st.sampled_from(["forward", "training", "graph", "netloom_nodes", "__class__", "a b"]))
def test_names_that_mean_something_in_pytorch_are_refused(name: str) -> None:
    document = chain(image(), node("ReLU", name), node("Output", "out"))
    with pytest.raises(CompileError):
        build_module(document)


@settings(max_examples=15, deadline=None)
@given(st.data())
def test_any_order_of_ids_gives_the_same_numbers(data: st.DataObject) -> None:
    """Ids decide nothing: renaming them all leaves modules, weights and output as they were."""
    document = rich_network()
    ids = list(document.graph.nodes)
    renamed = dict(zip(ids, data.draw(st.permutations(ids)), strict=True))
    graph = document.graph.model_copy(
        update={
            "nodes": {renamed[key]: value for key, value in document.graph.nodes.items()},
            "edges": {
                key: edge.model_copy(
                    update={
                        end: getattr(edge, end).model_copy(
                            update={"node": renamed[getattr(edge, end).node]}
                        )
                        for end in ("source", "target")
                    }
                )
                for key, edge in document.graph.edges.items()
            },
        }
    )
    images = torch.randn(1, 1, 16, 16)
    first = build_module(document).eval()
    second = build_module(Document(graph=graph)).eval()
    assert torch.equal(first(images), second(images))
