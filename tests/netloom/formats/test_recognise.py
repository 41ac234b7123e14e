"""A file is what it holds, not what it is called."""

from __future__ import annotations

import io
import json
import pickle  # noqa: TID251 - to be recognised and refused
import shutil
import struct
import zipfile
from pathlib import Path

import pytest
import torch

from netloom.formats.imported import FormatError
from netloom.formats.read import read_network
from netloom.formats.recognise import recognise

REAL = {
    "models-keras3-mnist/mnist_model.keras": "keras_v3",
    "models-keras3-mnist/mnist_model.h5": "keras_h5",
    "models-keras1-json/vgg16.json": "keras_json",
    "models-cifar-resnet/resnet20-12fca82f.th": "state_dict",
    "models-basic-pitch/nmp.onnx": "onnx",
    "models-basic-pitch/nmp.tflite": "tflite",
    "models-basic-pitch/nmp": "saved_model",
}


def test_a_file_of_one_byte_is_of_no_kind(tmp_path: Path) -> None:
    path = tmp_path / "short.pt"
    path.write_bytes(b"\x80")
    with pytest.raises(FormatError, match="no kind that is known"):
        recognise(path)


def test_a_member_beyond_the_end_of_all_files_is_damage(tmp_path: Path) -> None:
    """Its place is written in 64 bits and does not fit what a file's position is kept in."""
    path = tmp_path / "far.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("net/data.pkl", b"\x80\x02.")
    content = path.read_bytes()
    entry = content.index(b"PK\x01\x02")
    end = content.index(b"PK\x05\x06")
    header = bytearray(content[entry:end])
    header[42:46] = b"\xff" * 4
    header[30:32] = struct.pack("<H", 12)  # the length of what follows the name
    far = struct.pack("<HHQ", 1, 8, 2**63 + 5)
    closing = bytearray(content[end:])
    closing[12:16] = struct.pack("<L", len(header) + len(far))
    path.write_bytes(content[:entry] + bytes(header) + far + bytes(closing))
    with pytest.raises(FormatError, match="damaged zip"):
        recognise(path)


@pytest.mark.parametrize("name", REAL)
def test_real_files_by_their_content(shared_data: Path, tmp_path: Path, name: str) -> None:
    source = shared_data / name
    assert recognise(source).name == REAL[name]
    if source.is_file():
        renamed = tmp_path / "renamed.bin"
        shutil.copyfile(source, renamed)
        assert recognise(renamed).name == REAL[name]


@pytest.mark.parametrize(
    ("pattern", "kind"),
    [
        ("models-*/**/*.onnx", "onnx"),
        ("models-*/**/*.prototxt", "caffe"),
        ("models-*/**/*.caffemodel", "caffe"),
        ("models-*/**/*.safetensors", "safetensors"),
        ("models-*/**/*.tflite", "tflite"),
        ("models-*/**/*.pth", "state_dict"),
        ("models-*/**/saved_model.pb", "saved_model"),
    ],
)
def test_all_files_of_a_kind(shared_data: Path, pattern: str, kind: str) -> None:
    found = {str(path): recognise(path).name for path in shared_data.glob(pattern)}
    assert found
    assert set(found.values()) == {kind}, found


def made(kind: str, path: Path) -> Path:
    if kind == "torch_module":
        torch.save(torch.nn.Linear(2, 2), path)
    elif kind == "pickle":
        path.write_bytes(pickle.dumps({"weights": [1, 2]}))
    elif kind == "safetensors":
        header = json.dumps({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
        path.write_bytes(struct.pack("<Q", len(header)) + header + b"\0" * 4)
    elif kind == "archive":
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("inner.onnx", b"x")
        path.write_bytes(buffer.getvalue())
    return path


@pytest.mark.parametrize("kind", ["torch_module", "pickle", "safetensors", "archive"])
def test_what_cannot_be_opened_says_what_to_do(tmp_path: Path, kind: str) -> None:
    path = made(kind, tmp_path / "network.keras")
    found = recognise(path)
    assert found.name == kind
    assert found.advice
    with pytest.raises(FormatError, match=r"network\.keras is: ") as refused:
        read_network(path)
    assert found.advice in str(refused.value)


@pytest.mark.parametrize("content", [b"", b"hello", b"\0" * 100, b"{}", b"PK\3\4broken", b"{" * 9])
def test_what_is_nothing_is_said_to_be_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(FormatError):
        recognise(tmp_path / "x")


def test_a_zip_whose_names_are_no_text_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "net.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("nämlich.txt", b"x")  # a name that says that it is UTF-8
    path.write_bytes(path.read_bytes().replace("ä".encode(), b"\xff\xff"))
    with pytest.raises(FormatError, match=r"net\.zip is a damaged zip: .*Send the file again"):
        recognise(path)
