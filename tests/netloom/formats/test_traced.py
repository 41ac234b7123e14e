"""Modules of PyTorch opened as networks: the same numbers, honest reports, clear refusals."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

import netloom
from conformance.torchvision_models import compared, compared_modules, entries
from netloom.analyze import analyze
from netloom.compile import build_module, generate_source, load_weights
from netloom.formats.imported import FormatError, ImportedNetwork
from netloom.readback import read_source

KINDS = (
    "resnet18", "mobilenet_v3_small", "densenet121", "squeezenet1_1", "googlenet", "inception_v3",
    "shufflenet_v2_x0_5", "efficientnet_b0", "regnet_y_400mf", "convnext_tiny", "swin_t",
    "vit_b_16", "lraspp_mobilenet_v3_large", "r3d_18",
)  # fmt: skip


@pytest.mark.parametrize("name", KINDS)
def test_networks_of_torchvision_give_the_same_numbers(name: str) -> None:
    [entry] = [each for each in entries() if each.name == name]
    found = compared(entry, is_small=True, fold=True)
    assert found.problem == ""
    assert found.is_equal, found


def types(imported: ImportedNetwork) -> list[str]:
    return sorted(node.type for node in imported.document.graph.nodes.values())


def assert_same(module: nn.Module, example: Tensor) -> ImportedNetwork:
    """Import a module, compare it for another number of samples, and return what came of it."""
    module.eval()
    imported = netloom.from_module(module, example)
    more = torch.randn(5, *example.shape[1:], generator=torch.Generator().manual_seed(3))
    found = compared_modules("module", module, imported, more)
    assert found.problem == ""
    assert found.max_abs_diff <= 1e-5
    return imported


class WritesToParts(nn.Module):
    """A tensor that is changed part by part, as video transformers do."""

    def __init__(self, *, is_hidden: bool = False) -> None:
        super().__init__()
        self.linear = nn.Linear(8, 8)
        self.is_hidden = is_hidden

    def forward(self, x: Tensor) -> Tensor:
        found = self.linear(x)
        if self.is_hidden:
            found.view(-1).add_(1)
        found[:, 1:, 2:6] += x[:, :-1, :4]
        found[..., 7:] = x[..., :1]
        return found * 2


def test_parts_that_are_written_to_are_drawn() -> None:
    assert "placeholder" not in {
        piece.outcome for piece in assert_same(WritesToParts(), torch.randn(2, 5, 8)).report.pieces
    }


def test_a_change_through_another_view_is_not_overlooked() -> None:
    imported = netloom.from_module(WritesToParts(is_hidden=True), torch.randn(2, 5, 8))
    assert imported.report.count("placeholder")


class Sizeless(nn.Module):
    """What it gives beside its numbers has no axes, or none in it."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 3)
        self.kind = kind

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        y = self.linear(x)
        match self.kind:
            case "empty":
                return y, y[:, 3:]
            case "without axes":
                return y, torch.linalg.cond(y)
            case _:
                return y, (y - y) / (y - y)


@pytest.mark.parametrize("kind", ["empty", "without axes"])
def test_what_has_no_size_becomes_a_placeholder(kind: str) -> None:
    imported = netloom.from_module(Sizeless(kind), torch.randn(2, 4))
    assert imported.report.count("placeholder")
    assert imported.report.parity is None


def test_an_output_without_numbers_does_not_hide_behind_another() -> None:
    report = netloom.from_module(Sizeless("no numbers"), torch.randn(2, 4)).report
    assert report.parity is not None  # of the other output; both sides have no numbers in this one
    assert report.parity.max_abs_value > 0


