"""Shared weights through merges and comparisons: who uses whose is told, taken over and asked."""

from __future__ import annotations

from netloom.graph.compare import compare_documents
from netloom.graph.document import Document, Node
from netloom.graph.merge import merge_documents
from netloom.graph.operations import (
    AddBlock,
    AddNode,
    Operation,
    RemoveEdge,
    RemoveNode,
    SetAttribute,
)
from netloom.graph.sharing import sharing_of
from netloom.surgery import plan_act
from tests.netloom.graph.build import block, chain, node
from tests.netloom.graph.test_compare import edited, with_other_ids
from tests.netloom.surgery.networks import tied


def _owned(name: str, owner: str) -> Node:
    return node("Conv2d", name, out_channels=8).model_copy(update={"weights_of": owner})


BASE = chain(
    node("ImageInput", "image"),
    node("Conv2d", "first", out_channels=8),
    _owned("second", ""),
    _owned("third", ""),
    node("ReLU", "relu"),
)


def _uses(node_id: str, owner: str) -> Operation:
    return SetAttribute(node_id=node_id, attribute="weights_of", value=owner)


def _groups(document: Document) -> list[set[str]]:
    return [set(group) for group in sharing_of(document.graph.nodes).groups.values()]


def test_what_both_sides_let_share_is_one_set() -> None:
    ours, theirs = edited(BASE, _uses("n2", "n1")), edited(BASE, _uses("n3", "n2"))
    merged = merge_documents(BASE, ours, theirs)
    assert merged.conflicts == []
    assert _groups(merged.document) == [{"n1", "n2", "n3"}]


def test_two_owners_of_one_layer_are_asked_about() -> None:
    ours, theirs = edited(BASE, _uses("n3", "n1")), edited(BASE, _uses("n3", "n2"))
    merged = merge_documents(BASE, ours, theirs)
    (conflict,) = merged.conflicts
    assert "third: whose weights it uses" in conflict.what
    assert _groups(merged.document) == [{"n1", "n3"}]
    settled = merge_documents(BASE, ours, theirs, {conflict.id: "theirs"})
    assert _groups(settled.document) == [{"n2", "n3"}]


def _into_a_block(document: Document, *node_ids: str) -> Document:
    """Move layers out of the chain into a block."""
    touching = [
        edge_id
        for edge_id, each in document.graph.edges.items()
        if {each.source.node, each.target.node} & set(node_ids)
    ]
    return edited(
        document,
        *(RemoveEdge(edge_id=each) for each in touching),
        *(RemoveNode(node_id=each) for each in node_ids),
        AddBlock(block_id="stage", block=block("Stage", "s")),
        *(
            AddNode(scope="stage", node_id=each, node=document.graph.nodes[each])
            for each in node_ids
        ),
    )


def test_a_layer_that_one_side_put_into_a_block_shares_no_more() -> None:
    ours, theirs = _into_a_block(BASE, "n3"), edited(BASE, _uses("n3", "n1"))
    merged = merge_documents(BASE, ours, theirs)
    assert merged.conflicts == []
    assert merged.document.graph.blocks["stage"].nodes["n3"].weights_of == ""
    assert any("third has weights of its own" in note for note in merged.notes)


def test_layers_that_are_put_into_a_block_together_go_on_sharing() -> None:
    theirs = edited(BASE, _uses("n2", "n1"), _uses("n3", "n1"))
    merged = merge_documents(BASE, _into_a_block(BASE, "n2", "n3"), theirs)
    inside = merged.document.graph.blocks["stage"].nodes
    assert [set(group) for group in sharing_of(inside).groups.values()] == [{"n2", "n3"}]
    assert sharing_of(inside).key("n3") == "n2"
    assert merged.notes == []


def test_who_shares_by_way_of_a_layer_in_a_block_goes_on_sharing() -> None:
    theirs = edited(BASE, _uses("n2", "n1"), _uses("n3", "n2"))
    merged = merge_documents(BASE, _into_a_block(BASE, "n2"), theirs)
    assert _groups(merged.document) == [{"n1", "n3"}]
    assert any("second has weights of its own" in note for note in merged.notes)


def test_a_difference_names_the_layer_whose_weights_are_used() -> None:
    found = compare_documents(BASE, edited(BASE, _uses("n2", "n1")))
    assert found.lines == ["~ second (Conv2d): weights of second -> first"]


def test_a_copy_under_other_ids_shares_as_the_original_does() -> None:
    document = edited(BASE, _uses("n2", "n1"), _uses("n3", "n1"))
    other = with_other_ids(document)
    assert compare_documents(document, other).is_same
    assert not compare_documents(BASE, other).is_same


def test_a_network_that_is_merged_in_goes_on_sharing() -> None:
    host = chain(
        node("ImageInput", "image", channels=3, height=16, width=16),
        node("Flatten", "flatten"),
        node("Linear", "fc", out_features=10),
        node("Output", "output"),
    )
    for document in (host, tied()):
        plan = plan_act(document, "merge_network", other=tied(), other_name="Tied")
        assert plan.refusal == "", plan.refusal
        merged = edited(document, *plan.operations)
        scopes = [merged.graph.nodes, *(each.nodes for each in merged.graph.blocks.values())]
        groups = [group for nodes in scopes for group in sharing_of(nodes).groups.values()]
        assert len(groups) == (2 if document is host else 4)
