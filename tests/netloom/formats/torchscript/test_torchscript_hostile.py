"""TorchScript files that were made to harm: nothing of them is run, and the text says why."""

from __future__ import annotations

import pickle  # noqa: TID251 - payloads that must not run
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from netloom.formats.imported import FormatError
from netloom.formats.read import read_network
from netloom.formats.torchscript.read import read_torchscript
from tests.netloom.formats.fuzzing import members_of
from tests.netloom.formats.torchscript.programs import saved


class Inner(nn.Module):
    """A module whose code is easily replaced."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(x)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A traced module with a weight and a bias."""
    path = tmp_path / "small.pt"
    saved(Inner(), torch.rand(2, 4), path, "traced")
    return path


def rewritten(
    path: Path, change: Callable[[str, bytes], bytes], kind: int = zipfile.ZIP_STORED
) -> Path:
    """Return a copy of a file whose members are changed."""
    target = path.with_name("changed.pt")
    with zipfile.ZipFile(target, "w", kind) as after:
        for name, content in members_of(path.read_bytes()).items():
            after.writestr(name, change(name, content))
    return target


def with_body(path: Path, *lines: str) -> Path:
    """Return a copy of a file whose `forward` does something else."""
    body = "".join(f"    {line}\n" for line in lines)

    def change(name: str, content: bytes) -> bytes:
        if b"class Inner" not in content:
            return content
        text = content.decode()
        found = re.search(r"def forward\(.*?-> Tensor:\n", text, re.DOTALL)
        assert found is not None
        return (text[: found.end()] + body).encode()

    return rewritten(path, change)


