"""Argument names and defaults of torch's classes, for code that must not import torch.

A block that is used with different parameters becomes a class with constructor arguments. To
compare two calls, positional arguments need their names and left-out ones their values. A test
holds this table against the installed torch.
"""

from __future__ import annotations

from collections.abc import Mapping

from netloom.compile.own_classes import REQUIRED, Default, own_classes

__all__ = ["REQUIRED", "SIGNATURES", "SIZES", "signature_of"]

SIZES = frozenset(
    {
        "in_channels", "out_channels", "num_features", "in_features", "out_features",
        "normalized_shape", "num_channels", "num_parameters", "embedding_dim", "input_size",
        "hidden_size",
    }
)  # fmt: skip
"""Arguments that count the same kind of thing, so that equal values may share one parameter."""

_SLIDING: Mapping[str, Default] = {"stride": 1, "padding": 0, "dilation": 1}
SIGNATURES: Mapping[str, Mapping[str, Default]] = {
    **{
        f"nn.Conv{count}d": {
            "in_channels": REQUIRED, "out_channels": REQUIRED, "kernel_size": REQUIRED, **_SLIDING,
            "groups": 1, "bias": True, "padding_mode": "zeros",
        }
        for count in (1, 2, 3)
    },
    **{
        f"nn.ConvTranspose{count}d": {
            "in_channels": REQUIRED, "out_channels": REQUIRED, "kernel_size": REQUIRED,
            "stride": 1, "padding": 0, "output_padding": 0, "groups": 1, "bias": True,
            "dilation": 1, "padding_mode": "zeros",
        }
        for count in (1, 2, 3)
    },
    "nn.Bilinear": {
        "in1_features": REQUIRED, "in2_features": REQUIRED, "out_features": REQUIRED, "bias": True,
    },
    **{
        f"nn.ConstantPad{count}d": {"padding": REQUIRED, "value": REQUIRED}
        for count in (1, 2, 3)
    },
    **{
        f"nn.{kind}Pad{count}d": {"padding": REQUIRED}
        for kind in ("Reflection", "Replication", "Circular")
        for count in (1, 2, 3)
    },
    "nn.Upsample": {
        "size": None, "scale_factor": None, "mode": "nearest", "align_corners": None,
        "recompute_scale_factor": None,
    },
    "nn.PixelShuffle": {"upscale_factor": REQUIRED},
    "nn.PixelUnshuffle": {"downscale_factor": REQUIRED},
    "nn.ChannelShuffle": {"groups": REQUIRED},
    "nn.Linear": {"in_features": REQUIRED, "out_features": REQUIRED, "bias": True},
    "nn.Embedding": {
        "num_embeddings": REQUIRED, "embedding_dim": REQUIRED, "padding_idx": None,
        "max_norm": None, "norm_type": 2.0, "scale_grad_by_freq": False, "sparse": False,
    },
    **{
        f"nn.MaxPool{count}d": {
            "kernel_size": REQUIRED, "stride": None, "padding": 0, "dilation": 1,
            "return_indices": False, "ceil_mode": False,
        }
        for count in (1, 2, 3)
    },
    "nn.AvgPool1d": {
        "kernel_size": REQUIRED, "stride": None, "padding": 0, "ceil_mode": False,
        "count_include_pad": True,
    },
    **{
        f"nn.AvgPool{count}d": {
            "kernel_size": REQUIRED, "stride": None, "padding": 0, "ceil_mode": False,
            "count_include_pad": True, "divisor_override": None,
        }
        for count in (2, 3)
    },
    **{
        f"nn.LPPool{count}d": {
            "norm_type": REQUIRED, "kernel_size": REQUIRED, "stride": None, "ceil_mode": False,
        }
        for count in (1, 2, 3)
    },
    **{
        f"nn.MaxUnpool{count}d": {"kernel_size": REQUIRED, "stride": None, "padding": 0}
        for count in (1, 2, 3)
    },
    **{
        f"nn.Adaptive{kind}Pool{count}d": {"output_size": REQUIRED}
        for kind in ("Avg", "Max")
        for count in (1, 2, 3)
    },
    **{
        f"nn.BatchNorm{count}d": {
            "num_features": REQUIRED, "eps": 1e-05, "momentum": 0.1, "affine": True,
            "track_running_stats": True,
        }
        for count in (1, 2, 3)
    },
    **{
        f"nn.InstanceNorm{count}d": {
            "num_features": REQUIRED, "eps": 1e-05, "momentum": 0.1, "affine": False,
            "track_running_stats": False,
        }
        for count in (1, 2, 3)
    },
    "nn.GroupNorm": {
        "num_groups": REQUIRED, "num_channels": REQUIRED, "eps": 1e-05, "affine": True,
    },
    "nn.RMSNorm": {"normalized_shape": REQUIRED, "eps": None, "elementwise_affine": True},
    "nn.LocalResponseNorm": {"size": REQUIRED, "alpha": 0.0001, "beta": 0.75, "k": 1.0},
    "nn.LayerNorm": {
        "normalized_shape": REQUIRED, "eps": 1e-05, "elementwise_affine": True, "bias": True,
    },
    **{
        f"nn.{kind}": {"p": 0.5, "inplace": False}
        for kind in (
            "Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout",
            "FeatureAlphaDropout",
        )
    },
    "nn.ReLU": {"inplace": False},
    "nn.LeakyReLU": {"negative_slope": 0.01, "inplace": False},
    "nn.GELU": {"approximate": "none"},
    "nn.SiLU": {"inplace": False},
    "nn.Sigmoid": {},
    "nn.Tanh": {},
    **{f"nn.{kind}": {"dim": None} for kind in ("Softmax", "LogSoftmax", "Softmin")},
    **{
        f"nn.{kind}": {"inplace": False}
        for kind in ("ReLU6", "SELU", "Mish", "Hardsigmoid", "Hardswish")
    },
    **{f"nn.{kind}": {} for kind in ("Softsign", "LogSigmoid", "Tanhshrink")},
    **{f"nn.{kind}": {"alpha": 1.0, "inplace": False} for kind in ("ELU", "CELU")},
    **{f"nn.{kind}": {"lambd": 0.5} for kind in ("Hardshrink", "Softshrink")},
    "nn.RReLU": {"lower": 0.125, "upper": 0.3333333333333333, "inplace": False},
    "nn.Softplus": {"beta": 1.0, "threshold": 20.0},
    "nn.Hardtanh": {"min_val": -1.0, "max_val": 1.0, "inplace": False},
    "nn.Threshold": {"threshold": REQUIRED, "value": REQUIRED, "inplace": False},
    "nn.PReLU": {"num_parameters": 1, "init": 0.25},
    "nn.GLU": {"dim": -1},
    "nn.Flatten": {"start_dim": 1, "end_dim": -1},
    "nn.Identity": {},
}  # fmt: skip


def signature_of(target: str) -> Mapping[str, Default]:
    """Return the arguments of a class of torch or of ours; empty for one nobody knows."""
    known = SIGNATURES.get(target)
    if known is not None:
        return known
    own = own_classes().get(target)
    return {} if own is None else own.signature
