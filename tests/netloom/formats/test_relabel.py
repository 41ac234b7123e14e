"""Weights of a file under the keys of a network, with what the network keeps."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

import netloom
from netloom.formats.match_places import constant_keys
from netloom.formats.matching import match_weights
from netloom.formats.relabel import relabel
from netloom.formats.weight_file import read_weight_file


class Shifted(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 3)
        self.register_buffer("shift", torch.arange(3.0), persistent=False)

    def forward(self, features: Tensor) -> Tensor:
        return self.linear(features) + self.shift


@pytest.mark.parametrize("is_known", [True, False])
def test_constants_stay_when_a_file_holds_what_was_trained(tmp_path: Path, is_known: bool) -> None:
    torch.manual_seed(0)
    network = netloom.from_module(Shifted(), torch.zeros(2, 4))
    trained = Shifted().state_dict()
    torch.save(trained, tmp_path / "trained.pth")
    file = read_weight_file(tmp_path / "trained.pth")
    save_file({key: each.clone() for key, each in file.tensors.items()}, tmp_path / "given")
    save_file(dict(network.weights), tmp_path / "before")
    matching = match_weights(network.document, file.facts)
    (constant,) = constant_keys(network.document)
    before = tmp_path / "before" if is_known else None
    num_tensors = relabel(
        tmp_path / "given", tmp_path / "made", matching, before=before, kept={constant}
    )
    made = load_file(tmp_path / "made")
    assert num_tensors == len(made) == (3 if is_known else 2)
    for key, tensor in made.items():
        expected = (
            network.weights[key] if key == constant else trained[f"linear.{key.rpartition(':')[2]}"]
        )
        torch.testing.assert_close(tensor, expected, rtol=0, atol=0)
    (row,) = [row for row in matching.rows if row.weight_key == constant]
    assert row.note == "A constant: it stays as it is."


def test_a_constant_of_another_shape_is_left_out(tmp_path: Path) -> None:
    network = netloom.from_module(Shifted(), torch.zeros(2, 4))
    torch.save(Shifted().state_dict(), tmp_path / "trained.pth")
    file = read_weight_file(tmp_path / "trained.pth")
    save_file({key: each.clone() for key, each in file.tensors.items()}, tmp_path / "given")
    (constant,) = constant_keys(network.document)
    save_file({constant: torch.zeros(7)}, tmp_path / "before")
    matching = match_weights(network.document, file.facts)
    relabel(
        tmp_path / "given", tmp_path / "made", matching,
        before=tmp_path / "before", kept={constant},
    )  # fmt: skip
    assert constant not in load_file(tmp_path / "made")
