"""A case: what arrives at a layer and its parameters. Tables of cases are one file per family.

B batch, C channels, D depth, H height, W width, T time, F features.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from netloom.graph.document import ParamValue
from netloom.layers.base import AnyLayer, Inputs
from netloom.layers.params import LayerParams
from netloom.layers.shapes import (
    Shape,
    feature_shape,
    image_shape,
    sequence_shape,
    signal_shape,
    volume_shape,
)

Params = dict[str, ParamValue]
Given = Shape | Mapping[str, Shape]


@dataclass(frozen=True, slots=True)
class Case:
    """One use of a layer.

    Attributes:
        given: A shape for every port, or each port's own.
    """

    given: Given
    params: Params

    def inputs(self, layer: AnyLayer, params: LayerParams) -> Inputs:
        """Return the shape at each port, in port order."""
        ports = [port.name for port in layer.input_ports(params)]
        if isinstance(self.given, tuple):
            return dict.fromkeys(ports, self.given)
        return {port: self.given[port] for port in ports}


Cases = Mapping[str, list[Case]]


def over(shapes: Iterable[Given], *parameter_sets: Params) -> list[Case]:
    """Return every parameter set on every shape; without any, the defaults."""
    return [Case(shape, raw) for shape, raw in itertools.product(shapes, parameter_sets or ({},))]


IMAGES = (image_shape(4, 13, 16), image_shape(6, 32, 9))
FEATURES = (feature_shape(7), feature_shape(12))
SIGNALS = (signal_shape(4), signal_shape(6, 19))
SEQUENCES = (sequence_shape(8), sequence_shape(6, 5))
VOLUMES = (volume_shape(4, 8, 9, 11),)
ANY = (*IMAGES, *FEATURES, *SIGNALS, *SEQUENCES, *VOLUMES)
