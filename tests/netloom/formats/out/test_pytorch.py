"""PyTorch source with weights: it runs where there is no Netloom."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from netloom.cli import main
from netloom.data.preprocess import Preprocessing
from netloom.formats.exported import ExportError
from netloom.formats.imported import ImportedNetwork
from netloom.formats.runnable import make_runnable
from netloom.formats.write import find_gaps, write_network
from netloom.graph.document import Node
from netloom.layers.input_output import ImageInputParams
from tests.netloom.formats.out.conftest import Make

CLASSES = ["red", "green", "a blue “one”"]
_WITHOUT_NETLOOM = (
    "import sys, runpy; sys.modules['netloom'] = None; sys.argv[:] = sys.argv[1:]; "
    "sys.path.insert(0, sys.argv[0].rpartition('/')[0]); "
    "runpy.run_path(sys.argv[0], run_name='__main__')"
)


def run_without_netloom(script: Path, *arguments: object) -> str:
    done = start_without_netloom(script, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def start_without_netloom(script: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-c", _WITHOUT_NETLOOM, str(script), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def coloured(template: Make) -> ImportedNetwork:
    """A classifier whose answers differ, with preprocessing that no two channels share."""
    network = template("small_cnn", classes=CLASSES)
    image_node = next(
        node for node in network.document.graph.nodes.values() if node.type == "ImageInput"
    )
    image_node.params.update(resize_policy="crop", mean=[0.4, 0.5, 0.6], std=[0.2, 0.3, 0.1])
    weights = {
        key: tensor * 4 if key.endswith("weight") else tensor
        for key, tensor in network.weights.items()
    }
    return replace(network, weights=weights)


@pytest.fixture(scope="module")
def folder(coloured: ImportedNetwork, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("pytorch") / "net"
    report = write_network(coloured, place, "pytorch")
    assert report.parity is not None
    assert report.parity.max_abs_diff == 0
    assert report.parity.max_abs_value > 0.01
    return place


def test_the_folder_classifies_an_image_as_netloom_does(
    coloured: ImportedNetwork, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (37, 21, 4), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png")
    told = run_without_netloom(folder / "predict.py", tmp_path / "noise.png")

    write_network(coloured, tmp_path / "net.netloom")
    main(["predict", str(tmp_path / "net.netloom"), str(tmp_path / "noise.png")])
    assert told == capsys.readouterr().out
    assert all(name in told for name in CLASSES)
    asked_nothing = start_without_netloom(folder / "predict.py")
    assert asked_nothing.returncode == 1
    assert "python predict.py" in asked_nothing.stderr


@pytest.mark.parametrize("policy", ["stretch", "crop", "pad"])
@pytest.mark.parametrize("channels", [1, 3])
def test_its_images_are_prepared_as_netloom_does(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, policy: str, channels: int
) -> None:
    monkeypatch.syspath_prepend(str(folder))
    for name in ("network", "predict"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    script = importlib.import_module("predict")
    settings = {
        "height": 20, "width": 30, "channels": channels, "resize_policy": policy,
        "mean": [0.4, 0.5, 0.6][:channels], "std": [0.2],
    }  # fmt: skip
    monkeypatch.setitem(script.ABOUT, "preprocessing", settings)
    noise = np.random.default_rng(0).integers(0, 256, (37, 21, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png")
    expected = Preprocessing.from_params(ImageInputParams.model_validate(settings))
    pixels_CHW = torch.tensor(expected.to_uint8_CHW(noise))
    given = script.prepare(str(tmp_path / "noise.png"))
    torch.testing.assert_close(given, expected.normalise(pixels_CHW[None]))
    for name in ("network", "predict"):
        monkeypatch.delitem(sys.modules, name)


def test_two_inputs_and_shared_weights_run_on_arrays(template: Make, tmp_path: Path) -> None:
    network = template("seq2seq")
    report = write_network(network, tmp_path / "net.zip", "pytorch")
    assert [file.name for file in report.files] == ["net.zip"]
    with zipfile.ZipFile(tmp_path / "net.zip") as archive:
        archive.extractall(tmp_path / "unpacked")
    folder = tmp_path / "unpacked" / "net"
    about = json.loads((folder / "about.json").read_text())
    assert [each["name"] for each in about["inputs"]] == ["source", "target"]
    assert about["licence"] == "CC0"
    runnable = make_runnable(network)
    inputs = runnable.examples(batch=3)
    arrays = {spec.name: each.numpy() for spec, each in zip(runnable.inputs, inputs, strict=True)}
    np.savez(tmp_path / "in.npz", **arrays)
    run_without_netloom(folder / "predict.py", tmp_path / "in.npz", tmp_path / "out.npz")
    with np.load(tmp_path / "out.npz") as found:
        given = found[about["outputs"][0]]
    np.testing.assert_array_equal(given, runnable.run(inputs)[0].numpy())


def test_what_cannot_run_is_named_and_nothing_is_written(template: Make, tmp_path: Path) -> None:
    network = template("small_cnn")
    nodes = network.document.graph.nodes
    broken_id = next(node_id for node_id, node in nodes.items() if node.type == "ReLU")
    nodes[broken_id] = Node(
        type="Placeholder", name=nodes[broken_id].name, params={"op": "QLinearConv"}
    )
    (gap,) = find_gaps(network.document, "pytorch")
    assert (gap.path, gap.type) == (broken_id, "Placeholder")
    assert "QLinearConv" in gap.reason
    assert "Replace" in str(gap)
    with pytest.raises(ExportError, match="QLinearConv") as refused:
        write_network(network, tmp_path / "net.zip", "pytorch")
    assert refused.value.gaps == (gap,)
    assert list(tmp_path.iterdir()) == []


def test_missing_weights_are_said(template: Make) -> None:
    network = template("mlp")
    assert make_runnable(network).notes == ()
    assert "drawn at random" in make_runnable(replace(network, weights={})).notes[0]
    first, *others = network.weights
    some = {key: network.weights[key] for key in others}
    (note,) = make_runnable(replace(network, weights=some)).notes
    assert note == f"1 weight was missing and drawn at random: {first}."
