"""The library of blocks: each fits where it is put, and its exposed parameters do what they say."""

from __future__ import annotations

import pytest
import torch

from netloom.analyze import analyze
from netloom.blocks import LibraryBlock, library_blocks
from netloom.compile import build_module
from netloom.compile.plan import plan_network
from netloom.graph.document import (
    BlockDefinition,
    Document,
    Edge,
    Endpoint,
    Graph,
    Node,
    ParamValue,
)
from netloom.graph.names import name_problem
from netloom.layer_checks.examples import example
from tests.netloom.compile.test_source import assert_same_network

BLOCKS = {block.id: block for block in library_blocks()}
SOURCES: dict[str, dict[str, dict[str, ParamValue]]] = {
    "transformer_encoder": {"input": {"num_features": 128}},
    "transformer_decoder": {"input": {"num_features": 128}, "memory": {"num_features": 32}},
    "temporal": {"input": {"channels": 5}},
}
IMAGE: dict[str, ParamValue] = {"channels": 64, "height": 16, "width": 16, "mean": [0.5]}
_WIDTHS = {"bottleneck": 256, "inverted_residual": 32, "convnext": 96}
OTHER_VALUES: dict[str, ParamValue] = {
    "stride": 4,
    "heads": 2,
    "causal": True,
    "dropout": 0.3,
    "drop_path": 0.3,
    "patch_size": 8,
    "kernel_size": 5,
    "bias": True,
    "lookback": [4, 0],
    "pooling": 4,
}


def definition_of(block: LibraryBlock) -> BlockDefinition:
    return block.blocks[block.block_id]


def _source(block: LibraryBlock, port: str) -> Node:
    params = SOURCES.get(block.id, {}).get(port)
    if params is None:
        channels: ParamValue = _WIDTHS.get(block.id, 64)
        height: ParamValue = 8 if (block.id, port) == ("unet_up", "input") else 16
        image = {**IMAGE, "channels": channels, "height": height, "width": height}
        return Node(type="ImageInput", name=f"{port}_image", params=image)
    kind = "SignalInput" if "channels" in params else "SequenceInput"
    return Node(type=kind, name=f"{port}_source", params=params)


def around(block: LibraryBlock, **overrides: ParamValue) -> Document:
    """A network of one instance, an input for each of its ports and an output for each."""
    definition = definition_of(block)
    instance = Node(type="Block", name="block", block=block.block_id, overrides=overrides)
    nodes: dict[str, Node] = {"block": instance}
    edges: dict[str, Edge] = {}
    for node_id in definition.inputs:
        port = definition.nodes[node_id].name
        nodes[f"in_{port}"] = _source(block, port)
        edges[f"in_{port}"] = Edge(
            source=Endpoint(node=f"in_{port}", port="output"),
            target=Endpoint(node="block", port=port),
        )
    for node_id in definition.outputs:
        port = definition.nodes[node_id].name
        nodes[f"out_{port}"] = Node(type="Output", name=f"{port}_end")
        edges[f"out_{port}"] = Edge(
            source=Endpoint(node="block", port=port),
            target=Endpoint(node=f"out_{port}", port="input"),
        )
    graph = Graph(nodes=nodes, edges=edges, blocks=dict(block.blocks))
    return Document(graph=graph)


def errors(document: Document) -> list[str]:
    found = analyze(document).diagnostics
    return [problem.message for problem in found if problem.severity == "error"]


@pytest.mark.parametrize("block", BLOCKS.values(), ids=BLOCKS.keys())
def test_works_as_it_comes(block: LibraryBlock) -> None:
    document = around(block)
    assert errors(document) == []
    module = build_module(document, seed=0)
    torch.manual_seed(0)
    given = module(*(example(port.shape, 2, 7) for port in plan_network(document).inputs))
    outputs = given if isinstance(given, tuple) else (given,)
    torch.stack([output.square().mean() for output in outputs]).sum().backward()
    assert all(parameter.grad is not None for parameter in module.parameters())
    assert_same_network(document)


@pytest.mark.parametrize("block", BLOCKS.values(), ids=BLOCKS.keys())
def test_every_exposed_parameter_changes_the_network(block: LibraryBlock) -> None:
    definition = definition_of(block)
    assert definition.exposed
    assert all(name_problem(name) is None for name in definition.exposed)
    plain = around(block)
    for name in definition.exposed:
        value = OTHER_VALUES.get(name, 48)
        if block.id == "temporal" and name in ("dilation", "lookback"):
            changed = around(block, dilation=2, lookback=[4, 0])
        else:
            changed = around(block, **{name: value})
        if name not in block.follows:
            assert errors(changed) == [], name
        before, after = analyze(plain), analyze(changed)
        is_felt = (before.totals, before.nodes) != (after.totals, after.nodes)
        texts = (
            [build_module(document, seed=0) for document in (plain, changed)] if not is_felt else []
        )
        assert is_felt or str(texts[0]) != str(texts[1]), name


@pytest.mark.parametrize("channels", [8, 48])
@pytest.mark.parametrize("block_id", [key for key, block in BLOCKS.items() if block.follows])
def test_a_block_that_follows_fits_behind_any_width(block_id: str, channels: int) -> None:
    block = BLOCKS[block_id]
    document = around(block, **dict.fromkeys(block.follows, channels))
    nodes = dict(document.graph.nodes)
    for key, node in nodes.items():
        if node.type == "ImageInput":
            nodes[key] = node.model_copy(update={"params": {**node.params, "channels": channels}})
        if node.type == "SequenceInput":
            nodes[key] = node.model_copy(update={"params": {"num_features": channels}})
    graph = document.graph.model_copy(update={"nodes": nodes})
    assert errors(document.model_copy(update={"graph": graph})) == []


def test_titles_are_told_apart_and_positions_are_all_there() -> None:
    assert len({block.title for block in BLOCKS.values()}) == len(BLOCKS)
    for block in BLOCKS.values():
        inside = {key for each in block.blocks.values() for key in each.nodes}
        assert inside == block.positions.keys()
