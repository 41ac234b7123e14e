"""From a call in source back to a layer type and its parameters.

A declaration says which call its parameters make; here it is asked the other way round. Parameters
are tried, beginning with those of the present network, until the declaration makes the call that
is written. So a layer type can be read as soon as it can be written, also one of an installed
package.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import cast

from netloom.layers.base import AnyLayer
from netloom.layers.parse import parse_params
from netloom.layers.registry import all_layers, get_layer
from netloom.layers.shapes import Shape
from netloom.readback.making import CLASS, SHAPE, makes, types_of
from netloom.readback.solving import FoundLayer, required_values, solved
from netloom.readback.wanted import Params, Wanted, WantedCall, WantedExpression


def find_layer(
    wanted: Wanted, shapes: Sequence[Shape | None], seed: tuple[str, Params] | None = None
) -> FoundLayer | str:
    """Return the layer whose declaration makes this call, or why there is none.

    Args:
        shapes: Of the tensors it is called with.
        seed: Type and parameters to begin with: those of the present network.
    """
    reasons: list[str] = []
    misfits: list[FoundLayer] = []
    if seed is not None and (layer := get_layer(seed[0])) is not None and layer.role == "layer":
        found = solved(layer, wanted, shapes, seed[1])
        if isinstance(found, FoundLayer):
            found = _without_defaults(found, seed[1])
            if SHAPE not in found.inferred:
                return found
            misfits.append(found)
    for layer in _candidates(wanted, shapes):
        found = solved(layer, wanted, shapes, {})
        if isinstance(found, FoundLayer) and SHAPE not in found.inferred:
            return found
        if isinstance(found, FoundLayer):
            misfits.append(_without_defaults(found, {}))
        else:
            reasons.append(found)
    if misfits:  # What is wrong with the shapes is for the analysis to say, on the canvas.
        return replace(misfits[0], inferred={}, is_misfit=True)
    if reasons:
        return reasons[0]
    what = wanted.target if isinstance(wanted, WantedCall) else wanted.text
    return f"{what[:60]} is no layer that can be drawn here."


def _without_defaults(found: FoundLayer, seed: Params) -> FoundLayer:
    """Leave out what a search has set to the default, unless the network says it now."""
    fields, parsed = found.layer.Params.model_fields, parse_params(found.layer, found.params).params
    params = {
        name: value
        for name, value in found.params.items()
        if name in seed or getattr(parsed, name, None) != cast("object", fields[name].default)
    }
    return replace(found, params=params)


def _candidates(wanted: Wanted, shapes: Sequence[Shape | None]) -> Iterator[AnyLayer]:
    names = wanted.type_names if isinstance(wanted, WantedExpression) else types_of(wanted.target)
    seen = set(names)
    for name in names:
        layer = get_layer(name)
        if layer is not None and layer.role == "layer":
            yield layer
    if isinstance(wanted, WantedExpression):
        return
    for layer in all_layers():  # Layers of installed packages are called as they like.
        if "." in layer.type_name and layer.role == "layer" and layer.type_name not in seen:
            required = required_values(layer, wanted)
            if (bad := makes(layer, required, wanted, shapes)) is not None and CLASS not in bad:
                yield layer
