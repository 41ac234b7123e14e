"""`inspect` and `convert` on the files of other tools."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from netloom.formats.bundle import read_bundle
from netloom.formats.write import writers
from netloom.graph.document import Node
from netloom.templates import make_template


def test_inspecting_a_keras_file(netloom, shared_data: Path) -> None:
    path = shared_data / "models-keras3-mnist" / "mnist_model.keras"
    found = netloom("inspect", path, "--json").json()
    assert (found["format"], found["num_nodes"], found["num_parameters"]) == ("keras_v3", 12, 34826)
    assert found["placeholders"] == found["unmapped_operators"] == []
    (given,) = found["inputs"]
    assert [(dim["axis"], dim["size"]) for dim in given["shape"]] == [
        ("B", "B"),
        ("C", 1),
        ("H", 28),
        ("W", 28),
    ]
    assert [dim["size"] for dim in found["outputs"][0]["shape"]] == ["B", 10]
    told = netloom("inspect", path).out
    assert "\nKeras 3 (.keras), written by Keras 3.1.1\n" in told
    assert "undle" not in told  # which it is not


def test_converting_a_keras_file_to_a_bundle(netloom, shared_data: Path, tmp_path: Path) -> None:
    path = shared_data / "models-keras3-mnist" / "mnist_model.h5"
    answer = netloom("convert", path, tmp_path / "digits.zip")
    assert answer.status == 0
    assert "Keras HDF5, written by Keras 3.1.1" in answer.out
    assert len(read_bundle(tmp_path / "digits.zip").weights) == 6
    again = netloom("convert", tmp_path / "digits.zip", tmp_path / "digits.json", "--json").json()
    assert again["report"]["format"] == "Netloom bundle"


def test_formats_are_listed_with_what_can_be_set(netloom, capsys) -> None:
    with pytest.raises(SystemExit) as ended:
        netloom("convert", "--formats")
    assert ended.value.code == 0
    listed = capsys.readouterr().out
    for writer in writers():
        assert f"{writer.name} (" in listed
        assert all(f"--set {name}=" in listed for name in writer.options.model_fields)


def test_what_cannot_be_opened_is_named_with_a_way_out(netloom, tmp_path: Path) -> None:
    (tmp_path / "net.h5").write_bytes(b"\x1c\0\0\0TFL3" + b"\0" * 64)
    for command in (("inspect",), ("convert",)):
        target = (tmp_path / "out.zip",) if command == ("convert",) else ()
        refused = netloom(*command, tmp_path / "net.h5", *target)
        assert refused.status == 1
        assert "TensorFlow Lite" in refused.err
        assert "tf2onnx" in refused.err


def test_converting_a_python_file_runs_it_only_when_asked(netloom, tmp_path: Path) -> None:
    source = "import torch\nmodel = torch.nn.Sequential(*[torch.nn.Linear(4, 4) for _ in '12'])\n"
    (tmp_path / "net.py").write_text(source)
    refused = netloom("convert", tmp_path / "net.py", tmp_path / "net.zip")
    assert refused.status == 1
    assert "was not run" in refused.err
    done = netloom("convert", tmp_path / "net.py", tmp_path / "net.zip", "--run-code")
    assert done.status == 0
    assert len(read_bundle(tmp_path / "net.zip").weights) == 4


def test_pushing_needs_a_token_and_a_safe_address(netloom, tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "net.json").write_text("{}")
    monkeypatch.delenv("NETLOOM_TOKEN", raising=False)
    push = ("push", tmp_path / "net.json", "--to", "http://netloom.example.org")
    assert "A token is needed" in netloom(*push).err
    monkeypatch.setenv("NETLOOM_TOKEN", "secret")
    refused = netloom(*push)
    assert "use https://" in refused.err
    assert "secret" not in refused.err


def test_weights_alone_are_matched_and_written_as_a_bundle(
    netloom, shared_data: Path, tmp_path: Path
) -> None:
    weights = next((shared_data / "models-squeezenet11").glob("*.h5"))
    out = tmp_path / "squeezenet.netloom"
    answer = netloom("match", "squeezenet1_1", weights, "-o", out, "--images", "caffe", "--json")
    found = answer.json()
    assert found["how"] == {"name": 0, "prefix": 0, "shape in order": 50}
    assert found["matching"]["layers"] == 25
    assert len(read_bundle(out).weights) == 50
    shown = netloom("match", out, weights)
    assert "features.conv_0.weight  [64 x 3 x 3 x 3]  shape in order" in shown.out
    assert "58.5% of its learned numbers" in shown.out
    assert (
        "25 of 26 layers with weights are filled. Every tensor of the file found its place."
        in shown.out
    )


def test_converting_with_proof_and_verifying(netloom, tmp_path: Path) -> None:
    document = make_template("small_cnn", channels=3, height=16, width=16, num_classes=3)
    (tmp_path / "net.json").write_text(document.model_dump_json(by_alias=True))
    for name in ("bundle.zip", "net.onnx"):
        answer = netloom("convert", tmp_path / "net.json", tmp_path / name, "--check", "--json")
        assert answer.status == 0, answer.err
        exported = answer.json()["export"]
        assert exported["parity"]["max_abs_diff"] < 1e-5
        assert exported["files"][0]["name"] == name
    noise = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png")
    told = netloom("verify", tmp_path / "net.onnx", "--input", tmp_path / "noise.png", "--json")
    assert told.status == 0
    found = told.json()
    assert found["max_abs_diff"] < 1e-5 < 1e-3 < found["max_abs_value"]
    assert found["oracle"].startswith("onnxruntime 1.")
    assert found["inputs"] == "noise.png"
    assert "Equal: largest difference" in netloom("verify", tmp_path / "net.onnx").out


def test_what_is_read_is_not_overwritten(
    netloom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    document = make_template("small_cnn", channels=3, height=16, width=16, num_classes=3)
    source = tmp_path / "net.json"
    source.write_text(document.model_dump_json(by_alias=True))
    before = source.read_bytes()
    (tmp_path / "link.json").symlink_to(source)
    for arguments in (
        ("convert", source, source),
        ("convert", source, "net.json"),
        ("convert", "link.json", source),
        ("surgery", "replace_head", source, "--set", "num_classes=5", "-o", source),
        ("notebook", source, "-o", "link.json"),
        ("match", source, source, "-o", source),
        ("inspect", source, "--csv", source),
    ):
        answer = netloom(*arguments)
        assert answer.status == 1
        assert "would be read and overwritten, so nothing was done. Give" in answer.err
        assert source.read_bytes() == before


def test_a_device_or_a_pipe_is_never_replaced(netloom, tmp_path: Path) -> None:
    document = make_template("mlp", channels=3, height=16, width=16, num_classes=3)
    source = tmp_path / "net.json"
    source.write_text(document.model_dump_json(by_alias=True))
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for arguments in (
        ("convert", source, pipe, "--format", "document"),
        ("convert", source, pipe, "--format", "bundle"),
    ):
        answer = netloom(*arguments)
        assert answer.status == 1
        assert "it is a device or a pipe; name a file" in answer.err
        assert pipe.is_fifo()


def test_a_file_without_an_oracle_says_so(netloom, shared_data: Path) -> None:
    refused = netloom("verify", shared_data / "models-keras1-json" / "DAE_MNIST.json")
    assert refused.status == 1
    assert "holds an architecture without weights: there are no numbers" in refused.err


def test_what_a_format_cannot_express_is_listed(netloom, tmp_path: Path) -> None:
    document = make_template("mlp", channels=3, height=16, width=16, num_classes=3)
    node_id = next(key for key, node in document.graph.nodes.items() if node.type == "ReLU")
    document.graph.nodes[node_id] = Node(type="Placeholder", name="odd", params={"op": "Odd"})
    (tmp_path / "net.json").write_text(document.model_dump_json(by_alias=True))
    refused = netloom("convert", tmp_path / "net.json", tmp_path / "net.onnx")
    assert refused.status == 1
    assert (
        "ONNX cannot express 1 thing of the network:\n- odd (Placeholder): odd stands for Odd"
        in (refused.err)
    )
    assert not (tmp_path / "net.onnx").exists()
    wrong = netloom("convert", tmp_path / "net.json", tmp_path / "net.onnx", "--set", "opset=3")
    assert "opset: Input should be greater" in wrong.err
