"""Whatever a person or a program writes: analysis answers, and every fix it offers applies."""

from __future__ import annotations

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from netloom.analyze import Binding, analyze
from netloom.graph.apply import apply_operations
from netloom.graph.document import Document
from netloom.graph.migrations import load_document
from netloom.layers import describe_layers

LAYERS = describe_layers()
TYPES = [layer.type for layer in LAYERS]
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([0, 1, 2, 3, 4, 8, 10**12, -1, 0.5, "same", "C", "x", "stretch"]),
    st.lists(st.integers(0, 5), max_size=3),
)
PARAM_NAMES = sorted({param.name for layer in LAYERS for param in layer.params})
NAMES = st.sampled_from(["conv", "relu", "input", "output", "class", "torch", "a b", "x"])
PORTS = st.sampled_from(["input", "output", "input_1", "input_2", "x"])
IDS = [f"{scope}{number}" for scope in "tuv" for number in range(6)]
BLOCK_IDS = st.sampled_from(["blu", "blv", "gone"])


@st.composite
def nodes(draw: st.DrawFn) -> dict[str, object]:
    kind = draw(st.sampled_from([*TYPES, "Block", "Linear", "Conv2d", "Nope"]))
    node: dict[str, object] = {"type": kind, "name": draw(NAMES)}
    if kind == "Block":
        node["block"] = draw(st.none() | BLOCK_IDS)
        node["overrides"] = draw(st.dictionaries(st.sampled_from(["w", "z"]), VALUES, max_size=2))
        node["repeat"] = draw(st.sampled_from([1, 1, 2, 3, 99_999]))
    if draw(st.integers(0, 3)) == 0:
        node["weights_of"] = draw(st.sampled_from([*IDS, "gone"]))
    if kind != "Block":
        node["params"] = draw(st.dictionaries(st.sampled_from(PARAM_NAMES), VALUES, max_size=2))
    return node


@st.composite
def scopes(draw: st.DrawFn, prefix: str) -> dict[str, object]:
    ids = [node_id for node_id in IDS if node_id.startswith(prefix)]
    chosen = draw(st.lists(st.sampled_from(ids), max_size=6, unique=True))
    made = {node_id: draw(nodes()) for node_id in chosen}
    ends = st.sampled_from([*ids, *chosen, *chosen])
    edges = {
        f"{prefix}e{index}": {
            "source": {"node": draw(ends), "port": draw(st.sampled_from(["output"] * 4 + ["x"]))},
            "target": {"node": draw(ends), "port": draw(PORTS)},
        }
        for index in range(draw(st.integers(0, 8)))
    }
    return {"nodes": made, "edges": edges}


@st.composite
def documents(draw: st.DrawFn) -> Document:
    blocks: dict[str, object] = {}
    for block_id, prefix in (("blu", "u"), ("blv", "v")):
        scope = draw(scopes(prefix))
        listed = draw(st.lists(st.sampled_from(["u0", "u1", "v0", "v1"]), max_size=2))
        exposed = {"w": {"node": f"{prefix}0", "param": draw(st.sampled_from(PARAM_NAMES))}}
        blocks[block_id] = {**scope, "name": "B", "inputs": listed, "exposed": exposed}
    graph = {**draw(scopes("t")), "blocks": blocks}
    return Document.model_validate({"graph": graph})


@settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.large_base_example],
)
@given(documents(), st.sampled_from([None, Binding(num_classes=3, channels=1)]))
def test_analysis_answers_and_fixes_apply(document: Document, binding: Binding | None) -> None:
    analysis = analyze(document, binding)
    json.loads(analysis.model_dump_json())
    assert analysis == analyze(document, binding)
    assert analysis.nodes.keys() >= document.graph.nodes.keys() or not analysis.nodes
    for problem in analysis.diagnostics:
        assert problem.message.endswith((".", "?", ")"))
        for fix in problem.fixes:
            repaired, _ = apply_operations(document, fix.operations)
            text = repaired.model_dump_json(by_alias=True)
            assert load_document(text) == repaired
            assert problem not in analyze(repaired, binding).diagnostics, fix.label
