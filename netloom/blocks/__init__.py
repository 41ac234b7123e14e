"""The library of blocks: pieces of network that are known by a name, ready to be inserted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from pydantic import BaseModel, ConfigDict

from netloom.blocks import branches, convolution, depthwise, residual, sequence, unet
from netloom.blocks.layout import BlockBuilder, BlockShelf
from netloom.graph.document import BlockDefinition, NodeId, Position

__all__ = ["LibraryBlock", "library_blocks"]


class LibraryBlock(BaseModel):
    """A block of the library with all it takes to insert it.

    Ids of blocks and nodes are those of this answer: whoever inserts a block gives new ones.

    Attributes:
        id: Stable name, e.g. `residual`.
        aliases: Other words a person may search for.
        icon: Web name in the Tabler icon set.
        follows: Exposed parameters that have to agree with the number of channels or features that
            arrive, and are set to it when the block is inserted behind something.
        block_id: The definition among `blocks` that an instance uses; the others are within it.
        positions: Where the nodes inside are drawn.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    title: str
    summary: str
    aliases: list[str]
    icon: str
    follows: list[str]
    block_id: NodeId
    blocks: Mapping[NodeId, BlockDefinition]
    positions: Mapping[NodeId, Position]


@dataclass(frozen=True, slots=True)
class _Entry:
    id: str
    title: str
    summary: str
    aliases: tuple[str, ...]
    icon: str
    builder: BlockBuilder
    follows: tuple[str, ...] = ()


