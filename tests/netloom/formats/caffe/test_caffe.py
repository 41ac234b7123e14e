"""Files of Caffe: each of others opens, old spellings too, and hostile ones end in a sentence."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from netloom.analyze import analyze
from netloom.cli import main
from netloom.compile import build_module, load_weights
from netloom.formats.imported import FormatError, ImportedNetwork
from netloom.formats.read import read_network
from netloom.formats.weight_report import with_weight_report
from tests.netloom.formats.caffe.writing import caffemodel, field, old_caffemodel, varint

RFB = "models-rfb320/caffe/model/RFB-320"
DRAW = np.random.default_rng(5)
SMALL = """
name: "small"
input: "data" input_dim: 1 input_dim: 3 input_dim: 8 input_dim: 8
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
        convolution_param { num_output: 4 kernel_size: 3 } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
layer { name: "fc" type: "InnerProduct" bottom: "conv" top: "fc"
        inner_product_param { num_output: 5 } }
"""
SMALL_WEIGHTS = {
    "conv": DRAW.standard_normal((4, 3, 3, 3)).astype(np.float32),
    "fc": DRAW.standard_normal((5, 144)).astype(np.float32),
}
SMALL_BIASES = {"conv": np.arange(4, dtype=np.float32), "fc": np.arange(5, dtype=np.float32)}


def compute(imported: ImportedNetwork, *inputs: np.ndarray) -> list[torch.Tensor]:
    """Return what leaves a network."""
    module = build_module(imported.document)
    load_weights(module, imported.weights)
    module.eval()
    with torch.no_grad():
        found = module(*(torch.from_numpy(array) for array in inputs))
    return [found] if isinstance(found, torch.Tensor) else list(found)


def expected_of_small(image: np.ndarray) -> torch.Tensor:
    """Return what the small network computes, by torch's own functions."""
    weights = {key: torch.from_numpy(array) for key, array in SMALL_WEIGHTS.items()}
    biases = {key: torch.from_numpy(array) for key, array in SMALL_BIASES.items()}
    functional = torch.nn.functional
    hidden = functional.conv2d(torch.from_numpy(image), weights["conv"], biases["conv"]).relu()
    return functional.linear(hidden.flatten(1), weights["fc"], biases["fc"])


def an_image() -> np.ndarray:
    """Return one for the small network."""
    return DRAW.standard_normal((1, 3, 8, 8)).astype(np.float32)


def written(folder: Path, text: str, name: str = "net.prototxt") -> Path:
    """Return a file with a text."""
    path = folder / name
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("pattern", "count"),
    [
        ("models-caffe-prototxt/**/*.prototxt", 8),
        ("models-squeezenet11/**/*.prototxt", 2),
        (f"{RFB}/*.prototxt", 1),
    ],
)
def test_every_network_of_others_opens_and_can_be_trained(
    shared_data: Path, pattern: str, count: int
) -> None:
    paths = sorted(shared_data.glob(pattern))
    assert len(paths) == count
    for path in paths:
        imported = with_weight_report(read_network(path))
        assert imported.report.count("placeholder") == 0, path
        assert analyze(imported.document).is_trainable, path


def test_shared_parameters_become_shared_weights(shared_data: Path) -> None:
    path = shared_data / "models-caffe-prototxt/fabrik/siamese_mnist.prototxt"
    nodes = read_network(path).document.graph.nodes
    names = {node_id: node.name for node_id, node in nodes.items()}
    shared = {node.name: names[node.weights_of] for node in nodes.values() if node.weights_of}
    assert shared == {
        "conv1_p": "conv1", "conv2_p": "conv2", "ip1_p": "ip1", "ip2_p": "ip2", "feat_p": "feat",
    }  # fmt: skip


def test_batch_norm_and_scale_are_one_layer(shared_data: Path) -> None:
    imported = read_network(shared_data / "models-caffe-prototxt/fabrik/resnet101.prototxt")
    types = [node.type for node in imported.document.graph.nodes.values()]
    assert (types.count("BatchNorm2d"), types.count("Conv2d"), types.count("Add")) == (104, 104, 33)
    assert types.count("Parameter") == 0


