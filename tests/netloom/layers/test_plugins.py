"""Layer types of installed packages, and broken packages that must not break the studio."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PLUGIN = """
from netloom.layers.base import Constructor, Inference, LayerType
from netloom.layers.params import LayerParams, param


class HardtanhParams(LayerParams):
    limit: float = param(1.0, "Limit", "Largest number.", minimum=0)
    scale: float


class Hardtanh(LayerType[HardtanhParams]):
    type_name = "acme.Hardtanh"
    name_stem = "hardtanh"
    title = "Hardtanh"
    category = "Activation"
    summary = "Cuts numbers off."
    Params = HardtanhParams

    def infer(self, params, inputs):
        return Inference({"output": inputs["input"]})

    def constructor(self, params, inputs):
        return Constructor("nn.Hardtanh", (-params.limit, params.limit))


LAYERS = (Hardtanh(), "not a layer")
"""

METADATA = "Metadata-Version: 2.1\nName: acme\nVersion: 1\n"
ENTRY_POINTS = """[netloom.layers]
acme = acme_layers:LAYERS
broken = acme_layers:MISSING
"""
CHECK = """
from netloom.analyze import analyze
from netloom.graph.document import Document
from netloom.layers import describe_layers, get_layer

layer = get_layer("acme.Hardtanh")
assert get_layer("ReLU") is not None
description = next(found for found in describe_layers() if found.type == "acme.Hardtanh")
assert [param.is_required for param in description.params] == [False, True]
nodes = {"a": {"type": "acme.Hardtanh", "name": "cut"}}
analysis = analyze(Document.model_validate({"graph": {"nodes": nodes}}))
assert "missing_param" in [problem.code.value for problem in analysis.diagnostics]
"""


def test_an_installed_package_adds_layer_types(tmp_path: Path) -> None:
    (tmp_path / "acme_layers.py").write_text(PLUGIN)
    info = tmp_path / "acme-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(METADATA)
    (info / "entry_points.txt").write_text(ENTRY_POINTS)
    path = os.pathsep.join([str(tmp_path), str(Path.cwd())])
    result = subprocess.run(
        [sys.executable, "-c", CHECK],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert "could not be loaded" in result.stderr
    assert "not a LayerType" in result.stderr
