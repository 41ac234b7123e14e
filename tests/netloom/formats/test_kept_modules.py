"""Modules that no graph says, within networks that one does: kept whole, with their weights."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import netloom
from netloom.analyze import analyze
from netloom.compile import CompileError, build_module, load_weights
from netloom.formats.bundle import read_bundle, write_bundle
from netloom.formats.imported import FormatError, ImportedNetwork
from netloom.formats.python.run import run_python_file
from netloom.graph.document import Node


class Gate(nn.Module):
    """Takes another way by what arrives."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.inner = nn.Conv2d(channels, channels, 3, padding=1)
        self.scale = nn.Parameter(torch.full((channels, 1, 1), 0.5))

    def forward(self, x: Tensor, offset: float = 0.0) -> Tensor:
        if x.mean() > offset:
            return self.inner(x) * self.scale
        return x * self.scale


class Stage(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)
        self.norm = nn.BatchNorm2d(channels)
        self.gate = Gate(channels)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.gate(self.norm(self.conv(x)).relu(), offset=0.1)


class Nested(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3)
        self.stages = nn.Sequential(Stage(4), Stage(4))
        self.head = nn.Linear(4, 5)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.stages(self.stem(x)).mean((2, 3)))


def kept_nodes(imported: ImportedNetwork) -> list[Node]:
    graph = imported.document.graph
    nodes = [*graph.nodes.values(), *(n for b in graph.blocks.values() for n in b.nodes.values())]
    return [node for node in nodes if node.type == "Placeholder"]


@pytest.mark.parametrize("fold", [False, True])
def test_the_smallest_module_that_is_no_graph_is_kept_and_the_rest_drawn(fold: bool) -> None:
    torch.manual_seed(1)
    module = Nested().eval()
    imported = netloom.from_module(module, torch.randn(1, 3, 12, 12), fold=fold)
    assert imported.report.count("placeholder") == 2
    for node in kept_nodes(imported):
        assert (node.params["op"], node.params["domain"]) == ("Gate", __name__)
        assert (
            "def forward(self, x: Tensor, offset"
            in json.loads(str(node.params["attributes"]))["source"]
        )
        assert node.params["shapes"] != "{}"
    reasons = [each.message for each in imported.report.pieces if each.outcome == "placeholder"]
    assert all("test_kept_modules.py, line" in reason for reason in reasons)
    errors = [each for each in analyze(imported.document).diagnostics if each.severity == "error"]
    assert {error.code for error in errors} == {"placeholder"}

    parity = imported.report.parity
    assert parity is not None
    assert parity.max_abs_diff < 1e-5 < parity.max_abs_value
    network = build_module(imported.document, kept=imported.kept)
    assert load_weights(network, imported.weights).initialised == ()
    network.eval()
    for image in (torch.randn(4, 3, 12, 12) + 3, torch.randn(2, 3, 12, 12) - 3):
        torch.testing.assert_close(network(image), module(image), atol=1e-5, rtol=0)


def test_without_the_modules_it_does_not_run_and_says_why() -> None:
    imported = netloom.from_module(Nested(), torch.randn(1, 3, 12, 12))
    with pytest.raises(CompileError, match="Gate"):
        build_module(imported.document)


def test_weights_of_what_is_kept_travel_in_a_bundle(tmp_path: Path) -> None:
    module = Nested()
    imported = netloom.from_module(module, torch.randn(1, 3, 12, 12))
    write_bundle(tmp_path / "it.netloom", imported.document, imported.weights, imported.meta)
    weights = read_bundle(tmp_path / "it.netloom").weights
    gates = {
        node.module_path: key
        for key, node in imported.document.graph.nodes.items()
        if node.type == "Placeholder"
    }
    assert set(gates) == {"stages.0.gate", "stages.1.gate"}
    for path, node_id in gates.items():
        for name, tensor in module.get_submodule(path).state_dict().items():
            assert torch.equal(weights[f"{node_id}:{name}"], tensor), (path, name)


class Counts(nn.Module):
    """Gives a number of Python that follows from what arrives."""

    def forward(self, x: Tensor) -> int:
        return int((x > 0).sum())


class Counting(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.count = Counts()

    def forward(self, x: Tensor) -> Tensor:
        return x * self.count(x)


class InPlace(nn.Module):
    """Changes what it is given."""

    def forward(self, x: Tensor) -> None:
        if x.sum() > 0:
            x.mul_(2)


class Changing(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.change = InPlace()

    def forward(self, x: Tensor) -> Tensor:
        x = x + 0
        self.change(x)
        return x


@pytest.mark.parametrize("inner", [Counting, Changing])
def test_a_module_that_tells_more_than_tensors_is_kept_with_the_one_around_it(
    inner: type[nn.Module],
) -> None:
    module = nn.Sequential(nn.Linear(6, 6), inner(), nn.Linear(6, 3))
    imported = netloom.from_module(module, torch.randn(1, 6))
    assert [node.params["op"] for node in kept_nodes(imported)] == [inner.__name__]
    assert imported.report.parity is not None
    assert imported.report.parity.max_abs_diff < 1e-5


def test_a_network_that_decides_in_its_own_forward_is_refused() -> None:
    with pytest.raises(FormatError, match=r"test_kept_modules\.py, line .* a module of its own"):
        netloom.from_module(Gate(3), torch.randn(1, 3, 8, 8))


def test_a_module_that_is_called_twice_has_its_weights_once() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.gate = Gate(3)

        def forward(self, x: Tensor) -> Tensor:
            return self.gate(self.gate(x))

    imported = netloom.from_module(Twice(), torch.randn(1, 3, 8, 8))
    assert len(kept_nodes(imported)) == 2
    assert len(imported.weights) == 3
    assert imported.report.parity is not None
    assert imported.report.parity.max_abs_diff < 1e-5


FILE = """
import torch
from torch import nn

class Decides(nn.Module):
    def forward(self, x):
        return x if x.sum() > 0 else -x

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(5, 5) for _ in range(2)])
        self.decides = Decides()

    def forward(self, x):
        for layer in self.layers:
            x = self.decides(layer(x))
        return x

model = Net()
example = torch.randn(1, 5)
"""


def test_a_file_of_python_that_is_run_keeps_them_too(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text(FILE)
    imported = run_python_file(path)
    assert {node.params["op"] for node in kept_nodes(imported)} == {"Decides"}
    assert imported.report.count("layer") == 2
    assert imported.report.parity is not None
    assert imported.report.parity.max_abs_diff < 1e-5
