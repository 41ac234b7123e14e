"""Layers that rearrange numbers without changing them."""

from __future__ import annotations

from netloom.layers.activation import NoParams
from netloom.layers.base import Constructor, Inference, Inputs, LayerType, ShapeProblem
from netloom.layers.shapes import BATCH, Dim, elements_per_sample


class Flatten(LayerType[NoParams]):
    type_name = "Flatten"
    name_stem = "flatten"
    title = "Flatten"
    category = "Shape"
    summary = "Lays out all numbers of a sample in one row."
    docs = "Turns (B, C, H, W) into (B, F) with F = C · H · W, as Linear needs it."
    aliases = ("reshape", "view", "vectorize")
    icon = "baseline-density-small"
    has_own_activation = False
    Params = NoParams

    def infer(self, params: NoParams, inputs: Inputs) -> Inference | ShapeProblem:
        return Inference({"output": (BATCH, Dim("F", elements_per_sample(inputs["input"])))})

    def constructor(self, params: NoParams, inputs: Inputs) -> Constructor:
        return Constructor("nn.Flatten")


LAYERS = (Flatten(),)
