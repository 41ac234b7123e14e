"""TorchScript files with bytes, objects and lines of code changed: a network or a sentence.

`make fuzz` tries many more than `make test`; EXAMPLES says how many hundreds.
"""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from netloom.formats.imported import FormatError
from netloom.formats.torchscript.read import read_torchscript
from tests.netloom.formats.fuzzing import bytes_changed, files_to_try, members_of, survey, zipped
from tests.netloom.formats.torchscript.programs import How, saved

ODD: tuple[str, ...] = (
    "None", "-1", "0", "1", "2", "7", "2147483648", "4611686018427387904", "9" * 30, "0.5", "1e308",
    "inf", '""', '"x"', "[]", "[[]]", "{}", "True", "self", "CONSTANTS.c0", "CONSTANTS.c99",
    "torch.size(x)", "(1, 2)", "torch.zeros([99999, 99999])", "torch.full([2], 1)",
    "torch.arange(9999999)", "(self).forward(x, )", "ops.os.system", "torch.load",
    "uninitialized(int)",
    "int(torch.sum(x))", "range(5)", "lambda: 1", "[i for i in x]", "x[0]", "open", "__import__",
)  # fmt: skip
LINES: tuple[str, ...] = (
    "pass", "return x", "while True:\n      pass",
    "for i in range(9223372036854775807):\n      pass",
    "import os", "x = torch.add(x, x)", "x = torch.relu_(x)", "self.training = True", "del x",
    "x = [x, x]", "if torch.gt(x, 0):\n      return x", "ops.prim.RaiseException(\"no\")",
    "x = torch.cat([x, x, x, x], 1)", "with x:\n      pass", "global x", "x = (self).forward(x, )",
)  # fmt: skip


class Small(nn.Module):
    """A network with most kinds of statements and arguments that code has."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(3, 4, 3, padding=1)
        self.norm = nn.BatchNorm1d(4)
        self.rnn = nn.LSTM(4, 5, batch_first=True)
        self.head = nn.Linear(5, 2)
        self.count = 2

    def forward(self, x: Tensor) -> Tensor:
        hidden = torch.relu(self.norm(self.conv(x)))
        for _ in range(self.count):
            hidden = torch.max_pool1d(hidden, 4)
        steps = hidden.transpose(1, 2)
        sequence, _ = self.rnn(torch.cat([steps, steps[:, :1]], 1))
        if sequence.size(1) > 1:
            sequence = sequence * 2.0
        return self.head(sequence.mean(1)).softmax(1)


def _code_changed(text: str, draw: random.Random) -> str:
    lines = text.split("\n")
    for _ in range(draw.randint(1, 3)):
        at = draw.randrange(len(lines))
        match draw.randrange(6):
            case 0:
                del lines[at]
            case 1:
                lines.insert(at, lines[draw.randrange(len(lines))])
            case 2:
                indent = re.match(r" *", lines[at])
                lines.insert(at, (indent.group() if indent else "") + draw.choice(LINES))
            case _:
                words = list(re.finditer(r"[\w.]+|\"[^\"]*\"|\[[^\[\]]*\]", lines[at]))
                if words:
                    word = draw.choice(words)
                    lines[at] = (
                        lines[at][: word.start()] + draw.choice(ODD) + lines[at][word.end() :]
                    )
        lines = lines or [""]
    return "\n".join(lines)


def _changed(members: dict[str, bytes], draw: random.Random, seed: int) -> bytes:
    found = dict(members)
    match seed % 6:
        case 0:
            return bytes_changed(zipped(found), draw)
        case 1:
            ending = draw.choice(("/data.pkl", "/data.pkl", "/constants.pkl"))
            name = next(each for each in found if each.endswith(ending))
            found[name] = bytes_changed(found[name], draw)
        case _:
            files = [each for each in found if "/code/" in each and each.endswith(".py")]
            own = [each for each in files if b"class Small" in found[each]]
            name = draw.choice(own if seed % 6 < 4 else files)
            found[name] = _code_changed(found[name].decode(), draw).encode()
    return zipped(found)


@pytest.mark.parametrize("how", ["traced", "scripted"])
@pytest.mark.timeout(7200)
def test_a_changed_file_is_a_network_or_a_sentence(tmp_path: Path, how: How) -> None:
    torch.manual_seed(0)
    saved(Small(), torch.rand(2, 3, 128), tmp_path / "net.pt", how)
    members = members_of((tmp_path / "net.pt").read_bytes())
    survey(
        read_torchscript, lambda seed, draw: _changed(members, draw, seed), tmp_path / "changed.pt",
        refusals=(FormatError,), seeds=files_to_try(40, shares=2),
    ).check()  # fmt: skip
