"""The one place where a layer that Netloom cannot compute is given up: it is kept as it was."""

from __future__ import annotations

import json
from dataclasses import replace

from netloom.formats.imported import FormatError
from netloom.formats.keras.model import KerasLayer, KerasModel
from netloom.formats.keras.sheet import Sheet, Value
from netloom.graph.document import ParamValue
from netloom.layers.placeholder import MAX_PORTS
from netloom.layers.shapes import BATCH, Shape


def placeholder(
    sheet: Sheet, model: KerasModel, layer: KerasLayer, inputs: list[Value], reason: str
) -> list[Value]:
    """Stand in for a layer that has no counterpart, with its class and configuration.

    What leaves it is taken to have the shape of what arrives first, as the file does not say it.
    """
    num_outputs = _num_outputs(model, layer)
    if num_outputs > MAX_PORTS:
        raise FormatError(
            f"{layer.name[:100]} ({layer.kind[:100]}) is no layer that Netloom has, and gives "
            f"{num_outputs:,} tensors; at most {MAX_PORTS} of such a layer can be kept. Save the "
            "model without it, and import that."
        )
    num_inputs, inputs = len(inputs), inputs[:MAX_PORTS]
    outputs = [f"output_{number}" for number in range(1, num_outputs + 1)]
    outputs = ["output"] if len(outputs) == 1 else outputs
    arriving = [f"input_{number}" for number in range(1, len(inputs) + 1)]
    arriving = ["input"] if len(inputs) == 1 else arriving
    shape = inputs[0].shape
    known = _written(shape)
    params: dict[str, ParamValue] = {
        "op": layer.kind[:1000],
        "domain": "keras",
        "reason": reason[:300],
        "attributes": json.dumps(layer.config, sort_keys=True),
        "inputs": ",".join(arriving),
        "outputs": ",".join(outputs),
        "shapes": "{}" if known is None else json.dumps(dict.fromkeys(outputs, known)),
    }
    values = sheet.add_placeholder(inputs, shape, params)
    sheet.say(f"It cannot be computed: {reason}. Its output is taken to be shaped as its input.")
    if num_inputs > len(inputs):
        sheet.say(f"It takes {num_inputs:,} tensors; the first {MAX_PORTS} are kept.")
    sheet.end(layer, "placeholder")
    return [replace(value, flattened=inputs[0].flattened) for value in values]


def _num_outputs(model: KerasModel, layer: KerasLayer) -> int:
    used = [ref for other in model.layers for call in other.calls for ref in call.inputs]
    return 1 + max(
        (ref.output for ref in [*used, *model.outputs] if ref.layer == layer.name), default=0
    )


def _written(shape: Shape) -> list[list[int | str]] | None:
    """Return a shape as placeholders keep it; None where it depends on more than the batch."""
    dims: list[list[int | str]] = []
    for dim in shape:
        if dim == BATCH:
            dims.append(["B", "B"])
        elif isinstance(dim.size, int):
            dims.append([dim.axis, dim.size])
        else:
            return None
    return dims
