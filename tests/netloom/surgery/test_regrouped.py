"""Layers that went into a block or came out of one start from the weights they had."""

from __future__ import annotations

import pytest
import torch

from netloom.compile import build_module, state_weights
from netloom.compile.fitting import fit_weights
from netloom.graph.document import BlockDefinition, Document, Node
from netloom.graph.regrouped import match_regrouped
from netloom.surgery.remap import remap_weights
from netloom.surgery.survival import report_survival
from tests.netloom.surgery.networks import edges_of, residual, tied
from tests.netloom.surgery.test_weights import outputs_before_and_after


def grouped(repeat: int = 1, width: int = 12) -> Document:
    """`residual` with its branch in a block of one use."""
    plain = residual().graph
    inner = {key: plain.nodes[key] for key in ("first", "act", "second")}
    params = {**inner["first"].params, "out_channels": width}
    inner["first"] = inner["first"].model_copy(update={"params": params})
    block = BlockDefinition(
        name="Branch",
        nodes={
            **inner,
            "in": Node(type="BlockInput", name="x"),
            "end": Node(type="BlockOutput", name="y"),
        },
        edges=edges_of("in>first>act>second>end"),
        inputs=["in"],
        outputs=["end"],
    )
    nodes = {key: node for key, node in plain.nodes.items() if key not in inner}
    nodes["branch"] = Node(type="Block", name="branch", block="b", repeat=repeat)
    edges = edges_of(
        "image>stem>bn>branch.x", "branch.y@y>add.input_2>pool>fc>out", "bn>add.input_1"
    )
    graph = plain.model_copy(update={"nodes": nodes, "edges": edges, "blocks": {"b": block}})
    return Document(graph=graph)


@pytest.mark.parametrize("is_grouped", [True, False])
def test_a_network_computes_the_same_with_its_layers_in_a_block_or_not(is_grouped: bool) -> None:
    pair = (residual(), grouped()) if is_grouped else (grouped(), residual())
    before, after = outputs_before_and_after(*pair)
    assert torch.equal(before, after)
    survival = report_survival(*pair)
    assert {line.fate for line in survival.layers} == {"kept"}


def test_layers_that_were_grouped_and_widened_keep_what_they_compute() -> None:
    before, after = outputs_before_and_after(residual(), grouped(width=30))
    torch.testing.assert_close(before, after, rtol=1e-4, atol=1e-5)


def test_narrowing_in_a_block_keeps_the_strongest_channels() -> None:
    weights = state_weights(build_module(residual(), seed=1))
    strongest = weights["first:weight"].abs().sum((1, 2, 3)).topk(5).indices.sort().values
    made = remap_weights(residual(), grouped(width=5), weights)
    kept = made.weights["branch/0/first:weight"]
    assert torch.equal(kept, weights["first:weight"][strongest])
    assert set(made.resized) == {
        f"branch/0/{name}" for name in ("first:weight", "first:bias", "second:weight")
    }
    assert "second:bias" not in made.weights, "It goes by its name of today alone."


def test_a_block_that_is_repeated_as_well_starts_once_from_what_was_there() -> None:
    weights = state_weights(build_module(residual(), seed=1))
    made = remap_weights(residual(), grouped(repeat=2), weights).weights
    assert torch.equal(made["branch/0/second:weight"], weights["second:weight"])
    assert "branch/1/second:weight" not in made


def test_the_preview_finds_weights_of_a_run_in_layers_that_were_grouped_since() -> None:
    weights = state_weights(build_module(residual(), seed=1))
    network = build_module(grouped(), seed=2)
    fit = fit_weights(network, weights, residual())
    assert (fit.num_fitted, fit.kept) == (fit.num_tensors, ())
    found = state_weights(network)["branch/0/first:weight"]
    assert torch.equal(found, weights["first:weight"])


def test_shared_weights_are_found_again_by_all_who_share_them() -> None:
    """The whole network, as the only block of another."""
    plain = tied().graph
    inner = {key: node for key, node in plain.nodes.items() if key not in ("image", "out")}
    block = BlockDefinition(
        name="All",
        nodes={
            **inner,
            "in": Node(type="BlockInput", name="x"),
            "end": Node(type="BlockOutput", name="y"),
        },
        edges={
            **{
                key: edge
                for key, edge in plain.edges.items()
                if {edge.source.node, edge.target.node} <= inner.keys()
            },
            **edges_of("in>stem", "fc>end"),
        },
        inputs=["in"],
        outputs=["end"],
    )
    nodes = {key: plain.nodes[key] for key in ("image", "out")}
    nodes["all"] = Node(type="Block", name="all", block="b")
    edges = edges_of("image>all.x", "all.y@y>out")
    graph = plain.model_copy(update={"nodes": nodes, "edges": edges, "blocks": {"b": block}})
    before, after = outputs_before_and_after(tied(), Document(graph=graph))
    assert torch.equal(before, after)


def test_the_layer_with_most_of_the_way_in_common_is_the_one() -> None:
    assert match_regrouped(["n"], ["n"]) == {}
    assert match_regrouped(["a", "b"], ["g/0/a", "c"]) == {"g/0/a": "a"}
    towers = ["left/0/n", "right/0/n"]
    inside = ["g/0/right/0/n", "g/0/left/0/n"]
    assert match_regrouped(towers, inside) == dict(zip(inside, reversed(towers), strict=True))
    copies = ["n", "s-1-n", "s-2-n"]
    assert match_regrouped([f"s/{index}/n" for index in range(3)], copies) == {
        "n": "s/0/n",
        "s-1-n": "s/1/n",
        "s-2-n": "s/2/n",
    }
    assert match_regrouped([f"s/{index}/n" for index in range(2)], ["s/0/n", "n"]) == {"n": "s/1/n"}
