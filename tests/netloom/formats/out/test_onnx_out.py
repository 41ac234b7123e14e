"""ONNX files: what ONNX Runtime computes from them, for any number of samples and steps."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from netloom.compile import build_module, load_weights
from netloom.formats.exported import ExportError
from netloom.formats.imported import ImportedNetwork
from netloom.formats.onnx.metadata import pixel_notes
from netloom.formats.onnx.read import read_onnx
from netloom.formats.read import read_network
from netloom.formats.runnable import Runnable, compare, judged, make_runnable
from netloom.formats.write import find_gaps, write_network
from netloom.graph.document import Document, Edge, Endpoint, Graph, Node
from tests.netloom.formats.out.conftest import Make, with_weights


def run_file(path: Path, runnable: Runnable, inputs: Sequence[torch.Tensor]) -> list[np.ndarray]:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    names = [spec.name for spec in runnable.inputs]
    return session.run(
        list(runnable.outputs),
        {name: each.numpy() for name, each in zip(names, inputs, strict=True)},
    )


def assert_equal(path: Path, runnable: Runnable, inputs: Sequence[torch.Tensor]) -> None:
    for given, expected in zip(run_file(path, runnable, inputs), runnable.run(inputs), strict=True):
        assert np.std(given) > 1e-4
        np.testing.assert_allclose(given, expected.numpy(), rtol=1e-4, atol=1e-5)


def sizes_of(values: Sequence[onnx.ValueInfoProto]) -> dict[str, list[int | str]]:
    return {
        value.name: [size.dim_param or size.dim_value for size in value.type.tensor_type.shape.dim]
        for value in values
    }


def test_class_names_that_do_not_fit_are_told(template: Make, tmp_path: Path) -> None:
    write_network(template("small_cnn"), tmp_path / "net.onnx")

    def read_with(text: str) -> ImportedNetwork:
        model = onnx.load(tmp_path / "net.onnx")
        onnx.helper.set_model_props(model, {"class_names": text})
        onnx.save(model, tmp_path / "named.onnx")
        return read_network(tmp_path / "named.onnx")

    cut = read_with(json.dumps(["cat", "x" * 1001, "dog"]))
    assert cut.meta.classes == ["cat", "x" * 1000, "dog"]
    assert "Cut short: the name of class 1." in cut.report.notes[-1]
    for text in ('{"0": "cat"}', '["cat", 7]', "cat,dog"):
        refused = read_with(text)
        assert refused.meta.classes == []
        assert "“class_names” were not taken" in refused.report.notes[-1]
    fine = read_with('["cat"]')
    assert fine.meta.classes == ["cat"]
    assert not any("lass names" in note for note in fine.report.notes)


@pytest.mark.parametrize("name", ["small_resnet", "vit", "lstm_classifier"])
def test_out_in_and_out_again_is_the_same_network(
    template: Make, tmp_path: Path, name: str
) -> None:
    """Convolutions with residuals, attention, and a recurrent network."""
    network = template(name)
    original = make_runnable(network)
    inputs = original.examples(batch=3, length=20, seed=9)
    report = write_network(network, tmp_path / "first.onnx")
    assert report.parity is not None
    assert report.parity.max_abs_diff < 1e-5
    assert_equal(tmp_path / "first.onnx", original, inputs)

    again = read_network(tmp_path / "first.onnx")
    assert again.report.count("placeholder") == 0
    write_network(again, tmp_path / "second.onnx")
    assert_equal(tmp_path / "second.onnx", original, inputs)


def test_sizes_are_open_and_have_names(template: Make, tmp_path: Path) -> None:
    network = template("seq2seq")
    write_network(network, tmp_path / "net.onnx")
    model = onnx.load(tmp_path / "net.onnx")
    assert sizes_of(model.graph.input) == {
        "source": ["batch", "source_time"], "target": ["batch", "time"],
    }  # fmt: skip
    (output,) = sizes_of(model.graph.output).values()
    assert output == ["batch", "time", 10_000]
    assert {node.op_type for node in model.graph.node} >= {"LSTM", "Gather", "MatMul"}
    runnable = make_runnable(network)
    tokens = torch.randint(0, 10_000, (2, 50))
    assert_equal(tmp_path / "net.onnx", runnable, [tokens[:1, :3], tokens[:1, :50]])
    assert_equal(tmp_path / "net.onnx", runnable, [tokens, tokens[:, :1]])


def test_sizes_can_be_fixed(template: Make, tmp_path: Path) -> None:
    write_network(
        template("lstm_classifier"), tmp_path / "net.onnx", options={"batch": 4, "length": 12}
    )
    model = onnx.load(tmp_path / "net.onnx")
    assert list(sizes_of(model.graph.input).values()) == [[4, 12, 16]]


RECURRENT = [
    ("LSTM", {"num_layers": 2, "bidirectional": True, "gives_state": True}),
    ("LSTM", {"takes_state": True, "bias": False}),
    ("GRU", {"num_layers": 2, "bidirectional": True, "output": "last"}),
    ("RNN", {"nonlinearity": "relu", "bidirectional": True, "takes_state": True}),
]


@pytest.mark.parametrize(("kind", "params"), RECURRENT)
def test_recurrent_layers_run_for_any_length(
    kind: str, params: dict[str, object], tmp_path: Path
) -> None:
    nodes = {
        "x": Node(type="SequenceInput", name="x", params={"num_features": 5}),
        "layer": Node(type=kind, name="layer", params={"hidden_size": 6, **params}),
        "y": Node(type="Output", name="y"),
    }
    edges = {
        "in": Edge(
            source=Endpoint(node="x", port="output"), target=Endpoint(node="layer", port="input")
        ),
        "out": Edge(
            source=Endpoint(node="layer", port="output"), target=Endpoint(node="y", port="input")
        ),
    }
    states = ["hidden", "cell"] if kind == "LSTM" else ["hidden"]
    width = 6 * (2 if params.get("bidirectional") else 1) * int(str(params.get("num_layers", 1)))
    for state in states if params.get("takes_state") else []:
        nodes[state] = Node(type="FeatureInput", name=state, params={"num_features": width})
        edges[f"{state}-in"] = Edge(
            source=Endpoint(node=state, port="output"), target=Endpoint(node="layer", port=state)
        )
    for state in states if params.get("gives_state") else []:
        nodes[f"{state}-out"] = Node(type="Output", name=f"{state}_out")
        edges[f"{state}-out"] = Edge(
            source=Endpoint(node="layer", port=state),
            target=Endpoint(node=f"{state}-out", port="input"),
        )
    network = with_weights(Document(graph=Graph(name="Net", nodes=nodes, edges=edges)))
    write_network(network, tmp_path / "net.onnx")
    runnable = make_runnable(network)
    for batch, length in ((1, 1), (3, 70)):
        assert_equal(tmp_path / "net.onnx", runnable, runnable.examples(batch, length=length))
    model = onnx.load(tmp_path / "net.onnx")
    assert sum(node.op_type == kind for node in model.graph.node) == params.get("num_layers", 1)


def test_large_weights_lie_beside_the_file(template: Make, tmp_path: Path) -> None:
    network = template("small_cnn")
    report = write_network(network, tmp_path / "net.onnx", options={"external_above_mb": 0})
    assert [file.name for file in report.files] == ["net.onnx", "net.onnx.data"]
    assert report.files[0].size_bytes < 30_000 < 90_000 < report.files[1].size_bytes
    runnable = make_runnable(network)
    inputs = runnable.examples(batch=2)
    assert_equal(tmp_path / "net.onnx", runnable, inputs)
    again = read_onnx(tmp_path / "net.onnx", side_files=[tmp_path / "net.onnx.data"])
    module = build_module(again.document)
    assert load_weights(module, again.weights).initialised == ()
    torch.testing.assert_close(module.eval()(*inputs), runnable.run(inputs)[0])


def test_classes_and_preprocessing_travel_along(template: Make, tmp_path: Path) -> None:
    network = template("small_cnn", classes=["cat", "dog “brown”"])
    (image,) = [n for n in network.document.graph.nodes.values() if n.type == "ImageInput"]
    image.params.update(mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225])
    image.params["resize_policy"] = "crop"
    write_network(network, tmp_path / "net.onnx")
    again = read_network(tmp_path / "net.onnx")
    assert again.meta.classes == ["cat", "dog “brown”"]
    assert again.meta.licence == "CC0"
    (read,) = [n for n in again.document.graph.nodes.values() if n.type == "ImageInput"]
    assert {key: read.params[key] for key in ("mean", "std", "resize_policy")} == {
        key: image.params[key] for key in ("mean", "std", "resize_policy")
    }
    assert again.meta.preprocessing["resize_policy"] == "crop"


@pytest.mark.parametrize(("name", "opset"), [("lstm_classifier", 18), ("vit", 23)])
def test_the_opset_can_be_chosen(template: Make, tmp_path: Path, name: str, opset: int) -> None:
    report = write_network(template(name), tmp_path / "net.onnx", options={"opset": opset})
    assert report.title == f"ONNX (opset {opset})"
    model = onnx.load(tmp_path / "net.onnx")
    assert [each.version for each in model.opset_import if each.domain == ""] == [opset]


def test_what_onnx_lacks_is_named_first(template: Make, tmp_path: Path) -> None:
    network: ImportedNetwork = template("mlp")
    assert find_gaps(network.document, "onnx") == []
    with pytest.raises(ExportError, match=r"opset: Input should be less than"):
        write_network(network, tmp_path / "net.onnx", options={"opset": 99})
    assert list(tmp_path.iterdir()) == []


def test_other_numbers_are_not_written() -> None:
    ones, zeros = torch.ones(2, 3), torch.zeros(2, 3)
    with pytest.raises(ExportError, match="computes other numbers"):
        judged(compare([ones], [ones * 1.01], oracle="it", inputs="random"))
    assert "more than rounding" in judged(compare([ones], [ones + 2e-4], oracle="", inputs=""))[0]
    assert (
        "all outputs are zero" in judged(compare([zeros], [zeros], oracle="", inputs=""))[0].lower()
    )
    assert judged(compare([ones], [ones + 1e-6], oracle="it", inputs="random")) == []
    with pytest.raises(ExportError, match="sizes"):
        compare([ones], [ones[:1]], oracle="it", inputs="random")
    with pytest.raises(ExportError, match="gives none"):
        compare([ones], [ones / 0], oracle="it", inputs="random")


def test_each_output_is_judged_by_its_own_scale() -> None:
    boxes, scores = torch.full((2, 4), 2000.0), torch.rand(2, 3)
    found = compare([boxes, scores], [boxes, scores + 0.5], oracle="it", inputs="random")
    assert found.max_abs_value < 1 < boxes.max()
    with pytest.raises(ExportError, match="computes other numbers"):
        judged(found)


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_recurrent_layers_end_where_padding_begins(kind: str, tmp_path: Path) -> None:
    """What a mask says becomes the lengths that ONNX's operators take."""
    nodes = {
        "tokens": Node(type="TokenInput", name="tokens", params={"vocabulary": 9}),
        "mask": Node(type="PaddingMask", name="mask"),
        "vectors": Node(type="Embedding", name="vectors", params={"embedding_dim": 5}),
        "layer": Node(
            type=kind,
            name="layer",
            params={
                "hidden_size": 6, "takes_padding_mask": True, "bidirectional": True,
                "output": "last",
            },
        ),
        "step": Node(type="TakeStep", name="step", params={"takes_padding_mask": True}),
        "last": Node(type="Output", name="last"),
        "stepped": Node(type="Output", name="stepped"),
    }  # fmt: skip
    wires = [
        ("tokens", "mask", "input"), ("tokens", "vectors", "input"), ("vectors", "layer", "input"),
        ("mask", "layer", "padding_mask"), ("vectors", "step", "input"),
        ("mask", "step", "padding_mask"), ("layer", "last", "input"), ("step", "stepped", "input"),
    ]  # fmt: skip
    edges = {
        f"e{at}": Edge(
            source=Endpoint(node=source, port="output"), target=Endpoint(node=target, port=port)
        )
        for at, (source, target, port) in enumerate(wires)
    }
    network = with_weights(Document(graph=Graph(name="Net", nodes=nodes, edges=edges)))
    write_network(network, tmp_path / "net.onnx")
    tokens = torch.tensor([[3, 4, 5, 6, 0, 0, 0], [1, 2, 3, 4, 5, 6, 7], [8, 0, 0, 0, 0, 0, 0]])
    assert_equal(tmp_path / "net.onnx", make_runnable(network), [tokens])


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"mean": [0.5], "std": [0.25]}, "divided by 255, minus 0.5, divided by 0.25:"),
        ({"mean": [0.0], "std": [1.0]}, "pixels divided by 255:"),
    ],
)
def test_a_file_says_what_pixels_need_before_they_are_given_to_it(
    params: dict[str, list[float]], words: str
) -> None:
    image = Node(type="ImageInput", name="photo", params={"channels": 3, **params})
    [note] = pixel_notes(Document(graph=Graph(nodes={"image": image})))
    assert note.startswith("photo takes")
    assert words in note
