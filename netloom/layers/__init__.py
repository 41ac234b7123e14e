"""Layer types, declared once: parameters, ports, shape rule, module factory, documentation."""

from netloom.layers.base import (
    AnyLayer,
    Constructor,
    Inference,
    InsertBefore,
    LayerType,
    Port,
    RemoveSelf,
    SetParams,
    ShapeProblem,
)
from netloom.layers.describe import LayerDescription, describe_layers
from netloom.layers.params import LayerParams
from netloom.layers.registry import all_layers, get_layer
from netloom.layers.shapes import Dim, Shape, shape_json, shape_text
from netloom.layers.sizes import Expr

__all__ = [
    "AnyLayer",
    "Constructor",
    "Dim",
    "Expr",
    "Inference",
    "InsertBefore",
    "LayerDescription",
    "LayerParams",
    "LayerType",
    "Port",
    "RemoveSelf",
    "SetParams",
    "Shape",
    "ShapeProblem",
    "all_layers",
    "describe_layers",
    "get_layer",
    "shape_json",
    "shape_text",
]
