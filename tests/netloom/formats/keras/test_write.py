"""Networks leave as Keras models: Keras computes from the file what the network computes."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import pytest

from netloom.formats.drawing import Drawing, Tap
from netloom.formats.exported import ExportError
from netloom.formats.imported import ImportedNetwork
from netloom.formats.keras.writing import parity
from netloom.formats.matching import apply_matching, match_weights
from netloom.formats.read import read_network
from netloom.formats.runnable import compare, make_runnable
from netloom.formats.weight_file import read_weight_file
from netloom.formats.write import find_gaps, write_network
from netloom.graph.document import ParamValue
from netloom.templates import make_template
from tests.netloom.formats.keras.models import MODELS
from tests.netloom.formats.keras.test_parity import randomise
from tests.netloom.formats.keras.written import (
    computed_by_keras,
    drawn,
    layers,
    with_weights,
    write,
)

TOLERANCE = 2e-5
Params = Mapping[str, ParamValue]

IMAGE: Params = {"type": "ImageInput", "height": 12, "width": 10, "channels": 4}
SIGNAL: Params = {"type": "SignalInput", "channels": 4}
SEQUENCE: Params = {"type": "SequenceInput", "num_features": 8}
STEPS: Params = {"type": "SequenceInput", "num_features": 6, "length": 5}
VOLUME: Params = {"type": "VolumeInput", "depth": 5, "height": 6, "width": 7, "channels": 2}
FEATURES: Params = {"type": "FeatureInput", "num_features": 12}

CASES: dict[str, tuple[Params, list[tuple[str, Params]]]] = {
    "convolution_with_border": (
        IMAGE,
        [
            ("Conv2d", {"out_channels": 6, "stride": [2, 1], "padding": [1, 2]}),
            ("Conv2d", {"out_channels": 8, "kernel_size": [2, 4]}),
            ("Conv2d", {"out_channels": 4, "groups": 4, "dilation": [2, 2], "padding": [2, 2]}),
        ],
    ),
    "depthwise_doubles_channels": (IMAGE, [("Conv2d", {"out_channels": 8, "groups": 4})]),
    "separable": (IMAGE, [("SeparableConv2d", {"out_channels": 5, "stride": [2, 2]})]),
    "transposed": (
        IMAGE,
        [
            (
                "ConvTranspose2d",
                {
                    "out_channels": 3,
                    "kernel_size": [4, 3],
                    "padding": [1, 1],
                    "output_padding": [0, 1],
                },
            ),
            ("ConvTranspose2d", {"out_channels": 2, "kernel_size": [2, 2], "stride": [3, 3]}),
        ],
    ),
    "volumes": (
        VOLUME,
        [("Conv3d", {"out_channels": 3}), ("BatchNorm3d", {}), ("MaxPool3d", {})],
    ),
    "signals_of_any_length": (
        SIGNAL,
        [
            ("Conv1d", {"out_channels": 6, "stride": 2, "padding": 1}),
            ("BatchNorm1d", {}),
            ("PReLU", {"per_channel": True}),
            ("GlobalMaxPool", {}),
        ],
    ),
    "maxima_beyond_the_border": (
        IMAGE,
        [("MaxPool2d", {"kernel_size": [3, 3], "stride": [2, 2], "padding": [1, 1]})],
    ),
    "means_with_the_border": (
        IMAGE,
        [("AvgPool2d", {"kernel_size": [3, 3], "stride": [2, 2], "padding": [1, 1]})],
    ),
    "pools_to_a_size": (
        IMAGE,
        [
            ("AdaptiveAvgPool2d", {"output_size": [6, 5]}),
            ("AdaptiveMaxPool2d", {"output_size": [1, 1]}),
        ],
    ),
    "norms_of_images": (
        IMAGE,
        [
            ("GroupNorm", {"num_groups": 2}),
            ("InstanceNorm2d", {"affine": True}),
            ("LayerNorm", {"over": "sample"}),
        ],
    ),
    "norms_of_sequences": (
        SEQUENCE,
        [("LayerNorm", {"over": "last"}), ("RMSNorm", {}), ("Linear", {"out_features": 3})],
    ),
    "squeeze_and_excite": (IMAGE, [("SqueezeExcite", {"reduction": 2})]),
    "enlarged": (
        IMAGE,
        [("Upsample", {}), ("Upsample", {"mode": "linear"}), ("Pad", {"padding": [1, 2, 0, 3]})],
    ),
    "pixels_out_of_channels": (IMAGE, [("PixelShuffle", {})]),
    "ranges": (
        IMAGE,
        [
            ("Slice", {"axis": "H", "start": 2, "stop": -3}),
            ("Slice", {"axis": "C", "start": 1, "stop": 3}),
        ],
    ),
    "one_step": (STEPS, [("TakeStep", {"step": -2}), ("Linear", {"out_features": 3})]),
    "flat_features_keep_their_order": (
        IMAGE,
        [
            ("Conv2d", {"out_channels": 3}),
            ("Flatten", {}),
            ("BatchNorm1d", {}),
            ("Dropout", {}),
            ("Linear", {"out_features": 7}),
        ],
    ),
    "flat_features_are_the_output": (IMAGE, [("Conv2d", {"out_channels": 3}), ("Flatten", {})]),
    "laid_out_anew": (
        FEATURES,
        [
            ("Reshape", {"shape": "C=3, H=2, W=2"}),
            ("Conv2d", {"out_channels": 5}),
            ("Permute", {"order": [0, 2, 3, 1]}),
        ],
    ),
    "gru_of_two_layers_both_ways": (
        SEQUENCE,
        [("GRU", {"hidden_size": 5, "num_layers": 2, "bidirectional": True, "output": "last"})],
    ),
    "rnn_without_bias": (
        SEQUENCE,
        [("RNN", {"hidden_size": 5, "bias": False, "nonlinearity": "relu"})],
    ),
    "lstm": (SEQUENCE, [("LSTM", {"hidden_size": 5, "bidirectional": True})]),
    "causal_attention": (SEQUENCE, [("SelfAttention", {"num_heads": 2, "is_causal": True})]),
    "encoder": (
        SEQUENCE,
        [
            ("TransformerEncoderLayer", {"num_heads": 2, "hidden_features": 12}),
            (
                "TransformerEncoderLayer",
                {
                    "num_heads": 4,
                    "hidden_features": 6,
                    "norm_first": True,
                    "activation": "gelu",
                    "dropout": 0.0,
                },
            ),
        ],
    ),
    "activations": (
        FEATURES,
        [
            *((name, {}) for name in ("SiLU", "GELU", "Softsign", "Mish", "Hardswish", "ELU")),
            *((name, {}) for name in ("SELU", "CELU", "LogSigmoid", "Hardsigmoid", "Softplus")),
            ("LeakyReLU", {"negative_slope": 0.3}),
            ("Hardtanh", {"min_val": 0.0, "max_val": 0.7}),
            ("GLU", {}),
            ("LogSoftmax", {}),
        ],
    ),
    "left_out_in_training": (
        IMAGE,
        [
            ("Dropout2d", {}),
            ("StochasticDepth", {"p": 0.3}),
            ("AlphaDropout", {}),
            ("GaussianNoise", {}),
        ],
    ),
}  # fmt: skip


NO_WAY_BACK = {
    "tokens_with_padding": {"PaddingMask", "LSTM", "GRU", "RNN", "MaskedPool"},
    "uneven_pools": {"AvgPool2d"},
}
"""Masks are not written; means over uneven borders become layers that Keras does not have."""


@pytest.mark.parametrize("name", sorted(CASES))
def test_keras_computes_each_layer(keras: Any, tmp_path: Path, name: str) -> None:
    given, wanted = CASES[name]
    network = layers(given, *wanted)
    assert find_gaps(network.document, "keras") == []
    found = computed_by_keras(keras, network, tmp_path / "network.keras")
    assert found.max_abs_value > 1e-3
    assert found.max_abs_diff < TOLERANCE * max(1.0, found.max_abs_value)


@pytest.mark.parametrize("name", sorted(MODELS))
def test_what_came_from_keras_goes_back(keras: Any, tmp_path: Path, name: str) -> None:
    keras.utils.set_random_seed(3)
    model = MODELS[name](keras, keras.layers)
    randomise(model)
    model.save(tmp_path / "original.keras")
    network = read_network(tmp_path / "original.keras")
    if name in NO_WAY_BACK:
        gaps = find_gaps(network.document, "keras")
        assert {gap.type for gap in gaps} == NO_WAY_BACK[name]
        return
    found = computed_by_keras(keras, network, tmp_path / "again.keras")
    assert found.max_abs_diff < TOLERANCE * max(1.0, found.max_abs_value)


@pytest.mark.parametrize(
    "name",
    ["small_resnet", "vae", "dcgan_generator", "lstm_classifier", "tcn"],
)
def test_keras_computes_templates(keras: Any, tmp_path: Path, name: str) -> None:
    document = make_template(name, channels=3, height=32, width=32, num_classes=4)
    found = computed_by_keras(keras, with_weights(document), tmp_path / "network.keras")
    assert found.max_abs_value > 1e-3
    assert found.max_abs_diff < TOLERANCE


@pytest.mark.parametrize(
    "file",
    [
        "models-keras3-mnist/mnist_model.keras",
        "models-keras2-h5/emotion_models/fer2013_mini_XCEPTION.102-0.66.hdf5",
    ],
)
def test_files_of_others_compute_the_same_in_keras_again(
    keras: Any, shared_data: Path, tmp_path: Path, file: str
) -> None:
    original = keras.models.load_model(shared_data / file, compile=False)
    network = read_network(shared_data / file)
    made = write(network, tmp_path / "again.keras")
    again = keras.models.load_model(tmp_path / "again.keras", compile=False)
    pixels = keras.random.uniform((3, *original.inputs[0].shape[1:]), seed=1)
    expected = keras.ops.convert_to_numpy(original(pixels, training=False))
    found = keras.ops.convert_to_numpy(again(pixels, training=False))
    assert expected.std() > 1e-3
    assert abs(expected - found).max() < 1e-5
    assert made.notes == []


def test_uses_of_one_set_of_weights_are_uses_of_one_layer(keras: Any, tmp_path: Path) -> None:
    document = make_template("siamese", channels=3, height=16, width=16, num_classes=4)
    network = with_weights(document)
    found = computed_by_keras(keras, network, tmp_path / "network.keras")
    assert found.max_abs_diff < TOLERANCE
    with zipfile.ZipFile(tmp_path / "network.keras") as archive:
        config = json.loads(archive.read("config.json"))["config"]
    shared = [each for each in config["layers"] if each["class_name"] == "Conv2D"]
    assert [len(each["inbound_nodes"]) for each in shared] == [2] * len(shared)


def test_what_keras_cannot_say_is_named_before_anything_is_written(tmp_path: Path) -> None:
    document = make_template("vit", channels=3, height=32, width=32, num_classes=4)
    gaps = find_gaps(document, "keras")
    assert [gap.type for gap in gaps] == ["ClassToken", "LearnedPositions"]
    assert gaps[0].name == "stem.class_token"
    assert gaps[0].path.count("/") == 1
    with pytest.raises(ExportError, match="class_token") as refused:
        write_network(with_weights(document), tmp_path / "network.keras")
    assert len(refused.value.gaps) == 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("given", "kind", "params"),
    [
        (IMAGE, "Conv2d", {"padding_mode": "reflect", "padding": [1, 1]}),
        (IMAGE, "Conv2d", {"stride": [2, 2], "dilation": [2, 2], "padding": [0, 0]}),
        (IMAGE, "MaxPool2d", {"kernel_size": [4, 4], "padding": [2, 2], "stride": [4, 4]}),
        (IMAGE, "AdaptiveAvgPool2d", {"output_size": [5, 5]}),
        (IMAGE, "LocalResponseNorm", {}),
        (FEATURES, "GELU", {"approximate": "tanh"}),
        (SEQUENCE, "SelfAttention", {"num_heads": 2, "is_rotary": True}),
    ],
)
def test_settings_without_a_counterpart_are_gaps(given: Params, kind: str, params: Params) -> None:
    network = layers(given, (kind, params))
    (gap,) = find_gaps(network.document, "keras")
    assert gap.type == kind
    assert gap.reason
    assert "ONNX" in gap.next_step


def resnet(classes: list[str]) -> ImportedNetwork:
    def draw(drawing: Drawing) -> Tap:
        image = drawing.add(
            "ImageInput",
            params={
                "height": 8, "width": 8, "channels": 3,
                "mean": [0.4, 0.5, 0.6], "std": [0.2, 0.3, 0.25],
            },
            name="photo",
        )  # fmt: skip
        conv = drawing.add("Conv2d", [image.output], params={"out_channels": 3})
        total = drawing.add("Add", [image.output, conv.output])
        pooled = drawing.add("GlobalAvgPool", [total.output])
        return drawing.add("Linear", [pooled.output], params={"out_features": 3}).output

    network = drawn(draw)
    return ImportedNetwork(
        network.document,
        network.report,
        network.weights,
        network.meta.model_copy(update={"classes": classes}),
    )


def test_the_file_scales_pixels_and_says_its_classes(tmp_path: Path) -> None:
    """Through the public door, with Keras in a process of its own."""
    path = tmp_path / "photos.keras"
    report = write_network(resnet(["cat", "dog", "owl"]), path)
    assert report.parity is not None
    assert report.parity.oracle.startswith("Keras 3")
    assert report.parity.max_abs_diff < 1e-5 * max(1.0, report.parity.max_abs_value)
    with zipfile.ZipFile(path) as archive:
        about = json.loads(archive.read("metadata.json"))["netloom"]
        config = json.loads(archive.read("config.json"))["config"]
    assert about["classes"] == ["cat", "dog", "owl"]
    assert about["outputs"] == ["output"]
    assert [each["class_name"] for each in config["layers"]][:2] == ["InputLayer", "Rescaling"]
    read = read_network(path)
    assert read.meta.classes == ["cat", "dog", "owl"]
    image = next(n for n in read.document.graph.nodes.values() if n.type == "ImageInput")
    assert image.params["mean"] == pytest.approx([0.4, 0.5, 0.6])
    assert image.params["std"] == pytest.approx([0.2, 0.3, 0.25])


def test_without_keras_the_file_is_read_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(parity, "version", missing)
    report = write_network(resnet([]), tmp_path / "a.keras")
    assert report.parity is not None
    assert report.parity.oracle == "Netloom, which read it back"
    assert report.parity.max_abs_diff < 1e-5
    assert "Keras is not installed here" in report.notes[0]


def test_the_same_network_gives_the_same_bytes(tmp_path: Path) -> None:
    network = resnet([])
    for name in ("a", "b"):
        write(network, tmp_path / f"{name}.keras")
    assert (tmp_path / "a.keras").read_bytes() == (tmp_path / "b.keras").read_bytes()


@pytest.mark.parametrize("resets_after", [True, False])
def test_what_save_weights_keeps_of_a_gru_fits_the_same_gru_alone(
    keras: Any, tmp_path: Path, resets_after: bool
) -> None:
    """Tensors of both kinds look alike, and mean something else in each other."""
    params: Params = {"hidden_size": 5, "reset_after": resets_after}
    network = layers(SEQUENCE, ("GRU", params))
    write(network, tmp_path / "net.keras")
    model = keras.models.load_model(tmp_path / "net.keras", compile=False)
    model.save_weights(tmp_path / "net.weights.h5")
    file = read_weight_file(tmp_path / "net.weights.h5")
    matching = match_weights(network.document, file.facts)
    assert (matching.layers, matching.num_layers) == (1, 1)
    weights = apply_matching(matching, file.tensors)
    expected = make_runnable(network)
    given = expected.examples(batch=2)
    found = make_runnable(replace(network, weights=weights)).run(given)
    assert compare(expected.run(given), found, oracle="", inputs="").relative < TOLERANCE
    other = layers(SEQUENCE, ("GRU", {**params, "reset_after": not resets_after})).document
    refused = match_weights(other, file.facts)
    assert refused.num_matched == 0
    assert "the reset gate acts" in refused.notes[-1]
