"""Problems: each is found, said in the words of the field, and repaired by its fixes."""

from __future__ import annotations

import pytest

from netloom.analyze import Analysis, analyze
from netloom.graph.apply import apply_operations
from netloom.graph.diagnostics import Diagnostic, DiagnosticCode
from netloom.graph.document import Document
from netloom.templates import make_template
from tests.netloom.analyze.broken import BROKEN, IMAGE, OUTPUT, Broken
from tests.netloom.analyze.broken_layers import BROKEN_LAYERS
from tests.netloom.analyze.broken_sequences import BROKEN_SEQUENCES
from tests.netloom.analyze.broken_sharing import SHARING
from tests.netloom.graph.build import block, chain, document, edge, instance, node

ALL = BROKEN | BROKEN_SEQUENCES | BROKEN_LAYERS | SHARING
EVERY = [pytest.param(broken, id=name) for name, broken in ALL.items()]


def find(analysis: Analysis, broken: Broken) -> Diagnostic:
    found = [
        problem
        for problem in analysis.diagnostics
        if problem.code is broken.code and broken.words in problem.message
    ]
    assert len(found) == 1, [problem.message for problem in analysis.diagnostics]
    return found[0]


@pytest.mark.parametrize("broken", EVERY)
def test_problem_is_found(broken: Broken) -> None:
    analysis = analyze(broken.document, broken.binding)
    problem = find(analysis, broken)
    assert problem.severity == broken.severity
    assert problem.scope == broken.scope
    assert len(problem.fixes) == broken.num_fixes
    assert analysis.is_trainable == (
        not any(other.severity == "error" for other in analysis.diagnostics)
    )
    if broken.severity == "error":
        assert not analysis.is_trainable
    scope = broken.document.graph
    nodes = scope.nodes if problem.scope is None else scope.blocks[problem.scope].nodes
    edges = scope.edges if problem.scope is None else scope.blocks[problem.scope].edges
    assert problem.node_id is None or problem.node_id in nodes
    assert problem.edge_id is None or problem.edge_id in edges


@pytest.mark.parametrize("broken", EVERY)
def test_every_fix_repairs_in_one_undoable_gesture(broken: Broken) -> None:
    analysis = analyze(broken.document, broken.binding)
    before = {problem.message for problem in analysis.diagnostics}
    for fix in find(analysis, broken).fixes:
        repaired, inverses = apply_operations(broken.document, fix.operations)
        after = analyze(repaired, broken.binding)
        remaining = [problem.message for problem in after.diagnostics]
        assert not any(broken.words in message for message in remaining), fix.label
        new = [
            problem.message
            for problem in after.diagnostics
            if problem.severity == "error" and problem.message not in before
        ]
        # Taking something out may leave a port open; nothing else may break.
        assert all("not connected" in message for message in new), (fix.label, new)
        if not broken.is_from_outside:
            assert apply_operations(repaired, inverses)[0] == broken.document
        assert Document.model_validate(repaired.model_dump(by_alias=True)) == repaired


def test_every_code_has_a_broken_network() -> None:
    # No built-in parameter is without a default; a package's layer type may have one.
    assert {broken.code for broken in ALL.values()} == set(DiagnosticCode) - {
        DiagnosticCode.MISSING_PARAM
    }


def test_the_same_document_gives_the_same_analysis() -> None:
    for broken in ALL.values():
        first = analyze(broken.document, broken.binding)
        nodes = dict(reversed(broken.document.graph.nodes.items()))
        edges = dict(reversed(broken.document.graph.edges.items()))
        graph = broken.document.graph.model_copy(update={"nodes": nodes, "edges": edges})
        shuffled = broken.document.model_copy(update={"graph": graph})
        assert analyze(shuffled, broken.binding) == first


def test_sound_networks_have_no_problems() -> None:
    for template in ("mlp", "small_cnn", "lenet5", "small_resnet"):
        made = make_template(template, channels=3, height=32, width=32, num_classes=10)
        assert analyze(made).diagnostics == []


def test_an_empty_network_asks_for_both_ends() -> None:
    codes = [problem.code for problem in analyze(Document()).diagnostics]
    assert codes == [DiagnosticCode.NO_INPUT, DiagnosticCode.NO_OUTPUT]


def test_one_mistake_is_one_message() -> None:
    """Layers behind a broken one have unknown inputs and stay silent."""
    rest = [node("Conv2d", f"conv_{index}") for index in range(20)]
    broken = chain(IMAGE, node("Conv2d", "first", groups=3), *rest, OUTPUT)
    analysis = analyze(broken)
    assert len(analysis.diagnostics) == 1
    assert analysis.nodes["n1"].outputs == {}
    assert analysis.nodes["n5"].output_text == ""


def test_inserted_layers_lie_between_with_a_free_name() -> None:
    broken = chain(IMAGE, node("ReLU", "flatten"), node("Linear", "linear"), OUTPUT)
    problem = analyze(broken).diagnostics[0]
    assert problem.edge_id == "e1"
    repaired, _ = apply_operations(broken, problem.fixes[0].operations)
    (new_id,) = repaired.graph.nodes.keys() - broken.graph.nodes.keys()
    assert repaired.graph.nodes[new_id].name == "flatten_2"
    assert repaired.view.positions[new_id].x == 336
    assert analyze(repaired).is_trainable


def test_residual_shortcut_gets_a_projection() -> None:
    broken = BROKEN["add of different sizes"]
    fix = find(analyze(broken.document), broken).fixes[0]
    assert fix.label == "Insert Conv2d 1 × 1 with 8 filters and stride 2 × 2"
    assert any(operation.op == "add_edge" for operation in fix.operations)


def test_a_definition_without_instances_is_checked() -> None:
    unused = block("B", "p", node("ReLU", "class"), node("Conv2d", "conv", out_channels=0))
    made = document({"a": IMAGE, "b": OUTPUT}, {"e": edge("a", "b")}, {"blk": unused})
    problems = {(problem.scope, problem.code) for problem in analyze(made).diagnostics}
    assert problems == {
        ("blk", DiagnosticCode.INVALID_NAME),
        ("blk", DiagnosticCode.INVALID_PARAM),
    }


def test_a_shape_problem_in_a_block_names_the_use() -> None:
    inner = block("Head", "p", node("Linear", "linear"))
    outer = block("Outer", "q", instance("inner", "head"))
    made = document(
        {"img": IMAGE, "one": instance("outer", "one"), "out": OUTPUT},
        {"e1": edge("img", "one"), "e2": edge("one", "out")},
        {"inner": inner, "outer": outer},
    )
    (problem,) = analyze(made).diagnostics
    assert (problem.scope, problem.node_id, problem.path) == ("inner", "p1", "one/q1/p1")
    repaired, _ = apply_operations(made, problem.fixes[0].operations)
    assert analyze(repaired).is_trainable


def test_probabilities_beside_another_output_are_no_classifier() -> None:
    """Scores and boxes of a detector: no cross-entropy is taken of them."""
    nodes = {
        "a": node("FeatureInput", "features"),
        "b": node("Linear", "linear"),
        "c": node("Softmax", "softmax"),
        "d": node("Output", "scores"),
        "e": node("Output", "boxes"),
    }
    pairs = [("a", "b"), ("b", "c"), ("c", "d"), ("b", "e")]
    both = document(nodes, {f"e{index}": edge(*pair) for index, pair in enumerate(pairs)})
    assert not [
        problem
        for problem in analyze(both).diagnostics
        if problem.code is DiagnosticCode.SOFTMAX_BEFORE_LOSS
    ]
