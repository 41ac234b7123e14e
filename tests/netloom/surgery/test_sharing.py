"""Shared weights through edits: told beforehand, kept by whoever is left, copied when divided."""

from __future__ import annotations

import time

import pytest
import torch

from netloom.compile import build_module, load_weights, state_weights
from netloom.graph.apply import apply_operations
from netloom.graph.document import Document
from netloom.graph.operations import SetAttribute
from netloom.surgery import Target, plan_act
from netloom.surgery.expand import expand
from netloom.surgery.remap import remap_weights
from netloom.surgery.survival import report_survival
from tests.netloom.surgery.networks import edges_of, repeated, tied


def with_owner(document: Document, node_id: str, owner: str) -> Document:
    change = SetAttribute(node_id=node_id, attribute="weights_of", value=owner)
    return apply_operations(document, [change])[0]


def loaded(before: Document, after: Document) -> tuple[torch.nn.Module, torch.nn.Module]:
    """Both networks, the second with the weights of the first as far as they fit."""
    old, new = build_module(before, seed=1), build_module(after, seed=2)
    load_weights(new, remap_weights(before, after, state_weights(old)).weights)
    return old, new


def test_own_weights_start_as_a_copy_of_those_that_were_shared() -> None:
    document = tied()
    divided = with_owner(document, "left", "")
    survival = report_survival(document, divided)
    assert (survival.new, survival.removed) == (0, 0)
    old, new = loaded(document, divided)
    image_BCHW = torch.randn(2, 3, 16, 16)
    assert torch.equal(new.eval()(image_BCHW), old.eval()(image_BCHW))
    weights = [new.get_parameter(f"{name}.weight") for name in ("left", "right")]
    assert torch.equal(*weights)
    assert weights[0] is not weights[1]


def test_weights_that_are_given_up_for_those_of_another_layer_are_told() -> None:
    divided = with_owner(tied(), "left", "")
    survival = report_survival(divided, tied())
    (line,) = [each for each in survival.layers if each.fate == "removed"]
    assert (line.name, line.parameters) == ("left", 6 * 8 * 9 + 6)
    assert line.text == "It uses the weights of another layer."
    assert survival.new == 0


def test_deleting_the_layer_whose_weights_they_are_loses_nothing() -> None:
    document = tied()
    gone = ("act", "right", "right_bn", "add")
    graph = document.graph
    kept = {key: node for key, node in graph.nodes.items() if key not in gone}
    edges = edges_of("image>stem>left>left_bn>pool>fc>out")
    alone = Document(graph=graph.model_copy(update={"nodes": kept, "edges": edges}))
    survival = report_survival(document, alone)
    assert (survival.new, survival.removed, survival.resized) == (0, 0, 0)
    old, new = loaded(document, alone)
    assert torch.equal(new.get_parameter("left.weight"), old.get_parameter("right.weight"))


def test_widening_one_of_them_widens_the_other() -> None:
    document = tied()
    plan = plan_act(document, "change_width", Target(node_ids=["right"]), {"width": 12})
    assert plan.refusal == ""
    changed, _ = apply_operations(document, plan.operations)
    widths = {key: changed.graph.nodes[key].params["out_channels"] for key in ("left", "right")}
    assert widths == {"left": 12, "right": 12}
    assert any("left becomes 12 wide as well" in warning for warning in plan.warnings)


def test_the_first_use_alone_holds_the_weights() -> None:
    uses = {use.path: use for use in expand(tied()).uses}
    assert [t.key for t in uses["left"].parameters + uses["right"].parameters] == [
        "right:weight",
        "right:bias",
    ]
    assert {t.key for use in uses.values() for t in use.buffers} == {
        f"{name}:{buffer}"
        for name in ("left_bn", "right_bn")
        for buffer in ("running_mean", "running_var", "num_batches_tracked")
    }


def _plan_seconds(repeat: int) -> float:
    document = repeated()
    nodes = dict(document.graph.nodes)
    nodes["stage"] = nodes["stage"].model_copy(update={"repeat": repeat})
    graph = document.graph.model_copy(update={"nodes": nodes})
    many = document.model_copy(update={"graph": graph})
    start = time.process_time()
    plan = plan_act(many, "change_width", Target(node_ids=["stem"]), {"width": 16})
    assert plan.refusal == ""
    assert plan.survival is not None
    assert plan.survival.num_layers["resized"] == 2 * repeat + 2
    return time.process_time() - start


@pytest.mark.timed
def test_many_repeats_take_as_much_longer_as_there_are_more() -> None:
    """Eight times as many take 64 times as long where every one looks at every other."""
    _plan_seconds(20)
    few, many = _plan_seconds(200), _plan_seconds(1600)
    assert many < 25 * few, (few, many)
