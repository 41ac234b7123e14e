"""ONNX files open folded by module, and compute the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from netloom.formats.imported import ImportedNetwork
from netloom.formats.onnx.naming import scope_path
from netloom.formats.onnx.parity import check_against_onnxruntime
from netloom.formats.onnx.read import read_onnx
from netloom.graph.document import Node

LEVELS = {"op": [helper.make_opsetid("", 17)], "function": [helper.make_opsetid("net", 1)]}


def saved(
    folder: Path, nodes: list[onnx.NodeProto], functions: list[onnx.FunctionProto] | None = None
) -> Path:
    weights = np.random.default_rng(1).normal(0, 0.1, (6, 4, 4, 3, 3)).astype(np.float32)
    graph = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 4, 8, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(array, f"w{at}") for at, array in enumerate(weights)],
    )
    imports = [*LEVELS["op"], *LEVELS["function"]]
    model = helper.make_model(graph, functions=functions or [], opset_imports=imports, ir_version=8)
    path = folder / "network.onnx"
    onnx.save(model, path)
    return path


def stages() -> list[onnx.NodeProto]:
    """Return two blocks of one structure in a stage, as PyTorch names them, and a head."""
    nodes: list[onnx.NodeProto] = []
    before = "x"
    for at in range(2):
        scope = f"/stage/stage.{at}"
        for step in range(2):
            name, weight = f"{at}{step}", f"w{2 * at + step}"
            nodes.append(
                helper.make_node(
                    "Conv", [before if step == 0 else f"r{at}0", weight], [f"c{name}"],
                    name=f"{scope}/conv{step}/Conv", pads=[1, 1, 1, 1],
                )
            )  # fmt: skip
            nodes.append(
                helper.make_node(
                    "Relu", [f"c{name}"], [f"r{name}"], name=f"{scope}/relu/Relu_{name}"
                )
            )
        nodes.append(
            helper.make_node("Add", [f"r{at}1", before], [f"a{at}"], name=f"{scope}/Add_{at}")
        )
        before = f"a{at}"
    return [*nodes, helper.make_node("Relu", [before], ["y"], name="/head/Relu")]


def names(nodes: dict[str, Node]) -> list[str]:
    return [node.name for node in nodes.values()]


def places(imported: ImportedNetwork) -> dict[str, Node]:
    """Return every node of the network, those in definitions included, by id."""
    graph = imported.document.graph
    inner = [block.nodes for block in graph.blocks.values()]
    return {key: node for nodes in (graph.nodes, *inner) for key, node in nodes.items()}


def test_modules_of_one_structure_become_one_block(tmp_path: Path) -> None:
    path = saved(tmp_path, stages())
    imported = read_onnx(path)
    graph = imported.document.graph
    assert names(graph.nodes) == ["x", "stage", "head_Relu", "y"]
    inner, outer = graph.blocks.values()
    assert {node.type for node in inner.nodes.values()} >= {"Conv2d", "ReLU", "Add"}
    assert [node.block for node in outer.nodes.values() if node.type == "Block"] == [
        next(key for key, block in graph.blocks.items() if block is inner)
    ] * 2
    assert check_against_onnxruntime(path).max_abs_diff < 1e-5


def test_rows_of_the_report_lead_to_nodes_in_blocks(tmp_path: Path) -> None:
    imported = read_onnx(saved(tmp_path, stages()))
    known = places(imported)
    [piece] = [each for each in imported.report.pieces if "stage.1/conv0" in each.source]
    [node_id] = piece.nodes
    assert (known[node_id].type, known[node_id].module_path) == ("Conv2d", "conv0")
    assert all(node_id in known for piece in imported.report.pieces for node_id in piece.nodes)


def test_a_function_of_the_file_is_a_module(tmp_path: Path) -> None:
    body = [
        helper.make_node("Conv", ["i", "w"], ["c"], pads=[1, 1, 1, 1]),
        helper.make_node("Sigmoid", ["c"], ["s"]),
        helper.make_node("Mul", ["c", "s"], ["o"]),
    ]
    function = helper.make_function("net", "Swish Block", ["i", "w"], ["o"], body, LEVELS["op"])
    calls = [
        helper.make_node("Swish Block", ["x", "w0"], ["m"], name="first", domain="net"),
        helper.make_node("Swish Block", ["m", "w1"], ["n"], name="second", domain="net"),
        helper.make_node("Relu", ["n"], ["y"]),
    ]
    path = saved(tmp_path, calls, [function])
    graph = read_onnx(path).document.graph
    assert names(graph.nodes) == ["x", "first", "second", "relu", "y"]
    assert [block.name for block in graph.blocks.values()] == ["Swish_Block"]
    assert check_against_onnxruntime(path).max_abs_diff < 1e-5


def test_what_pytorch_writes_beside_nodes_names_modules_and_classes(tmp_path: Path) -> None:
    nodes = stages()
    for number, node in enumerate(nodes):
        parts = scope_path(node.name).split(".")
        scopes = [".".join(parts[: at + 1]) for at in range(len(parts))]
        node.name = f"node_{node.op_type}_{number}"
        node.metadata_props.add(
            key="pkg.torch.onnx.name_scopes", value=str(["", *scopes, node.op_type])
        )
        node.metadata_props.add(
            key="pkg.torch.onnx.class_hierarchy",
            value=str(["a.Net", "torch.nn.Sequential", "my.net.Residual", "torch.op"]),
        )
    graph = read_onnx(saved(tmp_path, nodes)).document.graph
    assert {block.name for block in graph.blocks.values()} == {"Residual", "Sequential"}


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("/layer1/layer1.0/conv1/Conv", "layer1.0.conv1"),
        ("/layer1/layer1.0/downsample/downsample.0/Conv", "layer1.0.downsample.0"),
        ("Conv_12", ""),
    ],
)
def test_scopes_in_names_are_module_paths(name: str, path: str) -> None:
    assert scope_path(name) == path


def test_a_thousand_nodes_open_soon(tmp_path: Path) -> None:
    """Nested forty deep or flat, folding grows with the nodes and not with their square."""
    nodes: list[onnx.NodeProto] = []
    for at in range(1000):
        scope = f"/s{at // 100}/b{at // 10 % 10}"
        nodes.append(
            helper.make_node(
                "Relu", ["x" if at == 0 else f"t{at - 1}"], ["y" if at == 999 else f"t{at}"],
                name=f"{scope}/r{at % 10}/Relu",
            )
        )  # fmt: skip
    graph = read_onnx(saved(tmp_path, nodes)).document.graph
    assert names(graph.nodes) == ["x", *(f"s{at}" for at in range(10)), "y"]
    assert len(graph.blocks) == 2
