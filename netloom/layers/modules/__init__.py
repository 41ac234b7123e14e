"""Modules that torch lacks. Generated source carries their text; files keep to rules.

A file imports `torch`, `nn` and classes of this package, nothing else; it holds classes
and functions alone; constructors take plain data by name; and it is formatted at 88
columns, as generated source is. A test holds every file against them.
"""

from netloom.layers.modules.arrays import Pick, Take
from netloom.layers.modules.attention import (
    CrossAttention,
    SelfAttention,
    TransformerDecoderLayer,
    TransformerEncoderLayer,
)
from netloom.layers.modules.boxes import (
    AnchorDetections,
    AnchorFreeDetections,
    DefaultBoxDetections,
    Detections,
    DetectionTransform,
)
from netloom.layers.modules.combine import (
    Add,
    Average,
    Concatenate,
    Divide,
    Gate,
    MatMul,
    Maximum,
    Minimum,
    Multiply,
    Subtract,
)
from netloom.layers.modules.convolution import (
    SeparableConv1d,
    SeparableConv2d,
    SeparableConv3d,
)
from netloom.layers.modules.detection import (
    AnchorFreeHead,
    AnchorHead,
    FeaturePyramid,
    RoIAlign,
    SegmentationHead,
)
from netloom.layers.modules.embedding import (
    ClassToken,
    LearnedPositions,
    PatchEmbedding,
    RotaryPositions,
    SinusoidalPositions,
    TakeStep,
)
from netloom.layers.modules.function import Function
from netloom.layers.modules.linear import LowRankLinear, SqueezeExcite
from netloom.layers.modules.masked import (
    MaskedClassToken,
    MaskedCrossAttention,
    MaskedGRU,
    MaskedLSTM,
    MaskedPool,
    MaskedRNN,
    MaskedSelfAttention,
    MaskedTakeStep,
    MaskedTransformerDecoderLayer,
    MaskedTransformerEncoderLayer,
)
from netloom.layers.modules.patterns import Einsum, Rearrange
from netloom.layers.modules.pooling import MaxUnpoolTo
from netloom.layers.modules.raw_boxes import GridBoxes, PriorBoxes
from netloom.layers.modules.recurrent import GRU, LSTM, RNN
from netloom.layers.modules.regions import (
    RegionAlign,
    RegionDetections,
    RegionKeypoints,
    RegionMasks,
    RegionProposalHead,
    RegionProposals,
)
from netloom.layers.modules.regularization import GaussianNoise, StochasticDepth
from netloom.layers.modules.shape import CenterCrop, CropLike, Reshape, Slice
from netloom.layers.modules.tensors import (
    CastTo,
    Expand,
    ExpandToBatch,
    LearnedTensor,
    SavedTensor,
)

__all__ = [
    "GRU",
    "LSTM",
    "RNN",
    "Add",
    "AnchorDetections",
    "AnchorFreeDetections",
    "AnchorFreeHead",
    "AnchorHead",
    "Average",
    "CastTo",
    "CenterCrop",
    "ClassToken",
    "Concatenate",
    "CropLike",
    "CrossAttention",
    "DefaultBoxDetections",
    "DetectionTransform",
    "Detections",
    "Divide",
    "Einsum",
    "Expand",
    "ExpandToBatch",
    "FeaturePyramid",
    "Function",
    "Gate",
    "GaussianNoise",
    "GridBoxes",
    "LearnedPositions",
    "LearnedTensor",
    "LowRankLinear",
    "MaskedClassToken",
    "MaskedCrossAttention",
    "MaskedGRU",
    "MaskedLSTM",
    "MaskedPool",
    "MaskedRNN",
    "MaskedSelfAttention",
    "MaskedTakeStep",
    "MaskedTransformerDecoderLayer",
    "MaskedTransformerEncoderLayer",
    "MatMul",
    "MaxUnpoolTo",
    "Maximum",
    "Minimum",
    "Multiply",
    "PatchEmbedding",
    "Pick",
    "PriorBoxes",
    "Rearrange",
    "RegionAlign",
    "RegionDetections",
    "RegionKeypoints",
    "RegionMasks",
    "RegionProposalHead",
    "RegionProposals",
    "Reshape",
    "RoIAlign",
    "RotaryPositions",
    "SavedTensor",
    "SegmentationHead",
    "SelfAttention",
    "SeparableConv1d",
    "SeparableConv2d",
    "SeparableConv3d",
    "SinusoidalPositions",
    "Slice",
    "SqueezeExcite",
    "StochasticDepth",
    "Subtract",
    "Take",
    "TakeStep",
    "TransformerDecoderLayer",
    "TransformerEncoderLayer",
]
