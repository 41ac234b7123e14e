"""A classifier as MATLAB exports it, with a layer that ONNX does not know."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import NodeProto, TensorProto, helper, numpy_helper

from netloom.formats.onnx.parity import check_against_onnxruntime
from netloom.formats.onnx.read import read_onnx

VENDOR = "com.mathworks"
PRODUCER = "MATLAB Deep Learning Toolbox Converter for ONNX Model Format"
DRAW = np.random.default_rng(5)


def weights() -> dict[str, np.ndarray]:
    shapes = {
        "data_Mean": (1, 3, 28, 28), "conv_1_W": (8, 3, 3, 3), "conv_1_B": (8,),
        "batchnorm_1_scale": (8,), "batchnorm_1_B": (8,), "batchnorm_1_mean": (8,),
        "fc_1_W": (8 * 14 * 14, 16), "fc_1_B": (16,), "fc_2_W": (10, 16, 1, 1), "fc_2_B": (10,),
    }  # fmt: skip
    found = {name: DRAW.normal(0, 0.2, shape) for name, shape in shapes.items()}
    found["batchnorm_1_var"] = DRAW.uniform(0.5, 2, 8)
    return {name: array.astype(np.float32) for name, array in found.items()}


def exported(folder: Path, extra: NodeProto) -> Path:
    """Write the layers that `exportONNXNetwork` makes of a small classifier.

    Args:
        extra: A node from `relu_1` to `custom_1`.
    """
    nodes = [
        helper.make_node("Sub", ["data", "data_Mean"], ["data_Sub"], name="data_Sub"),
        helper.make_node(
            "Conv", ["data_Sub", "conv_1_W", "conv_1_B"], ["conv_1"], name="conv_1",
            kernel_shape=[3, 3], pads=[1, 1, 1, 1], strides=[1, 1], dilations=[1, 1], group=1,
        ),
        helper.make_node(
            "BatchNormalization",
            ["conv_1", *(f"batchnorm_1_{each}" for each in ("scale", "B", "mean", "var"))],
            ["batchnorm_1"], name="batchnorm_1", epsilon=1e-5,
        ),
        helper.make_node("Relu", ["batchnorm_1"], ["relu_1"], name="relu_1"),
        extra,
        helper.make_node(
            "MaxPool", ["custom_1"], ["maxpool_1"], name="maxpool_1",
            kernel_shape=[2, 2], pads=[0, 0, 0, 0], strides=[2, 2],
        ),
        helper.make_node("Flatten", ["maxpool_1"], ["flatten_1"], name="flatten_1"),
        helper.make_node("MatMul", ["flatten_1", "fc_1_W"], ["fc_1_mul"], name="fc_1_MatMul"),
        helper.make_node("Add", ["fc_1_mul", "fc_1_B"], ["fc_1"], name="fc_1_Add"),
        helper.make_node("Reshape", ["fc_1", "fc_1_size"], ["fc_1_image"], name="fc_1_Reshape"),
        helper.make_node("Conv", ["fc_1_image", "fc_2_W", "fc_2_B"], ["fc_2"], name="fc_2"),
        helper.make_node("Flatten", ["fc_2"], ["fc_2_flat"], name="fc_2_Flatten"),
        helper.make_node("Softmax", ["fc_2_flat"], ["softmax"], name="softmax", axis=1),
    ]  # fmt: skip
    initial = [numpy_helper.from_array(array, name) for name, array in weights().items()]
    initial.append(numpy_helper.from_array(np.array([-1, 16, 1, 1]), "fc_1_size"))
    graph = helper.make_graph(
        nodes,
        "Network",
        [helper.make_tensor_value_info("data", TensorProto.FLOAT, ["BatchSize", 3, 28, 28])],
        [helper.make_tensor_value_info("softmax", TensorProto.FLOAT, ["BatchSize", 10])],
        initial,
    )
    imports = [helper.make_opsetid("", 14), helper.make_opsetid(VENDOR, 1)]
    model = helper.make_model(
        graph, opset_imports=imports, ir_version=7, producer_name=PRODUCER, producer_version="23.2"
    )
    path = folder / "classifier.onnx"
    onnx.save(model, path)
    return path


def test_a_vendors_placeholder_is_kept_and_everything_around_it_opens(tmp_path: Path) -> None:
    extra = helper.make_node(
        "Placeholder", ["relu_1"], ["custom_1"], name="custom_1", domain=VENDOR,
        Type="spatialGate", Description="A custom layer", Alpha=0.25,
    )  # fmt: skip
    imported = read_onnx(exported(tmp_path, extra))
    report = imported.report
    assert report.producer == f"{PRODUCER} 23.2"
    [kept] = [piece for piece in report.pieces if piece.outcome == "placeholder"]
    assert kept.source == "Placeholder custom_1"
    nodes = imported.document.graph.nodes
    [node] = [node for node in nodes.values() if node.type == "Placeholder"]
    assert (node.name, node.params["domain"]) == ("custom_1", VENDOR)
    assert '"Type": "spatialGate"' in str(node.params["attributes"])
    types = [node.type for node in nodes.values()]
    assert types.count("Conv2d") == 2
    assert {"MaxPool2d", "Linear", "Softmax", "Output"} <= {*types}
    assert any("taken to have the shape" in note for note in report.notes)


def test_without_it_the_network_computes_the_same(tmp_path: Path) -> None:
    path = exported(tmp_path, helper.make_node("Sigmoid", ["relu_1"], ["custom_1"]))
    assert check_against_onnxruntime(path).max_abs_diff < 1e-5


@pytest.mark.parametrize("is_shared", [False, True])
def test_a_product_and_a_sum_are_one_layer_where_nothing_else_takes_the_product(
    tmp_path: Path, is_shared: bool
) -> None:
    path = exported(tmp_path, helper.make_node("Sigmoid", ["relu_1"], ["custom_1"]))
    model = onnx.load(path)
    if is_shared:
        model.graph.output.append(
            helper.make_tensor_value_info("fc_1_mul", TensorProto.FLOAT, ["BatchSize", 16])
        )
        onnx.save(model, path)
    nodes = read_onnx(path).document.graph.nodes
    [linear] = [node for node in nodes.values() if node.type == "Linear"]
    assert linear.params["bias"] is not is_shared
    assert check_against_onnxruntime(path).max_abs_diff < 1e-5
