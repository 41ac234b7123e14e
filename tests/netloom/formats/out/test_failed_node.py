"""What PyTorch's exporters cannot do is said of a node, and nothing is written."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from netloom.formats.exported import ExportError
from netloom.formats.onnx.exporting import export_model
from netloom.formats.recording import record
from netloom.formats.runnable import Runnable, make_runnable
from tests.netloom.formats.out.conftest import Make


class Decides(nn.Module):
    """No exporter can record it."""

    def forward(self, x: Tensor) -> Tensor:
        return x if x.sum() > 0 else -x


class Bessel(nn.Module):
    """PyTorch records it, and ONNX has no operator for it."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.special.bessel_j0(x)


@pytest.fixture
def runnable(template: Make) -> Runnable:
    return make_runnable(template("mlp", side=4))


def with_layer(runnable: Runnable, layer: nn.Module) -> str:
    """Put a layer in the place of an activation; returns the path of its node."""
    name = next(
        name
        for name, module in runnable.module.named_modules()
        if name in runnable.module.netloom_nodes and isinstance(module, nn.ReLU)
    )
    runnable.module.set_submodule(name, layer)
    return runnable.module.netloom_nodes[name]


def test_a_node_that_cannot_be_recorded_is_named(runnable: Runnable) -> None:
    path = with_layer(runnable, Decides())
    with pytest.raises(ExportError, match=r"\(ReLU\): PyTorch cannot record") as failed:
        record(runnable)
    [gap] = failed.value.gaps
    assert (gap.path, gap.type) == (path, "ReLU")
    assert "another format" in gap.next_step


def test_a_node_that_onnx_has_no_operator_for_is_named(runnable: Runnable) -> None:
    path = with_layer(runnable, Bessel())
    with pytest.raises(ExportError, match=r"\(ReLU\): PyTorch cannot write .*bessel_j0") as failed:
        export_model(runnable, opset=20)
    [gap] = failed.value.gaps
    assert gap.path == path
