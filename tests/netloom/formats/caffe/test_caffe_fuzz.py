"""Caffe files with bytes and fields changed at random: a network or a sentence, nothing else.

`make fuzz` tries many more than `make test`; EXAMPLES says how many hundreds.
"""

from __future__ import annotations

import random
import re
from pathlib import Path

import numpy as np
import pytest

from netloom.formats.caffe.read import CaffeFile, CaffeNetwork, open_files
from netloom.formats.imported import FormatError
from tests.netloom.formats.caffe.writing import caffemodel
from tests.netloom.formats.fuzzing import bytes_changed, files_to_try, members_of, survey, zipped

LAYERS = """
name: "all" input: "data" input_dim: 2 input_dim: 4 input_dim: 12 input_dim: 12
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" param { name: "w" lr_mult: 1 }
        convolution_param { num_output: 4 kernel_size: 3 pad: 1 group: 2 dilation: 1 stride: 1 } }
layer { name: "bn" type: "BatchNorm" bottom: "conv" top: "conv" batch_norm_param { eps: 1e-4 } }
layer { name: "scale" type: "Scale" bottom: "conv" top: "conv" scale_param { bias_term: true } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" relu_param { negative_slope: 0.1 } }
layer { name: "lrn" type: "LRN" bottom: "conv" top: "lrn" lrn_param { local_size: 3 } }
layer { name: "pool" type: "Pooling" bottom: "lrn" top: "pool"
        pooling_param { pool: AVE kernel_size: 3 stride: 2 pad: 1 } }
layer { name: "slice" type: "Slice" bottom: "pool" top: "a" top: "b"
        slice_param { axis: 1 slice_point: 2 } }
layer { name: "sum" type: "Eltwise" bottom: "a" bottom: "b" top: "sum"
        eltwise_param { operation: SUM coeff: 1 coeff: -1 } }
layer { name: "up" type: "Deconvolution" bottom: "sum" top: "up" convolution_param {
        num_output: 2 kernel_size: 4 stride: 2 pad: 1 weight_filler { type: "bilinear" } } }
layer { name: "crop" type: "Crop" bottom: "up" bottom: "sum" top: "crop"
        crop_param { axis: 2 offset: 1 } }
layer { name: "cat" type: "Concat" bottom: "crop" bottom: "a" top: "cat" concat_param { axis: 1 } }
layer { name: "norm" type: "Normalize" bottom: "cat" top: "norm"
        norm_param { across_spatial: false scale_filler { type: "constant" value: 20 } } }
layer { name: "prior" type: "PriorBox" bottom: "norm" bottom: "data" top: "prior"
        prior_box_param { min_size: 3 aspect_ratio: 2 flip: true } }
layer { name: "turn" type: "Permute" bottom: "norm" top: "turn"
        permute_param { order: 0 order: 2 order: 3 order: 1 } }
layer { name: "shape" type: "Reshape" bottom: "turn" top: "shape"
        reshape_param { shape { dim: 0 dim: -1 dim: 4 } } }
layer { name: "fc" type: "InnerProduct" bottom: "shape" top: "fc"
        inner_product_param { num_output: 5 axis: 1 transpose: false } }
layer { name: "prob" type: "Softmax" bottom: "fc" top: "prob" softmax_param { axis: 1 } }
"""
KINDS = re.findall(r'type: "(\w+)" bottom', LAYERS)
NUMBERS = ("-1", "0", "1", "2", "7", "-9223372036854775808", "4294967296", "1e300", "nan", "inf",
           "0.5", "true", '"text"', "{ }", "1e-300", "99999999999999999999999")  # fmt: skip
BLOBS = {
    "conv": ("Convolution", [np.ones((4, 2, 3, 3)), np.ones(4)]),
    "bn": ("BatchNorm", [np.ones(4), np.ones(4), np.ones(1)]),
    "scale": ("Scale", [np.ones(4), np.ones(4)]),
    "fc": ("InnerProduct", [np.ones((5, 144)), np.ones(5)]),
}
WEIGHTS = caffemodel(BLOBS)


def _settings_changed(draw: random.Random) -> bytes:
    """Give some fields odd values, some layers another kind, some tensors another name."""
    words = re.split(r"(\s+)", LAYERS)
    for _ in range(draw.randint(1, 4)):
        places = [at for at, word in enumerate(words[:-2]) if word.endswith(":")]
        at = draw.choice(places)
        match words[at]:
            case "type:":
                words[at + 2] = f'"{draw.choice(KINDS)}"'
            case "bottom:" | "top:":
                words[at + 2] = f'"{draw.choice(("conv", "a", "cat", "data", "nowhere", "fc"))}"'
            case "name:":
                pass
            case _:
                words[at + 2] = draw.choice(NUMBERS)
    return "".join(words).encode()


def _changed(seed: int, draw: random.Random) -> bytes:
    """Return a zip of layers and weights, one of them changed."""
    layers, weights = LAYERS.encode(), WEIGHTS
    match seed % 4:
        case 0:
            layers = bytes_changed(layers, draw)
        case 1:
            weights = bytes_changed(weights, draw)
        case _:
            layers = _settings_changed(draw)
    return zipped({"net.prototxt": layers, "net.caffemodel": weights})


def opened(path: Path) -> CaffeNetwork:
    """Open a zip of files of Caffe."""
    found = members_of(path.read_bytes())
    return open_files([CaffeFile(name, memoryview(content)) for name, content in found.items()])


def test_the_unchanged_file_opens() -> None:
    files = [
        CaffeFile("a", memoryview(LAYERS.encode())),
        CaffeFile("b", memoryview(WEIGHTS)),
    ]
    report = open_files(files).imported.report
    assert [p.source for p in report.pieces if p.outcome == "placeholder"] == ["PriorBox prior"]


@pytest.mark.timeout(7200)
def test_a_changed_file_is_a_network_or_a_sentence(tmp_path: Path) -> None:
    survey(
        opened, _changed, tmp_path / "changed.zip", refusals=(FormatError,),
        seeds=files_to_try(),
    ).check()  # fmt: skip
