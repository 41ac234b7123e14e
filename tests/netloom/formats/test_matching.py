"""Weights alone, brought into a network: which tensor goes where, and that the numbers fit."""

from __future__ import annotations

import os
from collections import OrderedDict
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

import netloom
from netloom.compile import build_module, load_weights
from netloom.data.decode import decode_image
from netloom.data.preprocess import Preprocessing
from netloom.explain import predict
from netloom.formats.imported import FormatError
from netloom.formats.loading import LoadedWeights, load_weight_file, matching_words
from netloom.formats.matching import apply_matching, match_weights
from netloom.formats.read import read_network
from netloom.formats.weight_file import FileTensor, holds_weights_alone, read_weight_file
from netloom.formats.zoo import TorchvisionZoo
from netloom.formats.zoo.torchvision_zoo import build
from netloom.graph.document import Document

SQUEEZENET = "models-squeezenet11/squeezenet_weights_tf_dim_ordering_tf_kernels_notop.h5"


class Block(nn.Module):
    """Two convolutions past a shortcut without weights: every second pixel, zeros for channels."""

    def __init__(self, channels: int, filters: int) -> None:
        super().__init__()
        self.stride = filters // channels
        self.conv1 = nn.Conv2d(channels, filters, 3, self.stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(filters)
        self.conv2 = nn.Conv2d(filters, filters, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(filters)

    def forward(self, x_BCHW: Tensor) -> Tensor:
        y_BCHW = functional.relu(self.bn1(self.conv1(x_BCHW)))
        y_BCHW = self.bn2(self.conv2(y_BCHW))
        if self.stride > 1:
            added = y_BCHW.shape[1] // 4
            x_BCHW = functional.pad(x_BCHW[:, :, ::2, ::2], (0, 0, 0, 0, added, added))
        return functional.relu(x_BCHW + y_BCHW)


class CifarResNet(nn.Module):
    """He et al. 2016, for 32 x 32 pixels, option A."""

    def __init__(self, blocks_per_stage: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        widths = [16, *(width for width in (16, 32, 64) for _ in range(blocks_per_stage))]
        blocks = [Block(*pair) for pair in pairwise(widths)]
        self.layer1, self.layer2, self.layer3 = (
            nn.Sequential(*blocks[at : at + blocks_per_stage])
            for at in range(0, len(blocks), blocks_per_stage)
        )
        self.linear = nn.Linear(64, 10)

    def forward(self, x_BCHW: Tensor) -> Tensor:
        y_BCHW = functional.relu(self.bn1(self.conv1(x_BCHW)))
        y_BCHW = self.layer3(self.layer2(self.layer1(y_BCHW)))
        return self.linear(functional.adaptive_avg_pool2d(y_BCHW, 1).flatten(1))


def photos(folder: Path, per_class: int) -> tuple[list[Path], Tensor]:
    """Return the first photos of each class, and their labels."""
    paths: list[Path] = []
    labels: list[int] = []
    for number, each in enumerate(sorted(path for path in folder.iterdir() if path.is_dir())):
        found = sorted(each.iterdir())[:per_class]
        paths += found
        labels += [number] * len(found)
    return paths, torch.tensor(labels)


def pixels(document: Document, paths: list[Path]) -> Tensor:
    """Return images as the network's input takes them."""
    preprocessing = Preprocessing.from_document(document)
    images = [preprocessing.to_uint8_CHW(decode_image(path)) for path in paths]
    return preprocessing.normalise(torch.from_numpy(np.stack(images)))


def plainly(module: nn.Module, file: Path, paths: list[Path]) -> Tensor:
    """Return the classes that a checkpoint gives without any of our code."""
    state = torch.load(file, weights_only=True, map_location="cpu")["state_dict"]
    module.load_state_dict({key.removeprefix("module."): each for key, each in state.items()})
    images = np.stack([np.asarray(Image.open(path).convert("RGB")) for path in paths])
    pixels_BCHW = torch.from_numpy(images).permute(0, 3, 1, 2) / 255
    mean, std = torch.tensor([[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]]).view(2, 3, 1, 1)
    with torch.no_grad():
        return module.eval()((pixels_BCHW - mean) / std).argmax(1)


@pytest.mark.parametrize(
    ("name", "blocks", "right"),
    [("resnet20-12fca82f.th", 3, 804), ("resnet44-014dd654.th", 7, 821)],
)
def test_checkpoints_of_cifar_resnets_reach_their_accuracy(
    shared_data: Path, name: str, blocks: int, right: int
) -> None:
    """On all 1000 photos: 0.810 and 0.825 were measured on 300 of each class, 100 are here."""
    drawn = netloom.from_module(CifarResNet(blocks), torch.zeros(1, 3, 32, 32), fold=True)
    file = shared_data / "models-cifar-resnet" / name
    loaded = load_weight_file(drawn.document, file, normalisation="imagenet")
    matching = loaded.matching
    assert matching.num_matched == matching.num_places == matching.num_in_file
    assert {row.how for row in matching.rows} == {"prefix"}
    assert matching.rows[0].note == "Without “module.” of the file."
    assert matching.share == 1
    paths, label_B = photos(shared_data / "cifar10-jpg" / "test", 100)
    module = build_module(loaded.network.document)
    load_weights(module, loaded.network.weights)
    class_B = predict(module, pixels(loaded.network.document, paths)).argmax(1)
    assert len(paths) == 1000
    # Rounding may turn a photo that two classes share.
    assert int((class_B != plainly(CifarResNet(blocks), file, paths)).sum()) <= 1
    assert abs(int((class_B == label_B).sum()) - right) <= 1


@pytest.fixture(scope="module")
def squeezenet(shared_data: Path) -> LoadedWeights:
    drawn = TorchvisionZoo().open("squeezenet1_1")
    return load_weight_file(drawn.document, shared_data / SQUEEZENET, normalisation="caffe")


def test_weights_of_keras_fit_the_same_network_of_torchvision(squeezenet: LoadedWeights) -> None:
    matching = squeezenet.matching
    assert (matching.layers, matching.num_layers) == (25, 26)
    assert matching.matched_values == 722_496
    loaded = {row.layer: row.file_key for row in matching.rows if row.how == "shape in order"}
    assert loaded["features.fire4.expand1x1"].startswith("fire3/expand1x1/")
    assert loaded["features.fire12.expand3x3"].startswith("fire9/expand3x3/")
    new = [row for row in matching.rows if row.how == "none"]
    assert {(row.layer, row.file_key) for row in new} == {("classifier.conv_1", "")}
    assert squeezenet.network.report.num_missing_weights == 2


def test_numbers_of_keras_are_those_of_the_file_laid_out_for_torch(
    squeezenet: LoadedWeights, shared_data: Path
) -> None:
    import h5py

    rows = {row.layer: row for row in squeezenet.matching.rows if row.tensor == "weight"}
    first, later = rows["features.conv_0"], rows["features.fire9.squeeze"]
    with h5py.File(shared_data / SQUEEZENET) as file:
        kernel = np.asarray(file[first.file_key])
        squeeze = np.asarray(file[later.file_key])
    # The file counts colours from blue to red, and filters last.
    expected = kernel[:, :, ::-1].transpose(3, 2, 0, 1)
    weights = squeezenet.network.weights
    np.testing.assert_array_equal(weights[first.weight_key].numpy(), expected)
    np.testing.assert_array_equal(weights[later.weight_key].numpy(), squeeze.transpose(3, 2, 0, 1))
    preprocessing = squeezenet.network.meta.preprocessing
    assert preprocessing["std"] == [1 / 255] * 3


@pytest.mark.parametrize("name", ["mobilenet_v3_small", "shufflenet_v2_x0_5", "googlenet"])
def test_every_tensor_finds_its_own_place(name: str, tmp_path: Path) -> None:
    """Numbered modules, branches side by side, and a prefix that training put before."""
    torch.manual_seed(3)
    module = build(name)
    for tensor in module.state_dict().values():
        if tensor.ndim == 1:
            tensor.uniform_(0.5, 1)  # Normalisations that differ from each other.
    drawn = netloom.from_module(module.eval(), torch.zeros(1, 3, 96, 96), fold=True)
    prefixed = {f"module.{key}": value for key, value in module.state_dict().items()}
    torch.save({"model": {"state_dict": prefixed}, "epoch": 3}, tmp_path / "trained.bin")
    file = read_weight_file(tmp_path / "trained.bin")
    matching = match_weights(drawn.document, file.facts)
    assert matching.layers == matching.num_layers
    found = apply_matching(matching, file.tensors)
    for key, tensor in drawn.weights.items():
        if not key.endswith("num_batches_tracked"):
            torch.testing.assert_close(found[key], tensor, rtol=0, atol=0)


def test_a_file_without_names_is_matched_by_shape_and_says_so(tmp_path: Path) -> None:
    torch.manual_seed(2)
    module = CifarResNet(1).eval()
    drawn = netloom.from_module(module, torch.zeros(1, 3, 32, 32), fold=True)
    renamed = {_renamed(key): tensor for key, tensor in module.state_dict().items()}
    torch.save(renamed, tmp_path / "w.pt")
    loaded = load_weight_file(drawn.document, tmp_path / "w.pt")
    hows = {row.how for row in loaded.matching.rows}
    assert hows == {"shape in order"}
    assert any("matched by their shapes" in note for note in loaded.network.report.notes)
    for key, tensor in drawn.weights.items():
        if not key.endswith("num_batches_tracked"):
            torch.testing.assert_close(loaded.network.weights[key], tensor, rtol=0, atol=0)


def _renamed(key: str) -> str:
    layer, _, tensor = key.rpartition(".")
    return f"part_{layer.replace('.', '_')[::-1]}.{tensor}"


def test_another_shape_starts_new_and_a_stranger_fits_nothing(tmp_path: Path) -> None:
    drawn = netloom.from_module(
        nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3)), torch.zeros(1, 4)
    )
    other = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 5))
    torch.save(other.state_dict(), tmp_path / "other.pt")
    matching = load_weight_file(drawn.document, tmp_path / "other.pt").matching
    assert [row.how for row in matching.rows] == ["name", "name", "none", "none"]
    assert "another shape" in matching.rows[2].note
    assert matching.rows[2].file_shape == (5, 8)
    torch.save(nn.Linear(7, 7).state_dict(), tmp_path / "stranger.pt")
    assert load_weight_file(drawn.document, tmp_path / "stranger.pt").matching.num_matched == 0


