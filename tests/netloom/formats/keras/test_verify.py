"""Files against Keras itself, in a process of its own: what it says, and what it is not given."""

from __future__ import annotations

import json
import zipfile
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import pytest

from netloom.formats import confining
from netloom.formats.imported import FormatError
from netloom.formats.keras import parity
from netloom.formats.read import read_network
from netloom.formats.verify import verify_file
from tests.netloom.formats.keras.test_parity import randomise

pytestmark = pytest.mark.slow


def images(keras: Any) -> Any:
    """A network with two ends that scales pixels itself."""
    layers = keras.layers
    given = keras.Input((8, 9, 3))
    found = layers.Conv2D(4, 3, activation="relu")(layers.Rescaling(1 / 255)(given))
    flat = layers.Flatten()(found)
    return keras.Model(given, [layers.Dense(5)(flat), found])


@pytest.mark.parametrize("ending", [".keras", ".h5"])
def test_a_file_is_compared_with_keras(keras: Any, tmp_path: Path, ending: str) -> None:
    model = images(keras)
    randomise(model)
    path = tmp_path / f"network{ending}"
    model.save(path)
    report = read_network(path, compares_at_length=True).report
    assert report.parity is not None, report.notes
    assert report.parity.oracle == f"Keras {keras.__version__}"
    assert report.parity.is_equal
    assert report.parity.max_abs_value > 0.1
    assert read_network(path).report.parity is None


def test_digits_on_a_real_image(shared_data: Path, tmp_path: Path) -> None:
    image = sorted((shared_data / "cifar10-jpg" / "test" / "ship").iterdir())[0]
    found = verify_file(shared_data / "models-keras3-mnist" / "mnist_model.keras", image)
    assert found.inputs == image.name
    assert found.is_equal


def test_the_first_layer_that_differs_is_named(keras: Any, tmp_path: Path) -> None:
    """A hard sigmoid is drawn as a sigmoid, which the report tells and the numbers show."""
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((6, 4)),
            layers.Conv1D(5, 3, padding="same", name="before"),
            layers.LSTM(5, recurrent_activation="hard_sigmoid", name="reads"),
            layers.Dense(3, name="behind"),
        ]
    )
    randomise(model)
    model.save(tmp_path / "network.keras")
    found = verify_file(tmp_path / "network.keras")
    assert not found.is_equal
    assert found.first_above == "LSTM reads"


def test_parts_that_are_not_those_of_keras_are_not_given_to_it(keras: Any, tmp_path: Path) -> None:
    layers = keras.layers
    path, marker = tmp_path / "network.keras", tmp_path / "was_run"
    keras.Sequential([keras.Input((4,)), layers.Dense(3)]).save(path)
    part = {"module": "os", "class_name": "system", "config": {"command": f"touch {marker}"}}
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(members["config.json"])
    config["config"]["layers"][1]["config"]["kernel_initializer"] = part
    members["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    with pytest.raises(FormatError, match=r"It holds system, which is no part.*nothing of a file"):
        verify_file(path)
    [note] = [n for n in read_network(path, compares_at_length=True).report.notes if "system" in n]
    assert note.startswith("Not compared with Keras")
    assert not marker.exists()


def test_code_in_a_file_is_not_computed(keras: Any, tmp_path: Path) -> None:
    layers = keras.layers
    path = tmp_path / "network.keras"
    keras.Sequential([keras.Input((4,)), layers.Lambda(lambda x: x + 1)]).save(path)
    with pytest.raises(FormatError, match="cannot compute"):
        verify_file(path)


def test_what_keras_3_does_not_load_is_said(keras: Any, tmp_path: Path) -> None:
    import h5py

    path = tmp_path / "network.h5"
    keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, name="only")]).save(path)
    with h5py.File(path, "r+") as file:
        dense = {"name": "only", "output_dim": 3, "input_dim": 4, "activation": "linear",
                 "batch_input_shape": [None, 4]}  # fmt: skip
        old = {"class_name": "Sequential", "config": [{"class_name": "Dense", "config": dense}]}
        file.attrs["model_config"] = json.dumps(old)
        file.attrs["keras_version"] = "1.2.2"
    with pytest.raises(FormatError, match=r"Keras [\d.]+ does not load it; files of Keras 1 and 2"):
        verify_file(path)


def test_without_keras_there_is_no_other_side(
    shared_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(_name: str) -> str:
        raise PackageNotFoundError

    monkeypatch.setattr(parity, "version", missing)
    path = shared_data / "models-keras3-mnist" / "mnist_model.keras"
    with pytest.raises(FormatError, match="Keras is not installed here"):
        verify_file(path)
    report = read_network(path, compares_at_length=True).report
    assert report.parity is None
    assert any(note.startswith("Not compared with Keras: Keras is not") for note in report.notes)


def test_an_architecture_alone_has_no_numbers(shared_data: Path) -> None:
    with pytest.raises(FormatError, match="no numbers to compare"):
        verify_file(shared_data / "models-keras1-json" / "DAE_MNIST.json")


@pytest.mark.skipif(confining.landlock_version() == 0, reason="This system has no Landlock.")
def test_what_computes_opens_no_other_files(
    keras: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret, program = tmp_path / "secret", tmp_path / "program.py"
    secret.write_text("kept to ourselves")
    program.write_text(f"open({str(secret)!r}).read()")
    monkeypatch.setattr(parity.computing, "__file__", str(program))
    path = tmp_path / "network.keras"
    images(keras).save(path)
    notes = read_network(path, compares_at_length=True).report.notes
    assert any("PermissionError" in note and "secret" in note for note in notes), notes
