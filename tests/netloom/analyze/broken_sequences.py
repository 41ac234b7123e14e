"""Broken networks of sequences and tokens, and of data that training does not know yet."""

from __future__ import annotations

from netloom.analyze import Binding
from netloom.graph.diagnostics import DiagnosticCode as Code
from tests.netloom.analyze.broken import OUTPUT, Broken
from tests.netloom.graph.build import chain, document, edge, node

BROKEN_SEQUENCES: dict[str, Broken] = {
    "data that training does not know": Broken(
        Code.INPUT_NOT_TRAINED,
        chain(node("SequenceInput", "steps"), OUTPUT),
        "Training reads images so far, not what a Sequence input takes, so steps cannot be "
        "trained here yet.",
        severity="warning",
        num_fixes=0,
    ),
    "several images at once": Broken(
        Code.INPUT_NOT_TRAINED,
        document(
            {
                "a": node("ImageInput", "left"),
                "b": node("ImageInput", "right"),
                "c": node("Add", "both"),
                "d": OUTPUT,
            },
            {
                "e1": edge("a", "c", "input_1"),
                "e2": edge("b", "c", "input_2"),
                "e3": edge("c", "d"),
            },
        ),
        "Training feeds images to one input, and the network has several, so right cannot",
        severity="warning",
        num_fixes=0,
    ),
    "a sequence where one answer is wanted": Broken(
        Code.SHAPE_MISMATCH,
        chain(node("SequenceInput", "steps"), node("LSTM", "lstm"), OUTPUT),
        "A classifier gives (B, F=10), one logit per class, but the output receives (B, T, F=128)",
        binding=Binding(num_classes=10),
    ),
    "a signal where a sequence is read": Broken(
        Code.SHAPE_MISMATCH,
        chain(node("SignalInput", "sound"), node("GRU", "gru"), OUTPUT),
        "Channels come last in a sequence: insert a Permute.",
    ),
    "tokens as a mask": Broken(
        Code.SHAPE_MISMATCH,
        document(
            {
                "t": node("TokenInput", "tokens", vocabulary=9),
                "e": node("Embedding", "embedding"),
                "a": node("SelfAttention", "look", takes_padding_mask=True),
                "o": OUTPUT,
            },
            {
                "e1": edge("t", "e"),
                "e2": edge("e", "a"),
                "e3": edge("t", "a", "padding_mask"),
                "e4": edge("a", "o"),
            },
        ),
        "The padding mask of Self-attention is (B, mask T), as a Padding mask gives it of tokens",
    ),
    "a padding token that is not there": Broken(
        Code.SHAPE_MISMATCH,
        chain(
            node("TokenInput", "tokens", vocabulary=9),
            node("Embedding", "embedding", padding_index=9),
            OUTPUT,
        ),
        "There is no token 9: the vocabulary has 9, counted from 0.",
    ),
    "heads that do not divide the features": Broken(
        Code.SHAPE_MISMATCH,
        chain(
            node("SequenceInput", "steps", num_features=15),
            node("SelfAttention", "look"),
            OUTPUT,
        ),
        "4 heads do not divide 15 features",
    ),
}
