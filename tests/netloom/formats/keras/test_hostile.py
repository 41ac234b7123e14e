"""Keras files that mean harm: nothing of them runs, nothing else is read, memory stays small."""

from __future__ import annotations

import io
import json
import resource
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from netloom.formats.imported import FormatError
from netloom.formats.read import read_network
from netloom.layers.placeholder import PLACEHOLDER
from tests.conftest import REPOSITORY

Json = dict[str, Any]


def sequential(*layers: Json) -> Json:
    given = {"class_name": "InputLayer", "config": {"batch_shape": [None, 4], "name": "given"}}
    return {"class_name": "Sequential", "config": {"name": "s", "layers": [given, *layers]}}


DENSE: Json = {"class_name": "Dense", "config": {"name": "dense", "units": 2}}


def weights_file(write: Callable[[h5py.File], None]) -> bytes:
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        write(file)
    return buffer.getvalue()


def two_weights(file: h5py.File) -> None:
    file["layers/dense/vars/0"] = np.ones((4, 2), np.float32)
    file["layers/dense/vars/1"] = np.ones(2, np.float32)


def keras_file(
    path: Path, config: Json | str, weights: Callable[[h5py.File], None] = two_weights
) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        text = config if isinstance(config, str) else json.dumps(config)
        archive.writestr("config.json", text)
        archive.writestr("metadata.json", json.dumps({"keras_version": "3.15.1"}))
        archive.writestr("model.weights.h5", weights_file(weights))
    return path


def test_an_honest_file_opens(tmp_path: Path) -> None:
    imported = read_network(keras_file(tmp_path / "n.keras", sequential(DENSE)))
    assert len(imported.weights) == 2


def test_a_lambda_never_runs(tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    code = f"__import__('os').system('touch {marker}')"
    layer = {"class_name": "Lambda", "config": {"name": "evil", "function": [code, None, None]}}
    imported = read_network(keras_file(tmp_path / "n.keras", sequential(layer)))
    assert not marker.exists()
    [kept] = [node for node in imported.document.graph.nodes.values() if node.type == PLACEHOLDER]
    assert kept.params["op"] == "Lambda"
    assert json.loads(str(kept.params["attributes"]))["function"] == [code, None, None]
    [piece] = [each for each in imported.report.pieces if each.outcome == "placeholder"]
    assert "evil" in piece.source
    assert not marker.exists()


def test_a_name_without_end_is_cut_in_the_text(tmp_path: Path) -> None:
    given = {"class_name": "InputLayer", "name": "g", "config": {"name": "g"}, "inbound_nodes": []}
    outputs = [["x" * 5000, 0, 0]]
    config = {"layers": [given], "input_layers": [["g", 0, 0]], "output_layers": outputs}
    with pytest.raises(FormatError, match=r"something from x{100}, which is not there"):
        read_network(keras_file(tmp_path / "n.keras", {"class_name": "Model", "config": config}))


@pytest.mark.parametrize(
    "entry",
    [
        {"module": "os", "class_name": "system", "config": {"command": "true"}},
        {"module": "builtins", "class_name": "eval", "config": "1 + 1"},
        {"class_name": "__import__", "config": {"name": "os"}},
        {
            "class_name": "Dense",
            "config": {
                "units": 2,
                "name": "d",
                "activation": {"class_name": "eval", "config": "1"},
            },
        },
    ],
)
def test_names_in_a_configuration_are_only_looked_up(tmp_path: Path, entry: Json) -> None:
    imported = read_network(keras_file(tmp_path / "n.keras", sequential(entry)))
    assert imported.report.count("placeholder") == 1


def test_an_unknown_layer_keeps_as_many_tensors_as_it_has_room_for(tmp_path: Path) -> None:
    def called(kind: str, name: str, *refs: list[object]) -> Json:
        nodes = [list(refs)] if refs else []
        config = {"name": name, **({} if refs else {"batch_shape": [None, 4]})}
        return {"class_name": kind, "name": name, "config": config, "inbound_nodes": nodes}

    activations = [called("ReLU", f"r{number}", ["g", 0, 0, {}]) for number in range(300)]
    wild = called("Wild", "wild", *(["r" + str(number), 0, 0, {}] for number in range(300)))

    def model(output: int) -> Path:
        layers = [called("InputLayer", "g"), *activations, wild]
        ends = {"input_layers": [["g", 0, 0]], "output_layers": [["wild", 0, output]]}
        config = {"class_name": "Functional", "config": {"layers": layers, **ends}}
        return keras_file(tmp_path / "n.keras", config)

    imported = read_network(model(0))
    [kept] = [each for each in imported.report.pieces if each.outcome == "placeholder"]
    assert "It takes 300 tensors; the first 256 are kept." in kept.message
    with pytest.raises(FormatError, match=r"wild \(Wild\) .* gives 300 tensors; at most 256"):
        read_network(model(299))


def test_links_to_other_files_are_not_followed(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "secret.h5", "w") as secret:
        secret["numbers"] = np.ones((4, 2), np.float32)

    def external(file: h5py.File) -> None:
        two_weights(file)
        file["layers/dense/vars/2"] = h5py.ExternalLink(str(tmp_path / "secret.h5"), "/numbers")

    def soft(file: h5py.File) -> None:
        two_weights(file)
        file["layers/again"] = h5py.SoftLink("/layers")

    for write, words in ((external, "link to another file"), (soft, "link to another place")):
        with pytest.raises(FormatError, match=words):
            read_network(keras_file(tmp_path / "n.keras", sequential(DENSE), write))


def test_numbers_kept_in_another_file_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret.bin").write_bytes(b"\1" * 64)

    def outside(file: h5py.File) -> None:
        two_weights(file)
        shape, dtype = (16,), np.dtype("<f4")
        file.create_dataset("x", shape, dtype, external=[(str(tmp_path / "secret.bin"), 0, 64)])

    with pytest.raises(FormatError, match="keeps its numbers in another file"):
        read_network(keras_file(tmp_path / "n.keras", sequential(DENSE), outside))


def test_a_huge_shape_is_refused_before_anything_is_allocated(tmp_path: Path) -> None:
    def huge(file: h5py.File) -> None:
        two_weights(file)
        file.create_dataset("layers/dense/vars/2", (2**18, 2**18), np.float32, chunks=(64, 64))

    path = keras_file(tmp_path / "n.keras", sequential(DENSE), huge)
    assert path.stat().st_size < 20_000
    with pytest.raises(FormatError, match=r"declares more than 16 GB"):
        read_network(path)


def test_a_zip_bomb_is_counted_while_it_unpacks(tmp_path: Path) -> None:
    path = tmp_path / "n.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", b" " * (70 * 2**20))
        archive.writestr("metadata.json", b"{}")
        archive.writestr("model.weights.h5", b"")
    assert path.stat().st_size < 200_000
    with pytest.raises(FormatError, match=r"config\.json .* is larger than 64 MB"):
        read_network(path)


