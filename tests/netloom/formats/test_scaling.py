"""What files of other tools leave unsaid of pixels is said in the report."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from netloom.formats.read import read_network
from netloom.formats.scaling import SCALING_UNSAID
from netloom.formats.write import write_network


def saved(module: nn.Module, example: torch.Tensor, path: Path) -> Path:
    """Write a module as torch does."""
    batch = torch.export.Dim("batch", max=64)
    if path.suffix == ".pt":
        torch.jit.save(torch.jit.script(module), path)
    elif path.suffix == ".onnx":
        torch.onnx.export(
            module, (example,), path, dynamo=True, external_data=False, dynamic_shapes=({0: batch},)
        )
    else:
        program = torch.export.export(module, (example,), dynamic_shapes=({0: batch},))
        torch.export.save(program, path)
    return path


@pytest.mark.parametrize("ending", ["onnx", "pt2", "pt"])
def test_a_file_that_does_not_say_how_pixels_enter(tmp_path: Path, ending: str) -> None:
    convolution = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()).eval()
    path = saved(convolution, torch.rand(2, 3, 8, 8), tmp_path / f"images.{ending}")
    imported = read_network(path)
    assert imported.report.notes.count(SCALING_UNSAID) == 1
    if ending == "onnx":
        write_network(imported, tmp_path / "ours.onnx")
        assert SCALING_UNSAID not in read_network(tmp_path / "ours.onnx").report.notes


@pytest.mark.parametrize("ending", ["onnx", "pt2"])
def test_where_no_image_enters_there_is_nothing_to_say(tmp_path: Path, ending: str) -> None:
    path = saved(nn.Linear(4, 2).eval(), torch.rand(2, 4), tmp_path / f"rows.{ending}")
    assert SCALING_UNSAID not in read_network(path).report.notes
