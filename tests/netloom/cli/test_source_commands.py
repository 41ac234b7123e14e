"""`netloom read` and `netloom notebook`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from netloom.cli import main
from netloom.compile import generate_source
from netloom.graph.migrations import load_document
from netloom.templates import make_template


def test_a_python_file_becomes_a_network_and_a_notebook(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = make_template("small_cnn", channels=3, height=32, width=32, num_classes=3)
    source = generate_source(document)
    (tmp_path / "net.py").write_text(source)
    network, notebook = tmp_path / "net.json", tmp_path / "net.ipynb"
    assert main(["read", str(tmp_path / "net.py"), "-o", str(network), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["num_nodes"] == len(document.graph.nodes)
    assert generate_source(load_document(network.read_bytes())) == source
    assert main(["notebook", str(network), "-o", str(notebook)]) == 0
    assert json.loads(notebook.read_text())["nbformat"] == 4


def test_a_line_that_cannot_be_read_is_named_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = generate_source(make_template("mlp", channels=1, height=8, width=8, num_classes=2))
    path, out = tmp_path / "net.py", tmp_path / "net.json"
    path.write_text(source.replace("x = self.relu(x)", "x = mystery(x)"))
    assert main(["read", str(path), "-o", str(out)]) == 1
    line = next(n for n, text in enumerate(path.read_text().split("\n"), 1) if "mystery" in text)
    assert f"net.py:{line}:" in capsys.readouterr().err
    assert not out.exists()
