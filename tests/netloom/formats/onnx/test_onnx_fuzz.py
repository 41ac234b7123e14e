"""ONNX files with bytes and fields changed at random: a network or a sentence, nothing else.

`make fuzz` tries many more than `make test`; EXAMPLES says how many hundreds.
"""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from netloom.formats.imported import FormatError
from netloom.formats.onnx.read import read_onnx
from tests.netloom.formats.fuzzing import bytes_changed, files_to_try, survey

ODD_NUMBERS = (-(2**63), -1, 0, 1, 3, 2**31, 2**62)
OPERATORS = (
    "Conv", "MaxPool", "Gemm", "Reshape", "Split", "Slice", "Concat", "LSTM", "Resize", "Pad",
    "Gather", "If", "Loop", "TopK", "Tile", "Expand", "OneHot", "Attention", "NoSuchThing",
)  # fmt: skip


def small_model() -> onnx.ModelProto:
    """Return a network with most kinds of nodes that readers go wrong with."""
    nodes = [
        helper.make_node("Conv", ["input", "w"], ["c"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["c"], ["r"]),
        helper.make_node("MaxPool", ["r"], ["p"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Shape", ["p"], ["s"]),
        helper.make_node("Gather", ["s", "zero"], ["b"]),
        helper.make_node("Concat", ["b", "rest"], ["sizes"], axis=0),
        helper.make_node("Reshape", ["p", "sizes"], ["f"]),
        helper.make_node("Gemm", ["f", "g"], ["output"], transB=1),
    ]
    weights = {
        "w": np.ones((4, 3, 3, 3), np.float32), "g": np.ones((5, 64), np.float32),
        "zero": np.array([0]), "rest": np.array([-1]),
    }  # fmt: skip
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["batch", 3, 8, 8])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def _fields_changed(draw: random.Random) -> bytes:
    model = small_model()
    graph = model.graph
    names = [*(tensor.name for tensor in graph.initializer), "input", "c", "p", "", "nowhere"]
    for _ in range(draw.randint(1, 3)):
        node = draw.choice(graph.node)
        match draw.randrange(6):
            case 0:
                node.op_type = draw.choice(OPERATORS)
            case 1:
                node.input[draw.randrange(len(node.input))] = draw.choice(names)
            case 2:
                value = draw.choice([*ODD_NUMBERS, 0.5, "text", [*ODD_NUMBERS], [2, 2]])
                name = draw.choice(("pads", "axis", "kernel_shape", "to", "group", "strides"))
                node.attribute.append(helper.make_attribute(name, value))
            case 3:
                tensor = draw.choice(graph.initializer)
                tensor.dims[draw.randrange(len(tensor.dims))] = draw.choice(ODD_NUMBERS)
            case 4:
                dims = graph.input[0].type.tensor_type.shape.dim
                draw.choice(dims).dim_value = draw.choice(ODD_NUMBERS)
            case _:
                model.opset_import[0].version = draw.choice((-1, 0, 1, 6, 10, 13, 28, 10**6))
    return model.SerializeToString()


@pytest.mark.timeout(7200)
def test_a_changed_file_is_a_network_or_a_sentence(tmp_path: Path) -> None:
    content = small_model().SerializeToString()

    def changed(seed: int, draw: random.Random) -> bytes:
        return _fields_changed(draw) if seed % 2 else bytes_changed(content, draw)

    survey(
        read_onnx, changed, tmp_path / "changed.onnx", refusals=(FormatError,),
        seeds=files_to_try(),
    ).check()  # fmt: skip
