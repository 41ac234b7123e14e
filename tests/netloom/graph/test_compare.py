"""What differs, in words: matched beyond ids, layout ignored."""

from __future__ import annotations

from netloom.graph.apply import apply_operations
from netloom.graph.compare import compare_documents
from netloom.graph.document import Document, new_id
from netloom.graph.match import align_document, match_documents
from netloom.graph.operations import (
    AddEdge,
    AddNode,
    MoveNodes,
    Operation,
    RemoveEdge,
    RemoveNode,
    SetAttribute,
    SetGraphName,
    SetParam,
)
from netloom.templates import make_template
from tests.netloom.graph.build import block, chain, document, edge, instance, node


def small() -> Document:
    return chain(
        node("ImageInput", "image"),
        node("Conv2d", "conv1", out_channels=32),
        node("ReLU", "relu2"),
        node("Linear", "fc", out_features=10),
    )


def edited(before: Document, *operations: Operation) -> Document:
    return apply_operations(before, list(operations))[0]


def with_other_ids(before: Document) -> Document:
    """The same network as an import or a copy has it: every id is new."""
    text = before.model_dump_json(by_alias=True)
    scopes = [before.graph, *before.graph.blocks.values()]
    ids = [key for scope in scopes for key in [*scope.nodes, *scope.edges]]
    for key in [*ids, *before.graph.blocks]:
        text = text.replace(f'"{key}"', f'"{new_id()}"')
    return Document.model_validate_json(text)


def test_a_changed_value_and_an_inserted_layer_in_words() -> None:
    after = edited(
        small(),
        SetParam(node_id="n1", param="out_channels", value=64),
        RemoveEdge(edge_id="e2"),
        AddNode(node_id="d", node=node("Dropout", "dropout")),
        AddEdge(edge_id="x", edge=edge("n2", "d")),
        AddEdge(edge_id="y", edge=edge("d", "n3")),
    )
    assert compare_documents(small(), after).lines == [
        "~ conv1 (Conv2d): out_channels 32 -> 64",
        "+ dropout (Dropout) between relu2 and fc",
    ]
    assert compare_documents(after, small()).lines == [
        "~ conv1 (Conv2d): out_channels 64 -> 32",
        "- dropout (Dropout) between relu2 and fc",
    ]


def test_names_defaults_and_connections_in_words() -> None:
    after = edited(
        small(),
        SetGraphName(name="Bigger"),
        SetAttribute(node_id="n1", attribute="name", value="stem"),
        SetAttribute(node_id="n1", attribute="is_frozen", value=True),
        SetParam(node_id="n1", param="bias", value=False),
        RemoveEdge(edge_id="e2"),
    )
    assert compare_documents(small(), after).lines == [
        "~ network: name Network -> Bigger",
        "~ stem (Conv2d): bias default -> no, name conv1 -> stem, frozen no -> yes",
        "- relu2 -> fc",
    ]


def test_layout_is_not_a_difference() -> None:
    comparison = compare_documents(small(), edited(small(), MoveNodes(positions={"n1": None})))
    assert comparison.is_same
    assert comparison.lines == []
    assert comparison.is_layout_changed


def test_a_copy_with_other_ids_is_the_same_network() -> None:
    for template in ("mlp", "small_cnn"):
        original = make_template(template, channels=3, height=32, width=32, num_classes=10)
        copy = with_other_ids(original)
        assert not copy.graph.nodes.keys() & original.graph.nodes.keys()
        assert compare_documents(original, copy).lines == []
        assert align_document(original, copy) == original


def test_blocks_are_matched_without_their_ids() -> None:
    definition = block("Residual", "p", node("ReLU", "relu"), slope=("p1", "slope"))
    before = document({"i": instance("b", "stage")}, {}, {"b": definition})
    copy = with_other_ids(before)
    assert align_document(before, copy) == before
    inner = next(key for key, each in copy.graph.blocks.items())
    relu = next(key for key, each in copy.graph.blocks[inner].nodes.items() if each.name == "relu")
    changed = edited(copy, SetParam(scope=inner, node_id=relu, param="inplace", value=True))
    assert compare_documents(before, changed).lines == [
        "~ Residual/relu (ReLU): inplace default -> yes"
    ]


def test_a_renamed_layer_of_an_import_is_found_by_what_surrounds_it() -> None:
    before = chain(*(node("Linear", f"fc{index}", out_features=8) for index in range(5)))
    copy = with_other_ids(before)
    middle = next(key for key, each in copy.graph.nodes.items() if each.name == "fc2")
    changed = edited(copy, SetAttribute(node_id=middle, attribute="name", value="hidden"))
    assert match_documents(before, changed).nodes[None][middle] == "n2"
    assert compare_documents(before, changed).lines == ["~ hidden (Linear): name fc2 -> hidden"]


def test_a_layer_made_anew_under_its_name_is_the_same_layer() -> None:
    after = edited(
        small(),
        RemoveEdge(edge_id="e2"),
        RemoveNode(node_id="n3"),
        AddNode(node_id="new", node=node("Linear", "fc", out_features=20)),
        AddEdge(edge_id="z", edge=edge("n2", "new")),
    )
    assert compare_documents(small(), after).lines == ["~ fc (Linear): out_features 10 -> 20"]