class Windows(nn.Module):
    """Attention within windows: the batch is cut, merged and put together again."""

    def __init__(self) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.randn(4, 4))
        self.register_buffer("index", torch.tensor([3, 1, 0, 2]))
        self.qkv = nn.Linear(8, 24)

    def forward(self, x: Tensor) -> Tensor:
        batch, channels, height, width = x.shape
        x = x.permute(0, 2, 3, 1)
        if height % 2:  # Decided by a size, which stays the same for every input of this size.
            x = nn.functional.pad(x, (0, 0, 0, 0, 0, 1))
        x = x.view(batch, height // 2, 2, width // 2, 2, channels)
        x = x.permute(0, 1, 3, 2, 4, 5).reshape(-1, 4, channels)
        q, k, v = self.qkv(x).chunk(3, dim=-1)
        scores = q @ k.transpose(-2, -1) / 8**0.5 + self.bias[self.index]
        x = scores.softmax(dim=-1) @ v
        x = x.view(batch, height // 2, width // 2, 2, 2, channels)
        return x.permute(0, 5, 1, 3, 2, 4).reshape(batch, channels, height, width)


def test_what_is_cut_out_of_the_batch_and_put_back() -> None:
    imported = assert_same(Windows(), torch.randn(1, 8, 6, 4))
    assert "Placeholder" not in types(imported)
    assert analyze(imported.document).is_trainable
    assert imported.report.parity is not None
    assert imported.report.parity.max_abs_diff <= 1e-5 < imported.report.parity.max_abs_value


class Heads(nn.Module):
    """A convolution over pieces of every sample, as attention that pools has them."""

    def __init__(self) -> None:
        super().__init__()
        self.pool = nn.Conv2d(4, 4, 3, padding=1, groups=4)
        self.norm = nn.LayerNorm(4)

    def forward(self, x: Tensor) -> Tensor:
        batch, channels, height, width = x.shape
        x = self.pool(x.reshape(batch * 2, channels // 2, height, width))
        x = self.norm(x.reshape(batch, 2, 4, -1).transpose(2, 3))
        return x.flatten(1)


def test_layers_work_on_pieces_of_samples() -> None:
    imported = assert_same(Heads(), torch.randn(1, 8, 6, 4))
    assert "Placeholder" not in types(imported)


class ChangingAView(nn.Module):
    """Writes into a part of a tensor and then goes on with the whole of it."""

    def forward(self, x: Tensor) -> Tensor:
        y = x * 2
        y[:, 0].mul_(3)
        return y + 1


def test_what_is_changed_through_a_view_is_never_drawn_as_if_it_were_not() -> None:
    imported = netloom.from_module(ChangingAView(), torch.randn(1, 4))
    assert imported.report.count("placeholder") == 1
    assert imported.report.parity is None
    assert any("not compared" in note for note in imported.report.notes)


class Odd(nn.Module):
    """Arithmetic that no layer says, on numbers and on stored tensors."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor([0.5, 2.0, 1.5]))
        self.register_buffer("shift", torch.tensor([[1.0, -1.0, 0.5]]))
        self.token = nn.Parameter(torch.randn(1, 1, 3))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        y = (2 - x.exp()) * self.scale + self.shift
        y = torch.where(y > 0, y, y.abs().sqrt() + 1e-3)
        y += 3
        first, *others = y.unsqueeze(1).repeat(1, 4, 1).unbind(1)
        z = torch.stack([first, *others], dim=1)
        z = torch.cat([self.token.expand(z.shape[0], -1, -1), z], dim=1)
        values, places = z.topk(2, dim=-1)
        return 1 / y.clamp(min=0.1, max=4), z[:, 1:, :2] + values[:, 1:] * places[:, 1:].float()


def test_arithmetic_becomes_operators_parameters_and_constants() -> None:
    imported = netloom.from_module(Odd(), torch.randn(1, 3))
    found = types(imported)
    assert found.count("Parameter") == 2
    assert "Constant" in found
    assert "Placeholder" not in found
    module, network = Odd(), build_module(imported.document)
    names = {node.name: key for key, node in imported.document.graph.nodes.items()}
    module.load_state_dict(
        {
            "scale": imported.weights[f"{names['scale']}:weight"],
            "token": imported.weights[f"{names['token']}:weight"],
            "shift": imported.weights[f"{names['shift']}:values"],
        }
    )
    report = load_weights(network, imported.weights)
    assert (report.initialised, report.left_over) == ((), ())
    x = torch.randn(4, 3, generator=torch.Generator().manual_seed(0))
    for expected, given in zip(module(x), network(x), strict=True):
        torch.testing.assert_close(given, expected)


def test_folded_networks_are_written_and_read_as_code() -> None:
    block = nn.Sequential(nn.Conv2d(8, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU())
    other = nn.Sequential(nn.Conv2d(8, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU())
    module = nn.Sequential(nn.Conv2d(3, 8, 1), block, other, nn.Flatten(), nn.Linear(8 * 36, 4))
    imported = netloom.from_module(module.eval(), torch.randn(1, 3, 6, 6), fold=True)
    graph = imported.document.graph
    assert len(graph.blocks) == 1
    assert len([node for node in graph.nodes.values() if node.type == "Block"]) == 2
    image = torch.randn(2, 3, 6, 6)
    assert compared_modules("net", module, imported, image).max_abs_diff <= 1e-6
    source = generate_source(imported.document)
    reading = read_source(source, imported.document)
    assert (reading.operations, reading.problems) == ((), ())


def test_resnet50_opens_as_a_dozen_nodes() -> None:
    from torchvision.models import resnet50

    imported = netloom.from_module(resnet50(), torch.zeros(1, 3, 64, 64), fold=True)
    assert len(imported.document.graph.nodes) <= 14
    assert analyze(imported.document).totals.parameters == 25_557_032


class Unknown(nn.Module):
    """A function that neither layers nor operators say."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(6, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(torch.special.bessel_j0(x))


def test_what_cannot_be_mapped_becomes_a_placeholder_that_says_so() -> None:
    imported = netloom.from_module(Unknown(), torch.randn(1, 6))
    assert imported.report.count("placeholder") == 1
    analysis = analyze(imported.document)
    [error] = [each for each in analysis.diagnostics if each.severity == "error"]
    assert error.code == "placeholder"
    assert "bessel_j0 of torch" in error.message
    head = next(key for key, n in imported.document.graph.nodes.items() if n.type == "Linear")
    assert analysis.nodes[head].output_text == "B × 2"


class Deciding(nn.Module):
    """Decides by the numbers of its input."""

    def forward(self, x: Tensor) -> Tensor:
        if x.sum() > 0:
            return x + 1
        return x - 1


class Failing(nn.Module):
    """Takes another input."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(3, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(x)


class Shuffling(nn.Module):
    """Treats samples differently."""

    def forward(self, x: Tensor) -> Tensor:
        return x.relu() if x.shape[0] == 2 else x.exp()


@pytest.mark.parametrize(
    ("module", "words"),
    [
        (Deciding(), "test_traced.py, line"),
        (Failing(), "Give an example that it accepts"),
        (Shuffling(), "treat every sample alike"),
    ],
    ids=["deciding", "failing", "shuffling"],
)
def test_what_is_no_graph_is_refused_with_the_line(module: nn.Module, words: str) -> None:
    with pytest.raises(FormatError, match=words):
        netloom.from_module(module, torch.randn(1, 5))


def test_the_module_is_left_as_it_was() -> None:
    module = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Dropout()).train()
    module[2].eval()
    before = {key: tensor.clone() for key, tensor in module.state_dict().items()}
    netloom.from_module(module, torch.randn(1, 4))
    assert [each.training for each in module] == [True, True, False]
    assert not any(each._forward_hooks or each._forward_pre_hooks for each in module.modules())
    for key, tensor in module.state_dict().items():
        assert torch.equal(tensor, before[key])


def test_a_module_called_twice_has_its_weights_once() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(4, 4)

        def forward(self, x: Tensor) -> Tensor:
            return self.layer(self.layer(x).relu())

    imported = assert_same(Twice(), torch.randn(1, 4))
    assert types(imported).count("Linear") == 2
    [owner] = [
        node.weights_of for node in imported.document.graph.nodes.values() if node.weights_of
    ]
    assert imported.weights.keys() == {f"{owner}:weight", f"{owner}:bias"}
    assert any("more than once" in note for note in imported.report.notes)
