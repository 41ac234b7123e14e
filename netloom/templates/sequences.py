"""Networks over time and text: recurrent, convolutional, transformers; and images as patches."""

from __future__ import annotations

from math import gcd

from netloom.blocks.layout import BlockShelf, ScopeBuilder, finish_document
from netloom.blocks.sequence import temporal, transformer_encoder, vit_stem
from netloom.graph.document import Document
from netloom.templates.fit import Fit, classify, start_image

_NUM_FEATURES = 16
_VOCABULARY = 10_000
_PATCHES = 64
"""So many patches of an image are what a vision transformer aims at here."""
_MOST_PATCHES = 256


def lstm_classifier(fit: Fit, note: str) -> Document:
    """Reads a sequence in both directions and names its class."""
    scope = ScopeBuilder(columns_per_row=5)
    scope.add("SequenceInput", num_features=_NUM_FEATURES)
    scope.add("LSTM", hidden_size=128, bidirectional=True, output="last")
    scope.add("Dropout", p=0.2)
    classify(scope, fit.num_classes)
    return finish_document(scope, "LSTMClassifier", note=note)


def seq2seq(fit: Fit, note: str) -> Document:
    """One LSTM reads, another writes from where the first ended and looks back at what it read.

    Sutskever et al., 2014, with the attention of Luong et al., 2015.
    """
    del fit
    scope = ScopeBuilder()
    scope.add("TokenInput", "source", vocabulary=_VOCABULARY, length_symbol="S")
    scope.add("Embedding", "source_vectors", num_features=128)
    encoder = scope.add("LSTM", "encoder", hidden_size=256, gives_state=True)
    scope.branch(None, row=1, column=0)
    scope.add("TokenInput", "target", vocabulary=_VOCABULARY)
    scope.add("Embedding", "target_vectors", num_features=128)
    scope.branch(scope.last, row=1, column=3)
    decoder = scope.add("LSTM", "decoder", hidden_size=256, takes_state=True)
    for state in ("hidden", "cell"):
        scope.connect(encoder, decoder, state, source_port=state)
    scope.branch(None, row=1, column=4)
    attention = scope.add("CrossAttention", "attention", num_heads=4)
    scope.connect(decoder, attention, "query")
    scope.connect(encoder, attention, "memory")
    informed = scope.add("Add")
    scope.connect(decoder, informed, "input_2")
    scope.add("Linear", "next_word", out_features=_VOCABULARY)
    scope.add("Output")
    return finish_document(scope, "Seq2Seq", note=note)


def text_transformer(fit: Fit, note: str) -> Document:
    """Attention between all words of a text, then one logit per class."""
    shelf = BlockShelf()
    scope = ScopeBuilder(columns_per_row=5)
    scope.add("TokenInput", vocabulary=_VOCABULARY)
    scope.add("Embedding", num_features=128)
    scope.add("SinusoidalPositions")
    scope.add("Dropout", p=0.1)
    scope.start_row()
    scope.add_block(shelf.take(transformer_encoder), "encoder", _encoder(128), repeat=4)
    scope.add("LayerNorm")
    scope.add("Mean", axes="T")
    classify(scope, fit.num_classes)
    return finish_document(scope, "TextTransformer", shelf, note)


def vit(fit: Fit) -> Document:
    """A transformer over the patches of an image (Dosovitskiy et al., 2020)."""
    patch_size = _patch_size(fit)
    fit = fit.in_steps_of(patch_size)
    shelf = BlockShelf()
    scope = start_image(fit)
    overrides = {"patch_size": patch_size, "features": 128, "dropout": 0.1}
    scope.add_block(shelf.take(vit_stem), "stem", overrides)
    scope.add_block(shelf.take(transformer_encoder), "encoder", _encoder(128), repeat=6)
    scope.start_row()
    scope.add("LayerNorm")
    scope.add("TakeStep", "class_token", step=0)
    classify(scope, fit.num_classes)
    return finish_document(scope, "ViT", shelf)


def _encoder(features: int) -> dict[str, int | float]:
    return {"features": features, "hidden_features": 4 * features, "heads": 4, "dropout": 0.1}


def _patch_size(fit: Fit) -> int:
    """Return a patch size that divides the image, or one that it is enlarged for."""
    common = gcd(fit.height, fit.width)
    area = fit.height * fit.width
    sizes = [size for size in range(1, common + 1) if common % size == 0]
    fitting = [size for size in sizes if area / size**2 <= _MOST_PATCHES]
    usable = [size for size in fitting if area / size**2 >= 4] or fitting
    if usable:
        return min(usable, key=lambda size: abs(area / size**2 - _PATCHES))
    return max(1, round((area / _PATCHES) ** 0.5))


def tcn(fit: Fit, note: str) -> Document:
    """Convolutions over time with growing gaps, so that few layers see far (Bai et al., 2018)."""
    shelf = BlockShelf()
    scope = ScopeBuilder(columns_per_row=5)
    scope.add("SignalInput", channels=_NUM_FEATURES)
    for level in range(4):
        dilation = 2**level
        scope.add_block(
            shelf.take(temporal),
            "level",
            {"filters": 64, "dilation": dilation, "lookback": [2 * dilation, 0]},
        )
    scope.start_row()
    scope.add("Mean", axes="T")
    classify(scope, fit.num_classes)
    return finish_document(scope, "TCN", shelf, note)
