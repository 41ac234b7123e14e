"""Layers that learn otherwise than the run: factors of learning rate and decay, frozen, starts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from netloom.compile import build_module, state_weights
from netloom.graph.document import Document, ParamValue
from netloom.train.check import check_spec
from netloom.train.checkpoint import list_checkpoints, read_checkpoint_weights
from netloom.train.optimize import make_optimizer
from netloom.train.spec import OptimizerConfig, TrainSpec
from tests.netloom.train.conftest import digits_network, train_here, train_losses

CONV, NORM, HEAD = "n1", "n2", "n7"
ONE_STEP: dict[str, Any] = {"batch_size": 2000, "epochs": 1, "schedule": {"type": "constant"}}
SGD: dict[str, Any] = {"type": "sgd", "learning_rate": 0.1, "momentum": 0.0, "weight_decay": 0.01}


def learning(document: Document, node_id: str, **params: ParamValue) -> Document:
    """The network with a node that learns in its own way."""
    nodes = dict(document.graph.nodes)
    merged = {**nodes[node_id].params, **params}
    nodes[node_id] = nodes[node_id].model_copy(update={"params": merged})
    return Document(graph=document.graph.model_copy(update={"nodes": nodes}))


def frozen(document: Document, node_id: str) -> Document:
    nodes = dict(document.graph.nodes)
    nodes[node_id] = nodes[node_id].model_copy(update={"is_frozen": True})
    return Document(graph=document.graph.model_copy(update={"nodes": nodes}))


@pytest.fixture
def trained(make_spec: Callable[..., TrainSpec], tmp_path) -> Callable[..., dict[str, Any]]:
    """Train and return the weights at the end by `node:tensor`."""
    count = 0

    def train(document: Document, **changes: Any) -> dict[str, torch.Tensor]:
        nonlocal count
        count += 1
        output = tmp_path / f"learning-{count}"
        train_here(make_spec(document, output=str(output), **(ONE_STEP | changes)))
        return read_checkpoint_weights(list_checkpoints(output)[-1])

    return train


def of_node(weights: dict[str, torch.Tensor], node_id: str) -> dict[str, torch.Tensor]:
    return {key: tensor for key, tensor in weights.items() if key.startswith(f"{node_id}:")}


def assert_equal(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> None:
    assert one.keys() == other.keys()
    assert all(torch.equal(one[key], other[key]) for key in one)


def test_a_factor_scales_the_first_step_of_its_layer_alone(trained) -> None:
    halved = trained(learning(digits_network(), HEAD, learning_rate_factor=0.5), optimizer=SGD)
    slow = trained(digits_network(), optimizer=SGD | {"learning_rate": 0.05})
    fast = trained(digits_network(), optimizer=SGD)
    assert_equal(of_node(halved, HEAD), of_node(slow, HEAD))
    assert_equal(of_node(halved, CONV), of_node(fast, CONV))
    assert not torch.equal(halved[f"{HEAD}:weight"], fast[f"{HEAD}:weight"])


def test_an_l2_factor_scales_the_decay_of_its_layer_alone(trained) -> None:
    without = trained(learning(digits_network(), HEAD, l2_factor=0), optimizer=SGD)
    nowhere = trained(digits_network(), optimizer=SGD | {"weight_decay": 0.0})
    everywhere = trained(digits_network(), optimizer=SGD)
    assert_equal(of_node(without, HEAD), of_node(nowhere, HEAD))
    assert_equal(of_node(without, CONV), of_node(everywhere, CONV))
    assert not torch.equal(without[f"{HEAD}:weight"], everywhere[f"{HEAD}:weight"])


@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
def test_frozen_layers_and_a_factor_of_zero_keep_their_weights(trained, optimizer: str) -> None:
    document = frozen(frozen(digits_network(), CONV), NORM)
    document = learning(document, HEAD, bias_init="ones")
    document = learning(document, CONV, weight_init="orthogonal")
    before = {k: v.clone() for k, v in state_weights(build_module(document, seed=0)).items()}
    config = {"type": optimizer, "learning_rate": 0.01, "weight_decay": 0.1}
    after = trained(document, optimizer=config, batch_size=512, seed=0)
    assert_equal(of_node(before, CONV), of_node(after, CONV))
    assert_equal(of_node(before, NORM), of_node(after, NORM))
    assert not torch.equal(before[f"{HEAD}:weight"], after[f"{HEAD}:weight"])

    document = learning(digits_network(), CONV, learning_rate_factor=0)
    before = {k: v.clone() for k, v in state_weights(build_module(document, seed=0)).items()}
    after = trained(document, optimizer=config, batch_size=512, seed=0)
    assert_equal(of_node(before, CONV), of_node(after, CONV))
    assert not torch.equal(before[f"{NORM}:weight"], after[f"{NORM}:weight"])


def test_a_run_with_factors_resumes_bit_for_bit(
    make_spec: Callable[..., TrainSpec], tmp_path
) -> None:
    document = learning(digits_network(), HEAD, learning_rate_factor=0.25, l2_factor=3)
    changes: dict[str, Any] = {
        "batch_size": 512, "epochs": 2, "schedule": {"type": "cosine"}, "checkpoint_every_s": 1e-6,
        "optimizer": {"type": "adamw", "learning_rate": 3e-3, "weight_decay": 0.1},
    }  # fmt: skip
    straight = make_spec(document, output=str(tmp_path / "straight"), **changes)
    losses = train_losses(train_here(straight))
    middle = list_checkpoints(tmp_path / "straight")[-2]
    resumed = make_spec(
        document, output=str(tmp_path / "resumed"), resume_from=str(middle), **changes
    )
    again = train_losses(train_here(resumed))
    assert again
    assert again == {step: loss for step, loss in losses.items() if step in again}
    last = [list_checkpoints(tmp_path / name)[-1] for name in ("straight", "resumed")]
    assert_equal(*(read_checkpoint_weights(path) for path in last))


def test_a_network_that_says_nothing_is_one_group() -> None:
    network = build_module(digits_network())
    (group,) = make_optimizer(OptimizerConfig(), network).param_groups
    assert [id(p) for p in group["params"]] == [id(p) for p in network.parameters()]
    assert "learning_rate_factor" not in group


def test_a_network_whose_every_factor_is_zero_cannot_be_trained(
    make_spec: Callable[..., TrainSpec],
) -> None:
    document = digits_network()
    for node_id in (CONV, NORM, HEAD):
        document = learning(document, node_id, learning_rate_factor=0)
    from tests.netloom.train.test_failures import manifest_of

    found = check_spec(make_spec(document), manifest_of(train=20, validation=20))
    assert [problem.code for problem in found] == ["no_trainable_weights"]
