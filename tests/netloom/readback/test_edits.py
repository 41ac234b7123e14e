"""What people change by hand, and what it becomes on the document."""

from __future__ import annotations

import re

import pytest

from netloom.compile import generate_source
from netloom.graph.document import (
    BlockDefinition,
    Document,
    ExposedParam,
    ExposedTarget,
    Node,
    Position,
)
from netloom.graph.operations import (
    AddNode,
    RemoveNode,
    SetAttribute,
    SetParam,
)
from netloom.readback import Reading, read_source
from netloom.templates import make_template
from tests.netloom.compile.networks import (
    chain,
    image,
    network,
    node,
    residual_block,
    rich_network,
    wide,
)


@pytest.fixture
def mlp() -> Document:
    return make_template("mlp", channels=3, height=32, width=32, num_classes=10)


def edited(document: Document, *replacements: tuple[str, str]) -> Reading:
    source = generate_source(document)
    for before, after in replacements:
        assert before in source
        source = source.replace(before, after)
    return read_source(source, document)


def id_of(document: Document, name: str) -> str:
    return next(key for key, each in document.graph.nodes.items() if each.name == name)


def test_a_changed_argument_is_one_operation(mlp: Document) -> None:
    reading = edited(mlp, ("nn.Linear(128, 64)", "nn.Linear(128, out_features=48)"))
    assert reading.operations == (
        SetParam(node_id=id_of(mlp, "linear_2"), param="out_features", value=48),
    )
    # The next layer still says 64: that follows from what arrives, so it is only remarked.
    [note] = reading.problems
    assert (note.severity, reading.is_complete) == ("note", True)
    assert "in_features is 48" in note.message


def test_an_argument_that_is_left_out_returns_to_torch_s_default() -> None:
    document = chain(
        image(), node("Conv2d", "conv", out_channels=4, bias=False), node("Output", "out")
    )
    reading = edited(document, (", bias=False", ""))
    [operation] = reading.operations
    assert isinstance(operation, SetParam)
    assert (operation.param, operation.value) == ("bias", True)


def test_a_renamed_layer_keeps_its_node(mlp: Document) -> None:
    reading = edited(mlp, ("relu_2", "activation"))
    assert reading.operations == (
        SetAttribute(node_id=id_of(mlp, "relu_2"), attribute="name", value="activation"),
    )


def test_a_layer_that_is_taken_out_leaves_its_neighbours_joined(mlp: Document) -> None:
    reading = edited(
        mlp, ("        self.relu_2 = nn.ReLU()\n", ""), ("        x = self.relu_2(x)\n", "")
    )
    removed = [each for each in reading.operations if isinstance(each, RemoveNode)]
    assert [each.node_id for each in removed] == [id_of(mlp, "relu_2")]
    graph = reading.document.graph
    assert (id_of(mlp, "linear_2"), id_of(mlp, "classifier")) in {
        (edge.source.node, edge.target.node) for edge in graph.edges.values()
    }


def test_a_new_call_becomes_a_node_beside_what_it_takes_from(mlp: Document) -> None:
    reading = edited(
        mlp,
        ("import nn\n", "import nn\nimport torch.nn.functional as F\n"),
        ("x = self.classifier(x)", "x = F.dropout(x, p=0.3)\n        x = self.classifier(x)"),
    )
    [added] = [each for each in reading.operations if isinstance(each, AddNode)]
    assert (added.node.type, added.node.params) == ("Dropout", {"p": 0.3})
    assert added.position is not None
    assert added.position not in mlp.view.positions.values()
    kept = reading.document.graph.nodes.keys() & mlp.graph.nodes.keys()
    assert kept == mlp.graph.nodes.keys()


def test_notes_and_places_survive_an_edit(mlp: Document) -> None:
    node_id = id_of(mlp, "linear")
    noted = mlp.graph.nodes[node_id].model_copy(update={"note": "mine"})
    graph = mlp.graph.model_copy(update={"nodes": {**mlp.graph.nodes, node_id: noted}})
    document = mlp.model_copy(update={"graph": graph})
    after = edited(document, ("nn.Linear(3072, 128)", "nn.Linear(3072, 100)")).document
    assert after.graph.nodes[node_id].note == "mine"
    assert after.view == document.view


