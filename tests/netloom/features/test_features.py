"""Features of layers and of hand, and what classical models make of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.linear_model import LogisticRegression

from netloom.compile import build_module
from netloom.data.manifest import Item, Manifest, Split
from netloom.data.preprocess import Preprocessing
from netloom.explain.results import Cancelled
from netloom.features import (
    ClassicalSettings,
    FeatureTable,
    HandMade,
    LinearModel,
    default_feature_layer,
    feature_layers,
    fit_classical,
    handmade_tables,
    layer_tables,
)
from netloom.features.handmade import colour_histogram
from netloom.features.results import FeatureError
from netloom.features.table import TableWriter, prune_tables
from tests.netloom.compile.networks import chain, image, node

SIDE = 8
DOCUMENT = chain(
    image(1, SIDE),
    node("Conv2d", "conv", out_channels=4, kernel_size=3, padding=1),
    node("ReLU", "relu"),
    node("AdaptiveAvgPool2d", "pool"),
    node("Flatten", "flatten"),
    node("Linear", "classes", out_features=2),
    node("Output", "out"),
)


@pytest.fixture
def data(tmp_path: Path) -> tuple[Manifest, Path]:
    """Dark and bright noise: 20 images of each to learn from, 10 to test."""
    folder = tmp_path / "data"
    folder.mkdir()
    random = np.random.default_rng(5)
    items: list[Item] = []
    counts: dict[Split, int] = {"train": 20, "test": 10}
    for split, count in counts.items():
        for label in (0, 1):
            for index in range(count):
                low = 90 + 70 * label
                pixels = random.integers(low, low + 60, (SIDE, SIDE), dtype=np.uint8)
                name = f"{split}-{label}-{index}.png"
                Image.fromarray(pixels).save(folder / name)
                items.append(Item(id=name, path=name, label=label, split=split))
    return Manifest(classes=["dark", "bright"], items=items), folder


def tables(
    data: tuple[Manifest, Path], cache: Path, **options: object
) -> dict[Split, FeatureTable]:
    return layer_tables(build_module(DOCUMENT, seed=1), *data, cache=cache, **options)  # type: ignore


def test_the_features_of_a_layer_are_its_pooled_output(
    data: tuple[Manifest, Path], tmp_path: Path
) -> None:
    network = build_module(DOCUMENT, seed=1).eval()
    manifest, folder = data
    pixels = [
        np.asarray(Image.open(folder / item.path))
        for item in manifest.items
        if item.split == "test"
    ]
    pixels_B1HW = torch.as_tensor(np.stack(pixels))[:, None]
    inputs_B1HW = Preprocessing.from_document(DOCUMENT).normalise(pixels_B1HW)
    with torch.no_grad():
        expected_BCHW = network.get_submodule("relu")(network.get_submodule("conv")(inputs_B1HW))
    for pooling, expected in (
        ("average", expected_BCHW.mean(dim=(2, 3))),
        ("max", expected_BCHW.amax(dim=(2, 3))),
        ("flat", expected_BCHW.flatten(1)),
    ):
        found = tables(data, tmp_path / "cache", layer="relu", pooling=pooling)["test"]
        np.testing.assert_allclose(found.features_ND, expected.numpy(), atol=1e-6)
        assert found.labels_N.tolist() == [0] * 10 + [1] * 10
    assert found.about.words == "relu: all 4 × 8 × 8 values, 256 numbers an image"


def test_layers_are_named_and_the_last_before_the_classifier_is_the_default() -> None:
    assert [layer.name for layer in feature_layers(DOCUMENT)] == [
        "conv",
        "relu",
        "pool",
        "flatten",
        "classes",
    ]
    assert default_feature_layer(DOCUMENT).name == "flatten"
    headless = chain(image(1, SIDE), node("Conv2d", "conv", out_channels=4), node("Output", "out"))
    assert default_feature_layer(headless).name == "conv"


def test_a_table_is_made_once_for_the_same_network_layer_and_images(
    data: tuple[Manifest, Path], tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    first = tables(data, cache)
    made = {path.name: path.stat().st_mtime_ns for path in cache.glob("*/features.npy")}
    again = tables(data, cache)
    assert again["train"].folder.name == first["train"].folder.name
    assert {p.name: p.stat().st_mtime_ns for p in cache.glob("*/features.npy")} == made

    other_layer = tables(data, cache, layer="conv")["train"]
    other_weights = layer_tables(build_module(DOCUMENT, seed=2), *data, cache=cache)["train"]
    Image.new("L", (SIDE, SIDE)).save(data[1] / "train-0-0.png")
    other_image = tables(data, cache)["train"]
    names = {t.folder.name for t in (first["train"], other_layer, other_weights, other_image)}
    assert len(names) == 4
    prune_tables(cache, 0)
    assert not list(cache.iterdir())


def test_half_a_table_is_never_found(data: tuple[Manifest, Path], tmp_path: Path) -> None:
    with pytest.raises(Cancelled):
        tables(data, tmp_path / "cache", should_cancel=lambda: True)
    assert not list((tmp_path / "cache").glob("*"))


def test_what_cannot_be_read_leaves_no_row(data: tuple[Manifest, Path], tmp_path: Path) -> None:
    (data[1] / "train-1-3.png").write_bytes(b"no image")
    found = tables(data, tmp_path / "cache")["train"]
    assert len(found.features_ND) == len(found.labels_N) == 39
    assert list(found.about.unreadable) == ["train-1-3.png"]


def test_features_that_would_fill_the_disk_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FeatureError, match="Take the average"):
        TableWriter(tmp_path / "t", 60_000, 802_816)
    assert not (tmp_path / "t").exists()


@pytest.mark.parametrize("model", ["logistic", "linear_svm", "rbf_svm", "neighbours", "forest"])
def test_each_model_tells_dark_from_bright(
    data: tuple[Manifest, Path], tmp_path: Path, model: str
) -> None:
    chosen = HandMade("pixels", SIDE, 1)
    made = handmade_tables(chosen, *data, cache=tmp_path / "cache")
    settings = ClassicalSettings(model=model, num_trees=20, seed=3)  # type: ignore
    fitted = fit_classical(made["train"], made["test"], settings)
    result = fitted.result
    assert result.accuracy == 1
    assert (result.macro_f1, result.confusion_KK) == (1, [[10, 0], [0, 10]])
    assert (result.num_train, result.num_items, result.num_features) == (40, 20, 64)
    assert fit_classical(made["train"], made["test"], settings).predicted_N.tolist() == (
        fitted.predicted_N.tolist()
    )
    assert (fitted.linear is not None) == (model in ("logistic", "linear_svm"))
    if fitted.linear is not None:
        fitted.linear.save(tmp_path / "model.npz")
        again = LinearModel.load(tmp_path / "model.npz")
        assert again.predict(made["test"].features_ND).tolist() == fitted.predicted_N.tolist()
        assert again.classes == ["dark", "bright"]


def table_of(folder: Path, features_ND: np.ndarray, labels_N: np.ndarray) -> FeatureTable:
    items = [Item(id=str(n), path="", label=int(label)) for n, label in enumerate(labels_N)]
    writer = TableWriter(folder, len(items), features_ND.shape[1])
    writer.add(items, features_ND.astype(np.float32))
    classes = [str(index) for index in range(int(labels_N.max()) + 1)]
    return writer.finish("numbers", classes, {})


def test_what_features_tell_does_not_hang_on_their_size(tmp_path: Path) -> None:
    """As in an untrained network, where images differ in the last digits alone."""
    random = np.random.default_rng(0)
    labels_N = np.arange(300) % 3
    large_ND = random.normal(size=(300, 6)) + 2 * np.eye(3, 6)[labels_N]
    small_ND = 1e-3 + 4e-9 * large_ND
    found: list[float] = []
    for name, features_ND in (("large", large_ND), ("small", small_ND)):
        train = table_of(tmp_path / name / "a", features_ND[:200], labels_N[:200])
        test = table_of(tmp_path / name / "b", features_ND[200:], labels_N[200:])
        found.append(fit_classical(train, test, ClassicalSettings()).result.accuracy)
    assert found[0] > 0.75
    assert found[1] == pytest.approx(found[0], abs=0.03)


def test_standardisation_knows_nothing_of_the_test_images(tmp_path: Path) -> None:
    """The same figures as by hand, where the test images lie elsewhere and one column is still."""
    random = np.random.default_rng(0)
    labels_N = np.arange(300) % 3
    train_ND = random.normal(size=(300, 6)) + labels_N[:, None] * [1, 0.5, 0, 0, -1, 0]
    train_ND[:, 3] = 7
    test_ND = train_ND[::4] + 0.4
    train = table_of(tmp_path / "a", train_ND, labels_N)
    test = table_of(tmp_path / "b", test_ND, labels_N[::4])
    fitted = fit_classical(train, test, ClassicalSettings())
    scale_D = train_ND.std(axis=0)
    scale_D[3] = 1
    by_hand = LogisticRegression(max_iter=300).fit(
        (train_ND - train_ND.mean(axis=0)) / scale_D, labels_N
    )
    expected_N = by_hand.predict((test_ND - train_ND.mean(axis=0)) / scale_D)
    assert np.mean(fitted.predicted_N == expected_N) >= 0.99


def test_kernels_learn_from_a_part_and_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("netloom.features.classical.MOST_KERNEL_ROWS", 50)
    random = np.random.default_rng(0)
    labels_N = np.repeat([0, 1], [150, 50])
    train = table_of(tmp_path / "a", random.normal(size=(200, 3)) + labels_N[:, None] * 5, labels_N)
    result = fit_classical(train, train, ClassicalSettings(model="rbf_svm")).result
    assert result.num_train == 50
    assert "50 of 200 training images" in result.notes[0]
    assert result.accuracy >= 0.95


def test_one_class_alone_is_refused(tmp_path: Path) -> None:
    train = table_of(tmp_path / "a", np.eye(3), np.array([1, 1, 1]))
    with pytest.raises(FeatureError, match="one class only"):
        fit_classical(train, train)


def test_histograms_count_pixels() -> None:
    red_and_black = np.zeros((3, 4, 4), dtype=np.uint8)
    red_and_black[0, :2] = 255
    found = colour_histogram(red_and_black)
    assert (len(found), found.sum()) == (512, 1)
    assert (found[0], found[7 * 64]) == (0.5, 0.5)
    grey = colour_histogram(np.full((1, 2, 2), 40, dtype=np.uint8))
    assert grey.tolist() == [0, 1, 0, 0, 0, 0, 0, 0]


def test_oriented_gradients_tell_directions_apart() -> None:
    columns = np.tile(np.array([0, 255], dtype=np.uint8).repeat(4), (16, 2))
    chosen = HandMade("hog", 16, 1)
    across, along = chosen.features(np.stack([columns[None], columns.T[None]]))
    # Nine directions: the edges of columns change along x, which is the first; of rows the fifth.
    assert across.reshape(-1, 9).sum(axis=0).argmax() == 0
    assert along.reshape(-1, 9).sum(axis=0).argmax() == 4
