"""`predict` over folders, and with the networks of other tools."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from netloom.compile import build_module, state_weights
from netloom.features import LinearModel
from netloom.formats.bundle import make_meta, write_bundle
from netloom.templates import make_template

NUM_DIGITS = 300


@pytest.fixture(scope="module")
def digits(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Real digits in folders named after what they show."""
    folder = tmp_path_factory.mktemp("digits")
    source = shared_data / "mnist-t10k"
    images = gzip.decompress((source / "t10k-images-idx3-ubyte.gz").read_bytes())[16:]
    labels = gzip.decompress((source / "t10k-labels-idx1-ubyte.gz").read_bytes())[8:]
    pixels_NHW = np.frombuffer(images, dtype=np.uint8).reshape(-1, 28, 28)
    for index in range(NUM_DIGITS):
        target = folder / str(labels[index])
        target.mkdir(exist_ok=True)
        Image.fromarray(pixels_NHW[index]).save(target / f"{index}.png")
    return folder


@pytest.fixture
def network(shared_data: Path) -> Path:
    return shared_data / "models-keras3-mnist" / "mnist_model.keras"


def test_a_keras_network_classifies_a_folder_and_says_how_often_it_is_right(
    netloom, network: Path, digits: Path
) -> None:
    answer = netloom("predict", network, "--data", digits, "--json", "--top-k", 2)
    assert answer.status == 0
    found = json.loads(answer.out)
    assert len(found) == NUM_DIGITS
    assert {len(each["classes"]) for each in found} == {2}
    share = np.mean([each["right"] for each in found])
    assert share >= 0.98
    assert f"{share:.2%} right" in answer.err


def test_folders_give_every_image_below_them(netloom, network: Path, digits: Path) -> None:
    answer = netloom("predict", network, digits / "7", digits / "1", "--json")
    named = [each["image"] for each in answer.json()]
    expected = [str(path) for name in ("7", "1") for path in sorted((digits / name).iterdir())]
    assert named == expected


def test_a_class_name_begins_no_line_of_its_own(netloom, digits: Path, tmp_path: Path) -> None:
    document = make_template("lenet5", channels=1, height=28, width=28, num_classes=2)
    meta = make_meta(document, classes=["one\nnetloom: all is well", "\x1b[31mtwo"])
    weights = state_weights(build_module(document, seed=1))
    write_bundle(tmp_path / "net.netloom", document, weights, meta)
    answer = netloom("predict", tmp_path / "net.netloom", next((digits / "3").iterdir()))
    assert len(answer.out.splitlines()) == 1
    assert "\x1b" not in answer.out


def test_a_table_computes_nothing_in_a_spreadsheet(
    netloom, network: Path, digits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    image = next((digits / "3").iterdir()).read_bytes()
    for name in ("=1+1.png", "@cmd.png", "plain.png", "broken.png"):
        (tmp_path / name).write_bytes(b"no image" if name == "broken.png" else image)
    answer = netloom("predict", network, *sorted(Path().iterdir()), "--csv", "out.csv", "--top", 1)
    assert answer.status == 1, "one of them is no image"
    assert "4 images in out.csv" in answer.out
    with Path("out.csv").open(newline="") as file:
        rows = {row["image"]: row for row in csv.DictReader(file)}
    assert set(rows) == {"'=1+1.png", "'@cmd.png", "plain.png", "broken.png"}
    assert rows["plain.png"]["class_1"] == "class 3"
    assert 0.5 < float(rows["plain.png"]["score_1"]) <= 1
    assert "no image" in rows["broken.png"]["problem"]


def test_what_cannot_be_predicted_is_said(netloom, network: Path, tmp_path: Path) -> None:
    for arguments, words in (
        ((network,), "Name images or folders"),
        ((network, tmp_path), "no image in what was named"),
        ((network, "--data", tmp_path), "no images in class folders"),
        ((network, tmp_path / "gone.png", "--csv", tmp_path / "no" / "out.csv"), "be written"),
    ):
        answer = netloom("predict", *arguments)
        assert (answer.status, words in answer.err) == (1, True), answer.err


def test_what_a_network_sees_teaches_more_than_pixels(
    netloom, network: Path, digits: Path, tmp_path: Path
) -> None:
    """The linear probe: the same classical model on features, on pixels and on edges."""
    asked = ("classical", network, "--data", digits, "--baseline", "pixels", "--c", 0.01)
    out = tmp_path / "probe.npz"
    answer = netloom(*asked, "--json", "--cache", tmp_path / "cache", "-o", out)
    assert answer.status == 0, answer.err
    found = answer.json()
    probe, pixels = found["results"]
    assert "numbers an image" in probe["features"]
    assert pixels["features"] == "Raw pixels at 28 × 28"
    assert probe["num_items"] == pixels["num_items"] > 30
    assert probe["accuracy"] >= 0.93
    assert probe["accuracy"] > pixels["accuracy"] + 0.05
    assert found["network"]["accuracy"] >= 0.96
    assert LinearModel.load(out).classes == [str(digit) for digit in range(10)]


def test_features_are_written_as_plain_arrays(
    netloom, network: Path, digits: Path, tmp_path: Path
) -> None:
    layers = netloom("features", network, "--json").json()
    (default,) = [each for each in layers if each["default"]]
    out = tmp_path / "table"
    found = netloom("features", network, "--data", digits, "--split", "test", "-o", out, "--json")
    assert found.status == 0, found.err
    features_ND = np.load(out / "features.npy", allow_pickle=False)
    assert features_ND.shape[1] == default["features"] == found.json()["features"]
    labels_N = np.load(out / "labels.npy", allow_pickle=False)
    ids = json.loads((out / "table.json").read_text())["ids"]
    assert [int(each.partition("/")[0]) for each in ids] == labels_N.tolist()
    for arguments, words in (
        (("features", network, "--data", digits), "-o FOLDER"),
        (("features", network, "--data", digits, "-o", out, "--layer", "no"), "no layer 'no'"),
        (("classical", "--data", tmp_path), "no images in class folders"),
    ):
        refused = netloom(*arguments)
        assert (refused.status, words in refused.err) == (1, True), refused.err