class _Payload:
    """Leaves a file behind when it is loaded."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


@pytest.mark.parametrize("member", ["data.pkl", "constants.pkl"])
@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_a_payload_in_a_pickle_is_not_run(
    small: Path, tmp_path: Path, member: str, protocol: int
) -> None:
    mark = tmp_path / "ran"
    payload = pickle.dumps(_Payload(mark), protocol=protocol)
    bad = rewritten(small, lambda name, content: payload if name.endswith(member) else content)
    with pytest.raises(FormatError, match="was not opened"):
        read_network(bad)
    assert not mark.exists()


def test_a_payload_beside_the_module_is_not_run(small: Path, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    call = b"cos\nsystem\nX" + len(f"touch {mark}").to_bytes(4, "little")
    call += f"touch {mark}".encode() + b"\x85R0"

    def change(name: str, content: bytes) -> bytes:
        return content[:2] + call + content[2:] if name.endswith("/data.pkl") else content

    with pytest.raises(FormatError, match=r"calls os\.system of Python"):
        read_network(rewritten(small, change))
    assert not mark.exists()


def test_positions_of_the_source_are_not_read(small: Path, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    payload = pickle.dumps(_Payload(mark))
    bad = rewritten(small, lambda name, content: payload if name.endswith("debug_pkl") else content)
    assert read_network(bad).weights
    assert not mark.exists()


STEPS = ("w = torch.zeros([16, 4])", "h = torch.zeros([1, 1, 4])")


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["import os", "return x"], "a statement of this kind"),
        (['_0 = __import__("os")', "return x"], "__import__ is not known"),
        (['_0 = open("/etc/passwd")', "return x"], "open is not known"),
        (['_0 = eval("1")', "return x"], "eval is not known"),
        (['_0 = ops.os.system("true")', "return x"], r"ops\.os\.system, which belongs to no part"),
        (['return torch.from_file("/etc/passwd")'], "operator from_file, which is not known"),
        (['_0 = torch.save(x, "/tmp/x")', "return x"], "operator save, which is not known"),
        (['return torch.load("/tmp/x")'], "operator load, which is not known"),
        (["return torch.ops.aten.relu(x)"], "belongs to no part of torch"),
        (["return x.__class__"], "no attribute __class__"),
        (["return (self).__class__"], "no attribute __class__"),
        (["return torch.__dict__"], "returns nothing that depends on its input"),
        (["return [each for each in x]"], "an expression of this kind"),
        (["return (lambda: x)()"], "an expression of this kind"),
        (["while True:", "  pass", "return x"], "takes more than 1,000,000 steps"),
        (["for i in range(9223372036854775807):", "  pass", "return x"], "1,000,000 steps"),
        (["return (self).forward(x, )"], "calls go deeper than is followed"),
        (["return torch.zeros([1048576, 1048576])"], "would make a tensor of 1,099,511,627,776"),
        (["_0 = torch.arange(268435456)", "_1 = torch.unsqueeze(_0, 1)",
          "return torch.add(_0, _1)"], "would make a tensor of 72,057,594,037,927,936"),
        (["return torch.upsample_nearest2d(torch.zeros([1, 1, 999, 999]), None, [999., 999.])"],
         "would make a tensor of"),
        ([*STEPS, "_0 = torch.zeros([1, 1048576, 4])",
          "_3, _4, _5 = torch.lstm(_0, [h, h], [w, w], False, 1, 0., False, False, True)",
          "return _3"], "more than 100,000 steps"),
        ([*STEPS, "_0 = torch.zeros([4096, 4096, 4])", "h = torch.zeros([1, 4096, 99])",
          "_3, _4 = torch.gru(_0, h, [w, w], False, 1, 0., False, False, True)", "return _3"],
         "gru would make a tensor of 3,321,888,768"),
        (["_0 = 2", "for i in range(99):", "  _0 = torch.mul(_0, _0)", "return x"],
         "larger than 64 bits hold"),
        (["_0 = [1]", "for i in range(99):", "  _0 = torch.add(_0, _0)", "return x"],
         "list grows beyond"),
        (["_0 = [1]", "for i in range(99):", "  _0 = [_0, _0]", "_1 = torch.eq(_0, _0)",
          "return x"], "lists in lists are not compared"),
        (["_0 = [1]", "for i in range(99):", "  _0 = [_0, _0]", "return torch.cat(_0)"],
         "lists in a list"),
        (["_0 = [1]", "_1 = torch.append(_0, _0)", "return torch.cat(_0)"], "lists in a list"),
        (["fc = self.fc", "_0 = torch.add_(fc.weight, 1)", "return (fc).forward(x, )"],
         "changes its own weights"),
        (["fc = self.fc", "_0 = torch.add_(torch.view(fc.weight, [-1]), 1)",
          "return (fc).forward(x, )"], "changes its own weights"),
        (["self.fc = None", "return x"], "changes what it holds"),
        (["_0 = torch.size([1], 0)", "return x"], "size does not take what it is given"),
        (["return CONSTANTS.c5"], "constant c5 is missing"),
        (["return torch.add(x, x, out=x)"], "writes into a tensor of its own"),
    ],
)  # fmt: skip
def test_code_that_does_other_things_is_refused(small: Path, lines: list[str], words: str) -> None:
    with pytest.raises(FormatError, match=words):
        read_torchscript(with_body(small, "_9 = (self.fc).forward(x, )", *lines))


@pytest.mark.parametrize(
    "code",
    [
        b"import os\nos.system('true')\n",
        b"x = 1\n",
        b"(" * 10_000,
        b"class Inner(Module):\n  def forward(self, x: Tensor) -> Tensor:\n    return "
        + b"-" * 50_000 + b"1\n",
        b"class Inner(Module):\n  def forward(self, x: Tensor) -> Tensor:\n    return x"
        + b".a" * 50_000 + b"\n",
        b"\0", b"\xff\xfe", b"", b"class Inner(Module):\n  pass\n",
    ],
)  # fmt: skip
def test_files_of_code_that_are_something_else(small: Path, code: bytes) -> None:
    bad = rewritten(small, lambda name, old: code if b"class Inner" in old else old)
    with pytest.raises(FormatError):
        read_torchscript(bad)


def test_modules_within_themselves_are_read_once(small: Path) -> None:
    def change(name: str, content: bytes) -> bytes:
        if not name.endswith("/data.pkl"):
            return content
        # The root, which is remembered first, as an attribute of itself.
        begin = content.index(b")\x81}(") + 4
        head = content[: begin - 2] + b"r\xfe\xff\0\0}("
        return head + b"X\x04\0\0\0selfj\xfe\xff\0\0" + content[begin:]

    assert read_torchscript(rewritten(small, change)).weights


def test_what_a_tensor_declares_must_be_there(small: Path) -> None:
    def change(name: str, content: bytes) -> bytes:
        if not name.endswith("/data.pkl"):
            return content
        assert b"K\x03K\x04t" in content or b"(K\x03K\x04t" in content
        huge = b"\x8a\x06" + (2**40).to_bytes(6, "little")
        return content.replace(b"K\x03K\x04t", huge + huge + b"t", 1)

    with pytest.raises(FormatError, match="does not hold what it declares"):
        read_torchscript(rewritten(small, change))


def test_a_bomb_of_zeros_is_not_unpacked(small: Path) -> None:
    def change(name: str, content: bytes) -> bytes:
        return b"\0" * (80 * 2**20) if name.endswith("data/0") else content

    bad = rewritten(small, change, zipfile.ZIP_DEFLATED)
    assert bad.stat().st_size < 2**20
    with pytest.raises(FormatError, match="unpacks to more than is allowed"):
        read_torchscript(bad)


def test_a_bomb_of_code_is_not_unpacked(small: Path) -> None:
    def change(name: str, content: bytes) -> bytes:
        return b"#" * (9 * 2**20) if b"class Inner" in content else content

    with pytest.raises(FormatError, match="unpacks to more than is allowed"):
        read_torchscript(rewritten(small, change, zipfile.ZIP_DEFLATED))


@pytest.mark.parametrize("member", ["data.pkl", "constants.pkl", "data/0"])
def test_what_is_missing_is_named(small: Path, member: str) -> None:
    target = small.with_name("less.pt")
    with zipfile.ZipFile(target, "w") as after:
        for name, content in members_of(small.read_bytes()).items():
            if not name.endswith(f"/{member}"):
                after.writestr(name, content)
    with pytest.raises(FormatError, match=f"{member} is missing"):
        read_torchscript(target)


def test_quantised_weights_are_named(small: Path) -> None:
    def change(name: str, content: bytes) -> bytes:
        return content.replace(b"_rebuild_tensor_v2", b"_rebuild_qtensor")

    with pytest.raises(FormatError, match="quantised"):
        read_torchscript(rewritten(small, change))
