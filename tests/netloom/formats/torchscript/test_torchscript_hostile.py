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


SEQUENCE = "s = torch.zeros([2, 5, 4])"
NO_FIT = "does not take what it is given: sizes do not fit"


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["h = torch.zeros([1, 1, 4])", "_3, _4, _5 = torch.lstm(s, [h, h], [w, w], False, 1, 0., "
          "False, False, True)", "return _3"], f"lstm {NO_FIT}"),
        (["h = torch.zeros([1, 2, 4])", "s = torch.zeros([2, 5, 64])", "_3, _4, _5 = torch.lstm(s, "
          "[h, h], [w, w], False, 1, 0., False, False, True)", "return _3"], f"lstm {NO_FIT}"),
        (["h = torch.zeros([1, 2, 4])", "_3, _4 = torch.gru(s, h, [w, w], False, 1, 0., False, "
          "False, True)", "return _3"], f"gru {NO_FIT}"),
        (["_3, _4, _5 = torch._native_batch_norm_legit_no_training(s, w, w, w, w, 0.1, 0.001)",
          "return _3"], NO_FIT),
        (["q = torch.zeros([2, 4, 8, 16])", "k = torch.zeros([1, 4, 8, 16])", "_3, _4 = "
          "torch._scaled_dot_product_flash_attention_for_cpu(q, k, k)", "return _3"], NO_FIT),
        (["_3, _4 = torch._native_multi_head_attention(s, s, s, 4, 0, torch.zeros([12, 4]), "
          "torch.zeros([12]), torch.zeros([4, 4]), torch.zeros([4]), None, False)", "return _3"],
         NO_FIT),
    ],
)  # fmt: skip
def test_kernels_that_look_at_no_sizes_are_not_called_with_wrong_ones(
    small: Path, lines: list[str], words: str
) -> None:
    """Each of these ended the process, or gave what lay in memory beside a tensor."""
    body = ["_9 = (self.fc).forward(x, )", "w = torch.zeros([16, 4])", SEQUENCE, *lines]
    with pytest.raises(FormatError, match=words):
        read_torchscript(with_body(small, *body))


def tower(begin: str, level: str) -> list[str]:
    """A value that holds another twice, sixty levels deep."""
    return [f"_0 = {begin}", "for i in range(60):", f"  _0 = {level}"]


HUNDRED_THOUSAND = "_0 = torch.mul([0], 100000)"


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["_0 = torch.round(5, -2000000000)"], "round does not take"),
        ([*tower('{"a": 1}', '{"a": _0, "b": _0}'), '_1 = {"a": _0}', "_2 = torch.eq(_0, _1)"],
         "eq does not take"),
        ([*tower('{"a": 1}', '{"a": _0, "b": _0}'), "_2 = torch.str(_0)"], "str does not take"),
        ([*tower("(1, 1)", "(_0, _0)"), "_1 = torch._set_item({}, _0, 1)"], "no name in a mapping"),
        ([*tower("(1, 1)", "(_0, _0)"), "_1 = torch.__contains__({}, _0)"], "no name in a mapping"),
        ([*tower("(1, 1)", "(_0, _0)"), "_1 = torch.__getitem__({}, _0)"], "no name in a mapping"),
        ([*tower("(1, 1)", "(_0, _0)"), "_1 = torch.pop({}, _0)"], "no name in a mapping"),
        (["_0 = torch.mul([0], 50000)", "_1 = torch.mul([_0], 50000)",
          "_2 = ops.prim.NumToTensor(_1)"], "NumToTensor does not take"),
        (['_0 = torch.remainder("%1900000000d", 1)'], "remainder does not take"),
        (["_0 = torch.add([0], [0], 700000000)"], "a list is scaled"),
        (['_0 = torch.mul("a", 1900000000)'], "grows beyond"),
        (["_0 = torch.pow(9223372036854775807, 64)"], "pow does not take"),
        (["_0 = torch.pow(-2.0, 0.5)"], "pow does not take"),
        (["_0 = torch.__or__({}, {})"], "__or__ does not take"),
        (["_0 = torch.zeros([90000000])", "_1 = torch.reshape(x, _0)"], "reshape does not take"),
        (["_0 = torch.list(x)"], "list does not take"),
        (["_0 = torch.__getitem__(x, 0)"], "__getitem__ does not take"),
        (['_0 = torch.mul("a", 10000)', "_1 = torch.mul([_0], 100000)", "_2 = torch.str(_1)"],
         "grows too long"),
        *(
            ([HUNDRED_THOUSAND, "for i in range(100000):", f"  _1 = {call}"], "1,000,000 steps")
            for call in (
                "torch.sorted(_0)", "torch.add(_0, [])", "torch.slice(_0, 0, 99999)",
                "torch.copy(_0)", "torch.eq(_0, _0)", "torch.__contains__(_0, 1)",
                "torch.sum(_0)", "torch.max(_0)", "torch.any(_0)", "torch.mul([0], 100000)",
                "torch.insert(torch.slice(_0, 1), 0, 1)", "torch.reverse(_0)",
            )
        ),
        (["_0 = [x]", "for i in range(5):", "  _0 = torch.mul([_0], 900)", "return _0"],
         "lists of lists"),
        ([f"_0 = torch.{'a' * 2000}(x)"], "longer than any"),
    ],
)  # fmt: skip
def test_code_that_would_take_time_or_memory_without_end(
    small: Path, lines: list[str], words: str
) -> None:
    with pytest.raises(FormatError, match=words):
        read_torchscript(with_body(small, "_9 = (self.fc).forward(x, )", *lines, "return _9"))


def test_a_missing_argument_is_named_shortly(small: Path) -> None:
    def change(name: str, content: bytes) -> bytes:
        if b"class Inner" not in content:
            return content
        one = f"def once(x: Tensor, {'A' * 200_000}: Tensor) -> Tensor:\n    return x\n"
        return content + one.encode()

    code = next(name for name, content in members_of(small.read_bytes()).items()
                if b"class Inner" in content)  # fmt: skip
    room = code.partition("/code/")[2].removesuffix(".py").replace("/", ".")
    calling = with_body(small, f"return {room}.once(x)").rename(small.with_name("calling.pt"))
    bad = rewritten(calling, change)
    with pytest.raises(FormatError, match="its argument AAA") as refused:
        read_torchscript(bad)
    assert len(str(refused.value)) < 2000


def in_data(path: Path, begin: bytes) -> Path:
    """Return a copy whose objects begin with others."""

    def change(name: str, content: bytes) -> bytes:
        return content[:2] + begin + content[2:] if name.endswith("/data.pkl") else content

    return rewritten(path, change)


def test_keys_of_objects_are_no_towers(small: Path) -> None:
    tower = b"K\x01" + b"".join(b"q\x00h\x00\x86" for _ in range(60))
    with pytest.raises(FormatError, match="keys that are no names"):
        read_torchscript(in_data(small, b"}" + tower + b"K\x01s0"))


def test_many_objects_are_walked_once(small: Path) -> None:
    with pytest.raises(FormatError, match=r"data\.pkl"):
        read_torchscript(in_data(small, b"N" * 1_000_000 + b"(t" * 200_000))


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
    with pytest.raises(FormatError, match="unpacks to more than is allowed") as refused:
        read_torchscript(bad)
    assert ".." not in str(refused.value)
    assert "again" not in str(refused.value)


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
