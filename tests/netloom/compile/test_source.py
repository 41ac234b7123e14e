"""Generated source: the same numbers, readable, stable, and never anything a person typed."""

from __future__ import annotations

import ast
import difflib
import inspect
import subprocess
import sys

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from netloom.compile import CompileError, build_module, generate_source
from netloom.compile.signatures import REQUIRED, SIGNATURES
from netloom.graph.document import BlockDefinition, Document, ExposedParam, Graph, Node
from netloom.layer_checks.examples import example
from netloom.layer_checks.surroundings import network_around
from netloom.layers.registry import get_layer
from netloom.templates import make_template, templates
from tests.netloom.compile.graphs import documents
from tests.netloom.compile.networks import (
    chain,
    edges,
    image,
    nested_network,
    network,
    node,
    residual_block,
    rich_network,
    wide,
)
from tests.netloom.layers.cases import CASES, Case


def _run(source: str) -> dict[str, type[nn.Module]]:
    names: dict[str, object] = {}
    exec(compile(source, "generated", "exec"), names)
    return {
        name: value
        for name, value in names.items()
        if isinstance(value, type) and issubclass(value, nn.Module)
    }


def _example_inputs(document: Document) -> list[Tensor]:
    from netloom.compile.plan import plan_network

    torch.manual_seed(0)
    return [example(port.shape, 2, 23).detach() for port in plan_network(document).inputs]


def _ruff_formatted(source: str) -> str:
    command = [
        sys.executable,
        "-m",
        "ruff",
        "format",
        "--isolated",
        "--stdin-filename",
        "n.py",
        "-",
    ]
    done = subprocess.run(command, input=source, capture_output=True, text=True, check=True)
    return done.stdout


def assert_same_network(document: Document) -> str:
    """The generated class loads the compiled weights and gives the same bits, in both modes."""
    source = generate_source(document)
    classes = _run(source)
    compiled = build_module(document, seed=3)
    generated = list(classes.values())[-1]()
    generated.load_state_dict(compiled.state_dict())
    inputs = _example_inputs(document)
    for is_training in (False, True):
        outputs = []
        for module in (compiled, generated):
            module.train(is_training)
            torch.manual_seed(1)  # Dropout draws.
            given = module(*inputs)
            outputs.append(given if isinstance(given, tuple) else (given,))
        assert len(outputs[0]) == len(outputs[1])
        for ours, theirs in zip(*outputs, strict=True):
            assert torch.equal(ours, theirs)
    return source


def _single_layer(type_name: str, case: Case) -> Document:
    """A network around one layer, with the inputs of one of its cases."""
    layer = get_layer(type_name)
    assert layer is not None
    params = layer.Params.model_validate(case.params)
    return network_around(layer, params, case.params, case.inputs(layer, params))


@pytest.mark.parametrize("type_name", sorted(CASES))
def test_every_layer_computes_the_same(type_name: str) -> None:
    first, *_, last = [CASES[type_name][0], *CASES[type_name]]
    source = assert_same_network(_single_layer(type_name, first))
    assert _ruff_formatted(source) == source
    assert_same_network(_single_layer(type_name, last))


def test_own_classes_are_carried_once_and_keep_their_names() -> None:
    """A block of the same name steps aside, and its uses may differ in arguments."""
    block = BlockDefinition(
        name="StochasticDepth",
        nodes={
            "i": node("BlockInput", "x"),
            "d": node("StochasticDepth", "drop", p=0.3),
            "o": node("BlockOutput", "y"),
        },
        edges=edges("i>d", "d>o"),
        inputs=["i"],
        outputs=["o"],
        exposed={"rate": ExposedParam(node="d", param="p")},
    )
    document = network(
        {
            "in": image(2, 4),
            "a": node("Block", "first", block="drop"),
            "b": node("Block", "second", block="drop", overrides={"rate": 0.5}),
            "c": node("StochasticDepth", "third"),
            "out": node("Output", "out"),
        },
        "in>a.x", "a.y>b.x", "b.y>c", "c>out", blocks={"drop": block},
    )  # fmt: skip
    source = assert_same_network(document)
    assert _ruff_formatted(source) == source
    assert list(_run(source)) == ["StochasticDepth", "StochasticDepth2", "Net"]
    assert "self.second = StochasticDepth2(rate=0.5)" in source


