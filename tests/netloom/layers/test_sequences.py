"""Layers of sequences against torch's own, and what hostile parameters meet.

B batch, T time, F features.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from netloom.analyze import analyze
from netloom.compile import build_module, load_weights, state_weights
from netloom.formats.bundle import make_meta, read_bundle, write_bundle
from netloom.graph.apply import apply_operations
from netloom.graph.diagnostics import DiagnosticCode
from netloom.graph.document import ParamValue
from netloom.layers import get_layer
from netloom.layers.base import Inference, Inputs, ShapeProblem
from netloom.layers.parse import parse_params
from netloom.layers.shapes import (
    Shape,
    feature_shape,
    image_shape,
    sequence_shape,
    signal_shape,
)
from tests.netloom.compile.networks import chain, network, node


def made(type_name: str, inputs: Inputs, **raw: ParamValue) -> nn.Module:
    layer = get_layer(type_name)
    assert layer is not None
    params = parse_params(layer, raw).params
    assert params is not None
    assert isinstance(layer.infer(params, inputs), Inference)
    torch.manual_seed(0)
    return layer.make_module(params, inputs)


def problem(type_name: str, inputs: Inputs | Shape, **raw: ParamValue) -> ShapeProblem:
    layer = get_layer(type_name)
    assert layer is not None
    params = parse_params(layer, raw).params
    assert params is not None
    found = layer.infer(params, {"input": inputs} if isinstance(inputs, tuple) else inputs)
    assert isinstance(found, ShapeProblem)
    return found


def test_a_recurrent_layer_gives_the_states_that_torch_gives() -> None:
    torch.manual_seed(1)
    reference = nn.LSTM(4, 3, num_layers=2, bidirectional=True, batch_first=True)
    layer = made(
        "LSTM", {"input": sequence_shape(4)}, hidden_size=3, num_layers=2, bidirectional=True,
        gives_state=True,
    )  # fmt: skip
    layer.load_state_dict(reference.state_dict())
    steps_BTF = torch.randn(5, 7, 4)
    output_BTF, hidden_BF, cell_BF = layer(steps_BTF)
    expected, (hidden_LBH, cell_LBH) = reference(steps_BTF)
    assert torch.equal(output_BTF, expected)
    assert torch.equal(hidden_BF.view(5, 4, 3), hidden_LBH.transpose(0, 1))
    assert torch.equal(cell_BF.view(5, 4, 3), cell_LBH.transpose(0, 1))


def test_a_state_that_is_handed_on_continues_the_sequence() -> None:
    inputs = {"input": sequence_shape(4), "hidden": feature_shape(6)}
    layer = made("GRU", inputs, hidden_size=3, num_layers=2, takes_state=True, gives_state=True)
    steps_BTF, start_BF = torch.randn(2, 9, 4), torch.randn(2, 6)
    whole_BTF, end_BF = layer(steps_BTF, start_BF)
    first_BTF, middle_BF = layer(steps_BTF[:, :5], start_BF)
    second_BTF, last_BF = layer(steps_BTF[:, 5:], middle_BF)
    assert torch.allclose(whole_BTF, torch.cat([first_BTF, second_BTF], dim=1), atol=1e-6)
    assert torch.allclose(end_BF, last_BF, atol=1e-6)


def test_the_last_step_is_where_each_direction_ends() -> None:
    inputs = {"input": sequence_shape(4)}
    raw: dict[str, ParamValue] = {"hidden_size": 3, "bidirectional": True, "num_layers": 2}
    sequence, last = made("RNN", inputs, **raw), made("RNN", inputs, **raw, output="last")
    steps_BTF = torch.randn(2, 5, 4)
    every_BTF = sequence(steps_BTF)
    expected = torch.cat([every_BTF[:, -1, :3], every_BTF[:, 0, 3:]], dim=1)
    assert torch.equal(last(steps_BTF), expected)


def test_an_encoder_hands_its_state_to_a_decoder() -> None:
    """Sequence to sequence: two inputs of different lengths, states from port to port."""
    document = network(
        {
            "s": node("TokenInput", "source", vocabulary=20, length_symbol="S"),
            "t": node("TokenInput", "target", vocabulary=30),
            "a": node("Embedding", "source_vectors", num_features=6),
            "b": node("Embedding", "target_vectors", num_features=5),
            "e": node("LSTM", "encoder", hidden_size=8, gives_state=True),
            "d": node("LSTM", "decoder", hidden_size=8, takes_state=True),
            "x": node("CrossAttention", "look", num_heads=2),
            "l": node("Linear", "head", out_features=30),
            "o": node("Output", "logits"),
        },
        "s>a", "t>b", "a>e", "b>d", "e.hidden>d.hidden", "e.cell>d.cell", "d>x.query",
        "e>x.memory", "x>l", "l>o",
    )  # fmt: skip
    analysis = analyze(document)
    assert analysis.is_trainable
    assert analysis.nodes["l"].output_text == "B × T × 30"
    net = build_module(document)
    assert sum(p.numel() for p in net.parameters()) == analysis.totals.parameters
    logits = net(torch.randint(0, 20, (3, 4)), torch.randint(0, 30, (3, 7)))
    assert logits.shape == (3, 7, 30)
    logits.square().mean().backward()
    assert all(p.grad is not None for p in net.parameters())


@pytest.mark.parametrize("norm_first", [False, True])
def test_transformer_layers_compute_what_torch_computes(norm_first: bool) -> None:
    sequence_BTF, memory_BSF = torch.randn(2, 5, 8), torch.randn(2, 7, 8)
    encoder = made(
        "TransformerEncoderLayer", {"input": sequence_shape(8)}, num_heads=2, hidden_features=16,
        activation="gelu", norm_first=norm_first,
    ).eval()  # fmt: skip
    theirs = nn.TransformerEncoderLayer(
        8, 2, 16, activation="gelu", batch_first=True, norm_first=norm_first
    ).eval()
    theirs.load_state_dict(encoder.state_dict())
    assert torch.allclose(encoder(sequence_BTF), theirs(sequence_BTF), atol=1e-5)

    decoder = made(
        "TransformerDecoderLayer", {"input": sequence_shape(8), "memory": sequence_shape(8)},
        num_heads=4, hidden_features=16, norm_first=norm_first,
    ).eval()  # fmt: skip
    theirs = nn.TransformerDecoderLayer(8, 4, 16, batch_first=True, norm_first=norm_first).eval()
    theirs.load_state_dict(decoder.state_dict())
    mask = nn.Transformer.generate_square_subsequent_mask(5)
    expected = theirs(sequence_BTF, memory_BSF, tgt_mask=mask)
    assert torch.allclose(decoder(sequence_BTF, memory_BSF), expected, atol=1e-5)


def test_attention_starts_with_the_weights_of_torch_and_takes_them() -> None:
    query, memory = sequence_shape(8), sequence_shape(6)
    cross = made("CrossAttention", {"query": query, "memory": memory}, num_heads=2)
    theirs = nn.MultiheadAttention(8, 2, kdim=6, vdim=6, batch_first=True)
    theirs.load_state_dict(cross.state_dict())
    query_BTF, memory_BSF = torch.randn(2, 5, 8), torch.randn(2, 7, 6)
    expected, _ = theirs(query_BTF, memory_BSF, memory_BSF)
    assert torch.allclose(cross(query_BTF, memory_BSF), expected, atol=1e-6)
    torch.manual_seed(0)
    theirs = nn.MultiheadAttention(8, 2, batch_first=True)
    own = made("SelfAttention", {"input": query}, num_heads=2)
    assert own.state_dict().keys() == theirs.state_dict().keys()
    bound = (6 / (8 + 24)) ** 0.5
    weight = own.get_parameter("in_proj_weight")
    assert 0.8 * bound < weight.abs().max() <= bound


def test_causal_positions_do_not_see_later_ones() -> None:
    attention = made("SelfAttention", {"input": sequence_shape(8)}, is_causal=True, is_rotary=True)
    sequence_BTF = torch.randn(1, 6, 8)
    changed_BTF = sequence_BTF.clone()
    changed_BTF[:, 4] += 1
    before, after = attention(sequence_BTF), attention(changed_BTF)
    assert torch.allclose(before[:, :4], after[:, :4], atol=1e-6)
    assert not torch.allclose(before[:, 4:], after[:, 4:], atol=1e-3)


def test_rotary_attention_depends_on_distances_alone() -> None:
    turn = made("RotaryPositions", {"input": sequence_shape(8)}, num_heads=2)
    query, key = torch.randn(8), torch.randn(8)
    turned_query = turn(query.expand(1, 9, 8))[0].view(9, 2, 4)
    turned_key = turn(key.expand(1, 9, 8))[0].view(9, 2, 4)
    near = (turned_query[3] * turned_key[1]).sum(-1)
    far = (turned_query[8] * turned_key[6]).sum(-1)
    assert torch.allclose(near, far, atol=1e-5)


def test_sinusoidal_positions_are_those_of_the_paper() -> None:
    waves = made("SinusoidalPositions", {"input": sequence_shape(6)})(torch.zeros(1, 4, 6))[0]
    for position in range(4):
        for pair in range(3):
            angle = torch.tensor(position / 10_000 ** (2 * pair / 6))
            assert torch.allclose(waves[position, 2 * pair], angle.sin(), atol=1e-6)
            assert torch.allclose(waves[position, 2 * pair + 1], angle.cos(), atol=1e-6)


def test_a_small_vision_transformer_is_analysed_and_built() -> None:
    document = chain(
        node("ImageInput", "image", height=8, width=8, channels=3),
        node("PatchEmbedding", "patches", patch_size=4, num_features=8),
        node("ClassToken", "token"), node("LearnedPositions", "positions"),
        node("TransformerEncoderLayer", "encoder", hidden_features=16, norm_first=True),
        node("LayerNorm", "norm"), node("TakeStep", "step", step=0),
        node("Linear", "head", out_features=5), node("Output", "logits"),
    )  # fmt: skip
    analysis = analyze(document)
    assert not analysis.diagnostics
    assert analysis.nodes["n3"].output_text == "B × 5 × 8"
    net = build_module(document)
    assert net.get_parameter("positions.weight").shape == (5, 8)
    assert net(torch.randn(2, 3, 8, 8)).shape == (2, 5)
    assert sum(p.numel() for p in net.parameters()) == analysis.totals.parameters


@pytest.mark.parametrize(
    ("type_name", "shape", "raw", "words", "fixes"),
    [
        ("LSTM", signal_shape(3), {}, "insert a Permute", ["Insert Permute to (B, T, F)"]),
        ("LSTM", feature_shape(3), {}, "needs a sequence (B, T, F) but receives (B, F=3)", []),
        ("SelfAttention", image_shape(3, 8, 8), {}, "Patch", ["Insert Patch embedding"]),
        ("Embedding", sequence_shape(9), {}, "needs tokens (B, T) of a Token input", []),
        ("SelfAttention", sequence_shape(6), {}, "4 heads do not divide 6", ["Use 3 heads"]),
        ("SelfAttention", sequence_shape(7), {"is_rotary": True}, "in pairs", []),
        ("RotaryPositions", sequence_shape(6), {"num_heads": 2}, "in pairs", ["Use 1 head"]),
        (
            "LearnedPositions", sequence_shape(6), {}, "has to be given",
            ["Allow 512 positions"],
        ),
        (
            "LearnedPositions", sequence_shape(6, 9), {"max_length": 4}, "only 4 are learned",
            ["Learn 9 positions"],
        ),
        ("TakeStep", sequence_shape(6, 3), {"step": 3}, "no step 3", ["Take the last step"]),
        (
            "PatchEmbedding", image_shape(3, 9, 8), {}, "do not fill",
            ["Use patches of 3 × 4"],
        ),
    ],
)  # fmt: skip
def test_problems_are_told_in_axis_words(
    type_name: str, shape: Shape, raw: dict[str, ParamValue], words: str, fixes: list[str]
) -> None:
    found = problem(type_name, shape, **raw)
    assert words in found.message
    assert [suggestion.label for suggestion in found.suggestions] == fixes


def test_tokens_need_an_embedding_which_one_click_inserts() -> None:
    document = chain(
        node("TokenInput", "words", vocabulary=9), node("LSTM", "lstm"), node("Output", "out")
    )
    (found,) = [d for d in analyze(document).diagnostics if d.severity == "error"]
    assert "which only an Embedding can take" in found.message
    (fix,) = found.fixes
    repaired, _ = apply_operations(document, fix.operations)
    assert analyze(repaired).is_trainable


def test_a_state_of_another_size_is_told_with_what_would_fit() -> None:
    inputs = {"input": sequence_shape(4), "hidden": feature_shape(12)}
    found = problem("GRU", inputs, hidden_size=3, num_layers=2, takes_state=True)
    assert "hidden state of GRU is (B, F=6) but receives (B, F=12)" in found.message
    assert [suggestion.label for suggestion in found.suggestions] == ["Use 6 hidden features"]
    assert found.port == "hidden"


@pytest.mark.parametrize(
    ("type_name", "raw"),
    [
        ("LSTM", {"hidden_size": 1_000_000, "num_layers": 256, "bidirectional": True}),
        ("Embedding", {"num_features": 1_000_000_000}),
        ("LearnedPositions", {"max_length": 1_000_000_000}),
        ("TransformerEncoderLayer", {"hidden_features": 1_000_000_000, "num_heads": 1}),
        ("SelfAttention", {"num_heads": 4096}),
        ("SelfAttention", {"num_heads": -1}),
        ("LSTM", {"hidden_size": 10**30}),
        ("GRU", {"dropout": float(10**9)}),
    ],
)
def test_hostile_sizes_are_diagnostics(type_name: str, raw: dict[str, ParamValue]) -> None:
    first = (
        node("TokenInput", "data", vocabulary=100_000_000)
        if type_name == "Embedding"
        else node("SequenceInput", "data", num_features=1_000_000)
    )
    analysis = analyze(chain(first, node(type_name, "layer", **raw), node("Output", "out")))
    assert not analysis.is_trainable
    codes = {found.code for found in analysis.diagnostics if found.severity == "error"}
    assert codes <= {
        DiagnosticCode.LIMIT_EXCEEDED, DiagnosticCode.INVALID_PARAM, DiagnosticCode.SHAPE_MISMATCH
    }  # fmt: skip


def test_operations_of_attention_are_those_torch_counts_and_the_softmax() -> None:
    layer = get_layer("SelfAttention")
    assert layer is not None
    params = parse_params(layer, {"num_heads": 2, "bias": False}).params
    assert params is not None
    inputs = {"input": sequence_shape(8, 5)}
    found = layer.infer(params, inputs)
    assert isinstance(found, Inference)
    with FlopCounterMode(display=False) as counter:
        layer.make_module(params, inputs)(torch.randn(1, 5, 8))
    assert found.flops == counter.get_total_flops() + 3 * 2 * 5 * 5


def test_a_network_of_sequences_travels_in_a_bundle(tmp_path: Path) -> None:
    document = chain(
        node("TokenInput", "words", vocabulary=30), node("Embedding", "vectors", num_features=6),
        node("GRU", "gru", hidden_size=5, output="last", bidirectional=True),
        node("Linear", "head", out_features=3), node("Output", "logits"),
    )  # fmt: skip
    net = build_module(document, seed=1).eval()
    write_bundle(tmp_path / "words.netloom", document, state_weights(net), make_meta(document))
    bundle = read_bundle(tmp_path / "words.netloom")
    again = build_module(bundle.document, seed=2).eval()
    assert not load_weights(again, bundle.weights).initialised
    tokens_BT = torch.randint(0, 30, (4, 9))
    assert torch.equal(net(tokens_BT), again(tokens_BT))
