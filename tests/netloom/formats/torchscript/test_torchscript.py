"""TorchScript: what the module computes, the imported network computes; torch never loads it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torchvision import models

from netloom.compile import build_module, load_weights
from netloom.formats.imported import FormatError, ImportedNetwork
from netloom.formats.read import read_network
from netloom.formats.recognise import TORCHSCRIPT, recognise
from netloom.formats.weight_report import with_weight_report
from tests.netloom.formats.pt2.programs import Mixed, Reader, vision_transformer
from tests.netloom.formats.torchscript.programs import (
    Choosy,
    Deciding,
    Digits,
    How,
    Larger,
    Slow,
    TwoInputs,
    saved,
)


def encoder() -> nn.Module:
    """Return a small encoder of sequences."""
    layer = nn.TransformerEncoderLayer(16, 2, 24, batch_first=True)
    return nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)


NETWORKS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "resnet18": (models.resnet18, (2, 3, 64, 64)),
    "mobilenet_v3_small": (models.mobilenet_v3_small, (2, 3, 64, 64)),
    "squeezenet1_1": (models.squeezenet1_1, (2, 3, 64, 64)),
    "vision transformer": (vision_transformer, (2, 3, 16, 16)),
    "encoder": (encoder, (2, 16, 16)),
    "reader": (Reader, (2, 16)),
    "mixed": (Mixed, (2, 3, 32, 32)),
    "digits": (Digits, (2, 1, 28, 28)),
    "deciding": (Deciding, (2, 12)),
    "larger": (Larger, (2, 12)),
}
CASES: list[tuple[str, How]] = [
    ("resnet18", "traced"),
    ("resnet18", "frozen"),
    ("mobilenet_v3_small", "scripted"),
    ("squeezenet1_1", "traced"),
    ("mixed", "traced"),
    *((name, how)
      for name in ("vision transformer", "encoder", "reader", "digits", "deciding", "larger")
      for how in ("traced", "scripted", "frozen")),
]  # fmt: skip


def compute(imported: ImportedNetwork, *given: Tensor) -> list[Tensor]:
    """Return what leaves a network, in the order of its outputs."""
    module = build_module(imported.document)
    load_weights(module, imported.weights)
    module.eval()
    with torch.no_grad():
        found = module(*given)
    return [found] if isinstance(found, Tensor) else list(found)


@pytest.mark.parametrize(("name", "how"), CASES)
def test_equals_the_module(tmp_path: Path, name: str, how: How) -> None:
    make, sizes = NETWORKS[name]
    torch.manual_seed(0)
    is_tokens = name == "reader"
    example = torch.randint(0, 40, sizes) if is_tokens else torch.rand(sizes)
    path = tmp_path / "net.pt"
    module = saved(make(), example, path, how)
    assert recognise(path) == TORCHSCRIPT
    imported = with_weight_report(read_network(path))
    report = imported.report
    assert report.count("placeholder") == 0
    assert (report.num_unused_weights, report.num_missing_weights) == (0, 0)
    assert report.parity is not None
    given = torch.randint(0, 40, (3, *sizes[1:])) if is_tokens else torch.rand(3, *sizes[1:])
    if name in ("resnet18", "mobilenet_v3_small", "squeezenet1_1"):
        given = torch.rand(3, 3, 224, 224)
    # Freezing rounds weights anew: then it is the file that the network has to equal.
    meant = torch.jit.load(path) if how == "frozen" else module
    with torch.no_grad():
        told = meant(given)
    expected = [told] if isinstance(told, Tensor) else list(told)
    for ours, theirs in zip(compute(imported, given), expected, strict=True):
        assert float(theirs.abs().max()) > 1e-3
        torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-5)
    if name == "resnet18" and how == "traced":
        graph = imported.document.graph
        assert [node.name for node in graph.nodes.values()][1:9] == [
            "conv1", "bn1", "relu", "maxpool", "layer1", "layer2", "layer3", "layer4",
        ]  # fmt: skip
        assert "BasicBlock" in {block.name for block in graph.blocks.values()}


@pytest.mark.parametrize("how", ["traced", "scripted"])
def test_several_inputs_and_outputs_with_names(tmp_path: Path, how: How) -> None:
    torch.manual_seed(0)
    given = (torch.rand(3, 3, 224, 224), torch.rand(3, 5))
    module = saved(TwoInputs(), given, tmp_path / "net.pt", how)
    imported = read_network(tmp_path / "net.pt")
    names = sorted(n.name for n in imported.document.graph.nodes.values() if n.type == "Output")
    assert names == ["classes", "told"]
    with torch.no_grad():
        expected = module(*given)
    for ours, name in zip(compute(imported, *given), names, strict=True):
        torch.testing.assert_close(ours, expected[name], atol=1e-5, rtol=1e-5)


def test_says_what_it_assumed_and_how_it_was_read(tmp_path: Path) -> None:
    saved(Digits(), torch.rand(2, 1, 28, 28), tmp_path / "net.pt", "scripted")
    notes = " ".join(read_network(tmp_path / "net.pt").report.notes)
    assert "1 x 28 x 28 a sample were tried, and fit" in notes
    assert "torch.jit.load, which would run it, was not called" in notes


def test_what_was_traced_while_training_is_opened_for_use(tmp_path: Path) -> None:
    torch.manual_seed(0)
    module = Digits().train()
    traced = torch.jit.trace(module, torch.rand(2, 1, 28, 28), check_trace=False)
    torch.jit.save(traced, str(tmp_path / "net.pt"))
    imported = read_network(tmp_path / "net.pt")
    assert any("while it was training" in note for note in imported.report.notes)
    given = torch.rand(3, 1, 28, 28)
    module.eval()
    with torch.no_grad():
        torch.testing.assert_close(compute(imported, given)[0], module(given), atol=1e-5, rtol=0)


def test_a_skip_around_a_dropout_stays_one(tmp_path: Path) -> None:
    class Skips(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(6, 6)
            self.drop = nn.Dropout(0.5)

        def forward(self, given: Tensor) -> Tensor:
            hidden = self.fc(given)
            return self.drop(hidden) + hidden

    saved(Skips(), torch.rand(2, 6), tmp_path / "net.pt", "scripted")
    graph = read_network(tmp_path / "net.pt").document.graph
    [add] = [node_id for node_id, node in graph.nodes.items() if node.type == "Add"]
    sources = {edge.source.node for edge in graph.edges.values() if edge.target.node == add}
    assert {graph.nodes[each].type for each in sources} == {"Linear", "Dropout"}


def test_a_decision_by_the_numbers_of_the_input_is_named(tmp_path: Path) -> None:
    saved(Choosy(), torch.rand(2, 4), tmp_path / "net.pt", "scripted")
    with pytest.raises(FormatError, match=r"depends on the numbers of its input, at code/__torch"):
        read_network(tmp_path / "net.pt")


def test_a_loop_without_end_is_left(tmp_path: Path) -> None:
    saved(Slow(), torch.rand(2, 4), tmp_path / "net.pt", "scripted")
    with pytest.raises(FormatError, match=r"takes more than 1,000,000 steps.*line"):
        read_network(tmp_path / "net.pt")


def test_samples_that_influence_each_other_are_refused(tmp_path: Path) -> None:
    class AddsUp(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(4, 3)

        def forward(self, given: Tensor) -> Tensor:
            found = self.fc(given)
            return found - found.mean(0, keepdim=True)

    saved(AddsUp(), torch.rand(2, 4), tmp_path / "net.pt", "traced")
    with pytest.raises(FormatError, match="Samples influence each other"):
        read_network(tmp_path / "net.pt")


def test_a_trace_of_one_sample_alone_says_how_to_trace_it(tmp_path: Path) -> None:
    class Fixed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(12, 3)

        def forward(self, given: Tensor) -> Tensor:
            return self.fc(given).view(1, 3)

    saved(Fixed(), torch.rand(1, 12), tmp_path / "net.pt", "traced")
    with pytest.raises(FormatError, match="traced for one sample alone"):
        read_network(tmp_path / "net.pt")


def test_without_weights_nothing_says_what_it_takes(tmp_path: Path) -> None:
    saved(nn.ReLU(), torch.rand(2, 4), tmp_path / "net.pt", "scripted")
    with pytest.raises(FormatError, match="does not say what its network takes"):
        read_network(tmp_path / "net.pt")


def test_an_operator_without_a_layer_is_a_placeholder(tmp_path: Path) -> None:
    class Gated(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(4, 8)

        def forward(self, given: Tensor) -> Tensor:
            return nn.functional.glu(self.fc(given), 1)

    saved(Gated(), torch.rand(2, 4), tmp_path / "net.pt", "traced")
    imported = read_network(tmp_path / "net.pt")
    [node] = [n for n in imported.document.graph.nodes.values() if n.type == "Placeholder"]
    assert node.params["op"] == "glu"