def test_several_outputs_are_taken_apart() -> None:
    document = network(
        {
            "in": image(2, 8),
            "p": node("MaxPool2d", "pool", return_indices=True),
            "o": node("Output", "pooled"),
            "i": node("Output", "places"),
        },
        "in>p", "p>o", "p.indices>i",
    )  # fmt: skip
    source = assert_same_network(document)
    assert "pool_output, pool_indices = self.pool(image)" in source


@pytest.mark.parametrize("document", [rich_network(), nested_network(4)], ids=["rich", "nested"])
def test_blocks_compute_the_same_and_read_as_formatted(document: Document) -> None:
    source = assert_same_network(document)
    assert _ruff_formatted(source) == source


@settings(max_examples=20, deadline=None)
@given(documents())
def test_random_networks_compute_the_same_and_read_as_formatted(document: Document) -> None:
    source = assert_same_network(document)
    assert _ruff_formatted(source) == source


def test_shared_repeats_share_in_generated_source_too() -> None:
    generated = _run(generate_source(rich_network()))["Rich"]()
    assert generated.get_parameter("stage1.0.conv1.weight") is generated.get_parameter(
        "stage1.2.conv1.weight"
    )
    assert generated.get_buffer("stage1.0.bn1.running_mean") is not generated.get_buffer(
        "stage1.2.bn1.running_mean"
    )


def test_a_block_becomes_one_class_with_what_differs_as_arguments() -> None:
    classes = _run(generate_source(rich_network()))
    assert list(classes) == ["Residual", "Exchange", "Rich"]
    block = classes["Residual"](
        in_channels=3, channels=5, stride=2, channels_2=5, channels_3=5, stride_2=2
    )
    assert block(torch.randn(1, 3, 8, 8)).shape == (1, 5, 4, 4)


def test_a_chain_is_written_as_a_person_would() -> None:
    document = chain(
        image(), node("Conv2d", "conv", out_channels=4, kernel_size=3), node("ReLU", "relu"),
        node("Flatten", "flatten"), node("Linear", "fc", out_features=10), node("Output", "logits"),
        name="Tiny",
    )  # fmt: skip
    assert (
        generate_source(document)
        == """import torch
from torch import nn


class Tiny(nn.Module):
    \"""A network.

    Inputs:
        image: ImageInput(channels=1, height=8, width=8)

    Outputs:
        logits
    \"""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 4, kernel_size=3, padding=1)
        self.relu = nn.ReLU()
        self.flatten = nn.Flatten()
        self.fc = nn.Linear(256, 10)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        x = self.conv(image)
        x = self.relu(x)
        x = self.flatten(x)
        x = self.fc(x)
        return x
"""
    )


def _changed_lines(before: Document, after: Document) -> list[str]:
    diff = difflib.ndiff(generate_source(before).split("\n"), generate_source(after).split("\n"))
    return [line for line in diff if line[0] in "+-"]


def _with_node(document: Document, node_id: str, **changes: object) -> Document:
    nodes = dict(document.graph.nodes)
    nodes[node_id] = nodes[node_id].model_copy(update=changes)
    return Document(graph=document.graph.model_copy(update={"nodes": nodes}))


