"""Files of Python: read by their syntax, run only where that is asked for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from netloom.compile import build_module, generate_source, load_weights
from netloom.formats.confining import leave_network
from netloom.formats.imported import FormatError
from netloom.formats.python.run import run_python_file
from netloom.formats.read import read_network
from netloom.templates import make_template

STRAIGHT = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, kernel_size=3)
        self.flatten = nn.Flatten()
        self.linear = nn.Linear(4 * 26 * 26, 10)

    def forward(self, image):
        return self.linear(self.flatten(self.conv(image)))
"""
NEEDY = """
import torch
from torch import nn

class Needy(nn.Module):
    def __init__(self, size):
        super().__init__()
"""
LOOPS = """
import torch
from torch import nn

open({trace!r}, "w").close()

class Tower(nn.Module):
    def __init__(self, width={width}):
        super().__init__()
        self.steps = nn.ModuleList([nn.Linear(12 if i == 0 else width, width) for i in range(3)])

    def forward(self, features):
        for step in self.steps:
            features = torch.relu(step(features))
        return features * 2
"""


@pytest.fixture
def looping(tmp_path: Path) -> Path:
    path = tmp_path / "tower.py"
    path.write_text(LOOPS.format(trace=str(tmp_path / "trace"), width=5))
    return path


def test_straight_source_is_read_and_not_run(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    trace = f"open({str(tmp_path / 'ran')!r}, 'w')\n"
    path.write_text(STRAIGHT.replace("class Net", f"{trace}class Net"))
    imported = read_network(path)
    assert [each.type for each in imported.document.graph.nodes.values()].count("Conv2d") == 1
    assert imported.weights == {}
    assert "not run" in imported.report.notes[0]
    assert not (tmp_path / "ran").exists()


def test_other_source_is_refused_and_says_what_to_do(looping: Path) -> None:
    with pytest.raises(FormatError, match="netloom push FILE --run-code") as refused:
        read_network(looping)
    assert "line " in str(refused.value)
    assert not (looping.parent / "trace").exists()


def test_running_records_the_module_with_its_weights(looping: Path) -> None:
    torch.manual_seed(0)
    imported = run_python_file(looping)
    assert (looping.parent / "trace").exists()
    module = build_module(imported.document).eval()
    load_weights(module, imported.weights)
    assert module(torch.randn(2, 12)).shape == (2, 5)
    assert imported.report.parity is not None
    assert imported.report.parity.max_abs_diff < 1e-6
    told = " ".join(imported.report.notes)
    assert "Tower was taken" in told
    assert "inputs of 12 a sample" in told


def test_the_file_says_what_is_meant(looping: Path) -> None:
    lines = "\nmodel = lambda: Tower(7)\nexample = torch.randn(4, 12)\n"
    looping.write_text(looping.read_text() + lines)
    imported = run_python_file(looping)
    assert build_module(imported.document)(torch.randn(1, 12)).shape == (1, 7)
    assert len(imported.report.notes) == 1


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("raise OSError('no disk')", "line 1: OSError: no disk"),
        ("x = 1", "no class of a module"),
        (NEEDY, "only classes with arguments"),
        ("import torch\nmodel = 3", "no class of a module"),
        ("import torch\nmodel = torch.nn.Linear(3, 4)\nexample = 'x'", "is no tensor"),
        ("import torch\nmodel = torch.nn.ReLU", "does not say what ReLU takes"),
        ("exit(3)", "SystemExit: 3"),
    ],
)  # fmt: skip
def test_what_cannot_be_run_says_why(tmp_path: Path, lines: str, words: str) -> None:
    path = tmp_path / "net.py"
    path.write_text(lines)
    with pytest.raises(FormatError, match=words):
        run_python_file(path)


def test_our_own_source_is_read(tmp_path: Path) -> None:
    small = make_template("small_cnn", channels=1, height=16, width=16, num_classes=3)
    (tmp_path / "net.py").write_text(generate_source(small))
    assert len(read_network(tmp_path / "net.py").document.graph.nodes) == len(small.graph.nodes)


def run_reading(path: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "netloom.formats.reading", str(path), str(path.parent / "out")]
    return subprocess.run([*command, *options], capture_output=True, text=True, check=False)


def test_the_throwaway_process_runs_it_when_allowed_and_without_network(looping: Path) -> None:
    assert "refused" in run_reading(looping).stdout
    looping.write_text(
        "import socket\nsocket.create_connection(('127.0.0.1', 9), timeout=2)\n"
        + looping.read_text()
    )
    answer = run_reading(looping, "--run-python").stdout
    alone = subprocess.run(
        [sys.executable, "-c", f"import {leave_network.__module__} as r; print(r.leave_network())"],
        capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    if alone == "True":
        assert "Network is unreachable" in answer
    else:
        assert "does not let a process be alone" in answer
