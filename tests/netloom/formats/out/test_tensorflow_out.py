"""Networks leave for TensorFlow and TensorFlow Lite.

Keras on PyTorch stands in for TensorFlow: it loads the Keras file that is converted and computes
it. Where `NETLOOM_TENSORFLOW_PYTHON` names a Python with a real one, that is tested, too.
"""

from __future__ import annotations

import json
import os
import sys
import zipfile
from pathlib import Path

import pytest
import torch

from netloom.formats.exported import ExportError
from netloom.formats.imported import ImportedNetwork
from netloom.formats.read import read_network
from netloom.formats.recognise import NEEDS_TENSORFLOW, PYTHON_VARIABLE, recognise
from netloom.formats.runnable import compare, make_runnable
from netloom.formats.tensorflow.about import read_behind
from netloom.formats.write import find_gaps, get_writer, write_network
from netloom.templates import make_template
from tests.netloom.formats.out.conftest import Make

CLASSES = ["ant", "bee", "black cat", "dog"]
STAND_IN = """#!{python}
import base64, json, os, pathlib, sys
if sys.argv[2] == "-c":
    print(json.dumps([sys.prefix, sys.base_prefix, sys.executable, __file__]))
    sys.exit()
assert "NETLOOM_SECRET_KEY" not in os.environ
assert os.environ["KERAS_BACKEND"] == "tensorflow"
os.environ["KERAS_BACKEND"] = "torch"
assert sys.argv[1] == "-I" and sys.argv[2].endswith("program.py"), sys.argv
doing, *rest = sys.argv[3:]
trouble = {trouble!r}
if doing == "compute":
    kind, source, given, target = rest
    import keras, numpy
    stored = pathlib.Path(source)
    if kind == "saved-model":
        content = (stored / "saved_model.pb").read_bytes()
    else:
        content = stored.read_bytes().partition(b"\\n")[2].partition(b"\\n")[0]
    made = json.loads(content)
    file = pathlib.Path(given).with_name("model.keras")
    file.write_bytes(base64.b64decode(made["keras"]))
    model = keras.models.load_model(file, compile=False)
    with numpy.load(given) as arrays:
        arrays = [arrays[each.name] for each in model.inputs]
    assert made["batch"] in (None, len(arrays[0]))
    found = model(arrays[0] if len(arrays) == 1 else arrays, training=False)
    found = found if isinstance(found, (list, tuple)) else [found]
    error = {{"other numbers": 1.0, "rounds": 0.01}}.get(trouble, 0.0)
    found = [keras.ops.convert_to_numpy(each) + error for each in found]
    answer = dict(zip(made["outputs"], found, strict=True))
    numpy.savez(target, **answer, **{{"tensorflow.version": numpy.array("2.0 made up")}})
else:
    if trouble == "cannot":
        sys.exit("error: no such operator")
    source, target, *options = rest
    assert ("--half" in options) == (trouble == "rounds")
    batch = int(options[1]) if options[0] == "--batch" else None
    keras = base64.b64encode(pathlib.Path(source).read_bytes()).decode()
    outputs = options[options.index("--outputs") + 1:]
    made = json.dumps(dict(keras=keras, batch=batch, outputs=outputs)).encode()
    if doing == "saved-model":
        pathlib.Path(target, "variables").mkdir(parents=True)
        pathlib.Path(target, "variables", "variables.index").write_bytes(b"x")
        pathlib.Path(target, "saved_model.pb").write_bytes(made)
    else:
        pathlib.Path(target).write_bytes(b"\\x1c\\0\\0\\0TFL3\\n" + made + b"\\n")
"""


def stand_in(folder: Path, monkeypatch: pytest.MonkeyPatch, trouble: str = "") -> None:
    path = folder / "python-with-tensorflow"
    path.write_text(STAND_IN.format(python=sys.executable, trouble=trouble))
    path.chmod(0o755)
    monkeypatch.setenv(PYTHON_VARIABLE, str(path))
    monkeypatch.setenv("NETLOOM_SECRET_KEY", "kept to ourselves")


