"""Evaluation: numbers checked against scikit-learn on images with known answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.metrics import (
    balanced_accuracy_score,
    confusion_matrix,
    precision_recall_fscore_support,
)

from netloom.compile import Network, build_module
from netloom.data.manifest import Item, Manifest
from netloom.explain import Cancelled, ExplainError, evaluate
from tests.netloom.compile.networks import chain, node

BRIGHTNESS = {"dark": 20, "grey": 128, "bright": 235}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("images")
    generator = np.random.default_rng(1)
    for name, value in BRIGHTNESS.items():
        for index in range(5):
            noise = generator.integers(-15, 15, (9, 7))
            pixels = (value + noise).clip(0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / f"{name}{index}.png")
    (folder / "broken.png").write_bytes(b"not an image")
    return folder


@pytest.fixture(scope="module")
def network() -> Network:
    """Logits grow with closeness to a brightness; a bit biased against grey."""
    network = build_module(
        chain(
            node("ImageInput", "image", height=4, width=4, channels=1, mean=0.0, std=1.0),
            node("AdaptiveAvgPool2d", "pool"), node("Flatten", "flatten"),
            node("Linear", "fc", out_features=3), node("Output", "out"),
        )
    )  # fmt: skip
    with torch.no_grad():
        network.get_parameter("fc.weight").copy_(torch.tensor([[0.0], [40.0], [80.0]]))
        network.get_parameter("fc.bias").copy_(torch.tensor([0.0, -10.0, -42.0]))
    return network


def _manifest(**labels: int) -> Manifest:
    """All images as the test split; `labels` gives some of them a wrong label."""
    items = [
        Item(
            id=f"{name}{index}", path=f"{name}{index}.png", split="test",
            label=labels.get(f"{name}{index}", label),
        )
        for label, name in enumerate(BRIGHTNESS)
        for index in range(5)
    ]  # fmt: skip
    unlabelled = Item(id="unlabelled", path="dark0.png", split="test")
    training = Item(id="training", path="dark0.png", label=2, split="train")
    return Manifest(classes=list(BRIGHTNESS), items=[*items, unlabelled, training])


@pytest.mark.parametrize("batch_size", [1, 4, 64])
def test_the_numbers_are_those_of_scikit_learn(
    network: Network, folder: Path, batch_size: int
) -> None:
    manifest = _manifest(dark0=1, bright3=0, grey2=2)
    found = evaluate(network, manifest, folder, "test", batch_size=batch_size)
    labels = [prediction.label for prediction in found.predictions]
    predicted = [prediction.predicted for prediction in found.predictions]
    assert [prediction.item_id for prediction in found.predictions] == [
        item.id for item in manifest.items[:15]
    ]
    assert found.num_items == 15
    assert found.accuracy == pytest.approx(12 / 15)
    assert found.balanced_accuracy == pytest.approx(balanced_accuracy_score(labels, predicted))
    assert found.confusion_KK == confusion_matrix(labels, predicted).tolist()
    precision, recall, f1, support = precision_recall_fscore_support(labels, predicted)
    for index, report in enumerate(found.per_class):
        assert report.name == manifest.classes[index]
        assert report.precision == pytest.approx(precision[index])
        assert report.recall == pytest.approx(recall[index])
        assert report.f1 == pytest.approx(f1[index])
        assert report.support == support[index]
    assert {wrong.item_id for wrong in found.worst} == {"dark0", "bright3", "grey2"}
    losses = [wrong.loss for wrong in found.worst]
    assert losses == sorted(losses, reverse=True)
    assert found.loss == pytest.approx(np.mean([p.loss for p in found.predictions]), rel=1e-5)


def test_a_class_that_never_occurs_has_no_recall(network: Network, folder: Path) -> None:
    manifest = Manifest(
        classes=list(BRIGHTNESS),
        items=[Item(id="a", path="dark0.png", label=0, split="validation")],
    )
    reports = evaluate(network, manifest, folder, "validation").per_class
    assert reports[0].recall == 1.0
    assert reports[1].recall is None
    assert reports[1].precision is None


def test_unreadable_images_are_listed_not_counted(network: Network, folder: Path) -> None:
    manifest = Manifest(
        classes=list(BRIGHTNESS),
        items=[
            Item(id="good", path="dark0.png", label=0, split="test"),
            Item(id="broken", path="broken.png", label=0, split="test"),
            Item(id="gone", path="gone.png", label=0, split="test"),
        ],
    )
    found = evaluate(network, manifest, folder, "test", batch_size=1)
    assert found.num_items == 1
    assert found.unreadable.keys() == {"broken", "gone"}
    assert "no image" in found.unreadable["broken"]


def test_the_network_is_left_in_its_mode(network: Network, folder: Path) -> None:
    network.train()
    evaluate(network, _manifest(), folder, "test")
    assert network.training


def test_progress_and_cancelling(network: Network, folder: Path) -> None:
    shares: list[float] = []
    evaluate(network, _manifest(), folder, "test", batch_size=5, progress=shares.append)
    assert shares == [pytest.approx(1 / 3), pytest.approx(2 / 3), 1.0]
    shares.clear()
    with pytest.raises(Cancelled):
        evaluate(
            network, _manifest(), folder, "test", batch_size=5, progress=shares.append,
            should_cancel=lambda: len(shares) == 1,
        )  # fmt: skip
    assert len(shares) == 1


def test_what_cannot_be_evaluated_is_said(network: Network, folder: Path) -> None:
    with pytest.raises(ExplainError, match="validation split"):
        evaluate(network, _manifest(), folder, "validation")
    two = Manifest(
        classes=["a", "b"], items=[Item(id="a", path="dark0.png", label=0, split="test")]
    )
    with pytest.raises(ExplainError, match="3 numbers; the dataset has 2"):
        evaluate(network, two, folder, "test")
