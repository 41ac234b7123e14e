"""Recurrent layers, embeddings and attention with other widths and heads, in numbers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from netloom.compile import build_module, load_weights, state_weights
from netloom.graph.apply import apply_operations
from netloom.graph.document import Document, ParamValue
from netloom.surgery import Plan, Target, plan_act
from netloom.surgery.expand import expand
from netloom.surgery.remap import remap_weights
from tests.netloom.surgery.networks import SEQUENCES, attention, recurrent, states, transformer

LSTM2 = SEQUENCES["bilstm"]
Make = Callable[[], Document]


def operated(document: Document, act: str, node: str, values: dict[str, ParamValue]) -> Document:
    plan = planned(document, act, node, values)
    changed, _ = apply_operations(document, plan.operations)
    return changed


def planned(document: Document, act: str, node: str, values: dict[str, ParamValue]) -> Plan:
    plan = plan_act(document, act, Target(node_ids=[node]), values)
    assert plan.refusal == "", plan.refusal
    assert plan.problems == []
    return plan


def compare(before: Document, changed: Document) -> tuple[torch.Tensor, torch.Tensor]:
    """Outputs of both networks, the second with the remapped weights of the first alone."""
    torch.manual_seed(3)
    tokens_BT = torch.randint(0, 30, (4, 7))
    old = build_module(before, seed=1).eval()
    for parameter in old.parameters():  # Also what starts at zero or one gets a value of its own.
        parameter.data += 0.3 * torch.randn_like(parameter)
    new = build_module(changed, seed=2).eval()
    report = load_weights(new, remap_weights(before, changed, state_weights(old)).weights)
    assert (report.mismatched, report.initialised, report.left_over) == ((), (), ())
    with torch.no_grad():
        return old(tokens_BT), new(tokens_BT)


@pytest.mark.parametrize("name", sorted(SEQUENCES))
def test_every_saved_tensor_is_known_beforehand(name: str) -> None:
    document = SEQUENCES[name]()
    expansion = expand(document)
    assert expansion.is_complete
    known = {t.key: t.shape for use in expansion.uses for t in (*use.parameters, *use.buffers)}
    real = {key: tuple(t.shape) for key, t in state_weights(build_module(document)).items()}
    assert known == real


@pytest.mark.parametrize(
    ("make", "node", "width"),
    [
        *((SEQUENCES[name], "first", 15) for name in ("lstm", "bilstm", "gru", "rnn")),
        *((SEQUENCES[name], "second", 9) for name in ("lstm", "bilstm", "gru", "rnn")),
        *((SEQUENCES[name], "embed", 13) for name in ("lstm", "gru", "rnn")),
        (states, "encoder", 11),
        (states, "decoder", 12),
        # Whole multiples, so that norms see each channel equally often.
        (attention, "embed", 16),
        (lambda: attention("RMSNorm"), "embed", 24),
        (lambda: attention(is_rotary=True), "embed", 16),
        (attention, "up", 20),
        (transformer, "embed", 24),
        (transformer, "encoder", 31),
        (transformer, "decoder", 17),
        (transformer, "memory", 7),
        (lambda: transformer(norm_first=True), "embed", 16),
    ],
)
def test_a_wider_network_computes_the_same(make: Make, node: str, width: int) -> None:
    document = make()
    plan = planned(document, "change_width", node, {"width": width})
    assert not any("outputs change" in warning for warning in plan.warnings)
    changed, _ = apply_operations(document, plan.operations)
    before_BK, after_BK = compare(document, changed)
    torch.testing.assert_close(after_BK, before_BK, atol=1e-5, rtol=1e-5)
    assert plan.survival is not None
    assert plan.survival.new == plan.survival.removed == 0


def test_heads_grow_in_number_and_keep_their_size() -> None:
    changed = operated(attention(), "change_width", "embed", {"width": 16})
    heads = {key: node.params.get("num_heads") for key, node in changed.graph.nodes.items()}
    assert (heads["attend"], heads["cross"]) == (4, 4)


@pytest.mark.parametrize(
    ("make", "width", "words"),
    [
        # 12 = 3 heads of 4: only the norms notice.
        (attention, 12, ["norm normalises over all channels, and 12 is not a whole multiple"]),
        (attention, 10, ["norm normalises", "heads of attend, cross become larger"]),
        (transformer, 10, ["decoder, encoder normalise", "heads of decoder, encoder"]),
    ],
)
def test_where_outputs_change_it_is_said_before(make: Make, width: int, words: list[str]) -> None:
    document = make()
    plan = planned(document, "change_width", "embed", {"width": width})
    told = [warning for warning in plan.warnings if "kept as a start; outputs change" in warning]
    for warning, expected in zip(told, words, strict=True):
        assert expected in warning
    changed, _ = apply_operations(document, plan.operations)
    before_BK, after_BK = compare(document, changed)
    assert not torch.allclose(after_BK, before_BK, atol=1e-4)


def test_copies_do_not_stay_alike() -> None:
    document = recurrent("LSTM")
    changed = operated(document, "change_width", "first", {"width": 12})
    network = build_module(changed, seed=2)
    given = state_weights(build_module(document, seed=1))
    load_weights(network, remap_weights(document, changed, given).weights)
    weight = network.get_parameter("first.weight_ih_l0")
    assert torch.equal(weight[0], weight[6])
    network(torch.randint(0, 30, (4, 7))).square().sum().backward()
    torch.optim.SGD(network.parameters(), lr=0.5).step()
    assert not torch.allclose(weight[0], weight[6])


@pytest.mark.parametrize("name", ["lstm", "bilstm", "gru"])
def test_dropping_silent_units_changes_nothing(name: str) -> None:
    """Units without weights are those that go, out of every gate, layer and direction."""
    document = SEQUENCES[name]()
    old = build_module(document, seed=1).eval()
    first = old.get_submodule("first")
    num_gates = 3 if name == "gru" else 4
    with torch.no_grad():
        for parameter in first.parameters():
            for gate in range(num_gates):
                parameter[gate * 6 + 2] = 0
    changed = operated(document, "change_width", "first", {"width": 5})
    new = build_module(changed, seed=2).eval()
    load_weights(new, remap_weights(document, changed, state_weights(old)).weights)
    tokens_BT = torch.randint(0, 30, (4, 7))
    torch.testing.assert_close(new(tokens_BT), old(tokens_BT), atol=1e-6, rtol=1e-5)


def test_another_number_of_heads_keeps_the_weights() -> None:
    document = attention()
    plan = planned(document, "change_heads", "attend", {"num_heads": 4})
    assert "outputs change" in plan.warnings[0]
    assert plan.survival is not None
    assert plan.survival.resized == plan.survival.new == 0
    refused = plan_act(document, "change_heads", Target(node_ids=["attend"]), {"num_heads": 3})
    assert "1, 2, 4, 8" in refused.refusal
    assert plan_act(document, "change_heads", Target(node_ids=["embed"])).refusal


def test_sinusoidal_positions_are_told_to_change() -> None:
    document = attention()
    nodes = dict(document.graph.nodes)
    nodes["positions"] = nodes["positions"].model_copy(
        update={"type": "SinusoidalPositions", "params": {}}
    )
    graph = document.graph.model_copy(update={"nodes": nodes})
    plan = planned(Document(graph=graph), "change_width", "embed", {"width": 16})
    assert "positions does not treat copies of a channel alike" in plan.warnings[-1]
