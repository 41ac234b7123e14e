"""The process that opens a file: what it writes for whoever started it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from netloom.formats.bundle import NETWORK
from netloom.graph.migrations import load_document


@pytest.mark.parametrize(
    ("stored", "shown", "name"),
    [("b7x2", "my scorer.pt", "my_scorer"), ("b7x2", "", "b7x2"), ("b7x2", "7.pt", "layer_7")],
)
def test_a_network_without_a_name_is_called_as_people_call_its_file(
    tmp_path: Path, stored: str, shown: str, name: str
) -> None:
    path = tmp_path / stored
    module = nn.Sequential(nn.Linear(4, 2), nn.Tanh()).eval()
    torch.jit.trace(module, torch.rand(2, 4)).save(path)
    command = [sys.executable, "-m", "netloom.formats.reading", str(path), str(tmp_path / "read")]
    subprocess.run([*command, f"--name={shown}"], check=True, capture_output=True)
    document = load_document((tmp_path / "read" / NETWORK).read_text())
    assert document.graph.name == name
