"""The networks people start from learn real images as well as they should."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from netloom.data.manifest import Item, Manifest
from netloom.samples import inspection, write_samples
from netloom.templates import make_template
from netloom.train.spec import TrainSpec
from tests.netloom.train.conftest import Trainer, of_type

CORES = os.cpu_count()
"""The threads that a person's run gets when it has the machine for itself."""


@pytest.fixture
def mnist(shared_data: Path, tmp_path: Path) -> Path:
    """Ten thousand real digits: 8,000 to train, 2,000 held out."""
    folder = shared_data / "mnist-t10k"
    images = gzip.decompress((folder / "t10k-images-idx3-ubyte.gz").read_bytes())
    labels = gzip.decompress((folder / "t10k-labels-idx1-ubyte.gz").read_bytes())
    pixels_NHW = np.frombuffer(images, np.uint8, offset=16).reshape(-1, 28, 28)
    items: list[Item] = []
    for index, (pixels, label) in enumerate(zip(pixels_NHW, labels[8:], strict=True)):
        path = tmp_path / f"{index}.png"
        Image.fromarray(pixels).save(path, compress_level=1)
        split = "train" if index < 8000 else "validation"
        items.append(Item(id=str(index), path=path.name, label=label, split=split))
    manifest = tmp_path / "manifest.json"
    classes = [str(digit) for digit in range(10)]
    manifest.write_text(Manifest(classes=classes, items=items).model_dump_json())
    return manifest


@pytest.mark.slow
def test_small_cnn_on_mnist_in_five_epochs(
    make_spec: Callable[..., TrainSpec], start_trainer: Callable[[TrainSpec], Trainer], mnist: Path
) -> None:
    network = make_template("small_cnn", channels=1, height=28, width=28, num_classes=10)
    spec = make_spec(network, manifest=str(mnist), epochs=5, num_threads=CORES)
    events = start_trainer(spec).finish(280)
    assert events[-1].reason == "completed"
    assert of_type(events, "epoch_end")[-1].values["accuracy"] >= 0.975
    assert of_type(events, "progress")[-1].data_wait_share < 0.1


@pytest.mark.slow
def test_small_cnn_finds_most_defects_soon(
    make_spec: Callable[..., TrainSpec],
    start_trainer: Callable[[TrainSpec], Trainer],
    tmp_path: Path,
) -> None:
    write_samples(inspection, tmp_path / "data")
    network = make_template("small_cnn", channels=1, height=96, width=96, num_classes=4)
    spec = make_spec(
        network,
        manifest=str(tmp_path / "data" / "manifest.json"),
        epochs=8,
        batch_size=32,
        optimizer={"learning_rate": 2e-3},
        augmentation={"horizontal_flip": True, "vertical_flip": True},
        num_threads=CORES,
    )
    events = start_trainer(spec).finish(280)
    # Ninety and more come with more epochs; guessing gives a quarter.
    assert events[-1].best_metric >= 0.8
