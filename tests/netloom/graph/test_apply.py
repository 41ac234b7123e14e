"""Operations: the shared fixtures, the law of inverses, refusals that change nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from netloom.analyze import analyze
from netloom.graph.apply import apply_operation, apply_operations
from netloom.graph.diagnostics import DiagnosticCode
from netloom.graph.document import (
    BlockDefinition,
    Document,
    Node,
    ParamValue,
    Scalar,
    graph_hash,
)
from netloom.graph.draft import Draft
from netloom.graph.operations import (
    AddEdge,
    AddNode,
    MoveNodes,
    Operation,
    OperationRefused,
    RemoveEdge,
    RemoveNode,
    SetAttribute,
    SetParam,
)
from tests.netloom.graph.build import chain, document, edge, node

FIXTURES = sorted((Path(__file__).parents[2] / "fixtures" / "operations").glob("*.json"))
OPERATIONS = TypeAdapter(list[Operation])


def test_every_operation_has_fixtures_of_both_outcomes() -> None:
    applied: set[str] = set()
    num_refused = 0
    for path in FIXTURES:
        case = json.loads(path.read_text())
        if case.get("refused"):
            num_refused += 1
        else:
            applied |= {operation["op"] for operation in case["operations"]}
    known = OPERATIONS.json_schema()["items"]["discriminator"]["mapping"].keys()
    assert applied == known
    assert num_refused > 20


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_fixture(path: Path) -> None:
    case = json.loads(path.read_text())
    before = Document.model_validate(case["document"])
    operations = OPERATIONS.validate_python(case["operations"])
    if case.get("refused"):
        with pytest.raises(OperationRefused):
            apply_operations(before, operations)
    else:
        after, inverses = apply_operations(before, operations)
        assert after == Document.model_validate(case["result"])
        assert inverses == OPERATIONS.validate_python(case["inverses"])
        assert apply_operations(after, inverses)[0] == before
    assert before == Document.model_validate(case["document"])


BASE = Document.model_validate(json.loads(FIXTURES[0].read_text())["document"])
NODE_IDS = st.sampled_from(["img", "con", "res", "add", "lin", "out", "bin", "bco", "bou", "n1"])
EDGE_IDS = st.sampled_from(["e1", "e3", "e7", "b1", "b2", "x1"])
SCOPES = st.sampled_from([None, "blk", "bl2"])
PLACES = st.fixed_dictionaries({"x": st.integers(-9, 9), "y": st.integers(-9, 9)})
FRAMES = st.fixed_dictionaries(
    {"x": st.just(0), "y": st.just(0), "width_px": st.just(9), "height_px": st.just(9)},
    optional={"scope": SCOPES},
)
NODES = st.one_of(
    st.fixed_dictionaries({"type": st.sampled_from(["ReLU", "Linear"]), "name": st.just("a")}),
    st.fixed_dictionaries(
        {"type": st.just("Block"), "name": st.just("b"), "block": st.sampled_from(["blk", "bl2"])}
    ),
)
ENDS = st.fixed_dictionaries({"node": NODE_IDS, "port": st.sampled_from(["input", "output"])})
PORT_LISTS = st.lists(st.sampled_from(["bin", "bou", "bco"]), max_size=2)
BLOCKS = st.fixed_dictionaries(
    {"name": st.just("New"), "nodes": st.dictionaries(NODE_IDS, NODES, max_size=2)}
)
ATTRIBUTES = st.sampled_from(
    [("name", "other"), ("note", "text"), ("is_frozen", True), ("repeat", 5), ("repeat", -1)]
)


def _one(op: str, **fields: st.SearchStrategy[object]) -> st.SearchStrategy[dict[str, object]]:
    return st.fixed_dictionaries({"op": st.just(op), **fields})


ANY_OPERATION = st.one_of(
    _one("add_node", scope=SCOPES, node_id=NODE_IDS, node=NODES, position=st.none() | PLACES),
    _one("remove_node", scope=SCOPES, node_id=NODE_IDS),
    _one(
        "add_edge",
        scope=SCOPES,
        edge_id=EDGE_IDS,
        edge=st.fixed_dictionaries({"source": ENDS, "target": ENDS}),
    ),
    _one("remove_edge", scope=SCOPES, edge_id=EDGE_IDS),
    _one(
        "set_param",
        scope=SCOPES,
        node_id=NODE_IDS,
        param=st.sampled_from(["p", "out_channels"]),
        is_set=st.booleans(),
        value=st.none() | st.integers() | st.lists(st.integers(), max_size=2),
    ),
    st.builds(
        lambda scope, node_id, change: {
            "op": "set_attribute",
            "scope": scope,
            "node_id": node_id,
            "attribute": change[0],
            "value": change[1],
        },
        SCOPES,
        NODE_IDS,
        ATTRIBUTES,
    ),
    _one("move_nodes", positions=st.dictionaries(NODE_IDS, st.none() | PLACES, max_size=3)),
    _one("add_block", block_id=st.sampled_from(["blk", "bl2"]), block=BLOCKS),
    _one("remove_block", block_id=st.sampled_from(["blk", "bl2"])),
    _one(
        "set_block",
        block_id=st.sampled_from(["blk", "bl2"]),
        name=st.just("Renamed"),
        inputs=PORT_LISTS,
        outputs=PORT_LISTS,
        exposed=st.just({}),
    ),
    _one(
        "set_budget",
        budget=st.sampled_from(["parameters", "flops"]),
        limit=st.none() | st.floats(1, 1e9),
    ),
    _one("set_frame", frame_id=st.sampled_from(["fr1", "fr2"]), frame=st.none() | FRAMES),
    _one("set_graph_name", name=st.sampled_from(["A", "B"])),
)


@settings(
    max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
@given(st.lists(ANY_OPERATION, min_size=1, max_size=25))
def test_inverses_restore_the_document_exactly(raw: list[dict[str, object]]) -> None:
    operations = OPERATIONS.validate_python(raw)
    accepted: list[Operation] = []
    one_by_one = BASE
    for operation in operations:
        try:
            one_by_one, _ = apply_operation(one_by_one, operation)
        except OperationRefused:
            continue
        accepted.append(operation)
    together, inverses = apply_operations(BASE, accepted)
    assert together == one_by_one
    assert Document.model_validate(together.model_dump(by_alias=True)) == together
    assert apply_operations(together, inverses)[0] == BASE


def test_a_refused_list_changes_nothing() -> None:
    before = chain(node("ImageInput", "image"), node("ReLU", "relu"))
    snapshot = before.model_dump_json()
    with pytest.raises(OperationRefused, match="no edge nope"):
        apply_operations(
            before,
            [SetParam(node_id="n0", param="width", value=9), RemoveEdge(edge_id="nope")],
        )
    assert before.model_dump_json() == snapshot


def test_moving_keeps_the_hash_and_setting_a_parameter_does_not() -> None:
    before = chain(node("ImageInput", "image"), node("ReLU", "relu"))
    moved, _ = apply_operation(before, MoveNodes(positions={"n0": None}))
    assert graph_hash(moved) == graph_hash(before)
    changed, _ = apply_operation(before, SetParam(node_id="n0", param="width", value=9))
    assert graph_hash(changed) != graph_hash(before)


def test_an_edit_shares_what_it_does_not_touch() -> None:
    before = chain(node("ImageInput", "image"), node("ReLU", "relu"), node("Output", "output"))
    after, _ = apply_operation(before, SetParam(node_id="n0", param="width", value=9))
    assert after.graph.nodes["n1"] is before.graph.nodes["n1"]
    assert after.graph.blocks is before.graph.blocks
    assert after.view is before.view


def test_long_lists_take_time_in_proportion() -> None:
    """5,000 nodes and edges built and undone; a scan per operation would take minutes."""
    num_nodes = 5000
    build: list[Operation] = []
    for index in range(num_nodes):
        build.append(AddNode(node_id=f"n{index}", node=node("ReLU", f"relu_{index}")))
        if index:
            link = edge(f"n{index - 1}", f"n{index}")
            build.append(AddEdge(edge_id=f"e{index}", edge=link))
    built, inverses = apply_operations(Document(), build)
    assert len(built.graph.edges) == num_nodes - 1
    assert apply_operations(built, inverses)[0] == Document()


def test_what_a_node_holds_already_costs_an_operation_nothing() -> None:
    """A rename checks the name alone, and parameters are copied once however often they are set."""
    long: list[Scalar] = [0] * 100_000
    before = document({"a": node("ReLU", "relu", long=long)}, {})
    held = before.graph.nodes["a"].params
    named: list[Operation] = [
        SetAttribute(node_id="a", attribute="name", value=f"relu_{index}") for index in range(9)
    ]
    after, _ = apply_operations(before, named)
    assert after.graph.nodes["a"].name == "relu_8"
    assert after.graph.nodes["a"].params is held


@pytest.mark.parametrize("operation", ["set_param", "add_node", "move_nodes", "remove_block"])
def test_a_thousand_operations_look_through_the_document_once(
    operation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[str] = []

    def counted(name: str, real: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object, **options: object) -> object:
            looks.append(name)
            return real(*args, **options)

        return call

    blocks = {f"b{index}": BlockDefinition(name="B") for index in range(1000)}
    before = document({"a": node("ReLU", "relu", held=1)}, {}, blocks)
    made: dict[str, Callable[[int], dict[str, object]]] = {
        "set_param": lambda index: {"node_id": "a", "param": "p", "value": index},
        "add_node": lambda index: {"node_id": f"n{index}", "node": node("ReLU", "relu")},
        "move_nodes": lambda index: {"positions": {"a": {"x": index, "y": 0}}},
        "remove_block": lambda index: {"block_id": f"b{index}"},
    }
    operations = OPERATIONS.validate_python(
        [{"op": operation, **made[operation](index)} for index in range(1000)]
    )
    monkeypatch.setattr(Draft, "scope_nodes", counted("look", Draft.scope_nodes))
    monkeypatch.setattr(Node, "model_copy", counted("copy", Node.model_copy))
    apply_operations(before, operations)
    assert len(looks) <= 1


def test_an_inverse_keeps_what_later_operations_change() -> None:
    """Parameters are edited in place within a list: what an inverse holds must not change with."""
    before = document({"a": node("ReLU", "relu", p=0)}, {})
    operations: list[Operation] = [
        SetParam(node_id="a", param="p", value=1),
        RemoveNode(node_id="a"),
        AddNode(node_id="a", node=before.graph.nodes["a"]),
        SetParam(node_id="a", param="p", value=2),
        SetAttribute(node_id="a", attribute="note", value="text"),
        SetParam(node_id="a", param="q", value=3),
    ]
    after, inverses = apply_operations(before, operations)
    assert after.graph.nodes["a"].params == {"p": 2, "q": 3}
    assert before.graph.nodes["a"].params == {"p": 0}
    assert apply_operations(after, inverses)[0] == before


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"zz": [0] * 300_000}, "Parameter zz of relu has 300,000 values; 4,096 are allowed"),
        ({"zz": "x" * 100_001}, "Parameter zz of relu has 100,001 characters; 100,000 are allowed"),
        ({f"p{index}": 0 for index in range(1001)}, "relu has more than 1,000 parameters"),
    ],
)
def test_refusals_and_problems_name_the_node_and_the_limit(
    params: dict[str, ParamValue], told: str
) -> None:
    made = Node(type="ReLU", name="relu", params=params)
    with pytest.raises(OperationRefused, match=told):
        apply_operation(Document(), AddNode(node_id="a", node=made))
    found = [
        problem
        for problem in analyze(document({"a": made}, {})).diagnostics
        if problem.code is DiagnosticCode.LIMIT_EXCEEDED
    ]
    assert [(problem.node_id, problem.severity) for problem in found] == [("a", "error")]
    assert told in found[0].message