def test_one_edit_changes_one_line() -> None:
    document = rich_network()
    conv = document.graph.nodes["c"].params
    assert (
        len(_changed_lines(document, _with_node(document, "c", params={**conv, "bias": False})))
        == 2
    )
    assert len(_changed_lines(document, _with_node(document, "r", type="GELU"))) == 2
    assert len(_changed_lines(document, _with_node(document, "r", note="any text"))) == 0
    renamed = _changed_lines(document, _with_node(document, "r", name="activation"))
    assert len(renamed) == 4  # Where it is made, and where it is called.
    edited_block = document.graph.blocks["res"].nodes | {"r2": node("Tanh", "relu2")}
    blocks = dict(document.graph.blocks)
    blocks["res"] = blocks["res"].model_copy(update={"nodes": edited_block})
    edited = Document(graph=document.graph.model_copy(update={"blocks": blocks}))
    assert len(_changed_lines(document, edited)) == 2


def test_the_order_of_creation_does_not_show() -> None:
    graph = rich_network().graph
    shuffled = Graph(
        name=graph.name,
        nodes=dict(reversed(graph.nodes.items())),
        edges=dict(reversed(graph.edges.items())),
        blocks=dict(reversed(graph.blocks.items())),
    )
    assert generate_source(Document(graph=shuffled)) == generate_source(rich_network())


def test_uses_that_cannot_be_aligned_get_classes_of_their_own() -> None:
    """One use concatenates images, the other features: their forward differs."""
    block = BlockDefinition(
        name="Join",
        nodes={
            "i": node("BlockInput", "x"),
            "g": node("GELU", "gelu"),
            "k": node("Concatenate", "cat"),
            "a": node("LayerNorm", "norm"),
            "o": node("BlockOutput", "y"),
        },
        edges=edges("i>g", "g>k.input_1", "i>k.input_2", "k>a", "a>o"),
        inputs=["i"],
        outputs=["o"],
    )
    document = network(
        {
            "in": image(2, 4),
            "a": node("Block", "first", block="join"),
            "f": node("Flatten", "flatten"),
            "b": node("Block", "second", block="join"),
            "out": node("Output", "out"),
        },
        "in>a.x", "a.y>f", "f>b.x", "b.y>out", blocks={"join": block},
    )  # fmt: skip
    assert_same_network(document)


_HOSTILE = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        [
            "__import__('os').system('touch pwned')",
            "x\n    import os",
            'same"); import os; ("',
            "self", "_", "nn", "torch", "super", "lambda", "None", "\u212a", "x" * 64, "a;b",
            "class",
        ]
    ),
)  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(
    node_name=_HOSTILE, graph_name=_HOSTILE, block_name=_HOSTILE, port_name=_HOSTILE,
    exposed=_HOSTILE, value=_HOSTILE, param=_HOSTILE,
)  # fmt: skip
def test_nothing_typed_becomes_code(
    node_name: str, graph_name: str, block_name: str, port_name: str, exposed: str, value: str,
    param: str,
) -> None:  # fmt: skip
    """Either the network is refused, or the source is made of the few things we write."""

    def named(name: str, fallback: str) -> str:
        return name if 1 <= len(name) <= 64 else fallback

    block = residual_block()
    inner = dict(block.nodes) | {
        "i": node("BlockInput", named(port_name, "x")),
        "r1": node("GELU", named(node_name, "relu1"), approximate=value),
    }
    block = block.model_copy(
        update={
            "name": named(block_name, "Residual"),
            "nodes": inner,
            "exposed": {**block.exposed, exposed: next(iter(block.exposed.values()))},
        }
    )
    document = network(
        {
            "in": image(1, 8),
            "b": node("Block", "body", block="res", overrides={**wide(4), exposed: 4}),
            "c": Node(type="Conv2d", name="conv", params={param: value, "padding": value}),
            "out": node("Output", "out"),
        },
        f"in>b.{'x'}", "b.y>c", "c>out", blocks={"res": block}, name=named(graph_name, "Net"),
    )  # fmt: skip
    try:
        source = generate_source(document)
    except CompileError:
        return
    _assert_harmless(source)


