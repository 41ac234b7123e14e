"""ONNX files become networks that compute what ONNX Runtime computes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from netloom.compile import CompileError, build_module
from netloom.formats.imported import FormatError
from netloom.formats.onnx.load import check_graph
from netloom.formats.onnx.parity import check_against_onnxruntime, run_network
from netloom.formats.onnx.read import open_model, read_onnx, read_onnx_file

FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64
REAL_FILES = (
    "models-rfb320/models/onnx/version-RFB-320.onnx",
    "models-rfb320/models/onnx/version-RFB-320_simplified.onnx",
    "models-rfb320/models/onnx/version-RFB-320_without_postprocessing.onnx",
    "models-fastestdet/example/onnx-runtime/FastestDet.onnx",
    "models-basic-pitch/nmp.onnx",
    "models-silero-vad/src/silero_vad/data/silero_vad_16k_op15.onnx",
)


def model_of(
    nodes: Sequence[onnx.NodeProto],
    weights: dict[str, np.ndarray] | None = None,
    *,
    takes: Sequence[int | str | None] = (1, 3, 8, 8),
    opset: int = 17,
    output: str = "output",
) -> onnx.ModelProto:
    """Return a model of one input, `input`."""
    graph = helper.make_graph(
        list(nodes),
        "drawn",
        [helper.make_tensor_value_info("input", FLOAT, list(takes))],
        [helper.make_tensor_value_info(output, FLOAT, None)],
        [numpy_helper.from_array(array, name) for name, array in (weights or {}).items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)


def saved(model: onnx.ModelProto, folder: Path) -> Path:
    """Return the file of a model."""
    path = folder / "network.onnx"
    path.write_bytes(model.SerializeToString())
    return path


def random_array(*shape: int) -> np.ndarray:
    """Return numbers that are the same in every run."""
    return np.random.default_rng(sum(shape)).standard_normal(shape).astype(np.float32)


@pytest.mark.parametrize("file", REAL_FILES)
def test_a_real_network_computes_what_onnx_runtime_computes(shared_data: Path, file: str) -> None:
    found = check_against_onnxruntime(shared_data / file)
    assert found.max_abs_diff < 1e-4
    assert found.max_abs_value > 0.1


def test_weights_that_nothing_reads_are_named_and_counters_of_batches_are_none(
    tmp_path: Path,
) -> None:
    weights = {
        "w": random_array(2, 3, 3, 3),
        "left_over": random_array(4),
        "norm.num_batches_tracked": np.array(7),
    }
    path = saved(
        model_of([helper.make_node("Conv", ["input", "w"], ["output"])], weights), tmp_path
    )
    report = read_onnx_file(path).report
    assert (report.unused_weights, report.num_unused_weights) == (["left_over"], 1)


def test_what_depends_on_the_data_becomes_a_placeholder_that_says_so(tmp_path: Path) -> None:
    branches = {
        f"{name}_branch": helper.make_graph(
            [helper.make_node(kind, ["input"], [name])],
            name,
            [],
            [helper.make_tensor_value_info(name, FLOAT, None)],
        )
        for name, kind in (("then", "Relu"), ("else", "Neg"))
    }
    nodes = [
        helper.make_node("ReduceMax", ["input"], ["largest"], keepdims=0),
        helper.make_node("Greater", ["largest", "zero"], ["is_positive"]),
        helper.make_node("If", ["is_positive"], ["output"], **branches),
    ]
    path = saved(model_of(nodes, {"zero": np.zeros((), np.float32)}), tmp_path)
    imported = read_onnx(path)
    kept = [piece for piece in imported.report.pieces if piece.outcome == "placeholder"]
    assert any(piece.source.startswith("If") and "branch" in piece.message for piece in kept)
    with pytest.raises(CompileError, match=r"stands for If, .*: which branch is taken depends"):
        build_module(imported.document)


def test_the_size_of_a_shape_is_known_whatever_the_batch(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Shape", ["input"], ["shape"]),
        helper.make_node("Size", ["shape"], ["rank"]),
        helper.make_node("Cast", ["rank"], ["factor"], to=FLOAT),
        helper.make_node("Mul", ["input", "factor"], ["output"]),
    ]
    path = saved(model_of(nodes, takes=("batch", 3, 8, 8)), tmp_path)
    assert not read_onnx(path).report.count("placeholder")
    assert check_against_onnxruntime(path).max_abs_diff == 0


def test_layers_names_and_modules_are_kept(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Conv", ["input", "w", "b"], ["c"], name="/layer1/layer1.0/conv1/Conv",
                         pads=[0, 0, 1, 1], strides=[2, 2]),
        helper.make_node("BatchNormalization", ["c", "s", "b", "b", "s"], ["n"], name="/bn/BN"),
        helper.make_node("Relu", ["n"], ["r"], name="/relu/Relu"),
        helper.make_node("GlobalAveragePool", ["r"], ["p"]),
        helper.make_node("Flatten", ["p"], ["f"]),
        helper.make_node("Gemm", ["f", "g", "b"], ["output"], name="/fc/Gemm", transB=1),
    ]  # fmt: skip
    weights = {
        "w": random_array(4, 3, 3, 3), "b": random_array(4), "s": np.abs(random_array(4)) + 0.5,
        "g": random_array(4, 4), "left": random_array(2),
    }  # fmt: skip
    path = saved(model_of(nodes, weights), tmp_path)
    imported = read_onnx(path)
    by_name = {node.name: node for node in imported.document.graph.nodes.values()}
    assert by_name["layer1_0_conv1"].type == "Conv2d"
    assert by_name["layer1_0_conv1"].module_path == "layer1.0.conv1"
    assert by_name["input"].type == "ImageInput"
    types = {node.type for node in by_name.values()}
    assert {"Pad", "BatchNorm2d", "ReLU", "Flatten", "Linear"} <= types
    assert imported.report.unused_weights == ["left"]
    assert check_against_onnxruntime(path).max_abs_diff < 1e-5


def test_a_batch_that_was_written_into_sizes_becomes_open_again(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Shape", ["input"], ["shape"]),
        helper.make_node("Gather", ["shape", "zero"], ["batch"]),
        helper.make_node("Concat", ["batch", "rest"], ["sizes"], axis=0),
        helper.make_node("Reshape", ["input", "sizes"], ["flat"]),
        helper.make_node("Reshape", ["flat", "fixed"], ["output"]),
    ]
    weights = {
        "zero": np.array([0]), "rest": np.array([-1]), "fixed": np.array([1, 3, 64]),
    }  # fmt: skip
    path = saved(model_of(nodes, weights), tmp_path)
    network = open_model(onnx.load(path))
    assert network.imported.report.count("placeholder") == 0
    assert not any("so many samples" in note for note in network.imported.report.notes)
    data = random_array(5, 3, 8, 8)
    found = run_network(network, {"input": data})["output"]
    np.testing.assert_array_equal(found, data.reshape(5, 3, 64))


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
@pytest.mark.parametrize("direction", ["forward", "bidirectional"])
@pytest.mark.parametrize("reset", [0, 1])
def test_recurrent_layers_keep_their_gates(
    tmp_path: Path, kind: str, direction: str, reset: int
) -> None:
    gates, count = {"LSTM": 4, "GRU": 3, "RNN": 1}[kind], 1 + (direction != "forward")
    attributes = {"linear_before_reset": reset} if kind == "GRU" else {}
    nodes = [
        helper.make_node("Transpose", ["input"], ["x"], perm=[1, 0, 2]),
        helper.make_node(kind, ["x", "w", "r", "b"], ["y", "h"], hidden_size=5,
                         direction=direction, **attributes),
        helper.make_node("Transpose", ["h"], ["output"], perm=[1, 0, 2]),
    ]  # fmt: skip
    weights = {
        "w": random_array(count, gates * 5, 3), "r": random_array(count, gates * 5, 5),
        "b": random_array(count, 2 * gates * 5),
    }  # fmt: skip
    path = saved(model_of(nodes, weights, takes=(2, 7, 3)), tmp_path)
    types = {node.type for node in read_onnx(path).document.graph.nodes.values()}
    assert kind in types
    assert check_against_onnxruntime(path).max_abs_diff < 1e-5


@pytest.mark.parametrize("op", ["Acos", "Asin", "Atanh", "Sinh", "Trilu"])
def test_an_operator_of_array_libraries_computes_the_same(tmp_path: Path, op: str) -> None:
    path = saved(model_of([helper.make_node(op, ["input"], ["output"])]), tmp_path)
    assert check_against_onnxruntime(path).max_abs_diff < 1e-5


@pytest.mark.parametrize(
    ("op", "index", "attributes"),
    [
        ("Gather", np.array([[0, -1], [2, 2]]), {"axis": 1}),
        ("GatherElements", np.array([[[[0, 1, -1]], [[3, 0, 0]], [[-2, 2, 1]]]]), {"axis": 3}),
        ("GatherND", np.array([[0, 2], [0, 0]]), {}),
    ],
)
def test_lookups_compute_the_same(
    tmp_path: Path, op: str, index: np.ndarray, attributes: dict[str, int]
) -> None:
    nodes = [helper.make_node(op, ["input", "index"], ["output"], **attributes)]
    path = saved(model_of(nodes, {"index": index}, takes=(1, 3, 1, 4)), tmp_path)
    found = open_model(onnx.load(path)).imported.report
    assert [piece.message for piece in found.pieces if piece.message] in ([], [""])
    assert check_against_onnxruntime(path).max_abs_diff == 0


@pytest.mark.parametrize("sizes", [(1, 5), (1, 4, 5), (1, 3, 4, 5), (1, 2, 3, 4, 5)])
def test_a_normalisation_over_features_takes_any_places_before_them(
    tmp_path: Path, sizes: tuple[int, ...]
) -> None:
    weights = {"scale": random_array(5), "bias": random_array(5) + 1}
    node = helper.make_node("LayerNormalization", ["input", "scale", "bias"], ["output"])
    path = saved(model_of([node], weights, takes=sizes), tmp_path)
    assert check_against_onnxruntime(path).max_abs_diff < 1e-5


def test_an_index_without_a_place_gives_a_vector_without_a_one(tmp_path: Path) -> None:
    weights = {"depth": np.array(3, np.float32), "values": np.array([-1, 4], np.float32)}
    node = helper.make_node("OneHot", ["input", "depth", "values"], ["output"], axis=1)
    path = saved(model_of([node], weights, takes=(1, 6)), tmp_path)
    feeds = {"input": np.array([[0, 2, 3, -1, -3, -4]], np.float32)}
    assert check_against_onnxruntime(path, feeds=feeds).max_abs_diff == 0


def test_a_constant_condition_is_folded_and_functions_are_opened(tmp_path: Path) -> None:
    branch = helper.make_graph(
        [helper.make_node("Relu", ["input"], ["then"])], "then", [],
        [helper.make_tensor_value_info("then", FLOAT, None)],
    )  # fmt: skip
    other = helper.make_graph(
        [helper.make_node("Neg", ["input"], ["else"])], "else", [],
        [helper.make_tensor_value_info("else", FLOAT, None)],
    )  # fmt: skip
    nodes = [
        helper.make_node("If", ["yes"], ["r"], then_branch=branch, else_branch=other),
        helper.make_node("Twice", ["r"], ["output"], domain="own"),
    ]
    model = model_of(nodes, {"yes": np.array(True)})
    model.opset_import.append(helper.make_opsetid("own", 1))
    model.functions.append(
        helper.make_function(
            "own",
            "Twice",
            ["x"],
            ["y"],
            [helper.make_node("Add", ["x", "x"], ["y"])],
            [helper.make_opsetid("", 17)],
        )
    )
    path = saved(model, tmp_path)
    imported = read_onnx(path)
    assert imported.report.count("placeholder") == 0
    assert "Operator" not in {
        node.type for node in imported.document.graph.nodes.values() if "neg" in str(node.params)
    }
    assert check_against_onnxruntime(path).max_abs_diff == 0


def test_an_unknown_operator_of_a_vendor_stays_with_its_attributes() -> None:
    nodes = [
        helper.make_node("Placeholder", ["input"], ["p"], domain="com.mathworks", scale=2.5),
        helper.make_node("Relu", ["p"], ["output"]),
    ]
    model = model_of(nodes)
    model.opset_import.append(helper.make_opsetid("com.mathworks", 1))
    imported = open_model(model).imported
    [kept] = [node for node in imported.document.graph.nodes.values() if node.params.get("domain")]
    assert kept.type == "Placeholder"
    assert kept.params["op"] == "Placeholder"
    assert "2.5" in str(kept.params["attributes"])


def test_weights_beside_the_file_are_read_and_nothing_else(tmp_path: Path) -> None:
    model = model_of([helper.make_node("MatMul", ["input", "w"], ["output"])], takes=(1, 4))
    weight = random_array(4, 2)
    (tmp_path / "weights.bin").write_bytes(b"\0" * 16 + weight.tobytes())
    tensor = TensorProto(name="w", data_type=FLOAT, dims=[4, 2],
                         data_location=TensorProto.EXTERNAL)  # fmt: skip
    for key, value in (("location", "weights.bin"), ("offset", "16"), ("length", "32")):
        tensor.external_data.add(key=key, value=value)
    model.graph.initializer.append(tensor)
    path = saved(model, tmp_path)
    imported = read_onnx(path, side_files=[tmp_path / "weights.bin"])
    [kept] = imported.weights.values()
    np.testing.assert_array_equal(kept.numpy().T, weight)
    for location in ("../weights.bin", "/etc/passwd", "other.bin", "sub/weights.bin"):
        tensor.external_data[0].value = location
        del model.graph.initializer[:]
        model.graph.initializer.append(tensor)
        with pytest.raises(FormatError, match="another file"):
            read_onnx(saved(model, tmp_path), side_files=[tmp_path / "weights.bin"])
    tensor.external_data[0].value = "weights.bin"
    tensor.external_data[1].value = "40"
    del model.graph.initializer[:]
    model.graph.initializer.append(tensor)
    with pytest.raises(FormatError, match="within"):
        read_onnx(saved(model, tmp_path), side_files=[tmp_path / "weights.bin"])


def huge() -> onnx.ModelProto:
    """A weight that declares far more than it holds."""
    model = model_of([helper.make_node("Add", ["input", "w"], ["output"])])
    model.graph.initializer.append(TensorProto(name="w", data_type=FLOAT, dims=[2**31, 2**31]))
    return model


def cyclic() -> onnx.ModelProto:
    """Two nodes that wait for each other."""
    return model_of([
        helper.make_node("Add", ["input", "b"], ["a"]), helper.make_node("Relu", ["a"], ["b"]),
    ], output="b")  # fmt: skip


def doubled() -> onnx.ModelProto:
    """Two nodes that give the same tensor."""
    node = helper.make_node("Relu", ["input"], ["output"])
    return model_of([node, node])


def nested() -> onnx.ModelProto:
    """Branches in branches in branches."""
    graph = model_of([helper.make_node("Relu", ["input"], ["output"])]).graph
    for _ in range(20):
        node = helper.make_node("If", ["yes"], ["output"], then_branch=graph)
        graph = helper.make_graph([node], "g", [], [])
    return model_of(graph.node, {"yes": np.array(True)})


@pytest.mark.parametrize(
    ("make", "words"),
    [(huge, "declare"), (cyclic, "cyclic"), (doubled, "Two nodes"), (nested, "deep")],
)
def test_a_hostile_graph_is_refused_with_its_cause(
    make: Callable[[], onnx.ModelProto], words: str
) -> None:
    with pytest.raises(FormatError, match=words):
        open_checked(make())


def open_checked(model: onnx.ModelProto) -> None:
    """Open a model as a file is opened."""
    check_graph(model, "network.onnx")
    open_model(model)


def test_functions_that_call_themselves_end() -> None:
    model = model_of([helper.make_node("Loop1", ["input"], ["output"], domain="own")])
    model.opset_import.append(helper.make_opsetid("own", 1))
    model.functions.append(
        helper.make_function(
            "own",
            "Loop1",
            ["x"],
            ["y"],
            [helper.make_node("Loop1", ["x"], ["y"], domain="own")],
            [helper.make_opsetid("own", 1)],
        )
    )
    report = open_model(model).imported.report
    assert [piece.outcome for piece in report.pieces] == ["placeholder"]


def test_attributes_of_the_wrong_type_make_a_placeholder() -> None:
    node = helper.make_node("Softmax", ["input"], ["output"], axis="last")
    report = open_model(model_of([node])).imported.report
    assert [piece.outcome for piece in report.pieces] == ["placeholder"]
    assert "axis" in report.pieces[0].message


def test_what_is_no_onnx_file_is_refused(tmp_path: Path) -> None:
    for content in (b"", b"\xff" * 100, b"just words", b"\x08\x07"):
        path = tmp_path / "odd.onnx"
        path.write_bytes(content)
        with pytest.raises(FormatError):
            read_onnx(path)


def relu(tmp_path: Path) -> Path:
    return saved(model_of([helper.make_node("Relu", ["input"], ["output"])]), tmp_path)


def test_an_import_says_how_close_it_is(tmp_path: Path) -> None:
    report = read_onnx_file(relu(tmp_path)).report
    assert report.parity is not None
    assert report.parity.max_abs_diff == 0


def test_a_comparison_that_fails_is_a_note_and_the_network_opens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("sizes do not fit")

    monkeypatch.setattr("netloom.formats.onnx.parity.run_network", fails)
    imported = read_onnx_file(relu(tmp_path))
    assert imported.report.parity is None
    assert any("sizes do not fit" in note for note in imported.report.notes)
    assert imported.document.graph.nodes
