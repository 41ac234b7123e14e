"""Files of weights that run code when they are loaded by others: here they do not."""

from __future__ import annotations

import io
import json
import pickle  # noqa: TID251 - to attack with
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from netloom.formats.bundle import META, NETWORK, WEIGHTS, BundleError, read_bundle
from netloom.graph.document import Document
from netloom.train.checkpoint import CheckpointError, load_checkpoint
from netloom.train.weights import WeightsError, read_weights

Writer = Callable[[Path, "Evil"], None]


class Evil:
    """Whoever unpickles it runs a command."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        import os

        return os.system, (f"touch {self.marker}",)


def _bare_pickle(path: Path, evil: Evil) -> None:
    path.write_bytes(pickle.dumps({"format": "netloom.checkpoint", "weights": evil}))


def _torch_zip(path: Path, evil: Evil) -> None:
    torch.save({"format": "netloom.checkpoint", "weights": {"a": torch.ones(2)}, "x": evil}, path)


def _torch_legacy(path: Path, evil: Evil) -> None:
    torch.save({"weights": evil}, path, _use_new_zipfile_serialization=False)


def _whole_module(path: Path, evil: Evil) -> None:
    module = torch.nn.Linear(2, 2)
    module.evil = evil  # type: ignore[assignment]
    torch.save(module, path)


def _numpy(path: Path, evil: Evil) -> None:
    with path.open("wb") as file:
        np.save(file, np.array([evil], dtype=object), allow_pickle=True)


def _numpy_zip(path: Path, evil: Evil) -> None:
    with path.open("wb") as file:
        np.savez(file, a=np.array([evil], dtype=object))


def _claims_gigabytes(path: Path, evil: Evil) -> None:
    del evil
    header = {"a": {"dtype": "F32", "shape": [2**40], "data_offsets": [0, 2**42]}}
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"\0" * 64)


def _endless_header(path: Path, evil: Evil) -> None:
    del evil
    path.write_bytes(struct.pack("<Q", 2**63) + b"{" * 100)


WRITERS: list[Writer] = [
    _bare_pickle, _torch_zip, _torch_legacy, _whole_module, _numpy, _numpy_zip, _claims_gigabytes,
    _endless_header,
]  # fmt: skip


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    return tmp_path / "pwned"


def test_the_corpus_is_hostile(tmp_path: Path, marker: Path) -> None:
    """So that the silence below says something."""
    _torch_zip(tmp_path / "evil.pt", Evil(marker))
    torch.load(tmp_path / "evil.pt", weights_only=False)
    assert marker.exists()


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize("suffix", [".ckpt", ".safetensors", ".pt", ".npz"])
def test_weights(tmp_path: Path, marker: Path, write: Writer, suffix: str) -> None:
    path = tmp_path / f"evil{suffix}"
    write(path, Evil(marker))
    with pytest.raises((WeightsError, CheckpointError)):
        read_weights(path)
    with pytest.raises(CheckpointError):
        load_checkpoint(path)
    assert not marker.exists()


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize("member", [WEIGHTS, NETWORK, META])
def test_bundles(tmp_path: Path, marker: Path, write: Writer, member: str) -> None:
    write(tmp_path / "evil", Evil(marker))
    members = {NETWORK: Document().model_dump_json().encode(), META: b"{}", WEIGHTS: b""}
    members[member] = (tmp_path / "evil").read_bytes()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in {**members, "data.pkl": members[member], "../up": b""}.items():
            archive.writestr(name, content)
    (tmp_path / "evil.zip").write_bytes(packed.getvalue())
    with pytest.raises(BundleError):
        read_bundle(tmp_path / "evil.zip")
    assert not marker.exists()


def test_the_command_line(tmp_path: Path, marker: Path) -> None:
    """`netloom predict` on a checkpoint of a stranger, as a program runs it."""
    _torch_zip(tmp_path / "evil.pt", Evil(marker))
    for arguments in (["inspect", "evil.pt"], ["predict", "evil.pt", "evil.pt"]):
        done = subprocess.run(
            [sys.executable, "-m", "netloom", *arguments],
            cwd=tmp_path,
            env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(Path(__file__).parents[2])},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode != 0
        assert "Traceback" not in done.stderr, done.stderr
    assert not marker.exists()