def test_another_repeat_count_is_one_operation() -> None:
    document = rich_network()
    reading = edited(document, ("for _ in range(2)\n", "for _ in range(5)\n"))
    changes = [each for each in reading.operations if isinstance(each, SetAttribute)]
    assert [(each.attribute, each.value) for each in changes] == [("repeat", 5)]
    assert len(reading.operations) == 1


def test_an_argument_of_one_use_of_a_block_is_an_override() -> None:
    block = residual_block()
    document = network(
        {
            "i": image(3),
            "a": node("Block", "first", block="r", overrides=wide(4)),
            "b": node("Block", "second", block="r", overrides=wide(6)),
            "o": node("Output", "output"),
        },
        "i>a.x", "a.y>b.x", "b.y>o", blocks={"r": block},
    )  # fmt: skip
    source = generate_source(document)
    second = re.search(r"self\.second = Residual\((.*?)\)\n", source, re.DOTALL)
    assert second is not None
    changed = source.replace(second[0], second[0].replace("=6", "=8"))
    reading = read_source(changed, document)
    [operation] = reading.operations
    assert isinstance(operation, SetAttribute)
    assert (operation.node_id, operation.attribute) == ("b", "overrides")
    assert set(operation.value.values()) >= {8}  # pyright: ignore[reportAttributeAccessIssue]
    assert generate_source(reading.document) == changed


def paired_block() -> BlockDefinition:
    """A block whose one setting widens two layers."""
    block = residual_block()
    also = [ExposedTarget(node="c2", param="out_channels")]
    also += [ExposedTarget(node="s", param="out_channels")]
    width = ExposedParam(node="c1", param="out_channels", also=also)
    return block.model_copy(update={"exposed": {"channels": width}})


def two_uses(block: BlockDefinition) -> Document:
    return network(
        {
            "i": image(3),
            "a": node("Block", "first", block="r"),
            "b": node("Block", "second", block="r", overrides={"channels": 6}),
            "o": node("Output", "output"),
        },
        "i>a.x", "a.y>b.x", "b.y>o", blocks={"r": block},
    )  # fmt: skip


def test_one_setting_of_several_layers_is_one_override() -> None:
    document = two_uses(paired_block())
    reading = edited(document, ("channels=6", "channels=8"))
    [operation] = reading.operations
    assert operation == SetAttribute(node_id="b", attribute="overrides", value={"channels": 8})


def test_layers_that_no_longer_share_a_setting_get_one_of_their_own() -> None:
    document = two_uses(paired_block())
    first = "self.conv1 = nn.Conv2d(in_channels, channels"
    reading = edited(document, (first, f"{first} + 2"))
    assert reading.is_complete
    graph = reading.document.graph
    exposed = graph.blocks["r"].exposed
    assert [each.node for each in exposed["channels"].targets] == ["c2", "s"]
    assert [each.node for each in exposed["out_channels"].targets] == ["c1"]
    assert graph.nodes["a"].overrides == {"out_channels": 6}
    assert graph.nodes["b"].overrides == {"channels": 6, "out_channels": 8}


def test_what_no_longer_fits_is_read_all_the_same() -> None:
    """The canvas says at which edge it does not fit, and what helps."""
    document = make_template("small_resnet", channels=1, height=8, width=8, num_classes=10)
    reading = edited(document, ("kernel_size=3, padding=1", "kernel_size=5, padding=1"))
    assert reading.problems == ()
    values = {(each.param, each.value) for each in reading.operations if isinstance(each, SetParam)}
    assert values == {("kernel_size", 5), ("padding", 1)}
    assert all(isinstance(each, SetParam) for each in reading.operations)


def test_a_small_class_of_ones_own_becomes_a_block(mlp: Document) -> None:
    squeeze = (
        "class Squash(nn.Module):\n"
        "    def __init__(self, width):\n"
        "        super().__init__()\n"
        "        self.narrow = nn.Linear(64, width)\n"
        "    def forward(self, x):\n"
        "        return torch.tanh(self.narrow(x))\n\n\n"
    )
    reading = edited(
        mlp,
        ("class MLP", f"{squeeze}class MLP"),
        ("self.relu_2 = nn.ReLU()", "self.relu_2 = nn.ReLU()\n        self.squash = Squash(32)"),
        ("x = self.classifier(x)", "x = self.classifier(self.squash(x))"),
    )
    assert reading.is_complete
    [block] = reading.document.graph.blocks.values()
    assert (block.name, list(block.exposed)) == ("Squash", ["width"])
    assert {each.type for each in block.nodes.values()} == {
        "BlockInput", "Linear", "Tanh", "BlockOutput",
    }  # fmt: skip
    assert "nn.Linear(32, 10)" in generate_source(reading.document)


