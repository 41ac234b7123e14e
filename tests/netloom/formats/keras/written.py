"""Networks written as `.keras` files, and what Keras computes from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from netloom.compile import build_module, state_weights
from netloom.formats.drawing import Drawing, Tap
from netloom.formats.imported import ImportedNetwork, ImportReport, ParityCheck
from netloom.formats.keras.writing.archive import write_archive
from netloom.formats.keras.writing.model import KerasSketch, sketch
from netloom.formats.read_progress import tell_nobody
from netloom.formats.runnable import compare, make_runnable
from netloom.graph.document import Document, ParamValue

Draw = Callable[[Drawing], Tap]


def drawn(draw: Draw) -> ImportedNetwork:
    """Return a network of what is drawn, with weights nobody could guess."""
    drawing = Drawing()
    drawing.add("Output", [draw(drawing)], name="output")
    return with_weights(drawing.finish("Drawn"))


def layers(
    given: Mapping[str, ParamValue], *wanted: tuple[str, Mapping[str, ParamValue]]
) -> ImportedNetwork:
    """Return an input, whose `type` is given with its parameters, and layers one behind another."""

    def draw(drawing: Drawing) -> Tap:
        params = dict(given)
        at = drawing.add(str(params.pop("type")), params=params).output
        for kind, settings in wanted:
            at = drawing.add(kind, [at], params=settings).output
        return at

    return drawn(draw)


def with_weights(document: Document) -> ImportedNetwork:
    weights = {key: tensor.clone() for key, tensor in state_weights(build_module(document)).items()}
    generator = torch.Generator().manual_seed(5)
    for key, tensor in weights.items():
        if key.endswith(("running_mean", "bias")):
            tensor.normal_(0, 0.1, generator=generator)
        elif key.endswith(("running_var", "norm.weight")) or tensor.ndim == 1:
            tensor.uniform_(0.5, 1.5, generator=generator)
    return ImportedNetwork(document, ImportReport(format="test"), weights)


def write(network: ImportedNetwork, path: Path) -> KerasSketch:
    weights = {key: tensor.float().numpy() for key, tensor in _weights(network).items()}
    made = sketch(network.document, weights, takes_pixels=False)
    assert made.gaps == []
    write_archive(path, made.board, made.config, {}, tell_nobody)
    return made


def _weights(network: ImportedNetwork) -> dict[str, torch.Tensor]:
    return state_weights(make_runnable(network).module)


def computed_by_keras(keras: Any, network: ImportedNetwork, path: Path) -> ParityCheck:
    """Write a network, have Keras load and compute it, and compare."""
    made = write(network, path)
    runnable = make_runnable(network)
    inputs = runnable.examples(batch=2, seed=4)
    model = keras.models.load_model(path, compile=False)
    given = [each.permute(*tensor.order) for each, tensor in zip(inputs, made.inputs, strict=True)]
    with torch.no_grad():
        found = model(given[0] if len(given) == 1 else given, training=False)
    found = found if isinstance(found, list | tuple) else [found]
    turned = [
        each.cpu().permute(*(tensor.order.index(axis) for axis in range(tensor.rank)))
        for each, tensor in zip(found, made.outputs, strict=True)
    ]
    return compare(runnable.run(inputs), turned, oracle="keras", inputs="random")
