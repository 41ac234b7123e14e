"""Layers of Caffe, one small network each, against OpenCV on the same weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from netloom.formats.caffe.read import read_caffe
from netloom.formats.weight_report import with_weight_report
from tests.netloom.formats.caffe.writing import caffemodel

SIZES = (1, 6, 13, 11)
DRAW = np.random.default_rng(3)


def some(*shape: int) -> np.ndarray:
    """Return numbers that are neither small nor all of one sign."""
    return DRAW.standard_normal(shape).astype(np.float32)


def layer(kind: str, settings: str = "", *, bottoms: str = "data", top: str = "out") -> str:
    """Return a layer called as its top."""
    arriving = " ".join(f'bottom: "{name}"' for name in bottoms.split())
    leaving = " ".join(f'top: "{name}"' for name in top.split())
    name, *_ = top.split()
    return f'layer {{ name: "{name}" type: "{kind}" {arriving} {leaving} {settings} }}\n'


CONVOLVED = layer("Convolution", "convolution_param { num_output: 4 kernel_size: 3 }", top="one")
OTHER = layer("Convolution", "convolution_param { num_output: 4 kernel_size: 3 }", top="two")
TWO: Mapping[str, tuple[str, Sequence[np.ndarray]]] = {
    "one": ("Convolution", [some(4, 6, 3, 3), some(4)]),
    "two": ("Convolution", [some(4, 6, 3, 3), some(4)]),
}
NETWORKS: Mapping[str, tuple[str, Mapping[str, tuple[str, Sequence[np.ndarray]]]]] = {
    "grouped convolution": (
        layer(
            "Convolution",
            "convolution_param { num_output: 4 kernel_h: 3 kernel_w: 5 pad_h: 1 pad_w: 2 "
            "stride: 2 group: 2 }",
        ),
        {"out": ("Convolution", [some(4, 3, 3, 5), some(4)])},
    ),
    "dilated convolution": (
        layer("Convolution", "convolution_param { num_output: 4 kernel_size: 3 dilation: 2 pad: 2 "
              "bias_term: false }"),
        {"out": ("Convolution", [some(4, 6, 3, 3)])},
    ),
    "deconvolution": (
        layer("Deconvolution", "convolution_param { num_output: 4 kernel_size: 4 stride: 2 pad: 1 "
              "group: 2 }"),
        {"out": ("Deconvolution", [some(6, 2, 4, 4), some(4)])},
    ),
    "maximum of partial windows": (
        CONVOLVED + layer("Pooling", "pooling_param { kernel_size: 3 stride: 2 }", bottoms="one"),
        TWO,
    ),
    "mean of partial windows with a border": (
        CONVOLVED
        + layer("Pooling", "pooling_param { pool: AVE kernel_size: 3 stride: 3 pad: 1 }",
                bottoms="one"),
        TWO,
    ),
    "maximum with a border that is clipped": (
        CONVOLVED
        + layer("Pooling", "pooling_param { kernel_size: 2 stride: 2 pad: 1 }", bottoms="one"),
        TWO,
    ),
    "whole images": (
        CONVOLVED + layer("Pooling", "pooling_param { pool: AVE global_pooling: true }",
                          bottoms="one"),
        TWO,
    ),
    "batch norm and scale in place": (
        layer("Convolution", "convolution_param { num_output: 4 kernel_size: 1 }", top="one")
        + 'layer { name: "bn" type: "BatchNorm" bottom: "one" top: "one" '
        "batch_norm_param { eps: 0.001 } }\n"
        + 'layer { name: "scale" type: "Scale" bottom: "one" top: "one" '
        "scale_param { bias_term: true } }\n"
        + layer("ReLU", bottoms="one"),
        {
            "one": ("Convolution", [some(4, 6, 1, 1), some(4)]),
            "bn": ("BatchNorm", [some(4), abs(some(4)) + 1, np.array([0.5], np.float32)]),
            "scale": ("Scale", [some(4), some(4)]),
        },
    ),
    "scale by itself": (
        layer("Scale", "scale_param { bias_term: true }"),
        {"out": ("Scale", [some(6), some(6)])},
    ),
    "response over channels": (
        CONVOLVED
        + layer("LRN", "lrn_param { local_size: 3 alpha: 0.3 beta: 0.6 }", bottoms="one"),
        TWO,
    ),
    "response over positions": (
        CONVOLVED
        + layer("LRN", "lrn_param { local_size: 3 alpha: 0.3 norm_region: WITHIN_CHANNEL }",
                bottoms="one"),
        TWO,
    ),
    "weighted sum of tensors": (
        CONVOLVED + OTHER
        + layer("Eltwise", "eltwise_param { coeff: 0.5 coeff: -2 }", bottoms="one two"),
        TWO,
    ),
    "product": (
        CONVOLVED + OTHER
        + layer("Eltwise", "eltwise_param { operation: PROD }", bottoms="one two"),
        TWO,
    ),
    "maximum": (
        CONVOLVED + OTHER
        + layer("Eltwise", "eltwise_param { operation: MAX }", bottoms="one two"),
        TWO,
    ),
    "concatenation of rows": (
        CONVOLVED + OTHER + layer("Concat", "concat_param { axis: 2 }", bottoms="one two"),
        TWO,
    ),
    "slices": (
        CONVOLVED
        + layer("Slice", "slice_param { slice_point: 1 slice_point: 2 }", bottoms="one",
                top="a b c")
        + layer("Concat", bottoms="c a b"),
        TWO,
    ),
    "crop": (
        layer("Convolution", "convolution_param { num_output: 4 kernel_size: 3 pad: 3 }",
              top="one")
        + OTHER
        + layer("Crop", "crop_param { axis: 2 offset: 2 }", bottoms="one two"),
        TWO,
    ),
    "weighted sums behind images": (
        CONVOLVED
        + layer("InnerProduct", "inner_product_param { num_output: 7 }", bottoms="one", top="fc")
        + layer("Softmax", bottoms="fc"),
        {**TWO, "fc": ("InnerProduct", [some(7, 396) * np.float32(0.1), some(7)])},
    ),
    "turned, reshaped, softmax over the last axis": (
        CONVOLVED
        + layer("Permute", "permute_param { order: 0 order: 2 order: 3 order: 1 }",
                bottoms="one", top="turned")
        + layer("Reshape", "reshape_param { shape { dim: 0 dim: -1 dim: 2 } }",
                bottoms="turned", top="pairs")
        + layer("Softmax", "softmax_param { axis: 2 }", bottoms="pairs", top="shares")
        + layer("Flatten", bottoms="shares"),
        TWO,
    ),
    "slopes by channel": (
        layer("PReLU"),
        {"out": ("PReLU", [abs(some(6))])},
    ),
    "one slope and an exponential": (
        CONVOLVED
        + layer("ReLU", "relu_param { negative_slope: 0.2 }", bottoms="one", top="bent")
        + layer("ELU", "elu_param { alpha: 0.7 }", bottoms="bent"),
        TWO,
    ),
    "functions": (
        CONVOLVED
        + layer("AbsVal", bottoms="one", top="sizes")
        + layer("Power", "power_param { power: 0.5 scale: 2 shift: 1 }", bottoms="sizes",
                top="roots")
        + layer("TanH", bottoms="roots", top="t")
        + layer("Sigmoid", bottoms="t", top="s")
        + layer("BNLL", bottoms="s"),
        TWO,
    ),
    "mean and variance": (
        CONVOLVED + layer("MVN", bottoms="one"),
        TWO,
    ),
    "length one": (
        CONVOLVED
        + layer("Normalize", "norm_param { across_spatial: false channel_shared: false }",
                bottoms="one"),
        {**TWO, "out": ("Normalize", [some(4)])},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NETWORKS)
def test_equals_opencv(tmp_path: Path, name: str) -> None:
    layers, weights = NETWORKS[name]
    dims = " ".join(f"dim: {size}" for size in SIZES)
    given = f'input: "data" input_shape {{ {dims} }}\n'
    (tmp_path / "net.prototxt").write_text(given + layers)
    used = {key: value for key, value in weights.items() if f'name: "{key}"' in layers}
    (tmp_path / "net.caffemodel").write_bytes(caffemodel(used or TWO))
    imported = with_weight_report(
        read_caffe(tmp_path / "net.prototxt", side_files=[tmp_path / "net.caffemodel"])
    )
    report = imported.report
    assert [piece for piece in report.pieces if piece.outcome == "placeholder"] == []
    assert (report.num_unused_weights, report.num_missing_weights) == (0, 0)
    assert report.parity is not None, report.notes
    assert report.parity.oracle.startswith("OpenCV 4")
    assert report.parity.max_abs_value > 0.01
    assert report.parity.max_abs_diff < 1e-4
