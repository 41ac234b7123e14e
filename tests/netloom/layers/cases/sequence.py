"""Layers of sequences: embedding, positions, recurrent layers, attention."""

from __future__ import annotations

from netloom.layers.shapes import (
    feature_shape,
    image_shape,
    mask_shape,
    sequence_shape,
    token_shape,
)
from netloom.layers.sizes import symbol
from tests.netloom.layers.cases.table import Case, Cases, over

SEQUENCES = (sequence_shape(8), sequence_shape(6, 5))
PAIRS = (
    {"query": sequence_shape(8), "memory": sequence_shape(8, 5)},
    {"query": sequence_shape(8, 7), "memory": sequence_shape(6)},
    {"query": sequence_shape(8), "memory": sequence_shape(3, symbol_name="S")},
)
MASKED = (
    {"input": sequence_shape(8), "padding_mask": mask_shape(symbol("T"))},
    {"input": sequence_shape(4, 5), "padding_mask": mask_shape(5)},
)
MASKED_PAIRS = (
    {**PAIRS[0], "memory_mask": mask_shape(5)},
    {**PAIRS[2], "memory_mask": mask_shape(symbol("S"))},
)
MASKED_TARGETS = tuple(
    {
        "input": pair["query"], "memory": pair["memory"], "memory_mask": pair["memory_mask"],
        "padding_mask": mask_shape(symbol("T")),
    }
    for pair in MASKED_PAIRS
)  # fmt: skip
MASK = {"takes_padding_mask": True}
MEMORY_MASK = {"takes_memory_mask": True}
TARGETS = tuple({"input": pair["query"], "memory": pair["memory"]} for pair in PAIRS)

RECURRENT = (
    {"hidden_size": 5},
    {"hidden_size": 3, "num_layers": 2, "bidirectional": True, "dropout": 0.3, "bias": False},
    {"hidden_size": 4, "bidirectional": True, "output": "last", "num_layers": 2},
    {"hidden_size": 4, "gives_state": True, "dropout": 0.5},
)


def with_states(*names: str) -> list[Case]:
    """A state that goes in and comes out, of two layers in both directions."""
    params = {
        "hidden_size": 3, "num_layers": 2, "bidirectional": True, "takes_state": True,
        "gives_state": True, "output": "last",
    }  # fmt: skip
    given = {"input": sequence_shape(8), **dict.fromkeys(names, feature_shape(12))}
    masked = {**given, "padding_mask": mask_shape(symbol("T"))}
    return [Case(given, params), Case(masked, {**params, **MASK})]


PADDED = (
    {**MASK, "hidden_size": 5},
    {**MASK, "hidden_size": 3, "bidirectional": True, "output": "last", "num_layers": 2},
    {**MASK, "hidden_size": 4, "gives_state": True},
)
RESET_FIRST = {"hidden_size": 4, "reset_after": False}

CASES: Cases = {
    "Embedding": over(
        (token_shape(10), token_shape(5, 7)), {}, {"num_features": 3}, {"padding_index": 0}
    ),
    "PaddingMask": over((token_shape(10), token_shape(5, 7)), {}, {"padding_index": 1}),
    "PatchEmbedding": over(
        (image_shape(3, 8, 12), image_shape(1, 4, 4)), {}, {"patch_size": [4, 2], "num_features": 6}
    ),
    "ClassToken": over(SEQUENCES) + over(MASKED, MASK),
    "TakeStep": over(SEQUENCES, {}, {"step": 0}, {"step": 3})
    + over(MASKED, MASK, {**MASK, "step": 2}),
    "MaskedPool": over(MASKED, {}, {"mode": "max"}),
    "LearnedPositions": over((sequence_shape(6, 5),), {}, {"max_length": 9})
    + over((sequence_shape(8),), {"max_length": 64}),
    "SinusoidalPositions": over((*SEQUENCES, sequence_shape(3)), {}, {"base": 100.0}),
    "RotaryPositions": over((sequence_shape(8),), {}, {"num_heads": 2}, {"base": 50.0})
    + over((sequence_shape(6, 5),), {"num_heads": 3}),
    "LSTM": over(SEQUENCES, *RECURRENT) + with_states("hidden", "cell") + over(MASKED, *PADDED),
    "GRU": over(SEQUENCES, *RECURRENT, {**RESET_FIRST, "num_layers": 2, "bidirectional": True})
    + with_states("hidden")
    + over(MASKED, *PADDED, {**MASK, **RESET_FIRST, "bidirectional": True, "output": "last"}),
    "RNN": over(SEQUENCES, *RECURRENT, {"nonlinearity": "relu"})
    + with_states("hidden")
    + over(MASKED, *PADDED),
    "SelfAttention": over((sequence_shape(8),), {}, {"is_rotary": True, "is_causal": True})
    + over((sequence_shape(6, 5),), {"num_heads": 3, "bias": False, "dropout": 0.2})
    + over(MASKED, MASK, {**MASK, "is_causal": True, "is_rotary": True, "num_heads": 2}),
    "CrossAttention": over(PAIRS, {}, {"num_heads": 2, "bias": False})
    + over(MASKED_PAIRS, MEMORY_MASK, {**MEMORY_MASK, "num_heads": 2, "bias": False}),
    "TransformerEncoderLayer": over(
        (sequence_shape(8), sequence_shape(12, 5)),
        {"hidden_features": 7},
        {"is_causal": True, "is_rotary": True, "norm_first": True, "num_heads": 2},
        {"activation": "gelu", "dropout": 0.0},
    )
    + over(MASKED, MASK, {**MASK, "norm_first": True, "is_causal": True}),
    "TransformerDecoderLayer": over(
        TARGETS,
        {"hidden_features": 7},
        {"is_causal": False, "norm_first": True, "activation": "silu", "num_heads": 2},
    )
    + over(
        MASKED_TARGETS,
        {**MASK, "norm_first": True},
        {**MEMORY_MASK, "is_causal": False},
        {**MASK, **MEMORY_MASK},
    ),
}
