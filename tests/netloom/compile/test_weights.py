"""Weights by node id: what an edit keeps."""

from __future__ import annotations

import torch

from netloom.compile import build_module, load_weights, state_weights
from netloom.graph.document import Document
from tests.netloom.compile.networks import chain, image, node, rich_network


def _edited(document: Document, node_id: str, **changes: object) -> Document:
    nodes = dict(document.graph.nodes)
    nodes[node_id] = nodes[node_id].model_copy(update=changes)
    return Document(graph=document.graph.model_copy(update={"nodes": nodes}))


def test_keys_are_node_paths_and_shared_parameters_come_once() -> None:
    weights = state_weights(build_module(rich_network()))
    assert {"c:weight", "A/0/c1:weight", "B/0/s:bias", "C/1/b1:running_var"} <= weights.keys()
    assert "A/1/c1:weight" not in weights
    assert "A/2/b1:running_mean" in weights


def test_a_round_trip_copies_every_number() -> None:
    source, target = build_module(rich_network(), seed=1), build_module(rich_network(), seed=2)
    source(torch.randn(4, 1, 16, 16))  # Moves the running statistics.
    report = load_weights(target, state_weights(source))
    assert report.initialised == report.left_over == report.mismatched == ()
    ours, theirs = target.state_dict(), source.state_dict()
    assert all(torch.equal(ours[key], theirs[key]) for key in theirs)


def test_renaming_keeps_all_weights() -> None:
    source = build_module(rich_network(), seed=1)
    renamed = _edited(_edited(rich_network(), "c", name="stem"), "C", name="deep")
    report = load_weights(build_module(renamed, seed=2), state_weights(source))
    assert report.initialised == report.left_over == report.mismatched == ()


def test_a_changed_layer_is_reported_and_the_rest_is_kept() -> None:
    document = chain(
        image(), node("Conv2d", "conv"), node("Flatten", "flat"),
        node("Linear", "fc", out_features=6), node("Output", "out"),
    )  # fmt: skip
    source = build_module(document, seed=1)
    target = build_module(_edited(document, "n3", params={"out_features": 5}, name="head"), seed=2)
    before = target.get_parameter("head.weight").clone()
    report = load_weights(target, state_weights(source))
    assert {mismatch.key for mismatch in report.mismatched} == {"n3:weight", "n3:bias"}
    assert report.mismatched[1].expected == (5,)
    assert report.mismatched[1].received == (6,)
    assert torch.equal(target.get_parameter("head.weight"), before)
    assert torch.equal(target.get_parameter("conv.weight"), source.get_parameter("conv.weight"))


def test_more_and_fewer_repeats() -> None:
    source = build_module(rich_network(), seed=1)
    longer = build_module(_edited(rich_network(), "C", repeat=3), seed=2)
    report = load_weights(longer, state_weights(source))
    assert all(key.startswith("C/2/") for key in report.initialised)
    assert report.initialised
    shorter = build_module(_edited(rich_network(), "C", repeat=1), seed=2)
    report = load_weights(shorter, state_weights(source))
    assert all(key.startswith("C/1/") for key in report.left_over)
    assert not report.initialised


def test_other_precision_is_converted_and_another_kind_of_number_is_not() -> None:
    net = build_module(chain(image(), node("Conv2d", "conv"), node("Output", "out")))
    weights = state_weights(net)
    half = {key: tensor.half() for key, tensor in weights.items()}
    assert len(load_weights(net, half).loaded) == 2
    assert net.get_parameter("conv.weight").dtype == torch.float32
    integers = {key: tensor.to(torch.int64) for key, tensor in weights.items()}
    assert len(load_weights(net, integers).mismatched) == 2
