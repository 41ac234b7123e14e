"""Blocks over sequences: transformers (Vaswani et al., 2017), and convolutions over time."""

from __future__ import annotations

from netloom.blocks.layout import BlockShelf, BuiltBlock, ScopeBuilder, finish_block

_Target = tuple[str, str]


def transformer_encoder(shelf: BlockShelf) -> BuiltBlock:
    """Self-attention, then a perceptron for each position; both are added to what came in."""
    del shelf
    scope = ScopeBuilder()
    entry = scope.add("BlockInput")
    scope.add("LayerNorm")
    attention = scope.add("SelfAttention", "attention", num_heads=4)
    drop = scope.add("Dropout", p=0.1)
    attended = scope.add("Add")
    scope.connect(entry, attended, "input_2")
    exposed = _perceptron(scope, attended)
    exposed["heads"] = [(attention, "num_heads")]
    exposed["causal"] = [(attention, "is_causal")]
    exposed["dropout"].insert(0, (drop, "p"))
    return finish_block(scope, "TransformerEncoder", exposed)


def transformer_decoder(shelf: BlockShelf) -> BuiltBlock:
    """As the encoder; sees only what came before, and also looks at a memory."""
    del shelf
    scope = ScopeBuilder()
    entry = scope.add("BlockInput")
    scope.add("LayerNorm")
    attention = scope.add("SelfAttention", "attention", num_heads=4, is_causal=True)
    drop = scope.add("Dropout", p=0.1)
    attended = scope.add("Add")
    scope.connect(entry, attended, "input_2")
    scope.branch(None, row=1, column=0)
    memory = scope.add("BlockInput", "memory")
    scope.branch(attended, row=1, column=1)
    normalised = scope.add("LayerNorm")
    scope.branch(None, row=1, column=2)
    cross = scope.add("CrossAttention", "cross_attention", num_heads=4)
    scope.connect(normalised, cross, "query")
    scope.connect(memory, cross, "memory")
    cross_drop = scope.add("Dropout", p=0.1)
    informed = scope.add("Add")
    scope.connect(attended, informed, "input_2")
    exposed = _perceptron(scope, informed)
    exposed["heads"] = [(attention, "num_heads"), (cross, "num_heads")]
    exposed["dropout"][:0] = [(drop, "p"), (cross_drop, "p")]
    return finish_block(scope, "TransformerDecoder", exposed)


def _perceptron(scope: ScopeBuilder, source: str) -> dict[str, list[_Target]]:
    """Append the second half in a row of its own, and the output; return what it exposes."""
    scope.branch(source, row=scope.row + 1, column=1)
    scope.add("LayerNorm")
    hidden = scope.add("Linear", "expand", out_features=512)
    scope.add("GELU")
    back = scope.add("Linear", "project", out_features=128)
    drop = scope.add("Dropout", p=0.1)
    total = scope.add("Add")
    scope.connect(source, total, "input_2")
    scope.add("BlockOutput")
    return {
        "features": [(back, "out_features")],
        "hidden_features": [(hidden, "out_features")],
        "dropout": [(drop, "p")],
    }


def vit_stem(shelf: BlockShelf) -> BuiltBlock:
    """An image as a sequence of patches behind a class token (Dosovitskiy et al., 2020)."""
    del shelf
    scope = ScopeBuilder()
    scope.add("BlockInput")
    patches = scope.add("PatchEmbedding", patch_size=4, num_features=128)
    scope.add("ClassToken")
    scope.add("LearnedPositions")
    drop = scope.add("Dropout", p=0.0)
    scope.add("BlockOutput")
    exposed = {
        "patch_size": [(patches, "patch_size")],
        "features": [(patches, "num_features")],
        "dropout": [(drop, "p")],
    }
    return finish_block(scope, "ViTStem", exposed)


def temporal(shelf: BlockShelf) -> BuiltBlock:
    """Two convolutions that see only the past, with gaps between what they see (Bai et al., 2018).

    With kernel 3 the signal is continued to the left by twice the dilation: `lookback` is
    `[2 * dilation, 0]`.
    """
    del shelf
    scope = ScopeBuilder(columns_per_row=5)
    entry = scope.add("BlockInput")
    pads: list[str] = []
    convs: list[str] = []
    drops: list[str] = []
    for _ in range(2):
        pads.append(scope.add("Pad", padding=[2, 0]))
        convs.append(scope.add("Conv1d", out_channels=64, kernel_size=3, padding=0))
        scope.add("ReLU")
        drops.append(scope.add("Dropout", p=0.1))
    path = scope.last or entry
    # The shortcut widens what came in where the filters change, so that both can be added.
    scope.branch(entry, row=2, column=2)
    shortcut = scope.add("Conv1d", "shortcut", out_channels=64, kernel_size=1)
    total = scope.add("Add")
    scope.connect(path, total, "input_2")
    scope.add("ReLU")
    scope.start_row()
    scope.add("BlockOutput")
    exposed = {
        "filters": [(conv, "out_channels") for conv in (*convs, shortcut)],
        "dilation": [(conv, "dilation") for conv in convs],
        "lookback": [(pad, "padding") for pad in pads],
        "dropout": [(drop, "p") for drop in drops],
    }
    return finish_block(scope, "Temporal", exposed)
