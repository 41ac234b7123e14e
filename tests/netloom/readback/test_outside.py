"""Modules that somebody else wrote, and text that is no module at all."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from netloom.analyze import analyze
from netloom.compile import build_module, generate_source
from netloom.graph.document import Document
from netloom.readback import read_source
from netloom.templates import make_template

RESNET = """
import torch
import torch.nn as nn
import torch.nn.functional as F


class BasicBlock(nn.Module):
    def __init__(self, in_planes, planes, stride=1):
        super(BasicBlock, self).__init__()
        self.conv1 = nn.Conv2d(in_planes, planes, kernel_size=3, stride=stride,
                               padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.shortcut = nn.Sequential()
        if stride != 1 or in_planes != planes:
            self.shortcut = nn.Sequential(
                nn.Conv2d(in_planes, planes, kernel_size=1, stride=stride, bias=False),
                nn.BatchNorm2d(planes),
            )

    def forward(self, x):
        out = F.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += self.shortcut(x)
        return F.relu(out)


class ResNet(nn.Module):
    def __init__(self, num_classes=10):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.layer1 = nn.Sequential(BasicBlock(16, 16), BasicBlock(16, 16))
        self.layer2 = nn.Sequential(BasicBlock(16, 32, 2), BasicBlock(32, 32))
        self.fc = nn.Linear(32, num_classes)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        x = self.layer2(self.layer1(x))
        x = F.adaptive_avg_pool2d(x, 1)
        x = x.view(x.size(0), -1)
        return self.fc(x)
"""
CNN = """
from torch import nn, flatten

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 6, 5), nn.ReLU(inplace=True), nn.MaxPool2d(2),
            nn.Conv2d(6, 16, 5), nn.ReLU(inplace=True), nn.MaxPool2d(2, 2),
        )
        self.classifier = nn.Sequential(nn.Linear(16 * 4 * 4, 120), nn.ReLU(), nn.Linear(120, 10))

    def forward(self, x):
        return self.classifier(flatten(self.features(x), 1))
"""


@pytest.mark.parametrize(("source", "shape"), [(RESNET, (3, 32, 32)), (CNN, (1, 28, 28))])
def test_a_module_of_somebody_else_opens_and_computes_the_same(
    source: str, shape: tuple[int, ...]
) -> None:
    reading = read_source(source, Document())
    assert reading.is_complete
    assert analyze(reading.document).is_trainable
    names: dict[str, type[torch.nn.Module]] = {}
    exec(compile(source, "theirs", "exec"), names)  # The comparison runs it; reading never does.
    theirs = [value for value in names.values() if isinstance(value, type)][-1]().eval()
    ours = build_module(reading.document, seed=1).eval()
    ours_state, theirs_state = ours.state_dict(), theirs.state_dict()
    given = list(theirs_state.values())
    assert [each.shape for each in ours_state.values()] == [each.shape for each in given]
    ours.load_state_dict(dict(zip(ours_state, given, strict=True)))
    batch = torch.randn(2, *shape)
    torch.testing.assert_close(ours(batch), theirs(batch))


HOSTILE = [
    "",
    "\0",
    "(" * 5000,
    "x = " + "-" * 50_000 + "1",
    "x = 1" + " + 1" * 20_000,
    "class A:\n" * 3,
    "import os\nos.system('true')",
    "a" * 10_000_000,
    "from torch import nn\nclass A(nn.Module):\n  def __init__(self):\n    self.a = A()\n"
    "  def forward(self, x):\n    return self.a(x)\n",
    "from torch import nn\nclass A(nn.Module):\n  def __init__(self):\n"
    "    self.a = nn.Sequential(*(nn.ReLU() for _ in range(10**9)))\n"
    "  def forward(self, x):\n    return self.a(x)\n",
    "from torch import nn\nclass A(nn.Module):\n  def forward(self, x):\n"
    + "    x = nn.Conv2d(x, '<img src=x onerror=alert(1)>')(x)\n" * 2000
    + "    return x\n",
    "from torch import nn\nclass A(nn.Module):\n  def __init__(self):\n"
    "    self.k = 9 ** 9 ** 9\n  def forward(self, x):\n    return x\n",
]


@pytest.mark.parametrize("source", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_problems_and_no_exception(source: str) -> None:
    reading = read_source(source, Document())
    assert reading.problems
    assert reading.operations == ()


@pytest.mark.parametrize("name", ["größe", "x" * 65])
def test_inputs_have_plain_names(name: str) -> None:
    renamed = SOURCE.replace("def forward(self, input:", f"def forward(self, {name}:")
    assert renamed != SOURCE
    reading = read_source(renamed, DOCUMENT)
    assert not reading.is_complete
    assert any("plain letters" in each.message for each in reading.problems)


SOURCE = generate_source(
    make_template("small_resnet", channels=3, height=32, width=32, num_classes=4)
)
DOCUMENT = read_source(SOURCE, Document()).document
WORDS = ["x", "self", "(", ")", "=", "nn.", "\n", "    ", "0", "-1", "[", ",", "def ", "for ", "'"]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_slip_of_the_keyboard_gives_a_reading(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(SOURCE)))
    end = min(len(SOURCE), start + data.draw(st.integers(0, 30)))
    typed = data.draw(st.one_of(st.sampled_from(WORDS), st.text(max_size=8)))
    reading = read_source(SOURCE[:start] + typed + SOURCE[end:], DOCUMENT)
    if not reading.is_complete:
        assert all(each.op in ("set_param", "set_attribute") for each in reading.operations)