def test_a_frozen_layer_is_read() -> None:
    document = chain(image(), node("Conv2d", "conv", out_channels=4), node("Output", "out"))
    reading = edited(
        document,
        ("kernel_size=3, padding=1)", "kernel_size=3, padding=1)\n"
         "        self.conv.requires_grad_(False)"),
    )  # fmt: skip
    assert reading.operations == (SetAttribute(node_id="n1", attribute="is_frozen", value=True),)


def test_a_line_that_cannot_be_read_takes_nothing_away(mlp: Document) -> None:
    reading = edited(
        mlp,
        ("nn.Linear(128, 64)", "nn.Linear(128, 48)"),
        ("x = self.relu(x)", "x = mystery(x)"),
    )
    [problem] = [each for each in reading.problems if each.severity == "error"]
    lines = generate_source(mlp).split("\n")
    assert lines[problem.line - 1].strip() == "x = self.relu(x)"
    assert "mystery" in problem.message
    assert reading.operations == (
        SetParam(node_id=id_of(mlp, "linear_2"), param="out_features", value=48),
    )


def test_nodes_that_are_not_in_the_source_stay(mlp: Document) -> None:
    loose = Node(type="ReLU", name="loose")
    graph = mlp.graph.model_copy(update={"nodes": {**mlp.graph.nodes, "loose": loose}})
    view = mlp.view.model_copy(
        update={"positions": {**mlp.view.positions, "loose": Position(x=1, y=2)}}
    )
    document = mlp.model_copy(update={"graph": graph, "view": view})
    reading = read_source(generate_source(mlp).replace("128", "96"), document)
    assert reading.document.graph.nodes["loose"] == loose


IDIOMS = [
    ("x = F.relu(self.conv(image))", "ReLU"),
    ("x = torch.relu(self.conv(image))", "ReLU"),
    ("x = self.conv(image).relu()", "ReLU"),
    ("x = nn.ReLU(inplace=True)(self.conv(image))", "ReLU"),
    ("x = F.max_pool2d(self.conv(image), 2)", "MaxPool2d"),
    ("x = F.adaptive_avg_pool2d(self.conv(image), (1, 1))", "AdaptiveAvgPool2d"),
    ("x = self.conv(image).flatten(1)", "Flatten"),
    ("x = torch.flatten(self.conv(image), start_dim=1)", "Flatten"),
    ("x = self.conv(image)\n        x = x.view(x.size(0), -1)", "Flatten"),
    ("x = self.conv(image)\n        x = x.reshape(x.shape[0], -1)", "Flatten"),
    ("x = self.conv(image).mean(dim=[-2, -1])", "GlobalAvgPool"),
    ("x = self.conv(image).permute(0, 2, 3, 1)", "Permute"),
    ("x = self.conv(image)\n        x += x", "Add"),
    ("x = self.conv(image)\n        x = torch.cat((x, x), 1)", "Concatenate"),
    ("x = self.conv(image)\n        x = x * torch.sigmoid(x)", "Gate"),
    ('x = F.interpolate(self.conv(image), scale_factor=2, mode="nearest")', "Upsample"),
]


@pytest.mark.parametrize(("line", "type_name"), IDIOMS)
def test_what_people_type_is_understood(line: str, type_name: str) -> None:
    source = f'''import torch
import torch.nn as nn
import torch.nn.functional as F

class Net(nn.Module):
    """A network.

    Inputs:
        image: ImageInput(channels=3, height=8, width=8)
    """
    def __init__(self):
        super(Net, self).__init__()
        self.conv = nn.Conv2d(3, 4, 3, 1, 1)

    def forward(self, image):
        {line}
        return x
'''
    reading = read_source(source, Document())
    assert reading.problems == ()
    types = {each.type for each in reading.document.graph.nodes.values()}
    assert types == {"ImageInput", "Conv2d", type_name, "Output"}
    generate_source(reading.document)
