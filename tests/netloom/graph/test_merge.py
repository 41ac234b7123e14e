"""Three-way merges: what is taken over, what is asked about, and laws that hold for all."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from netloom.graph.apply import apply_operation, apply_operations
from netloom.graph.between import operations_between
from netloom.graph.document import Document, Frame, Node, Position
from netloom.graph.merge import Merge, merge_documents
from netloom.graph.migrations import load_document
from netloom.graph.operations import (
    AddBlock,
    AddEdge,
    AddNode,
    MoveNodes,
    Operation,
    OperationRefused,
    RemoveBlock,
    RemoveEdge,
    RemoveNode,
    SetAttribute,
    SetBlock,
    SetBudget,
    SetFrame,
    SetParam,
)
from netloom.graph.topology import block_order, find_cycles
from tests.netloom.graph.build import block, chain, document, edge, instance, node

BASE = chain(
    node("ImageInput", "image"),
    node("Conv2d", "conv", out_channels=8),
    node("ReLU", "relu"),
    node("Linear", "fc", out_features=10),
)


def edited(*operations: Operation, base: Document = BASE) -> Document:
    return apply_operations(base, list(operations))[0]


def merge(ours: Document, theirs: Document, **choices: str) -> Merge:
    chosen = {key.replace("__", ":"): side for key, side in choices.items()}
    return merge_documents(BASE, ours, theirs, chosen)  # type: ignore[arg-type]


def test_changes_of_different_things_are_both_taken() -> None:
    ours = edited(SetParam(node_id="n1", param="out_channels", value=16))
    theirs = edited(
        SetParam(node_id="n1", param="bias", value=False),
        SetAttribute(node_id="n3", attribute="name", value="head"),
    )
    merged = merge(ours, theirs)
    assert merged.conflicts == []
    assert merged.document.graph.nodes["n1"].params == {"out_channels": 16, "bias": False}
    assert merged.document.graph.nodes["n3"].name == "head"


def test_one_parameter_changed_twice_is_asked_about() -> None:
    ours = edited(SetParam(node_id="n1", param="out_channels", value=16))
    theirs = edited(SetParam(node_id="n1", param="out_channels", value=32))
    merged = merge(ours, theirs)
    (conflict,) = merged.conflicts
    assert (conflict.what, conflict.base, conflict.ours, conflict.theirs) == (
        "conv: out_channels", "8", "16", "32",
    )  # fmt: skip
    assert merged.document == ours
    assert merge_documents(BASE, ours, theirs, {conflict.id: "theirs"}).document == theirs


def test_deleted_against_changed_can_be_brought_back_with_its_connections() -> None:
    ours = edited(
        RemoveEdge(edge_id="e1"),
        RemoveEdge(edge_id="e2"),
        RemoveNode(node_id="n2"),
        AddEdge(edge_id="bridge", edge=edge("n1", "n3")),
    )
    theirs = edited(SetAttribute(node_id="n2", attribute="name", value="activation"))
    merged = merge(ours, theirs)
    (conflict,) = merged.conflicts
    assert (conflict.kind, conflict.ours, conflict.theirs) == ("deleted", "deleted", "changed")
    assert merged.document.graph == ours.graph
    kept = merge_documents(BASE, ours, theirs, {conflict.id: "theirs"}).document
    assert kept.graph == theirs.graph


def test_one_input_connected_by_both_is_asked_about() -> None:
    free = edited(RemoveEdge(edge_id="e2"))
    ours = edited(AddEdge(edge_id="x", edge=edge("n1", "n3")), base=free)
    theirs = edited(AddEdge(edge_id="y", edge=edge("n2", "n3")), base=free)
    merged = merge_documents(free, ours, theirs)
    (conflict,) = merged.conflicts
    assert (conflict.kind, conflict.ours, conflict.theirs) == ("connection", "conv", "relu")
    assert merged.document == ours
    assert (
        merge_documents(free, ours, theirs, {conflict.id: "theirs"}).document.graph == theirs.graph
    )


def test_layers_of_one_name_from_both_sides_get_two_names() -> None:
    ours = edited(AddNode(node_id="a", node=node("Dropout", "dropout")))
    theirs = edited(AddNode(node_id="b", node=node("Dropout", "dropout")))
    merged = merge(ours, theirs)
    assert merged.conflicts == []
    assert {merged.document.graph.nodes[key].name for key in "ab"} == {"dropout", "dropout_2"}
    assert len(merged.notes) == 1


def test_connections_of_both_sides_that_make_a_circle_are_asked_about() -> None:
    base = document({key: node("Add", key) for key in ("p", "q")}, {})
    ours = edited(AddEdge(edge_id="x", edge=edge("p", "q")), base=base)
    theirs = edited(AddEdge(edge_id="y", edge=edge("q", "p")), base=base)
    merged = merge_documents(base, ours, theirs)
    (conflict,) = merged.conflicts
    assert conflict.kind == "loop"
    assert merged.document == ours
    assert (
        merge_documents(base, ours, theirs, {conflict.id: "theirs"}).document.graph == theirs.graph
    )


def test_blocks_that_each_side_puts_into_the_other_are_asked_about() -> None:
    base = document({}, {}, {"b": block("B", "b", node("ReLU", "r")), "c": block("C", "c")})
    ours = edited(AddNode(scope="b", node_id="one", node=instance("c", "inner")), base=base)
    theirs = edited(AddNode(scope="c", node_id="two", node=instance("b", "inner")), base=base)
    merged = merge_documents(base, ours, theirs)
    assert [conflict.kind for conflict in merged.conflicts] == ["loop"]
    assert merged.document == ours


def test_a_layer_moved_into_a_block_keeps_what_the_other_side_set() -> None:
    definition = block("Stage", "s")
    ours = edited(
        RemoveEdge(edge_id="e1"), RemoveEdge(edge_id="e2"), RemoveNode(node_id="n2"),
        AddBlock(block_id="stage", block=definition),
        AddNode(scope="stage", node_id="n2", node=node("ReLU", "relu")),
    )  # fmt: skip
    theirs = edited(SetParam(node_id="n2", param="inplace", value=True))
    merged = merge(ours, theirs)
    assert merged.conflicts == []
    assert merged.document.graph.blocks["stage"].nodes["n2"].params == {"inplace": True}
    assert "n2" not in merged.document.graph.nodes


def test_a_block_deleted_against_used_is_asked_about() -> None:
    base = document({}, {}, {"b": block("B", "b", node("ReLU", "r"))})
    ours = edited(RemoveBlock(block_id="b"), base=base)
    theirs = edited(AddNode(node_id="use", node=instance("b", "stage")), base=base)
    merged = merge_documents(base, ours, theirs)
    assert [conflict.what for conflict in merged.conflicts] == ["block B"]
    assert merged.document == ours
    kept = merge_documents(base, ours, theirs, {merged.conflicts[0].id: "theirs"})
    assert kept.document == theirs


def test_ports_added_by_both_are_both_there() -> None:
    base = document({}, {}, {"b": block("B", "b")})

    def with_port(key: str, name: str) -> Document:
        old = base.graph.blocks["b"]
        return edited(
            AddNode(scope="b", node_id=key, node=node("BlockInput", name)),
            SetBlock(
                block_id="b", name="B", inputs=[*old.inputs, key], outputs=old.outputs, exposed={}
            ),
            base=base,
        )

    merged = merge_documents(base, with_port("k", "skip"), with_port("m", "mask"))
    assert merged.conflicts == []
    assert merged.document.graph.blocks["b"].inputs == ["b0", "k", "m"]


IDS = ["n0", "n1", "n2", "n3", "k0", "k1", "k2", "r1", "u1"]
SCOPES = [None, None, "b"]
START = document(
    dict(BASE.graph.nodes),
    dict(BASE.graph.edges),
    {"b": block("Stage", "r", node("ReLU", "inner"), slope=("r1", "slope"))},
)
FRAME = Frame(title="Stem", x=0, y=0, width_px=100, height_px=80)
names = st.sampled_from(["conv", "relu", "fc", "extra", "stage"])
scopes = st.sampled_from(SCOPES)
ids = st.sampled_from(IDS)
nodes: st.SearchStrategy[Node] = st.one_of(
    st.builds(lambda name, rate: node("Dropout", name, p=rate), names, st.sampled_from([0.1, 0.5])),
    st.builds(lambda name: instance("b", name), names),
)
edges = st.builds(edge, ids, ids)
operations: st.SearchStrategy[Operation] = st.one_of(
    st.builds(AddNode, scope=scopes, node_id=ids, node=nodes),
    st.builds(RemoveNode, scope=scopes, node_id=ids),
    st.builds(AddEdge, scope=scopes, edge_id=st.sampled_from(["x", "y", "e0"]), edge=edges),
    st.builds(RemoveEdge, scope=scopes, edge_id=st.sampled_from(["e0", "e1", "e2", "re0", "re1"])),
    st.builds(
        SetParam, scope=scopes, node_id=ids, param=st.sampled_from(["p", "bias"]),
        is_set=st.booleans(), value=st.sampled_from([1, True, 0, None, "a"]),
    ),
    st.builds(SetAttribute, scope=scopes, node_id=ids, attribute=st.just("name"), value=names),
    st.builds(MoveNodes, positions=st.dictionaries(ids, st.just(Position(x=8, y=8)), max_size=2)),
    st.builds(SetFrame, frame_id=st.just("f"), frame=st.sampled_from([FRAME, None])),
    st.just(SetBlock(block_id="b", name="Stage2", inputs=["r0"], outputs=["r2"], exposed={})),
    st.just(RemoveBlock(block_id="b")),
    st.just(AddBlock(block_id="c", block=block("Tail", "t", instance("b", "within")))),
)  # fmt: skip


@st.composite
def documents(draw: st.DrawFn, start: Document = START) -> Document:
    """What any row of fitting edits makes of a network."""
    for operation in draw(st.lists(operations, max_size=12)):
        try:
            start, _ = apply_operation(start, operation)
        except OperationRefused:
            continue
    return start


@st.composite
def three_sides(draw: st.DrawFn) -> tuple[Document, Document, Document]:
    base = draw(documents())
    return base, draw(documents(base)), draw(documents(base))


def recursive(document: Document) -> set[str]:
    return block_order(document.graph)[1]


def in_circles(document: Document) -> bool:
    scopes = [document.graph, *document.graph.blocks.values()]
    return any(find_cycles(scope.nodes, scope.edges.values()) for scope in scopes)


def twins(document: Document) -> bool:
    scopes = [document.graph, *document.graph.blocks.values()]
    return any(len({n.name for n in s.nodes.values()}) < len(s.nodes) for s in scopes)


@settings(max_examples=60, deadline=None)
@given(three_sides())
def test_laws_of_a_merge(sides: tuple[Document, Document, Document]) -> None:
    base, ours, theirs = sides
    assert merge_documents(base, ours, base).document == ours
    assert merge_documents(base, base, theirs).document == theirs
    assert merge_documents(base, ours, ours) == Merge(ours, [], [])
    there, back = merge_documents(base, ours, theirs), merge_documents(base, theirs, ours)
    assert bool(there.conflicts) == bool(back.conflicts)
    if not there.conflicts:
        assert there.document.graph == back.document.graph


@settings(max_examples=60, deadline=None)
@given(three_sides(), st.data())
def test_every_choice_gives_a_network_that_can_be_saved(
    sides: tuple[Document, Document, Document], data: st.DataObject
) -> None:
    base, ours, theirs = sides
    conflicts = merge_documents(base, ours, theirs).conflicts
    choices = {each.id: data.draw(st.sampled_from(["ours", "theirs"])) for each in conflicts}
    merged = merge_documents(base, ours, theirs, choices).document
    assert load_document(merged.model_dump_json(by_alias=True)) == merged
    saved, _ = apply_operations(ours, operations_between(ours, merged))
    assert saved == merged
    for is_wrong in (recursive, in_circles, twins):
        if not is_wrong(ours) and not is_wrong(theirs):
            assert not is_wrong(merged)


def test_budgets_of_both_sides_are_kept() -> None:
    ours = edited(SetBudget(budget="parameters", limit=1e6), SetBudget(budget="flops", limit=5))
    theirs = edited(SetBudget(budget="batch_size", limit=8), SetBudget(budget="flops", limit=6))
    merged = merge(ours, theirs)
    (conflict,) = merged.conflicts
    assert conflict.what == "the budget flops"
    assert merged.document.view.budgets == {"parameters": 1e6, "batch_size": 8, "flops": 5}
    chosen = merge_documents(BASE, ours, theirs, {conflict.id: "theirs"}).document
    assert chosen.view.budgets["flops"] == 6