def test_vectors_of_one_length_alone_prove_nothing() -> None:
    drawn = netloom.from_module(
        nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8)), torch.zeros(2, 3, 9, 9)
    )
    norm = [FileTensor(layer="n", name=name, shape=(8,), key=f"n.{name}")
            for name in ("weight", "bias", "running_mean", "running_var")]  # fmt: skip
    matrix = FileTensor(layer="m", name="weight", shape=(9, 8), key="m.weight")
    assert match_weights(drawn.document, [matrix, *norm]).num_matched == 0
    kernel = FileTensor(layer="k", name="weight", shape=(8, 3, 3, 3), key="k.weight")
    bias = FileTensor(layer="k", name="bias", shape=(8,), key="k.bias")
    assert match_weights(drawn.document, [kernel, bias, *norm]).num_matched == 6


def test_inputs_behind_a_flatten_are_reordered_for_weights_of_keras(
    shared_data: Path, tmp_path: Path
) -> None:
    """The same MNIST network from its own file, and drawn in torch with the weights alone."""
    path = shared_data / "models-keras3-mnist" / "mnist_model.h5"
    module = nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3), nn.ReLU(),
        nn.MaxPool2d(2), nn.Flatten(), nn.Dropout(0.5), nn.Linear(1600, 10), nn.Softmax(1),
    )  # fmt: skip
    drawn = netloom.from_module(module, torch.zeros(1, 1, 28, 28))
    loaded = load_weight_file(drawn.document, path)
    assert loaded.matching.share == 1
    assert [row.reorder for row in loaded.matching.rows if row.reorder] == [(5, 5, 64)]
    original = read_network(path)
    image_BCHW = torch.rand(3, 1, 28, 28)
    outputs: list[Tensor] = []
    for network in (loaded.network, original):
        built = build_module(network.document).eval()
        load_weights(built, network.weights)
        outputs.append(built(image_BCHW))
    torch.testing.assert_close(outputs[0], outputs[1])


