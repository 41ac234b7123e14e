"""Files of TensorFlow, through a converter that stands in for TensorFlow and tf2onnx."""

from __future__ import annotations

import os
import shutil
import sys
import zipfile
from pathlib import Path

import pytest

from netloom.formats.bundle import BundleMeta
from netloom.formats.imported import FormatError
from netloom.formats.read import read_network
from netloom.formats.recognise import NEEDS_TENSORFLOW, PYTHON_VARIABLE
from netloom.formats.tensorflow.about import read_behind, read_beside, with_about

CONVERTER = """#!{python}
import json, os, pathlib, shutil, sys
if sys.argv[2] == "-c":
    print(json.dumps([sys.prefix, sys.base_prefix, sys.executable, os.path.dirname(__file__)]))
    sys.exit()
assert "NETLOOM_SECRET_KEY" not in os.environ
assert sys.argv[1] == "-I" and pathlib.Path(sys.argv[2]).name == "program.py", sys.argv
if sys.argv[3] == "ask":
    import numpy, onnxruntime
    question = numpy.load(sys.argv[6])
    given = {{str(name): question[str(at)] for at, name in enumerate(question["inputs"])}}
    wanted = [str(name) for name in question["outputs"]]
    found = onnxruntime.InferenceSession({onnx!r}).run(wanted, given)
    numbers = {{str(at): each + {error} for at, each in enumerate(found)}}
    numpy.savez(sys.argv[7], **numbers, **{{"tensorflow.version": numpy.array("9.9")}})
    sys.exit()
doing, kind, source, target = sys.argv[3:]
assert doing == "onnx", sys.argv
if kind == "saved-model":
    assert (pathlib.Path(source) / "saved_model.pb").read_bytes() != b"\\x08\\1", "cannot be read"
shutil.copy({onnx!r}, target)
"""


@pytest.fixture
def error() -> float:
    """How far TensorFlow's numbers are from those of the ONNX."""
    return 0.0


@pytest.fixture
def converter(
    tmp_path: Path, shared_data: Path, monkeypatch: pytest.MonkeyPatch, error: float
) -> Path:
    onnx = next((shared_data / "models-basic-pitch").glob("**/*.onnx"))
    home = tmp_path / "converter"
    home.mkdir()
    copied = shutil.copy(onnx, home)
    path = home / "python"
    path.write_text(CONVERTER.format(python=sys.executable, onnx=str(copied), error=error))
    path.chmod(0o755)
    monkeypatch.setenv(PYTHON_VARIABLE, str(path))
    monkeypatch.setenv("NETLOOM_SECRET_KEY", "kept to ourselves")
    return path


def zipped(folder: Path, files: dict[str, bytes]) -> Path:
    path = folder / "pitch.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


@pytest.mark.usefixtures("converter")
def test_a_saved_model_is_read_through_the_converter(tmp_path: Path, shared_data: Path) -> None:
    graph = next((shared_data / "models-basic-pitch").glob("**/saved_model.pb")).read_bytes()
    said = b'{"classes": ["la", "ti"]}'
    files = {"saved_model.pb": graph, "variables/variables.index": b"x"}
    files["assets.extra/netloom.json"] = said
    path = zipped(tmp_path, {f"nmp/{name}": content for name, content in files.items()})
    imported = read_network(path)
    report = imported.report
    assert imported.meta.classes == ["la", "ti"]
    assert report.format == "TensorFlow SavedModel"
    assert "tf2onnx" in report.notes[0]
    assert report.parity is not None
    assert report.parity.oracle == "TensorFlow 9.9"
    assert report.parity.max_abs_diff < 1e-4


@pytest.mark.usefixtures("converter")
@pytest.mark.parametrize("error", [0.25])
def test_a_conversion_that_changed_the_numbers_is_told(tmp_path: Path) -> None:
    path = tmp_path / "pitch.tflite"
    path.write_bytes(b"\x1c\0\0\0TFL3" + b"\0" * 64)
    report = read_network(path).report
    assert report.parity is not None
    assert report.parity.max_abs_diff == pytest.approx(0.25, abs=1e-3)
    assert any("Do not trust this network: TensorFlow Lite 9.9" in note for note in report.notes)


@pytest.mark.parametrize(
    ("content", "classes"),
    [
        (b'{"classes": ["ant", "bee"], "licence": "CC0"}', ["ant", "bee"]),
        (b'{"classes": [1, 2], "licence": "CC0"}', []),
        (b'["classes"]', []),
        (b"{", []),
        (b"", []),
    ],
)
def test_class_names_beside_and_behind_are_read(
    tmp_path: Path, content: bytes, classes: list[str]
) -> None:
    (tmp_path / "assets.extra").mkdir()
    (tmp_path / "assets.extra" / "netloom.json").write_bytes(content)
    lite = tmp_path / "net.tflite"
    lite.write_bytes(b"\x1c\0\0\0TFL3" + b"\0" * 64)
    with zipfile.ZipFile(lite, "a") as archive:
        archive.writestr("netloom.json", content)
    for found in (read_beside(tmp_path), read_behind(lite)):
        assert with_about(BundleMeta(), found).classes == classes
    assert read_beside(tmp_path / "assets.extra") == read_behind(tmp_path / "no.tflite") == b""


@pytest.mark.usefixtures("converter")
def test_what_the_converter_says_is_passed_on(tmp_path: Path) -> None:
    path = zipped(tmp_path, {"nmp/saved_model.pb": b"\x08\1"})
    with pytest.raises(FormatError, match=r"could not convert pitch.zip: .*cannot be read"):
        read_network(path)


@pytest.mark.usefixtures("converter")
@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"a/saved_model.pb": b"x", "../escaped": b"x"}, "outside of itself"),
        ({"a/saved_model.pb": b"x", "/escaped": b"x"}, "outside of itself"),
        ({"a/saved_model.pb": b"x", "b/saved_model.pb": b"x"}, "2 SavedModels"),
    ],
)
def test_hostile_zips_are_refused(tmp_path: Path, files: dict[str, bytes], words: str) -> None:
    path = zipped(tmp_path, files)
    with pytest.raises(FormatError, match=words):
        read_network(path)
    assert not (tmp_path / "escaped").exists()


def test_without_a_converter_the_way_to_an_onnx_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert PYTHON_VARIABLE not in os.environ
    path = zipped(tmp_path, {"nmp/saved_model.pb": b"x"})
    with pytest.raises(FormatError, match=r"python -m tf2onnx\.convert") as refused:
        read_network(path)
    assert NEEDS_TENSORFLOW in str(refused.value)
    monkeypatch.setenv(PYTHON_VARIABLE, "/no/such/python")
    with pytest.raises(FormatError, match="names a program that is not there"):
        read_network(path)
