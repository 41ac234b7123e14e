"""The numbers of the fields in Caffe's byte format, as far as a network's layers need them.

`name=number kind`, a kind being a number type, `string`, a choice or another message. Fields that
only training or reading data needs are left out; the byte reader passes over them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a message.

    Attributes:
        kind: `int`, `float`, `double`, `bool`, `string`, or a name in `ENUMS` or `MESSAGES`.
    """

    name: str
    kind: str


ENUMS: Mapping[str, Mapping[int, str]] = {
    "Phase": {0: "TRAIN", 1: "TEST"},
    "Pool": {0: "MAX", 1: "AVE", 2: "STOCHASTIC"},
    "Rounding": {0: "CEIL", 1: "FLOOR"},
    "EltwiseKind": {0: "PROD", 1: "SUM", 2: "MAX"},
    "Region": {0: "ACROSS_CHANNELS", 1: "WITHIN_CHANNEL"},
    "ReductionKind": {1: "SUM", 2: "ASUM", 3: "SUMSQ", 4: "MEAN"},
    "OldType": dict(enumerate((
        "NONE", "ACCURACY", "BNLL", "CONCAT", "CONVOLUTION", "DATA", "DROPOUT", "EUCLIDEAN_LOSS",
        "FLATTEN", "HDF5_DATA", "HDF5_OUTPUT", "IM2COL", "IMAGE_DATA", "INFOGAIN_LOSS",
        "INNER_PRODUCT", "LRN", "MULTINOMIAL_LOGISTIC_LOSS", "POOLING", "RELU", "SIGMOID",
        "SOFTMAX", "SOFTMAX_LOSS", "SPLIT", "TANH", "WINDOW_DATA", "ELTWISE", "POWER",
        "SIGMOID_CROSS_ENTROPY_LOSS", "HINGE_LOSS", "MEMORY_DATA", "ARGMAX", "THRESHOLD",
        "DUMMY_DATA", "SLICE", "MVN", "ABSVAL", "SILENCE", "CONTRASTIVE_LOSS", "EXP",
        "DECONVOLUTION",
    ))),
}  # fmt: skip

_SETTINGS = """
argmax_param=103 ArgMax
batch_norm_param=139 BatchNorm
bias_param=141 Bias
clip_param=148 Clip
concat_param=104 Concat
convolution_param=106 Convolution
crop_param=144 Crop
dropout_param=108 Dropout
dummy_data_param=109 DummyData
eltwise_param=110 Eltwise
elu_param=140 ELU
embed_param=137 Embed
exp_param=111 Exp
flatten_param=135 Flatten
inner_product_param=117 InnerProduct
input_param=143 Input
log_param=134 Exp
lrn_param=118 LRN
memory_data_param=119 MemoryData
mvn_param=120 MVN
norm_param=206 Normalize
parameter_param=145 Input
permute_param=202 Permute
pooling_param=121 Pooling
power_param=122 Power
prelu_param=131 PReLU
python_param=130 Python
recurrent_param=146 Recurrent
reduction_param=136 Reduction
relu_param=123 ReLU
reshape_param=133 Reshape
scale_param=142 Scale
slice_param=126 Slice
softmax_param=125 Softmax
swish_param=147 Swish
threshold_param=128 Threshold
tile_param=138 Tile
transform_param=100 Transform
"""

