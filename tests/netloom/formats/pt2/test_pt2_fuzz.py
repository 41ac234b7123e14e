"""Exported programs with bytes and fields changed at random: a network or a sentence.

`make fuzz` tries many more than `make test`; EXAMPLES says how many hundreds.
"""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from netloom.formats.imported import FormatError
from netloom.formats.pt2.read import read_pt2
from tests.netloom.formats.fuzzing import (
    bytes_changed,
    files_to_try,
    members_of,
    odd_somewhere,
    survey,
    zipped,
)
from tests.netloom.formats.pt2.programs import exported

ODD: tuple[object, ...] = (
    None, -1, 0, 1, 2, 7, 2**31, 2**62, 10**30, 0.5, 1e308, "", "x", "conv", "input", [], {}, True,
    [[]], {"as_int": 2**40}, {"as_tensor": {"name": "nowhere"}}, "torch.ops.aten.relu.default",
    "torch.ops.aten.full.default", "torch.ops.aten.cat.default", "torch.ops.aten.view.default",
    "torch.ops.aten.no_such.default", "_operator.mul",
)  # fmt: skip


class Small(nn.Module):
    """A network with most kinds of arguments that a program has."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)
        self.rnn = nn.GRU(4, 5, batch_first=True)
        self.head = nn.Linear(5, 2)

    def forward(self, image: Tensor) -> Tensor:
        hidden = torch.relu(self.norm(self.conv(image)))
        steps = nn.functional.max_pool2d(hidden, 2).flatten(2).transpose(1, 2)
        sequence, _ = self.rnn(torch.cat([steps, steps[:, :1]], 1))
        return self.head(sequence.mean(1)).softmax(1)


def _changed(members: dict[str, bytes], draw: random.Random, seed: int) -> bytes:
    found = dict(members)
    names = [name for name in found if name.endswith(".json")]
    if seed % 4:
        name = next(n for n in names if n.endswith("models/model.json")) if seed % 4 < 3 else (
            draw.choice(names)
        )  # fmt: skip
        found[name] = json.dumps(
            odd_somewhere(json.loads(found[name]), draw, ODD, depth=0.93)
        ).encode()
    return zipped(found) if seed % 4 else bytes_changed(zipped(found), draw)


@pytest.mark.timeout(7200)
def test_a_changed_file_is_a_network_or_a_sentence(tmp_path: Path) -> None:
    torch.manual_seed(0)
    exported(Small(), torch.rand(2, 3, 8, 8), tmp_path / "net.pt2", is_open=True)
    members = members_of((tmp_path / "net.pt2").read_bytes())
    survey(
        read_pt2, lambda seed, draw: _changed(members, draw, seed), tmp_path / "changed.pt2",
        refusals=(FormatError,), seeds=files_to_try(40),
    ).check()  # fmt: skip