def _assert_harmless(source: str) -> None:
    tree = ast.parse(source)
    allowed = {"Import", "ImportFrom", "ClassDef"}
    assert {type(statement).__name__ for statement in tree.body} <= allowed
    classes = {found.name for found in ast.walk(tree) if isinstance(found, ast.ClassDef)}
    for found in ast.walk(tree):
        if isinstance(found, ast.Import | ast.ImportFrom):
            assert {alias.name for alias in found.names} <= {"torch", "nn"}
        if isinstance(found, ast.Call):
            target = ast.unparse(found.func).split(".")[0]
            assert target in {"nn", "torch", "self", "super", "super()", "range"} | classes


@settings(max_examples=30, deadline=None)
@given(graph_name=_HOSTILE, block_name=_HOSTILE, exposed=_HOSTILE)
def test_odd_names_of_classes_and_arguments_still_give_running_code(
    graph_name: str, block_name: str, exposed: str
) -> None:
    block = residual_block()
    target = block.exposed["stride"]
    block = block.model_copy(
        update={"name": (block_name or "B")[:64], "exposed": {**block.exposed, exposed: target}}
    )
    document = network(
        {
            "in": image(1, 8),
            "b": node("Block", "body", block="res", overrides=wide(4)),
            "d": node("Block", "deeper", block="res", overrides=wide(2, 2)),
            "out": node("Output", "out"),
        },
        "in>b.x", "b.y>d.x", "d.y>out", blocks={"res": block}, name=(graph_name or "N")[:64],
    )  # fmt: skip
    _assert_harmless(assert_same_network(document))


def test_source_needs_no_torch() -> None:
    """The web process shows code and layers without loading torch."""
    program = (
        "import sys\n"
        "from netloom.compile import generate_source\n"
        "from netloom.explain import default_gradcam_layer, gradcam_layers\n"
        "from netloom.formats.bundle import read_bundle_info\n"
        "from netloom.graph.migrations import load_document\n"
        "document = load_document(sys.stdin.read())\n"
        "print(generate_source(document), gradcam_layers(document))\n"
        "assert 'torch' not in sys.modules, 'torch was imported'\n"
    )
    text = rich_network().model_dump_json()
    done = subprocess.run(
        [sys.executable, "-c", program], input=text, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "class Rich(nn.Module):" in done.stdout


@pytest.mark.parametrize("template_id", [template.id for template in templates()])
@pytest.mark.parametrize(("channels", "side"), [(1, 28), (3, 96)])
def test_every_template_computes_the_same(template_id: str, channels: int, side: int) -> None:
    document = make_template(template_id, channels=channels, height=side, width=side, num_classes=7)
    source = assert_same_network(document)
    assert _ruff_formatted(source) == source


@pytest.mark.parametrize("target", sorted(SIGNATURES))
def test_the_signatures_are_those_of_torch(target: str) -> None:
    parameters = inspect.signature(getattr(nn, target.removeprefix("nn."))).parameters
    for position, (name, default) in enumerate(SIGNATURES[target].items()):
        parameter = parameters[name]
        assert list(parameters)[position] == name
        expected = REQUIRED if parameter.default is parameter.empty else parameter.default
        assert default == expected


def test_a_large_network_is_generated_and_built_in_seconds() -> None:
    """A chain of 2,000 layers and a block of ten, repeated 500 times: about 7,000 nodes."""
    layers = [node(("ReLU", "Tanh")[index % 2], f"layer{index}") for index in range(2000)]
    document = chain(image(1, 4), *layers, node("Output", "out"))
    source = generate_source(document)
    assert source.count("nn.ReLU()") == 1000
    repeated = network(
        {
            "in": image(4, 4),
            "b": node("Block", "body", block="res", repeat=500, overrides=wide(4)),
            "out": node("Output", "out"),
        },
        "in>b.x", "b.y>out", blocks={"res": residual_block()},
    )  # fmt: skip
    assert len(generate_source(repeated).splitlines()) < 60
    assert len(list(build_module(repeated).parameters())) == 500 * 8