def test_the_face_detector_equals_its_onnx_exports_and_opencv(shared_data: Path) -> None:
    layers = shared_data / RFB / "RFB-320.prototxt"
    imported = with_weight_report(
        read_network(layers, side_files=[layers.with_suffix(".caffemodel")])
    )
    report = imported.report
    assert (report.num_unused_weights, report.num_missing_weights) == (0, 0)
    assert report.parity is not None
    assert report.parity.max_abs_diff < 1e-4
    image = DRAW.random((1, 3, 240, 320)).astype(np.float32)
    boxes, scores = compute(imported, image)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    for name in ("_simplified", "_without_postprocessing"):
        path = shared_data / f"models-rfb320/models/onnx/version-RFB-320{name}.onnx"
        session = onnxruntime.InferenceSession(str(path), options)
        told = session.run(["scores", "boxes"], {session.get_inputs()[0].name: image})
        assert np.abs(scores.numpy() - told[0]).max() < 1e-4
        assert np.abs(boxes.numpy() - told[1]).max() < 1e-4


@pytest.mark.parametrize("is_first", [True, False])
def test_layers_and_weights_in_any_order(tmp_path: Path, is_first: bool) -> None:
    layers = written(tmp_path, SMALL)
    weights = tmp_path / "w.bin"
    kinds = {"conv": "Convolution", "fc": "InnerProduct"}
    weights.write_bytes(
        caffemodel(
            {key: (kinds[key], [SMALL_WEIGHTS[key], SMALL_BIASES[key]]) for key in SMALL_WEIGHTS}
        )
    )
    pair = (layers, weights) if is_first else (weights, layers)
    imported = read_network(pair[0], side_files=[pair[1]])
    image = an_image()
    torch.testing.assert_close(compute(imported, image)[0], expected_of_small(image))


def test_a_zip_of_both_takes_the_layers_for_use(tmp_path: Path) -> None:
    kinds = {"conv": "Convolution", "fc": "InnerProduct"}
    model = caffemodel(
        {key: (kinds[key], [SMALL_WEIGHTS[key], SMALL_BIASES[key]]) for key in SMALL_WEIGHTS}
    )
    with zipfile.ZipFile(tmp_path / "both.zip", "w") as archive:
        archive.writestr("caffe/solver.prototxt", 'net: "train.prototxt" base_lr: 0.1')
        archive.writestr("caffe/train.prototxt", SMALL.replace('input: "data"', ""))
        archive.writestr("caffe/deploy.prototxt", SMALL)
        archive.writestr("caffe/it.caffemodel", model)
    image = an_image()
    imported = read_network(tmp_path / "both.zip")
    torch.testing.assert_close(compute(imported, image)[0], expected_of_small(image))


def test_the_spelling_before_2014_with_its_weights(tmp_path: Path) -> None:
    text = """
    name: "old" input: "data" input_dim: 10 input_dim: 3 input_dim: 8 input_dim: 8
    layers { name: "conv" type: CONVOLUTION bottom: "data" top: "conv" blobs_lr: 1 blobs_lr: 2
             convolution_param { num_output: 4 kernel_size: 3 } }
    layers { name: "relu" type: RELU bottom: "conv" top: "conv" }
    layers { name: "fc" type: INNER_PRODUCT bottom: "conv" top: "fc"
             inner_product_param { num_output: 5 } }
    layers { name: "loss" type: SOFTMAX_LOSS bottom: "fc" bottom: "label" }
    """
    model = old_caffemodel(
        {"conv": (4, [SMALL_WEIGHTS["conv"], SMALL_BIASES["conv"]]),
         "fc": (14, [SMALL_WEIGHTS["fc"], SMALL_BIASES["fc"]])}
    )  # fmt: skip
    (tmp_path / "old.caffemodel").write_bytes(model)
    imported = read_network(written(tmp_path, text), side_files=[tmp_path / "old.caffemodel"])
    image = an_image()
    assert imported.report.format == "Caffe (old layers)"
    torch.testing.assert_close(compute(imported, image)[0], expected_of_small(image))


