"""Keras files of others: each opens, and the digits are read as well as where they were trained."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
import torch

from netloom.analyze import analyze
from netloom.compile import build_module, load_weights
from netloom.formats.imported import FormatError
from netloom.formats.read import read_network
from netloom.formats.weight_report import with_weight_report

NUM_IMAGES = 10_000


@pytest.fixture(scope="module")
def digits(shared_data: Path) -> tuple[torch.Tensor, torch.Tensor]:
    """MNIST's test images as (B, 1, 28, 28) in 0 to 1, and their labels."""
    folder = shared_data / "mnist-t10k"
    pixels = gzip.decompress((folder / "t10k-images-idx3-ubyte.gz").read_bytes())[16:]
    labels = gzip.decompress((folder / "t10k-labels-idx1-ubyte.gz").read_bytes())[8:]
    images = np.frombuffer(pixels, np.uint8).reshape(NUM_IMAGES, 1, 28, 28)
    return torch.from_numpy(images / np.float32(255)), torch.tensor(list(labels))


@pytest.mark.parametrize(
    ("name", "accuracy"), [("mnist_model.keras", 0.9918), ("mnist_model.h5", 0.9928)]
)
def test_digits_are_read_as_well_as_measured_with_keras(
    shared_data: Path, digits: tuple[torch.Tensor, torch.Tensor], name: str, accuracy: float
) -> None:
    images, labels = digits
    imported = with_weight_report(read_network(shared_data / "models-keras3-mnist" / name))
    assert (imported.report.num_unused_weights, imported.report.num_missing_weights) == (0, 0)
    network = build_module(imported.document)
    load_weights(network, imported.weights)
    network.eval()
    with torch.no_grad():
        right = sum(
            int((network(images[at : at + 1000]).argmax(1) == labels[at : at + 1000]).sum())
            for at in range(0, NUM_IMAGES, 1000)
        )
    assert right / NUM_IMAGES == pytest.approx(accuracy, abs=1e-9)


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("models-keras2-h5/fer2013_big_XCEPTION.54-0.66.hdf5", 206_375),
        ("models-keras2-h5/emotion_models/fer2013_mini_XCEPTION.102-0.66.hdf5", 56_951),
        ("models-keras1-json/AlexNet.json", 62_378_344),
        ("models-keras1-json/DAE_MNIST.json", 4_385),
        ("models-keras1-json/resnet50.json", 25_583_592),
        ("models-keras1-json/textGeneration.json", 807_743),
        ("models-keras1-json/vgg16.json", 138_357_544),
    ],
)
def test_a_file_opens_without_problems(shared_data: Path, name: str, parameters: int) -> None:
    imported = with_weight_report(read_network(shared_data / name))
    analysis = analyze(imported.document)
    assert [found for found in analysis.diagnostics if found.severity == "error"] == []
    assert analysis.totals.parameters == parameters
    assert (imported.report.num_unused_weights, imported.report.num_missing_weights) == (0, 0)
    assert imported.report.count("placeholder") == 0
    assert bool(imported.weights) == (not name.endswith(".json"))


def test_weights_alone_say_so(shared_data: Path) -> None:
    (path,) = (shared_data / "models-squeezenet11").glob("*.h5")
    with pytest.raises(FormatError, match=r"weights alone, for 62 layers \(input_4, conv1"):
        read_network(path)