class Shuffle(nn.Module):
    """A unit of ShuffleNet V2 that halves its input, as FastestDet lays it out."""

    def __init__(self, channels: int, filters: int) -> None:
        super().__init__()
        self.branch_main = nn.Sequential(
            *convolution(channels, filters, 1), nn.ReLU(),
            *convolution(filters, filters, 3, 2, filters),
            *convolution(filters, filters, 1), nn.ReLU(),
        )  # fmt: skip
        self.branch_proj = nn.Sequential(
            *convolution(channels, channels, 3, 2, channels),
            *convolution(channels, channels, 1), nn.ReLU(),
        )  # fmt: skip

    def forward(self, x_BCHW: Tensor) -> Tensor:
        return torch.cat([self.branch_proj(x_BCHW), self.branch_main(x_BCHW)], 1)


def convolution(
    channels: int, filters: int, size: int, stride: int = 1, groups: int = 1
) -> list[nn.Module]:
    convolved = nn.Conv2d(channels, filters, size, stride, size // 2, groups=groups, bias=False)
    return [convolved, nn.BatchNorm2d(filters)]


class Detector(nn.Module):
    """The first layers of FastestDet's backbone, and a head."""

    def __init__(self) -> None:
        super().__init__()
        stem = nn.Sequential(*convolution(3, 24, 3, 2), nn.ReLU())
        stage = nn.Sequential(Shuffle(24, 24))
        self.backbone = nn.Sequential()
        self.backbone.add_module("first_conv", stem)
        self.backbone.add_module("maxpool", nn.MaxPool2d(3, 2, 1))
        self.backbone.add_module("stage2", stage)
        self.head = nn.Conv2d(48, 5, 1)

    def forward(self, x_BCHW: Tensor) -> Tensor:
        return self.head(self.backbone(x_BCHW))


def test_the_backbone_of_a_detector_finds_its_part(shared_data: Path) -> None:
    """ShuffleNet weights alone against a detector with that backbone, and one without."""
    folder = shared_data / "models-fastestdet"
    file = read_weight_file(folder / "module" / "shufflenetv2.pth")
    drawn = netloom.from_module(Detector(), torch.zeros(1, 3, 64, 64), fold=True)
    matching = match_weights(drawn.document, file.facts)
    assert (matching.layers, matching.num_layers) == (12, 13)
    for row in matching.rows:
        if row.how != "none":
            branch = row.layer.rpartition(".")[0].rpartition(".")[2]
            assert branch in row.file_key, row
    exported = read_network(folder / "example" / "onnx-runtime" / "FastestDet.onnx")
    refused = match_weights(exported.document, file.facts)
    assert refused.num_matched == 0
    assert "merged into its convolutions" in refused.notes[0]


def test_what_holds_a_network_is_not_weights_alone(shared_data: Path, tmp_path: Path) -> None:
    assert holds_weights_alone(shared_data / SQUEEZENET)
    assert not holds_weights_alone(shared_data / "models-keras3-mnist" / "mnist_model.h5")
    (tmp_path / "w.pt").write_bytes(b"PK\x03\x04 damaged")
    with pytest.raises(FormatError):
        read_weight_file(tmp_path / "w.pt")


class Asks:
    """What a hostile checkpoint asks for while it is loaded."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("touch escaped",)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"a": torch.rand(2), "b": Asks()}, r"asks for \w+\.system, which is more than tensors"),
        ([torch.rand(2)], "holds no weights by name"),
        ({"a": torch.zeros(1).expand(2**40)}, "declares more numbers than the file holds"),
        ({"a": torch.zeros(2, device="meta")}, "sparse, quantised or without numbers"),
        ({"a": torch.eye(3).to_sparse()}, "sparse, quantised or without numbers"),
    ],
)
def test_weights_that_are_more_or_less_than_tensors_are_refused(
    tmp_path: Path, content: object, words: str
) -> None:
    torch.save(content, tmp_path / "w.pt")
    with pytest.raises(FormatError, match=words) as refused:
        read_weight_file(tmp_path / "w.pt")
    said = str(refused.value)
    assert "weights_only" not in said, "what torch advises would run the file"
    assert "\x1b" not in said


def test_names_are_compared_as_they_are_written_here() -> None:
    """Caffe's `fire2/squeeze` is a node `fire2_squeeze`: no two of one shape are mixed up."""
    module = nn.Sequential(OrderedDict(later=nn.Linear(4, 4), early=nn.Linear(4, 4)))
    document = netloom.from_module(module, torch.randn(2, 4)).document
    text = document.model_dump_json()
    for name in ("later", "early"):
        text = text.replace(f'"name":"{name}"', f'"name":"fire2_{name}"')
    document = Document.model_validate_json(text)
    tensors = [
        FileTensor(layer=f"fire2/{name}", name=kind, shape=shape, key=f"fire2/{name}.{kind}")
        for name in ("early", "later")
        for kind, shape in (("weight", (4, 4)), ("bias", (4,)))
    ]
    matching = match_weights(document, tensors)
    assert {(row.layer, row.file_key.partition(".")[0], row.how) for row in matching.rows} == {
        ("fire2_early", "fire2/early", "name"), ("fire2_later", "fire2/later", "name"),
    }  # fmt: skip


def test_what_the_file_has_left_over_is_counted() -> None:
    document = netloom.from_module(nn.Linear(4, 2), torch.randn(2, 4)).document
    tensors = [
        FileTensor(layer=layer, name=kind, shape=shape, key=f"{layer}.{kind}")
        for layer in ("linear", "other", "more")
        for kind, shape in (("weight", (2, 4)), ("bias", (2,)))
    ]
    matching = match_weights(document, tensors)
    assert (matching.num_matched, matching.num_unused) == (2, 4)
    assert matching_words(matching)[1] == (
        "1 of 1 layers with weights are filled. 4 tensors of the file found no place."
    )


def test_a_cell_is_the_first_layer_of_a_recurrent_network(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = netloom.from_module(nn.LSTM(3, 5, batch_first=True), torch.randn(2, 4, 3))
    path = tmp_path / "cell.pt"
    torch.save({f"cell.{key}": each for key, each in nn.LSTMCell(3, 5).state_dict().items()}, path)
    matching = match_weights(network.document, read_weight_file(path).facts)
    assert matching.num_matched == matching.num_in_file == 4
    assert matching.num_unused == 0
    assert all(row.file_key.rpartition(".")[2] in row.weight_key for row in matching.rows)