@pytest.fixture
def converter(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(tmp_path_factory.mktemp("tensorflow"), monkeypatch)


@pytest.fixture
def tensorflow(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real one."""
    if not (python := os.environ.get("TEST_TENSORFLOW_PYTHON")):
        pytest.skip(f"There is no TensorFlow here; name a Python that has it in {PYTHON_VARIABLE}.")
    monkeypatch.setenv(PYTHON_VARIABLE, python)


@pytest.fixture(scope="module")
def small(template: Make) -> ImportedNetwork:
    return template("small_cnn", classes=CLASSES)


@pytest.mark.usefixtures("converter")
def test_a_saved_model_is_a_folder_with_what_it_computes_and_what_it_is(
    small: ImportedNetwork, tmp_path: Path
) -> None:
    report = write_network(small, tmp_path / "net", "saved_model")
    assert report.parity is not None
    assert report.parity.oracle == "TensorFlow 2.0 made up"
    assert report.parity.inputs == "random (batch 2)"
    assert report.parity.max_abs_value > 1e-3
    assert report.parity.max_abs_diff < 1e-5
    assert {file.name for file in report.files} == {
        "net/saved_model.pb",
        "net/variables/variables.index",
        "net/assets.extra/netloom.json",
        "net/assets.extra/labels.txt",
    }
    about = json.loads((tmp_path / "net" / "assets.extra" / "netloom.json").read_text())
    assert about["classes"] == CLASSES
    assert about["outputs"] == ["output"]
    assert about["takes_pixels"] is True
    assert about["preprocessing"]["height"] == 16
    labels = (tmp_path / "net" / "assets.extra" / "labels.txt").read_text()
    assert labels.splitlines() == CLASSES
    assert recognise(tmp_path / "net").name == "saved_model"


@pytest.mark.usefixtures("converter")
def test_a_saved_model_is_a_zip_of_one_folder(small: ImportedNetwork, tmp_path: Path) -> None:
    write_network(small, tmp_path / "net.zip", "saved_model", {"takes_pixels": False})
    assert [path.name for path in tmp_path.iterdir()] == ["net.zip"]
    with zipfile.ZipFile(tmp_path / "net.zip") as archive:
        assert {name.partition("/")[0] for name in archive.namelist()} == {"net"}
        about = json.loads(archive.read("net/assets.extra/netloom.json"))
    assert about["takes_pixels"] is False
    assert recognise(tmp_path / "net.zip").name == "saved_model"


@pytest.mark.usefixtures("converter")
@pytest.mark.parametrize("batch", [1, 3])
def test_a_file_of_tensorflow_lite_takes_a_fixed_number_of_samples(
    small: ImportedNetwork, tmp_path: Path, batch: int
) -> None:
    path = tmp_path / "net.tflite"
    report = write_network(small, path, options={"batch": batch})
    assert report.format == "tflite"
    assert report.parity is not None
    assert report.parity.oracle == "TensorFlow Lite 2.0 made up"
    assert report.parity.inputs == f"random (batch {batch})"
    assert report.parity.max_abs_diff < 1e-5
    assert recognise(path).name == "tflite"
    assert json.loads(read_behind(path))["classes"] == CLASSES
    with zipfile.ZipFile(path) as archive:
        assert archive.read("labels.txt").decode().splitlines() == CLASSES


@pytest.mark.parametrize(
    ("trouble", "words"),
    [("cannot", "no such operator"), ("other numbers", "computes other numbers than the network")],
)
def test_what_tensorflow_does_not_compute_is_not_written(
    small: ImportedNetwork,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    trouble: str,
    words: str,
) -> None:
    stand_in(tmp_path_factory.mktemp("tensorflow"), monkeypatch, trouble)
    with pytest.raises(ExportError, match=words):
        write_network(small, tmp_path / "net.tflite")
    assert list(tmp_path.iterdir()) == []


def test_rounded_weights_are_told(
    small: ImportedNetwork,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stand_in(tmp_path_factory.mktemp("tensorflow"), monkeypatch, "rounds")
    report = write_network(small, tmp_path / "net.tflite", options={"half_precision": True})
    assert any("differ by at most 0.01" in note for note in report.notes)


@pytest.mark.parametrize("name", ["saved_model", "tflite"])
def test_without_tensorflow_the_operator_is_told_what_to_do(
    small: ImportedNetwork, tmp_path: Path, name: str
) -> None:
    assert get_writer(name).lacking() == NEEDS_TENSORFLOW
    gone = get_writer(name).lacking({PYTHON_VARIABLE: "/no/such/python"})
    assert "names a program that is not there" in gone
    assert get_writer(name).lacking({PYTHON_VARIABLE: sys.executable}) == ""
    assert get_writer("keras").lacking() == ""
    with pytest.raises(ExportError, match=f"cannot be written here.*{PYTHON_VARIABLE}"):
        write_network(small, tmp_path / "net", name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["saved_model", "tflite"])
def test_what_keras_cannot_say_is_a_gap(name: str) -> None:
    document = make_template("vit", channels=3, height=32, width=32, num_classes=4)
    gaps = find_gaps(document, name)
    assert gaps == find_gaps(document, "keras")
    assert [gap.type for gap in gaps] == ["ClassToken", "LearnedPositions"]


@pytest.mark.usefixtures("tensorflow")
def test_half_precision_is_half_the_size_and_told(template: Make, tmp_path: Path) -> None:
    network = template("small_resnet", side=32, classes=CLASSES)
    sizes: list[int] = []
    for is_half in (False, True):
        path = tmp_path / f"{is_half}.tflite"
        report = write_network(network, path, options={"half_precision": is_half})
        sizes.append(path.stat().st_size)
        assert report.parity is not None
        assert any("half precision" in note for note in report.notes) is is_half
        assert (report.parity.max_abs_diff > 1e-6) is is_half
        assert report.parity.max_abs_diff < 1e-2
    assert sizes[1] < 0.56 * sizes[0]
    read = read_network(path).report
    assert read.parity is not None
    assert read.parity.is_equal


@pytest.mark.usefixtures("tensorflow")
@pytest.mark.parametrize("ending", [".zip", ".tflite"])
@pytest.mark.parametrize(
    "name", ["small_cnn", "small_resnet", "autoencoder", "lstm_classifier", "siamese"]
)
def test_tensorflow_computes_it_and_it_is_read_again(
    template: Make, tmp_path: Path, name: str, ending: str
) -> None:
    network = template(name, side=32, classes=CLASSES)
    path = tmp_path / f"net{ending}"
    kind = "tflite" if ending == ".tflite" else "saved_model"
    report = write_network(network, path, kind, {"takes_pixels": False})
    assert report.parity is not None
    assert report.parity.oracle.startswith("TensorFlow")
    assert report.parity.max_abs_diff < 1e-5
    again = read_network(path)
    assert again.meta.classes == CLASSES
    if name == "lstm_classifier":
        return  # its loop over time is no layer for the reader of ONNX
    runnable, read = make_runnable(network), make_runnable(again)
    inputs = runnable.examples(batch=1)
    found = read.run([each.movedim(1, -1).contiguous() for each in inputs])
    expected = [each.movedim(1, -1) if each.ndim == 4 else each for each in runnable.run(inputs)]
    parity = compare(expected, found, oracle="what was read", inputs="random")
    assert parity.max_abs_diff < 1e-4
    assert torch.stack([each.abs().max() for each in found]).min() > 1e-3
