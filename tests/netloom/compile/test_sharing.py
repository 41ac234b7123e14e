"""Layers and blocks that use the same weights: one set of numbers, wherever it is looked at."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import torch

from netloom.analyze import analyze
from netloom.compile import build_module, generate_source, load_weights, state_weights
from netloom.graph.document import BlockDefinition, Document, Node, graph_hash
from netloom.graph.sharing import sharing_of
from netloom.readback import read_source
from netloom.templates import make_template
from netloom.train.optimize import make_optimizer
from netloom.train.spec import OptimizerConfig
from tests.netloom.compile.networks import edges, image, network, node
from tests.netloom.readback.test_round_trip import assert_round_trip


def towers(**changes: Mapping[str, object]) -> Document:
    """Two towers of a block and a convolution; the left ones use the weights of the right ones."""
    tower = BlockDefinition(
        name="Tower",
        nodes={
            "i": node("BlockInput", "x"),
            "c": node("Conv2d", "conv", out_channels=4, kernel_size=3, learning_rate_factor=0.5),
            "b": node("BatchNorm2d", "bn"),
            "o": node("BlockOutput", "y"),
        },
        edges=edges("i>c", "c>b", "b>o"),
        inputs=["i"],
        outputs=["o"],
    )
    nodes = {
        "l": image(name="left"),
        "r": image(name="right"),
        "a": node("Block", "left_tower", block="t", weights_of="z"),
        "z": node("Block", "right_tower", block="t"),
        "c1": node("Conv2d", "one", out_channels=3, kernel_size=3, weights_of="c2"),
        "c2": node("Conv2d", "two", out_channels=3, kernel_size=3, dilation=2, weight_init="ones"),
        "p1": node("AdaptiveAvgPool2d", "pool_left"),
        "p2": node("AdaptiveAvgPool2d", "pool_right"),
        "k": node("Subtract", "difference"),
        "out": node("Output", "logits"),
    }
    for node_id, update in changes.items():
        nodes[node_id] = nodes[node_id].model_copy(update=dict(update))
    return network(
        nodes,
        "l>a.x", "r>z.x", "a.y>c1", "z.y>c2", "c1>p1", "c2>p2", "p1>k.input_1", "p2>k.input_2",
        "k>out",
        blocks={"t": tower},
        name="Towers",
    )  # fmt: skip


def _pair() -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    return torch.randn(4, 1, 8, 8), torch.randn(4, 1, 8, 8)


def test_shared_weights_are_counted_once() -> None:
    document = towers()
    analysis = analyze(document)
    module = build_module(document)
    total = sum(parameter.numel() for parameter in module.parameters())
    assert analysis.totals.parameters == analysis.totals.trainable_parameters == total
    assert total == (4 * 9 + 4 + 8) + (3 * 4 * 9 + 3)
    alone = analyze(towers(a={"weights_of": ""}, c1={"weights_of": ""}))
    assert alone.totals.parameters == 2 * total
    assert alone.totals.kept_bytes == analysis.totals.kept_bytes
    assert alone.totals.training_fixed_bytes > analysis.totals.training_fixed_bytes
    counted = {key: analysis.nodes[key].parameters for key in ("a", "a/c", "z", "z/c", "c1", "c2")}
    assert counted == {"a": 0, "a/c": 0, "z": 48, "z/c": 40, "c1": 0, "c2": 111}


def test_weights_that_one_of_them_freezes_are_trained_in_none() -> None:
    document = towers(c1={"is_frozen": True})
    module = build_module(document)
    trained = sum(each.numel() for each in module.parameters() if each.requires_grad)
    assert analyze(document).totals.trainable_parameters == trained == 48


def test_towers_hold_the_same_parameters_and_buffers_of_their_own() -> None:
    module = build_module(towers(), seed=3)
    left, right = module.get_submodule("left_tower"), module.get_submodule("right_tower")
    for own, other in zip(left.parameters(), right.parameters(), strict=True):
        assert own is other
    pair = _pair()
    module(*pair)
    assert not torch.equal(*(each.get_buffer("bn.running_mean") for each in (left, right)))


def test_the_same_weights_start_whichever_tower_has_them() -> None:
    """They are drawn as those of the layer whose weights they are."""
    shared, alone = (
        build_module(towers(), seed=5),
        build_module(towers(a={"weights_of": ""}, c1={"weights_of": ""}), seed=5),
    )
    for name in ("right_tower.conv.weight", "two.weight"):
        assert torch.equal(shared.get_parameter(name), alone.get_parameter(name))
    assert torch.equal(shared.get_parameter("one.weight"), torch.ones(3, 4, 3, 3))


def test_they_stay_the_same_through_a_step_of_training() -> None:
    module = build_module(towers(), seed=1)
    config = OptimizerConfig(learning_rate=0.1, weight_decay=0.01)
    optimizer = make_optimizer(config, module)
    before = module.get_parameter("left_tower.conv.weight").detach().clone()
    module(*_pair()).square().sum().backward()
    optimizer.step()
    after = module.get_parameter("left_tower.conv.weight")
    assert not torch.equal(before, after)
    assert torch.equal(after, module.get_parameter("right_tower.conv.weight"))
    rates = {
        id(parameter): group["lr"]
        for group in optimizer.param_groups
        for parameter in group["params"]
    }
    assert rates[id(after)] == pytest.approx(0.05)
    assert len(rates) == len(list(module.parameters()))


def test_they_are_saved_once_and_found_again_when_their_layer_is_gone() -> None:
    document = towers()
    module = build_module(document, seed=1)
    module(*_pair())
    weights = state_weights(module)
    learned = [key for key in weights if key.endswith(("weight", "bias"))]
    assert len(learned) == len(set(learned)) == 6
    assert {key.split(":")[0] for key in learned} == {"z/0/c", "z/0/b", "c2"}
    assert {key.split(":")[0] for key in weights} - set(map(_path, learned)) == {"a/0/b"}
    again = build_module(document, seed=2)
    report = load_weights(again, weights)
    assert (report.initialised, report.left_over, report.mismatched) == ((), (), ())
    assert torch.equal(again.eval()(*_pair()), module.eval()(*_pair()))
    graph = document.graph
    kept = {key: each for key, each in graph.nodes.items() if key in ("l", "a", "c1", "p1", "out")}
    alone = network(kept, "l>a.x", "a.y>c1", "c1>p1", "p1>out", blocks=graph.blocks)
    report = load_weights(build_module(alone), weights)
    assert (report.initialised, report.mismatched) == ((), ())


def _path(key: str) -> str:
    return key.split(":", maxsplit=1)[0]


def test_generated_source_ties_them_and_computes_the_same() -> None:
    document = towers()
    source = generate_source(document)
    assert "tie_parameters(self.right_tower, self.left_tower)" in source
    assert "tie_parameters(self.two, self.one)" in source
    assert source.count("nn.init.ones_") == 1
    names: dict[str, type[torch.nn.Module]] = {}
    exec(compile(source, "generated", "exec"), names)  # type: ignore[arg-type]
    generated, module = names["Towers"](), build_module(document, seed=4)
    assert list(generated.state_dict()) == list(module.state_dict())
    generated.load_state_dict(module.state_dict())
    assert torch.equal(generated(*_pair()), module(*_pair()))
    assert len(list(generated.parameters())) == len(list(module.parameters()))


def test_what_is_generated_is_read_back() -> None:
    assert_round_trip(towers())


def test_a_tie_taken_out_of_the_source_gives_own_weights() -> None:
    document = towers()
    line = "        tie_parameters(self.two, self.one)\n"
    reading = read_source(generate_source(document).replace(line, ""), document)
    assert reading.problems == ()
    changes = [each.model_dump(exclude={"op", "scope"}) for each in reading.operations]
    assert changes == [{"node_id": "c1", "attribute": "weights_of", "value": ""}]


CALLED_TWICE = '''
class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3)

    def forward(self, x):
        return torch.relu(self.conv(x))


class Net(nn.Module):
    """Compares.

    Inputs:
        left: ImageInput(channels=1, height=8, width=8)
        right: ImageInput(channels=1, height=8, width=8)
    """

    def __init__(self):
        super().__init__()
        self.encoder = Encoder()
        self.mix = nn.Conv2d(4, 4, 1)

    def forward(self, left, right):
        left, right = self.encoder(left), self.encoder(right)
        return self.mix(self.mix(left)) - right
'''


def test_a_module_that_is_called_twice_becomes_two_layers_with_its_weights() -> None:
    reading = read_source(f"import torch\nfrom torch import nn\n{CALLED_TWICE}", Document())
    assert reading.problems == ()
    nodes = {each.name: each for each in reading.document.graph.nodes.values()}
    ids = {each.name: key for key, each in reading.document.graph.nodes.items()}
    assert nodes["encoder_2"].weights_of == ids["encoder"]
    assert nodes["mix_2"].weights_of == ids["mix"]
    names: dict[str, type[torch.nn.Module]] = {}
    exec(f"import torch\nfrom torch import nn\n{CALLED_TWICE}", names)  # type: ignore[arg-type]
    written, module = names["Net"](), build_module(reading.document)
    state = module.state_dict()
    written.load_state_dict({key: state[key] for key in written.state_dict()})
    assert torch.equal(written(*_pair()), module(*_pair()))


def _named(**weights_of: str) -> dict[str, Node]:
    return {key: Node(type="ReLU", name=key, weights_of=owner) for key, owner in weights_of.items()}


def test_chains_and_circles_are_one_set_of_weights() -> None:
    chain = sharing_of(_named(a="b", b="c", c="", d="gone", e="gone", f=""))
    assert chain.group("a") == chain.group("c") == ("a", "b", "c")
    assert (chain.key("a"), chain.holder("a")) == ("c", "c")
    assert (chain.group("d"), chain.key("e"), chain.holder("e")) == (("d", "e"), "gone", "d")
    assert (chain.group("f"), chain.key("f")) == (("f",), "f")
    circle = sharing_of(_named(x="y", y="z", z="y", w="w"))
    assert {circle.key(each) for each in "xyz"} == {"y"}
    assert circle.group("x") == ("x", "y", "z")
    assert circle.group("w") == ("w",)


def test_a_circle_of_layers_can_be_trained() -> None:
    document = towers(c2={"weights_of": "c1"})
    assert analyze(document).totals.parameters == analyze(towers()).totals.parameters
    assert_round_trip(document)


def test_a_layer_that_names_itself_has_its_own_weights() -> None:
    document = towers(c1={"weights_of": "c1"}, z={"weights_of": "z"})
    told = [each.message for each in analyze(document).diagnostics]
    assert not [message for message in told if "weights" in message], told
    assert analyze(document).totals.parameters == 48 + 111 * 2
    assert_round_trip(document)


def test_documents_without_it_keep_their_form() -> None:
    plain = towers(a={"weights_of": ""}, c1={"weights_of": ""})
    assert "weights_of" not in plain.model_dump_json()
    assert graph_hash(plain) != graph_hash(towers())


def test_the_siamese_template_learns_with_both_towers_alike() -> None:
    document = make_template("siamese", channels=1, height=28, width=28, num_classes=2)
    assert not [each for each in analyze(document).diagnostics if each.severity == "error"]
    module = build_module(document, seed=1)
    left, right = module.get_submodule("left_tower"), module.get_submodule("right_tower")
    optimizer = make_optimizer(OptimizerConfig(learning_rate=0.01), module)
    torch.manual_seed(0)
    images = torch.rand(2, 8, 1, 28, 28)
    is_same = torch.tensor([[0.0], [1.0]] * 4)
    losses: list[float] = []
    for _ in range(8):
        logits = module(images[0], torch.where(is_same[:, :, None, None] > 0, images[0], images[1]))
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, is_same)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]
    module.eval()
    for (name, own), other in zip(left.named_parameters(), right.parameters(), strict=True):
        assert torch.equal(own, other), name
    for buffered in (left, right):
        for name, buffer in buffered.named_buffers():
            if name.endswith("running_mean"):
                buffer.zero_()
            elif name.endswith("running_var"):
                buffer.fill_(1.0)
    assert torch.equal(left(images[0]), right(images[0]))
