"""Budgets: what is used, what is exceeded, and which layers make up the excess."""

from __future__ import annotations

from bench.networks import RESNET_18, resnet, small_cnn
from netloom.analyze import analyze, training_memory
from netloom.graph.apply import apply_operations
from netloom.graph.budgets import BudgetKey
from netloom.graph.document import Document, graph_hash
from netloom.graph.operations import SetBudget


def budgeted(made: Document, **limits: float) -> Document:
    keys: dict[str, BudgetKey] = {
        "parameters": "parameters", "weight_bytes": "weight_bytes", "flops": "flops",
        "training_bytes": "training_bytes", "receptive_field": "receptive_field",
        "batch_size": "batch_size",
    }  # fmt: skip
    operations = [SetBudget(budget=keys[key], limit=limit) for key, limit in limits.items()]
    return apply_operations(made, operations)[0]


def test_budgets_leave_the_hash_alone_and_are_undone() -> None:
    made = small_cnn()
    after, inverses = apply_operations(made, [SetBudget(budget="flops", limit=1e9)])
    assert graph_hash(after) == graph_hash(made)
    assert after.view.budgets == {"flops": 1e9}
    assert apply_operations(after, inverses)[0] == made


def test_what_fits_is_told_and_nothing_is_warned_of() -> None:
    analysis = analyze(budgeted(small_cnn(), parameters=5e6, flops=1e9, training_bytes=8e9))
    assert [use.is_kept for use in analysis.budgets] == [True, True, True]
    assert analysis.budgets[0].used == analysis.totals.parameters
    assert not analysis.diagnostics


def test_the_layers_that_make_up_the_excess_are_named() -> None:
    made = budgeted(small_cnn(), parameters=50_000)
    (use,) = analyze(made).budgets
    (problem,) = analyze(made).diagnostics
    assert not use.is_kept
    assert len(use.offenders) == 1, "one layer holds nine tenths of the parameters"
    offender = made.graph.nodes[use.offenders[0]]
    assert (offender.type, offender.params["out_features"]) == ("Linear", 64)
    assert (problem.code, problem.severity) == ("over_budget", "warning")
    assert problem.node_id == use.offenders[0]
    assert offender.name in problem.message
    assert "50,000" in problem.message
    assert analyze(made).is_trainable


def test_training_memory_holds_for_the_batch() -> None:
    made = small_cnn()
    needed = training_memory(analyze(made).totals, 64).total_bytes
    assert analyze(budgeted(made, training_bytes=needed, batch_size=64)).budgets[0].is_kept
    tight = analyze(budgeted(made, training_bytes=needed, batch_size=65)).budgets[0]
    assert not tight.is_kept
    assert tight.offenders


def test_a_receptive_field_is_a_least_value() -> None:
    made = resnet(RESNET_18)
    pooled = analyze(budgeted(made, receptive_field=300)).budgets[0]
    assert pooled.is_kept
    assert pooled.used is None, "global pooling sees the whole image"