_ENTRIES = (
    _Entry(
        "conv_norm",
        "Convolution and normalization",
        "A convolution, batch normalization and ReLU in one card.",
        ("conv bn relu", "conv block", "convbnrelu", "basic conv"),
        "grid-dots",
        convolution.conv_norm,
    ),
    _Entry(
        "residual",
        "Residual",
        "Two 3 × 3 convolutions, added to what came in; filters as many as arrive.",
        ("resnet", "basic block", "skip connection", "shortcut", "identity block"),
        "arrows-split-2",
        residual.residual,
        ("filters",),
    ),
    _Entry(
        "residual_down",
        "Residual, downsampling",
        "A residual block with a stride, and a convolution that brings the shortcut along.",
        ("resnet", "basic block", "projection shortcut", "conv block", "stride"),
        "arrows-split-2",
        residual.residual_down,
    ),
    _Entry(
        "bottleneck",
        "Bottleneck",
        "A residual path that is narrow in the middle: 1 × 1, 3 × 3, 1 × 1 convolutions.",
        ("resnet-50", "residual", "skip connection", "identity block"),
        "arrows-minimize",
        residual.bottleneck,
        ("filters",),
    ),
    _Entry(
        "bottleneck_down",
        "Bottleneck, downsampling",
        "A bottleneck that changes the number of filters and, by its stride, the size.",
        ("resnet-50", "residual", "projection shortcut", "conv block"),
        "arrows-minimize",
        residual.bottleneck_down,
    ),
    _Entry(
        "inverted_residual",
        "Inverted residual",
        "Widens, filters each channel, narrows again, and adds what came in.",
        ("mobilenet", "mbconv", "linear bottleneck", "depthwise", "efficientnet"),
        "arrows-maximize",
        depthwise.inverted_residual,
        ("filters",),
    ),
    _Entry(
        "inverted_down",
        "Inverted bottleneck, downsampling",
        "As the inverted residual without the addition: filters and size may change.",
        ("mobilenet", "mbconv", "depthwise", "stride"),
        "arrows-maximize",
        depthwise.inverted_down,
    ),
    _Entry(
        "dense_layer",
        "Dense layer",
        "Puts a few new channels behind those that came in.",
        ("densenet", "growth rate", "concatenate"),
        "stack-2",
        branches.dense_layer,
    ),
    _Entry(
        "dense",
        "Dense block",
        f"{branches.DENSE_LAYERS} dense layers; each sees what all before it found.",
        ("densenet", "growth rate", "concatenate"),
        "stack-2",
        branches.dense_of(branches.DENSE_LAYERS),
    ),
    _Entry(
        "transition",
        "Dense transition",
        "Fewer channels at half the size, between two dense blocks.",
        ("densenet", "compression", "downsample"),
        "arrows-minimize",
        convolution.transition,
    ),
    _Entry(
        "inception",
        "Inception",
        "Convolutions of 1 × 1, 3 × 3, 5 × 5 and a pooling, side by side in the result.",
        ("googlenet", "inception module", "branches", "parallel", "mixed"),
        "git-fork",
        branches.inception,
    ),
    _Entry(
        "squeeze_excite",
        "Squeeze and excite",
        "Scales each channel by a number found from the whole image.",
        ("se block", "channel attention", "senet", "gate"),
        "adjustments-horizontal",
        depthwise.squeeze_excite,
        ("filters",),
    ),
    _Entry(
        "convnext",
        "ConvNeXt",
        "A 7 × 7 filter per channel, then a perceptron per pixel, added to what came in.",
        ("depthwise", "modern convnet", "layer norm"),
        "grid-pattern",
        depthwise.convnext,
        ("filters",),
    ),
    _Entry(
        "double_conv",
        "Double convolution",
        "Two 3 × 3 convolutions with normalisation; the size stays.",
        ("unet", "u-net", "vgg", "conv bn relu"),
        "layers-intersect",
        unet.double_conv,
    ),
    _Entry(
        "unet_down",
        "U-Net level, down",
        "Two convolutions; gives their result (skip) and the same at half the size.",
        ("unet", "encoder", "contracting path", "segmentation", "downsample"),
        "stairs-down",
        unet.unet_down,
    ),
    _Entry(
        "unet_up",
        "U-Net level, up",
        "Doubles the size and looks at it together with what came across (skip).",
        ("unet", "decoder", "expanding path", "segmentation", "upsample"),
        "stairs-up",
        unet.unet_up,
    ),
    _Entry(
        "transformer_encoder",
        "Transformer encoder",
        "Self-attention and a perceptron per position, each added to what came in.",
        ("attention", "bert", "gpt", "vit", "multi-head", "self-attention"),
        "affiliate",
        sequence.transformer_encoder,
        ("features",),
    ),
    _Entry(
        "transformer_decoder",
        "Transformer decoder",
        "As the encoder, sees only what came before, and also looks at a memory.",
        ("attention", "cross-attention", "translation", "seq2seq", "causal"),
        "affiliate",
        sequence.transformer_decoder,
        ("features",),
    ),
    _Entry(
        "vit_stem",
        "ViT stem",
        "Cuts an image into patches and makes a sequence of them behind a class token.",
        ("vision transformer", "patch embedding", "class token", "patchify"),
        "layout-grid",
        sequence.vit_stem,
    ),
    _Entry(
        "temporal",
        "Temporal convolution",
        "Two convolutions that see only the past, added to what came in; lookback is 2 × dilation.",
        ("tcn", "dilated", "causal", "time series", "wavenet"),
        "timeline",
        sequence.temporal,
    ),
)


@cache
def library_blocks() -> tuple[LibraryBlock, ...]:
    """Return the library, in the order of the palette."""
    return tuple(_make(entry) for entry in _ENTRIES)


def _make(entry: _Entry) -> LibraryBlock:
    shelf = BlockShelf()
    block_id = shelf.take(entry.builder)
    positions: dict[str, Position] = {}
    for built in shelf.built.values():
        positions.update(built.positions)
    return LibraryBlock(
        id=entry.id,
        title=entry.title,
        summary=entry.summary,
        aliases=list(entry.aliases),
        icon=entry.icon,
        follows=list(entry.follows),
        block_id=block_id,
        blocks={key: built.definition for key, built in shelf.built.items()},
        positions=positions,
    )