_TABLE = """
NetParameter: name=1 string, layers=2 OldLayer, input=3 string, input_dim=4 int,
    input_shape=8 Shape, layer=100 Layer
Shape: dim=1 int
Blob: num=1 int, channels=2 int, height=3 int, width=4 int, data=5 float, shape=7 Shape,
    double_data=8 double
Rule: phase=1 Phase, min_level=2 int, max_level=3 int, stage=4 string, not_stage=5 string
Param: name=1 string, share_mode=2 int, lr_mult=3 float, decay_mult=4 float
Filler: type=1 string, value=2 float
ArgMax: out_max_val=1 bool, top_k=2 int, axis=3 int
BatchNorm: use_global_stats=1 bool, moving_average_fraction=2 float, eps=3 float
Bias: axis=1 int, num_axes=2 int, filler=3 Filler
Clip: min=1 float, max=2 float
Concat: concat_dim=1 int, axis=2 int
Convolution: num_output=1 int, bias_term=2 bool, pad=3 int, kernel_size=4 int, group=5 int,
    stride=6 int, weight_filler=7 Filler, bias_filler=8 Filler, pad_h=9 int, pad_w=10 int,
    kernel_h=11 int, kernel_w=12 int, stride_h=13 int, stride_w=14 int, axis=16 int,
    dilation=18 int
Crop: axis=1 int, offset=2 int
Dropout: dropout_ratio=1 float
DummyData: num=2 int, channels=3 int, height=4 int, width=5 int, shape=6 Shape
Eltwise: operation=1 EltwiseKind, coeff=2 float
ELU: alpha=1 float
Embed: num_output=1 int, input_dim=2 int, bias_term=3 bool
Exp: base=1 float, scale=2 float, shift=3 float
Flatten: axis=1 int, end_axis=2 int
InnerProduct: num_output=1 int, bias_term=2 bool, weight_filler=3 Filler, axis=5 int,
    transpose=6 bool
Input: shape=1 Shape
LRN: local_size=1 int, alpha=2 float, beta=3 float, norm_region=4 Region, k=5 float
MemoryData: batch_size=1 int, channels=2 int, height=3 int, width=4 int
MVN: normalize_variance=1 bool, across_channels=2 bool, eps=3 float
Normalize: across_spatial=1 bool, scale_filler=2 Filler, channel_shared=3 bool, eps=4 float
Permute: order=1 int
Pooling: pool=1 Pool, kernel_size=2 int, stride=3 int, pad=4 int, kernel_h=5 int, kernel_w=6 int,
    stride_h=7 int, stride_w=8 int, pad_h=9 int, pad_w=10 int, global_pooling=12 bool,
    round_mode=13 Rounding
Power: power=1 float, scale=2 float, shift=3 float
PReLU: filler=1 Filler, channel_shared=2 bool
Python: module=1 string, layer=2 string, param_str=3 string
Recurrent: num_output=1 int, expose_hidden=5 bool
Reduction: operation=1 ReductionKind, axis=2 int, coeff=3 float
ReLU: negative_slope=1 float
Reshape: shape=1 Shape, axis=2 int, num_axes=3 int
Scale: axis=1 int, num_axes=2 int, filler=3 Filler, bias_term=4 bool, bias_filler=5 Filler
Slice: slice_dim=1 int, slice_point=2 int, axis=3 int
Softmax: axis=2 int
Swish: beta=1 float
Threshold: threshold=1 float
Tile: axis=1 int, tiles=2 int
Transform: scale=1 float, mirror=2 bool, crop_size=3 int, mean_file=4 string, mean_value=5 float,
    force_color=6 bool, force_gray=7 bool
OldData: scale=2 float, mean_file=3 string, crop_size=5 int
Layer: name=1 string, type=2 string, bottom=3 string, top=4 string, param=6 Param, blobs=7 Blob,
    include=8 Rule, exclude=9 Rule, phase=10 Phase
OldLayer: layer=1 OldestLayer, bottom=2 string, top=3 string, name=4 string, type=5 OldType,
    blobs=6 Blob, blobs_lr=7 float, include=32 Rule, exclude=33 Rule, param=1001 string,
    concat_param=9 Concat, convolution_param=10 Convolution, data_param=11 OldData,
    dropout_param=12 Dropout, inner_product_param=17 InnerProduct, lrn_param=18 LRN,
    pooling_param=19 Pooling, power_param=21 Power, memory_data_param=22 MemoryData,
    argmax_param=23 ArgMax, eltwise_param=24 Eltwise, threshold_param=25 Threshold,
    dummy_data_param=26 DummyData, relu_param=30 ReLU, slice_param=31 Slice, mvn_param=34 MVN,
    transform_param=36 Transform, softmax_param=39 Softmax, exp_param=41 Exp
OldestLayer: name=1 string, type=2 string, num_output=3 int, biasterm=4 bool, pad=7 int,
    kernelsize=8 int, group=9 int, stride=10 int, pool=11 Pool, dropout_ratio=12 float,
    local_size=13 int, alpha=14 float, beta=15 float, cropsize=20 int, k=22 float, blobs=50 Blob,
    blobs_lr=51 float, concat_dim=65 int
"""


def _read(table: str) -> dict[str, dict[int, Field]]:
    found: dict[str, dict[int, Field]] = {}
    for line in table.replace(",\n    ", ", ").strip().splitlines():
        name, _, rest = line.partition(": ")
        found[name] = dict(_field(each) for each in rest.split(", "))
    found["Layer"].update(_field(each) for each in _SETTINGS.strip().splitlines())
    return found


def _field(text: str) -> tuple[int, Field]:
    name, _, rest = text.partition("=")
    number, _, kind = rest.partition(" ")
    return int(number), Field(name, kind)


MESSAGES: Mapping[str, Mapping[int, Field]] = _read(_TABLE)
"""Fields of each message by their number."""