def test_the_first_spelling_of_all(tmp_path: Path) -> None:
    text = """
    input: "data" input_dim: 1 input_dim: 3 input_dim: 8 input_dim: 8
    layers { layer { name: "conv" type: "conv" num_output: 4 kernelsize: 3 stride: 2
                     biasterm: false }
             bottom: "data" top: "conv" }
    layers { layer { name: "pool" type: "pool" pool: MAX kernelsize: 3 stride: 2 }
             bottom: "conv" top: "pool" }
    """
    nodes = read_network(written(tmp_path, text)).document.graph.nodes
    params = {node.type: node.params for node in nodes.values()}
    assert params["Conv2d"]["bias"] is False
    assert params["Conv2d"]["kernel_size"] == [3, 3]
    assert params["MaxPool2d"]["ceil_mode"] is True


def test_only_the_test_phase_is_drawn(tmp_path: Path) -> None:
    text = """
    layer { name: "data" type: "Data" top: "data" top: "label" include { phase: TRAIN }
            transform_param { crop_size: 20 scale: 0.5 mean_value: 51 mean_value: 102
                              mean_value: 0 } }
    layer { name: "data" type: "Data" top: "data" top: "label" include { phase: TEST }
            transform_param { crop_size: 16 scale: 0.5 mean_value: 51 mean_value: 102
                              mean_value: 0 } }
    layer { name: "noise" type: "Power" bottom: "data" top: "data" include { phase: TRAIN } }
    layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc"
            param { lr_mult: 0 } param { lr_mult: 0 } inner_product_param { num_output: 5 } }
    layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc" bottom: "label" top: "loss" }
    layer { name: "acc" type: "Accuracy" bottom: "fc" bottom: "label" top: "acc" }
    """
    imported = read_network(written(tmp_path, text))
    nodes = {node.name: node for node in imported.document.graph.nodes.values()}
    assert [node.type for node in nodes.values()] == ["ImageInput", "Flatten", "Linear", "Output"]
    assert nodes["data"].params["height"] == 16
    assert nodes["data"].params["mean"] == [0.2, 0.4, 0.0]
    assert nodes["fc"].is_frozen
    told = {piece.source: piece.message for piece in imported.report.pieces}
    assert "only measures or trains" in told["SoftmaxWithLoss loss"]
    assert "while training alone" in told["Power noise"]


def test_a_python_layer_is_kept_and_never_run(tmp_path: Path) -> None:
    text = SMALL.replace(
        'type: "ReLU" bottom: "conv" top: "conv"',
        'type: "Python" bottom: "conv" top: "conv" '
        'python_param { module: "os" layer: "system" param_str: "touch ran" }',
    )
    imported = read_network(written(tmp_path, text))
    [piece] = [piece for piece in imported.report.pieces if piece.outcome == "placeholder"]
    assert "program of its own" in piece.message
    kept = imported.document.graph.nodes[piece.nodes[0]]
    assert "touch ran" in str(kept.params["attributes"])
    assert [each.name for each in tmp_path.iterdir()] == ["net.prototxt"]
    # What stands behind it stays a layer.
    assert "Linear" in [node.type for node in imported.document.graph.nodes.values()]


def test_what_a_fork_has_added_becomes_a_placeholder(tmp_path: Path) -> None:
    text = SMALL + (
        'layer { name: "boxes" type: "Region" bottom: "fc" top: "boxes" '
        "region_param { classes: 20 anchors: [1.5, 2.5] } }"
    )
    imported = read_network(written(tmp_path, text))
    [node] = [n for n in imported.document.graph.nodes.values() if n.type == "Placeholder"]
    assert node.params["op"] == "Region"
    assert '"anchors": [1.5, 2.5]' in str(node.params["attributes"])


