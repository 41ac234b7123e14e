"""Source that asks for more work than any network, and source that no network is in."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from netloom.graph.document import Document
from netloom.graph.names import UsedNames, repaired_name
from netloom.readback import Reading, read_source
from netloom.readback.effort import TooMuchWork, limited_effort, spend

DEEP = 20


def read(
    init: Sequence[str] = (), forward: Sequence[str] = ("x = self.r(x)",), before: str = ""
) -> Reading:
    source = f'''
import torch
from torch import nn
{before}
class Net(nn.Module):
    """Net.

    Inputs:
        x: ImageInput(channels=3, height=8, width=8)
    """

    def __init__(self):
        super().__init__()
        self.r = nn.ReLU()
        {(chr(10) + " " * 8).join(init)}

    def forward(self, x):
        {(chr(10) + " " * 8).join(forward)}
        return x
'''
    return read_source(source, Document())


NESTED_CLASSES = "".join(
    f"""
class C{depth}(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = C{depth + 1}()
        self.b = C{depth + 1}()

    def forward(self, x):
        return self.b(self.a(x))
"""
    for depth in range(14)
)
LAST_CLASS = """
class C14(nn.Module):
    def __init__(self):
        super().__init__()
        self.r = nn.ReLU()

    def forward(self, x):
        return self.r(x)
"""


@pytest.mark.parametrize(
    ("init", "forward", "before"),
    [
        (["a = [1]", *["a = a + a"] * 40], [], ""),
        (["for i in range(90000):", "    for j in range(90000):", "        a = 1"], [], ""),
        (["a = [[[1 for k in range(999)] for j in range(999)] for i in range(999)]"], [], ""),
        (["a = 1", "b = 1", *["a = (a, a)", "b = (b, b)"] * 40, "c = a == b"], [], ""),
        (["self.a = self.r", *["self.a = nn.Sequential(self.a, self.a)"] * 40],
         ["x = self.a(x)"], ""),
        (["self.a = nn.Sequential()", *["self.a = nn.Sequential(self.a, self.a)"] * 40],
         ["x = self.a(x)"], ""),
        ([], ["l = [x]", *["l = [*l, *l]"] * 14, "for y in l:", "    x = self.r(y)"], ""),
        (["self.c = C0()"], ["x = self.c(x)"], NESTED_CLASSES + LAST_CLASS),
        (["a = q", "for i in range(99999):", f"    b = a{' + 1' * 90}"], [], ""),
    ],
)  # fmt: skip
def test_what_multiplies_is_given_up_with_a_sentence(
    init: list[str], forward: list[str], before: str
) -> None:
    reading = read(init, [*forward, "x = self.r(x)"], before)
    assert any("takes more work" in problem.message for problem in reading.problems)
    assert not reading.operations


def test_a_loop_over_a_list_that_grows_ends() -> None:
    reading = read(["l = [1]", "for i in l:", "    l.append(i)"])
    assert reading.problems == ()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("a = int(1e400)", "too large"),
        ("a = 1e14 / 1e-308", "too large"),
        (f"a = {10**16}", "too large"),
        ("a = len(range(0, 999999999999999))", "too long"),
        ("a = range(1, 2, 0)", "nowhere"),
        ("l = []; l.append()", "one item"),
        ("l = []; l.append(1, 2)", "one item"),
        ("nn.init.zeros_()", "tensor first"),
        (f"c = nn.Conv2d(3, 8, 3, padding_mode='{'z' * 100_000}')", "not that many"),
    ],
)
def test_a_line_that_makes_no_sense_is_named(line: str, words: str) -> None:
    (problem,) = read(line.split("; ")).problems
    assert words in problem.message
    assert problem.line > 10


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (f"import {'.'.join('a' * 60_000)}", "hundred parts"),
        ("import a" + ".\\\na" * 5_000, "hundred parts"),
        ("a;" * 100_000, "words and signs"),
        ("a" * 1_000_001, "characters"),
        ("x = (" * 3_000, "not Python yet"),
    ],
)
def test_what_the_parser_should_not_see_is_refused_before(source: str, words: str) -> None:
    (problem,) = read_source(source, Document()).problems
    assert words in problem.message


@pytest.mark.parametrize("factors", ["{[1]: (1, 10)}", f"{{'r': (1, {10**400})}}", "{'r': 3}"])
def test_factors_that_make_no_sense_are_left_alone(factors: str) -> None:
    before = f"def parameter_groups(module):\n    factors = {factors}\n"
    assert read(before=before).problems == ()


@pytest.mark.parametrize(
    ("init", "forward"), [("", ""), ("*a", "*x"), ("self", ""), ("", "self, x")]
)
def test_a_method_without_self_is_named(init: str, forward: str) -> None:
    reading = read_source(
        "from torch import nn\n"
        f"class Net(nn.Module):\n    def __init__({init}): pass\n"
        f"    def forward({forward}): return 1\n",
        Document(),
    )
    assert any("takes self first" in problem.message for problem in reading.problems)


def test_self_may_be_positional_only() -> None:
    source = (
        "from torch import nn\n"
        "class Net(nn.Module):\n"
        "    def __init__(self, /):\n        self.c = nn.Linear(4, 2)\n"
        "    def forward(self, /, x):\n        return self.c(x)\n"
    )
    reading = read_source(source, Document())
    assert [problem.severity for problem in reading.problems] == ["note"]
    assert {node.type for node in reading.document.graph.nodes.values()} == {
        "FeatureInput", "Linear", "Output",
    }  # fmt: skip


def test_work_is_counted_only_within_a_limit() -> None:
    spend(10**9)
    with limited_effort(10):
        spend(10)
        with limited_effort(3):
            spend(3)
        with pytest.raises(TooMuchWork):
            spend()
    spend(10**9)


def test_names_given_one_after_the_other_are_those_given_apart() -> None:
    wishes = ["relu", "relu", "conv 1", "relu_2", "relu", "x" * 80, "x" * 80, "forward", "7"]
    names, taken = UsedNames(["relu_3"]), {"relu_3"}
    for wish in wishes:
        apart = repaired_name(wish, taken)
        taken.add(apart)
        assert names.give(wish) == apart
    assert names.taken == taken


@pytest.mark.parametrize(
    "call",
    ["x.permute(a)", "x.mean(a)", "torch.roll(x, shifts=a)", "x.flatten(a)", "x == a"],
)
def test_arguments_that_hold_themselves_twice_over_are_not_written_out(call: str) -> None:
    """Forty lines make a tuple of a million million numbers in the memory of forty."""
    reading = read(forward=["a = (1,)", *["a = (a, a)"] * 40, f"x = {call}"])
    assert reading.problems
