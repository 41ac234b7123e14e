"""ONNX files made to harm: they read no other file, and stay within time and memory."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import NodeProto, TensorProto, helper, numpy_helper

from netloom.formats.imported import FormatError
from netloom.formats.onnx import board
from netloom.formats.onnx.budget import budget_for
from netloom.formats.onnx.folding import fold
from netloom.formats.onnx.node import Op
from netloom.formats.onnx.read import open_model, read_onnx, read_onnx_file
from netloom.formats.onnx.values import Known
from netloom.formats.verify import verify_file
from tests.netloom.formats.fuzzing import survey

SECRET = "secret.txt"
NUM_BYTES = 16


def model_of(
    nodes: Sequence[NodeProto], weights: dict[str, np.ndarray] | None = None
) -> onnx.ModelProto:
    """Return a model from `x` (N, 4) to `y`, whose functions are of the domain `own`."""
    graph = helper.make_graph(
        list(nodes),
        "hostile",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.asarray(array), name)
         for name, array in (weights or {}).items()],
    )  # fmt: skip
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def elsewhere(name: str = "w") -> TensorProto:
    """Return a tensor whose bytes are those of a file in the working directory."""
    tensor = TensorProto(
        name=name, data_type=TensorProto.UINT8, dims=[NUM_BYTES],
        data_location=TensorProto.EXTERNAL,
    )  # fmt: skip
    for key, value in (("location", SECRET), ("offset", "0"), ("length", str(NUM_BYTES))):
        tensor.external_data.add(key=key, value=value)
    return tensor


def used(first: NodeProto) -> list[NodeProto]:
    """Return the nodes of a network whose only weights are what a node gives as `w`."""
    return [
        first,
        helper.make_node("Cast", ["w"], ["f"], to=TensorProto.FLOAT),
        helper.make_node("Reshape", ["f", "sizes"], ["m"]),
        helper.make_node("MatMul", ["x", "m"], ["y"]),
    ]


SIZES = {"sizes": np.array([4, NUM_BYTES // 4]), "yes": np.array(True)}


def constant() -> NodeProto:
    """A node that holds the tensor as its value."""
    return helper.make_node("Constant", [], ["w"], value=elsewhere())


def in_an_attribute() -> onnx.ModelProto:
    """The value of a constant."""
    return model_of(used(constant()), SIZES)


def in_a_list() -> onnx.ModelProto:
    """One of several tensors of an attribute."""
    first = helper.make_node("Identity", ["sizes"], ["w"])
    first.attribute.append(helper.make_attribute("several", [elsewhere()]))
    return model_of(used(first), SIZES)


def sparse() -> onnx.SparseTensorProto:
    """Return a sparse tensor whose values lie elsewhere."""
    indices = numpy_helper.from_array(np.arange(NUM_BYTES), "i")
    return onnx.SparseTensorProto(values=elsewhere(), indices=indices, dims=[NUM_BYTES])


def in_a_sparse_value() -> onnx.ModelProto:
    """The sparse value of a constant."""
    return model_of(used(helper.make_node("Constant", [], ["w"], sparse_value=sparse())), SIZES)


def in_a_sparse_weight() -> onnx.ModelProto:
    """A sparse weight of the graph."""
    model = in_a_branch()
    del model.graph.node[:]
    model.graph.node.append(helper.make_node("Relu", ["x"], ["y"]))
    model.graph.sparse_initializer.append(sparse())
    return model


def branch(nodes: Sequence[NodeProto], weights: Sequence[TensorProto] = ()) -> onnx.GraphProto:
    """Return a branch that gives a tensor."""
    given = [helper.make_tensor_value_info(nodes[-1].output[0], TensorProto.UINT8, [NUM_BYTES])]
    return helper.make_graph(list(nodes), "branch", [], given, list(weights))


def chosen(taken: onnx.GraphProto) -> NodeProto:
    """Return a node that always takes a branch."""
    return helper.make_node("If", ["yes"], ["w"], then_branch=taken, else_branch=taken)


def in_a_branch() -> onnx.ModelProto:
    """A weight of a branch."""
    taken = branch([helper.make_node("Identity", ["kept"], ["w"])], [elsewhere("kept")])
    return model_of(used(chosen(taken)), SIZES)


def in_a_branch_of_a_branch() -> onnx.ModelProto:
    """The value of a constant two branches deep."""
    return model_of(used(chosen(branch([chosen(branch([constant()]))]))), SIZES)


def in_a_function() -> onnx.ModelProto:
    """The value of a constant in a function."""
    model = model_of(used(helper.make_node("F", [], ["w"], domain="own")), SIZES)
    model.functions.append(
        helper.make_function("own", "F", [], ["w"], [constant()], [helper.make_opsetid("", 17)])
    )
    return model


def as_a_default() -> onnx.ModelProto:
    """What an attribute of a function is where a call does not say."""
    inner = helper.make_node("Constant", [], ["w"])
    inner.attribute.append(
        onnx.AttributeProto(name="value", ref_attr_name="v", type=onnx.AttributeProto.TENSOR)
    )
    model = model_of(used(helper.make_node("F", [], ["w"], domain="own")), SIZES)
    model.functions.append(
        helper.make_function(
            "own", "F", [], ["w"], [inner], [helper.make_opsetid("", 17)],
            attribute_protos=[helper.make_attribute("v", elsewhere())],
        )
    )  # fmt: skip
    return model


def in_training() -> onnx.ModelProto:
    """A weight of a graph for training."""
    model = model_of([helper.make_node("Relu", ["x"], ["y"])])
    model.training_info.add().algorithm.initializer.append(elsewhere())
    return model


opened: list[str] = []
"""Files that were opened while a test watches."""


def _note(event: str, args: tuple[object, ...]) -> None:
    if event == "open" and isinstance(args[0], str | bytes):
        opened.append(os.fsdecode(args[0]))


@pytest.fixture(scope="module")
def _watching() -> None:
    sys.addaudithook(_note)  # which cannot be taken away again


@pytest.mark.usefixtures("_watching")
@pytest.mark.parametrize("read", [read_onnx, read_onnx_file, verify_file])
@pytest.mark.parametrize(
    "make",
    [
        in_an_attribute, in_a_list, in_a_sparse_value, in_a_sparse_weight, in_a_branch,
        in_a_branch_of_a_branch, in_a_function, as_a_default, in_training,
    ],
)  # fmt: skip
def test_no_tensor_is_read_from_the_working_directory(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    make: Callable[[], onnx.ModelProto],
    read: Callable[[Path], object],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(SECRET).write_bytes(bytes(range(NUM_BYTES)))
    path = tmp_path / "network.onnx"
    path.write_bytes(make().SerializeToString())
    opened.clear()
    with pytest.raises(FormatError, match="in another file"):
        read(path)
    assert not [each for each in opened if SECRET in each]


def calls() -> onnx.ModelProto:
    """Functions that call others eight times each, twelve deep."""
    model = model_of(
        [helper.make_node("F0", ["a"], ["m"], domain="own"), ADD], {"a": np.ones((), np.float32)}
    )
    for depth in range(12):
        nodes = [helper.make_node("Mul", ["a", "a"], ["r"])]
        if depth < 11:
            nodes = [helper.make_node(f"F{depth + 1}", ["a"], [f"r{at}"], domain="own")
                     for at in range(8)]  # fmt: skip
            nodes.append(helper.make_node("Add", ["r0", "r1"], ["r"]))
        opsets = [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]
        model.functions.append(
            helper.make_function("own", f"F{depth}", ["a"], ["r"], nodes, opsets)
        )
    return model


ADD = helper.make_node("Add", ["x", "m"], ["y"])
MEAN = helper.make_node("ReduceMean", ["p"], ["m"], keepdims=0)


def computed(kind: str, **inputs: np.ndarray) -> onnx.ModelProto:
    """Return a network that adds the mean of what an operator gives for constants."""
    return model_of([helper.make_node(kind, list(inputs), ["p"]), MEAN, ADD], inputs)


def squared(times: int, *first: NodeProto) -> onnx.ModelProto:
    """Return a network whose last size is `s0`, squared again and again."""
    nodes = [helper.make_node("Shape", ["x"], ["shape"]), *first]
    nodes += [helper.make_node("Mul", [f"s{at}"] * 2, [f"s{at + 1}"]) for at in range(times)]
    nodes.append(helper.make_node("Reshape", ["x", f"s{times}"], ["y"]))
    return model_of(nodes, {"one": np.array([1]), "zero": np.array([0])})


def one_size() -> onnx.ModelProto:
    """A polynomial of the number of samples."""
    return squared(
        24,
        helper.make_node("Gather", ["shape", "zero"], ["b"]),
        helper.make_node("Add", ["b", "one"], ["s0"]),
    )


def all_sizes() -> onnx.ModelProto:
    """Powers of the number of samples, and of a number beyond all bounds."""
    return squared(40, helper.make_node("Identity", ["shape"], ["s0"]))


def sums() -> onnx.ModelProto:
    """Both at once."""
    return squared(20, helper.make_node("Add", ["shape", "one"], ["s0"]))


FLOAT = np.float32


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "make",
    [
        calls,
        one_size,
        all_sizes,
        sums,
        lambda: computed("Mul", a=np.ones((40000, 1), FLOAT), b=np.ones((1, 40000), FLOAT)),
        lambda: computed("Expand", a=np.ones((40000, 1), FLOAT), b=np.array([1, 40000])),
        lambda: computed("Tile", a=np.ones((40000, 1), FLOAT), b=np.array([1, 40000])),
        lambda: computed("HannWindow", a=np.array(600_000_000)),
        lambda: computed("ConstantOfShape", a=np.array([2**40])),
        lambda: computed("ReduceSum", a=np.ones((2**31, 0), FLOAT), b=np.array([1])),
        lambda: computed("OneHot", a=np.zeros(900, int), b=np.array(10**6), c=np.array([0, 1])),
        lambda: computed("Pad", a=np.ones((9, 9, 9, 9), FLOAT), b=np.array([50] * 8)),
        lambda: computed("Resize", a=np.ones((1, 1, 4, 4), FLOAT), b=np.ones(0, FLOAT),
                         c=np.array([1, 1, 4000, 4000], FLOAT)),
        lambda: computed("MelWeightMatrix", a=np.array(20000), b=np.array(80000),
                         c=np.array(16000), d=np.array(1.0, FLOAT), e=np.array(8000.0, FLOAT)),
        lambda: computed("Range", a=np.array(0.0, FLOAT), b=np.array(np.inf, FLOAT),
                         c=np.array(1.0, FLOAT)),
        lambda: computed("Range", a=np.array(0.0, FLOAT), b=np.array(np.nan, FLOAT),
                         c=np.array(1.0, FLOAT)),
        lambda: computed("Range", a=np.zeros(0, FLOAT), b=np.array(9.0, FLOAT),
                         c=np.array(1.0, FLOAT)),
        lambda: computed("Range", a=np.array(0), b=np.array(2**62), c=np.array(1)),
    ],
)  # fmt: skip
def test_what_would_grow_without_end_is_not_computed(
    tmp_path: Path, make: Callable[[], onnx.ModelProto]
) -> None:
    assert_harmless(make(), tmp_path)


def assert_harmless(model: onnx.ModelProto, folder: Path) -> None:
    """Read a small network and then a hostile one: nothing crashes, takes long or much memory."""
    small = model_of(  # something to fold, so that all that takes is imported
        [helper.make_node("Mul", ["a", "a"], ["m"]), ADD], {"a": np.ones(1, np.float32)}
    )

    def content(seed: int, _: random.Random) -> bytes:
        return (model if seed else small).SerializeToString()

    found = survey(
        read_onnx, content, folder / "network.onnx", refusals=(FormatError,), seeds=range(2)
    )
    assert not found.faults


def test_many_results_together_do_not_grow_without_end(tmp_path: Path) -> None:
    times = 200
    nodes = [helper.make_node("Expand", ["a", "sizes"], [f"p{at}"]) for at in range(times)]
    names = [f"p{at}" for at in range(times)]
    nodes += [helper.make_node("Sum", names, ["p"]), MEAN, ADD]
    weights = {"a": np.ones(1, FLOAT), "sizes": np.array([2**23])}
    assert_harmless(model_of(nodes, weights), tmp_path)


@pytest.mark.parametrize(
    ("node", "inputs", "expected"),
    [
        ("Mul", [np.arange(3)[:, None], np.arange(2)], np.arange(3)[:, None] * np.arange(2)),
        ("Range", [np.array(2), np.array(9), np.array(3)], np.array([2, 5, 8])),
        ("Tile", [np.arange(2), np.array([2])], np.array([0, 1, 0, 1])),
        ("Expand", [np.arange(2), np.array([2, 1])], np.array([[0, 1], [0, 1]])),
        ("Pad", [np.arange(2), np.array([1, 0])], np.array([0, 0, 1])),
        ("Gather", [np.arange(4), np.array([3, 1])], np.array([3, 1])),
        ("MatMul", [np.eye(2), np.ones((2, 1))], np.ones((2, 1))),
        ("HannWindow", [np.array(2)], np.array([0, 1], FLOAT)),
        ("GatherND", [np.arange(4), np.array([[3]])], np.array([3])),
        ("OneHot", [np.array([1]), np.array(2), np.array([0, 5])], np.array([[0, 5]])),
        ("TopK", [np.array([1.0, 3.0, 2.0]), np.array([2])], np.array([3.0, 2.0])),
    ],
)
def test_what_is_small_is_computed_beforehand(
    node: str, inputs: list[np.ndarray], expected: np.ndarray
) -> None:
    names = [f"i{at}" for at in range(len(inputs))]
    proto = helper.make_node(node, names, ["given"])
    op = Op(proto, "", 17, {}, [Known(array) for array in inputs])
    found = fold(op, [Known(array) for array in inputs], budget_for(1, 0))
    assert found is not None
    np.testing.assert_array_equal(found[0], expected)


def test_more_nodes_than_are_drawn_are_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board, "MAX_PLANNED", 5)
    names = ["x", *(f"t{index}" for index in range(8)), "y"]
    nodes = [helper.make_node("Relu", [a], [b]) for a, b in pairwise(names)]
    with pytest.raises(FormatError, match="too many nodes"):
        open_model(model_of(nodes))


def test_what_a_placeholder_has_no_room_for_is_told() -> None:
    names = [f"r{number}" for number in range(300)]
    activations = [helper.make_node("Relu", ["x"], [name]) for name in names]
    wild = helper.make_node("Wild", names, ["y"], name="wild", domain="vendor")
    model = model_of([*activations, wild])
    model.opset_import.append(helper.make_opsetid("vendor", 1))
    report = open_model(model).imported.report
    assert "wild takes 300 tensors; the first 256 are kept" in " ".join(report.notes)


@pytest.mark.parametrize("scale", [float("nan"), float("inf"), -1.0, 0.0])
@pytest.mark.parametrize("opset", [7, 9, 10, 17])
def test_a_scale_that_is_none_is_kept_as_the_file_says(opset: int, scale: float) -> None:
    scales = [1.0, 1.0, 1e9, scale]
    weights = [] if opset == 7 else [numpy_helper.from_array(np.float32(scales), "scales")]
    kind = "Upsample" if opset < 10 else "Resize"
    inputs = ["x"] if opset == 7 else ["x", "", "scales"] if opset == 17 else ["x", "scales"]
    given = {"scales": scales} if opset == 7 else {}
    node = helper.make_node(kind, inputs, ["y"], mode="nearest", **given)
    assert outcomes(on_images(node, opset, weights)) == ["placeholder"]


@pytest.mark.parametrize("opset", [-1, 0, 2**40])
def test_an_opset_that_nobody_published_is_told(opset: int) -> None:
    model = on_images(helper.make_node("Relu", ["x"], ["y"]), opset, [])
    (note,) = [each for each in open_model(model).imported.report.notes if "opset" in each]
    assert f"The file is of opset {opset}; those known here go from 1 to" in note


@pytest.mark.parametrize("kind", ["SpaceToDepth", "DepthToSpace"])
@pytest.mark.parametrize("size", [0, -2])
def test_a_block_without_elements_is_kept_as_the_file_says(kind: str, size: int) -> None:
    node = helper.make_node(kind, ["x"], ["y"], blocksize=size)
    assert outcomes(on_images(node, 17, [])) == ["placeholder"]


def on_images(node: NodeProto, opset: int, weights: Sequence[TensorProto]) -> onnx.ModelProto:
    """Return a model of one node, from images `x` to `y`."""
    graph = helper.make_graph(
        [node], "hostile",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 4, 8, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        list(weights),
    )  # fmt: skip
    opsets = [helper.make_opsetid("", opset)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def outcomes(model: onnx.ModelProto) -> list[str]:
    """Return what becomes of each node."""
    return [piece.outcome for piece in open_model(model).imported.report.pieces]