def test_weights_of_another_shape_are_named(tmp_path: Path) -> None:
    (tmp_path / "w.caffemodel").write_bytes(
        caffemodel({"conv": ("Convolution", [SMALL_WEIGHTS["conv"][:, :2], SMALL_BIASES["conv"]])})
    )
    imported = with_weight_report(
        read_network(written(tmp_path, SMALL), side_files=[tmp_path / "w.caffemodel"])
    )
    assert imported.report.unused_weights == ["conv.0"]
    assert any("do not fit" in piece.message for piece in imported.report.pieces)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("layer {" * 50, "nested more than"),
        ('layer { name: "a" type: "ReLU" bottom: "a" ', "missing at the end"),
        ('layer { name: "a" : }', "has no value|stands where"),
        ('layer { name: "a" type: "ReLU" bottom: "x" top: "y" }', "Nothing of the network"),
        ("layer { }", "Nothing of the network"),
        (SMALL.replace("input_dim: 8", "input_dim: 99999999999"), "Nothing of the network|shape"),
        (SMALL.replace("num_output: 4", "num_output: 1e300"), ""),
        (SMALL.replace("kernel_size: 3", "kernel_size: 0"), ""),
        (SMALL.replace("num_output: 4", 'num_output: "four"'), ""),
    ],
)
def test_damage_is_a_sentence_or_a_placeholder(tmp_path: Path, text: str, message: str) -> None:
    path = written(tmp_path, text)
    if message:
        with pytest.raises(FormatError, match=message):
            read_network(path)
    else:
        assert read_network(path).report.count("placeholder") >= 1


def test_lengths_that_lie_allocate_nothing(tmp_path: Path) -> None:
    good = caffemodel({"conv": ("Convolution", [SMALL_WEIGHTS["conv"], SMALL_BIASES["conv"]])})
    huge = field(100, field(1, b"conv") + varint(7 << 3 | 2) + varint(2**40))
    declared = field(
        100,
        field(1, b"conv") + field(7, field(7, field(1, varint(2**40))) + field(5, b"\0\0\0\0")),
    )
    for content, words in ((good + huge, "longer than"), (declared, "")):
        (tmp_path / "w.caffemodel").write_bytes(content)
        path = written(tmp_path, SMALL)
        if words:
            with pytest.raises(FormatError, match=words):
                read_network(path, side_files=[tmp_path / "w.caffemodel"])
        else:
            read_network(path, side_files=[tmp_path / "w.caffemodel"])


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    (tmp_path / "w.caffemodel").write_bytes(
        caffemodel({"other": ("Convolution", [SMALL_WEIGHTS["conv"]])})
    )
    with pytest.raises(FormatError, match="belong to another network"):
        read_network(written(tmp_path, SMALL), side_files=[tmp_path / "w.caffemodel"])


def test_a_file_that_is_whole_by_itself_takes_no_other(tmp_path: Path, shared_data: Path) -> None:
    keras = shared_data / "models-keras3-mnist/mnist_model.keras"
    with pytest.raises(FormatError, match="one file after the other"):
        read_network(keras, side_files=[written(tmp_path, SMALL)])


def test_the_command_line_takes_both_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    layers = written(tmp_path, SMALL)
    weights = tmp_path / "w.caffemodel"
    weights.write_bytes(
        caffemodel({"conv": ("Convolution", [SMALL_WEIGHTS["conv"], SMALL_BIASES["conv"]])})
    )
    target = tmp_path / "net.netloom"
    assert main(["convert", str(layers), str(target), "--with", str(weights), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["report"]["num_missing_weights"] == 2
    assert len(read_network(target).weights) == 2


@pytest.mark.parametrize(
    "wrong", ["input: 5", "input_dim: 1e300", 'layer { name: 3 type: "ReLU" }']
)
def test_a_field_of_another_kind_is_told_with_the_name_of_the_file(
    tmp_path: Path, wrong: str
) -> None:
    (tmp_path / "net.prototxt").write_text(SMALL + wrong)
    with pytest.raises(FormatError, match=r"net\.prototxt cannot be opened .*: .*Mend it"):
        read_network(tmp_path / "net.prototxt")