def test_deep_nesting_is_a_sentence(tmp_path: Path) -> None:
    deep = '{"class_name": "Sequential", "config": ' + "[" * 100_000 + "]" * 100_000 + "}"
    with pytest.raises(FormatError, match=r"nested too deeply|not JSON"):
        read_network(keras_file(tmp_path / "a.keras", deep))
    model = sequential(DENSE)
    for _ in range(40):
        model = {"class_name": "Sequential", "config": {"name": "m", "layers": [model]}}
    with pytest.raises(FormatError, match="nested more than 16 deep"):
        read_network(keras_file(tmp_path / "b.keras", model))


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("units", "many"),
        ("units", -1),
        ("units", 10**30),
        ("units", None),
        ("units", [2]),
        ("units", float("1e300")),
        ("name", "../../etc/passwd\0"),
        ("activation", ["relu"]),
    ],
)
def test_settings_of_the_wrong_kind(tmp_path: Path, setting: str, value: object) -> None:
    layer = {"class_name": "Dense", "config": {**DENSE["config"], setting: value}}
    path = keras_file(tmp_path / "n.keras", sequential(layer))
    if setting == "name":
        names = [node.name for node in read_network(path).document.graph.nodes.values()]
        assert all(name.isidentifier() for name in names)
        return
    try:
        report = read_network(path).report
    except FormatError:
        return
    assert report.count("placeholder") == 1


@pytest.mark.parametrize("setting", ["name", "padding"])
def test_half_a_letter_is_a_sentence(tmp_path: Path, setting: str) -> None:
    layer = {"class_name": "Dense", "config": {**DENSE["config"], setting: "\ud800"}}
    with pytest.raises(FormatError, match="is no text"):
        read_network(keras_file(tmp_path / "n.keras", sequential(layer)))


def test_layers_that_wait_for_each_other(tmp_path: Path) -> None:
    def layer(name: str, source: str) -> Json:
        call = [[[source, 0, 0, {}]]]
        config = {"name": name, "activation": "relu"}
        return {"class_name": "Activation", "name": name, "config": config, "inbound_nodes": call}

    given = {"class_name": "InputLayer", "name": "given", "inbound_nodes": []}
    given["config"] = {"name": "given", "batch_input_shape": [None, 4]}
    config = {
        "name": "m",
        "layers": [given, layer("a", "b"), layer("b", "a")],
        "input_layers": [["given", 0, 0]],
        "output_layers": [["b", 0, 0]],
    }
    with pytest.raises(FormatError, match="never computed"):
        read_network(keras_file(tmp_path / "n.keras", {"class_name": "Model", "config": config}))


def test_the_reading_process_keeps_to_its_limits(tmp_path: Path) -> None:
    """What a library might allocate all the same is stopped by the system."""
    layer = {"class_name": "Dense", "config": {"name": "dense", "units": 2}}
    path = keras_file(tmp_path / "n.keras", sequential(layer))
    command = [sys.executable, "-m", "netloom.formats.reading", str(path), str(tmp_path / "out")]
    ended = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout.splitlines()[-1]) == {"progress": 1.0, "text": "Read"}
    code = (
        "from netloom.formats.confining import limit; limit(2**28, 2**20, 10);"
        "import numpy; numpy.ones(2**28)"
    )
    starved = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, check=False
    )
    assert b"MemoryError" in starved.stderr
    assert resource.getrlimit(resource.RLIMIT_DATA)[0] != 2**28
