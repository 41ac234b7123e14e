"""Exported programs: PyTorch alone runs them, for any number of samples."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from netloom.formats.exported import ExportError
from netloom.formats.recording import record
from netloom.formats.runnable import make_runnable
from netloom.formats.write import write_network
from tests.netloom.formats.out.conftest import Make

_RUN = """
import json, sys
sys.modules["netloom"] = None
import torch
said = {"netloom.json": ""}
network = torch.export.load(sys.argv[1], extra_files=said).module()
torch.manual_seed(0)
found = [network(torch.randn(batch, 3, 16, 16)).tolist() for batch in (1, 5)]
print(json.dumps([found, json.loads(said["netloom.json"])["classes"]]))
"""


def test_it_runs_with_pytorch_alone(template: Make, tmp_path: Path) -> None:
    network = template("small_resnet", classes=["a", "b", "c"])
    report = write_network(network, tmp_path / "net.pt2")
    assert report.parity is not None
    assert report.parity.max_abs_diff < 1e-5 < 1e-3 < report.parity.max_abs_value
    assert report.parity.inputs == "random (batch 3)"
    done = subprocess.run(
        [sys.executable, "-I", "-c", _RUN, str(tmp_path / "net.pt2")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    given, classes = json.loads(done.stdout.splitlines()[-1])
    assert classes == ["a", "b", "c"]
    torch.manual_seed(0)
    module = make_runnable(network).module
    for found, batch in zip(given, (1, 5), strict=True):
        torch.testing.assert_close(torch.tensor(found), module(torch.randn(batch, 3, 16, 16)))


def test_a_size_that_cannot_stay_open_is_named(template: Make, tmp_path: Path) -> None:
    network = template("lstm_classifier")
    with pytest.raises(ExportError, match=r"time of sequence is fixed.*number for “length”"):
        record(make_runnable(network))
    with pytest.raises(ExportError, match=r"lstm \(LSTM\).*Choose a number for “length”") as caught:
        write_network(network, tmp_path / "net.pt2")
    assert [(gap.path, gap.name) for gap in caught.value.gaps] == [
        (key, "lstm") for key, node in network.document.graph.nodes.items() if node.name == "lstm"
    ]
    assert list(tmp_path.iterdir()) == []
    report = write_network(network, tmp_path / "net.pt2", options={"length": 9})
    assert report.parity is not None
    assert report.parity.max_abs_diff < 1e-5
