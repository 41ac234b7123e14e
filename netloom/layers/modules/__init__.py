"""Modules that torch lacks. Generated source carries their text; files keep to rules.

A file imports `torch`, `nn` and classes of this package, nothing else; it holds classes
and functions alone; constructors take plain data by name; and it is formatted at 88
columns, as generated source is. A test holds every file against them.
"""

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
from netloom.layers.modules.convolution import SeparableConv2d
from netloom.layers.modules.function import Function
from netloom.layers.modules.linear import LowRankLinear, SqueezeExcite
from netloom.layers.modules.patterns import Einsum, Rearrange
from netloom.layers.modules.regularization import GaussianNoise, StochasticDepth
from netloom.layers.modules.shape import CenterCrop, CropLike, Reshape, Slice

__all__ = [
    "Add",
    "Average",
    "CenterCrop",
    "Concatenate",
    "CropLike",
    "Divide",
    "Einsum",
    "Function",
    "Gate",
    "GaussianNoise",
    "LowRankLinear",
    "MatMul",
    "Maximum",
    "Minimum",
    "Multiply",
    "Rearrange",
    "Reshape",
    "SeparableConv2d",
    "Slice",
    "SqueezeExcite",
    "StochasticDepth",
    "Subtract",
]
