"""Which function says which layer of Netloom in Keras. What is not here is a gap."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from netloom.formats.keras.writing import (
    activations,
    attention,
    dense,
    pooling,
    recurrent,
    shaping,
    windows,
)
from netloom.formats.keras.writing.activations import one_by_one
from netloom.formats.keras.writing.tensor import Tensor
from netloom.formats.keras.writing.use import Use

Sayer = Callable[[Use], Tensor]

SAYERS: Mapping[str, Sayer] = {
    "Linear": dense.linear,
    "Embedding": dense.embedding,
    "PatchEmbedding": dense.patch_embedding,
    "LayerNorm": partial(dense.normalised, kind="LayerNormalization"),
    "RMSNorm": partial(dense.normalised, kind="RMSNormalization"),
    "GroupNorm": dense.group_norm,
    "SeparableConv2d": windows.separable,
    "SqueezeExcite": pooling.squeeze_excite,
    "GlobalAvgPool": partial(pooling.global_pooling, is_max=False),
    "GlobalMaxPool": partial(pooling.global_pooling, is_max=True),
    "Mean": partial(pooling.reduction, is_max=False),
    "Max": partial(pooling.reduction, is_max=True),
    "Upsample": pooling.upsampling,
    "LSTM": recurrent.recurrent,
    "GRU": recurrent.recurrent,
    "RNN": recurrent.recurrent,
    "SelfAttention": attention.self_attention,
    "CrossAttention": attention.cross_attention,
    "TransformerEncoderLayer": attention.encoder_layer,
    "ReLU": one_by_one(activations.relu),
    "LeakyReLU": one_by_one(activations.leaky_relu),
    "ELU": one_by_one(activations.elu),
    "Hardtanh": one_by_one(activations.hard_tanh),
    "PReLU": activations.prelu,
    "Softmax": activations.over_last,
    "LogSoftmax": activations.over_last,
    "GLU": activations.over_last,
    "Dropout": activations.keeps_sign,
    "AlphaDropout": activations.keeps_sign,
    "StochasticDepth": activations.keeps_sign,
    "GaussianNoise": one_by_one(activations.noise),
    "Flatten": shaping.flatten,
    "Reshape": shaping.reshape,
    "Squeeze": shaping.reshape,
    "Unsqueeze": shaping.reshape,
    "Permute": shaping.permute,
    "Add": partial(shaping.combined, kind="Add", keeps_sign=True),
    "Multiply": partial(shaping.combined, kind="Multiply", keeps_sign=True),
    "Average": partial(shaping.combined, kind="Average", keeps_sign=True),
    "Maximum": partial(shaping.combined, kind="Maximum", keeps_sign=True),
    "Minimum": partial(shaping.combined, kind="Minimum", keeps_sign=True),
    "Subtract": partial(shaping.combined, kind="Subtract"),
    "Concatenate": shaping.concatenate,
    "Pad": shaping.pad,
    "Slice": shaping.slice_,
    "TakeStep": shaping.take_step,
    "PixelShuffle": shaping.pixel_shuffle,
    **dict.fromkeys(
        (
            "ReLU6", "Sigmoid", "Tanh", "SiLU", "SELU", "Mish", "Softsign", "LogSigmoid",
            "Hardsigmoid", "Hardswish", "Tanhshrink", "GELU", "CELU", "Softplus", "Hardshrink",
            "Softshrink",
        ),
        one_by_one(activations.activation),
    ),
    **{f"Conv{count}d": windows.convolution for count in (1, 2, 3)},
    **{f"ConvTranspose{count}d": windows.transposed for count in (1, 2, 3)},
    **{f"BatchNorm{count}d": dense.batch_norm for count in (1, 2, 3)},
    **{f"InstanceNorm{count}d": dense.group_norm for count in (1, 2, 3)},
    **{f"Dropout{count}d": activations.spatial_dropout for count in (1, 2, 3)},
    **{f"MaxPool{count}d": partial(pooling.pooling, is_max=True) for count in (1, 2, 3)},
    **{f"AvgPool{count}d": partial(pooling.pooling, is_max=False) for count in (1, 2, 3)},
    **{f"AdaptiveMaxPool{count}d": partial(pooling.adaptive, is_max=True) for count in (1, 2, 3)},
    **{f"AdaptiveAvgPool{count}d": partial(pooling.adaptive, is_max=False) for count in (1, 2, 3)},
}  # fmt: skip
