"""What was written against the network: computed by Keras, or read back where there is none.

Legend: B batch, C channels, H height, W width.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from torch import Tensor

from netloom.formats.exported import ExportError
from netloom.formats.fresh import run_fresh
from netloom.formats.imported import FormatError, ParityCheck
from netloom.formats.keras.writing.inputs import PIXELS, normalisation
from netloom.formats.keras.writing.model import KerasSketch
from netloom.formats.read import read_network
from netloom.formats.runnable import Runnable, compare, judged, make_runnable
from netloom.layers.input_output import ImageInput

_LOAD = """
import os
os.environ["KERAS_BACKEND"] = "torch"
import keras
model = keras.models.load_model(sys.argv[1], compile=False)
network = lambda *given: model(given[0] if len(given) == 1 else list(given), training=False)
"""
_BATCH = 2


def check(
    path: Path, made: KerasSketch, runnable: Runnable, *, takes_pixels: bool
) -> tuple[ParityCheck | None, list[str]]:
    """Compare a file with the network that it was made of.

    Returns:
        The comparison, and what to know of it.

    Raises:
        ExportError: Keras does not load it, or computes other numbers.
    """
    inputs = runnable.examples(batch=_BATCH)
    expected = runnable.run(inputs)
    text = f"random (batch {_BATCH})"
    try:
        oracle = f"Keras {version('keras')}"
    except PackageNotFoundError:
        return _read_back(path, inputs, expected, runnable, text)
    given = keras_inputs(made, runnable, inputs, takes_pixels=takes_pixels)
    outputs = usual_outputs(made, run_fresh(_LOAD, path, given))
    parity = compare(expected, outputs, oracle=oracle, inputs=text)
    return parity, judged(parity)


def keras_inputs(
    made: KerasSketch, runnable: Runnable, inputs: Sequence[Tensor], *, takes_pixels: bool
) -> list[Tensor]:
    """Return inputs of a network as its Keras model takes them: channels last, perhaps pixels."""
    given = _as_pixels(runnable, inputs) if takes_pixels else inputs
    return [
        each.permute(*tensor.order).contiguous()
        for each, tensor in zip(given, made.inputs, strict=True)
    ]


def usual_outputs(made: KerasSketch, found: Sequence[Tensor]) -> list[Tensor]:
    """Return outputs of a Keras model with their axes as the network has them."""
    return [
        each.permute(*(tensor.order.index(axis) for axis in range(tensor.rank))).contiguous()
        for each, tensor in zip(found, made.outputs, strict=True)
    ]


def _read_back(
    path: Path,
    inputs: Sequence[Tensor],
    expected: Sequence[Tensor],
    runnable: Runnable,
    text: str,
) -> tuple[ParityCheck | None, list[str]]:
    """Compare with what Netloom itself reads in the file."""
    missing = "Keras is not installed here, so that Keras itself has not computed the file."
    try:
        read = read_network(path)
    except FormatError as error:
        raise ExportError(f"What was written cannot be read back: {error}") from error
    if read.report.count("placeholder"):
        return None, [f"{missing} Netloom cannot read all of it back either: it was not compared."]
    again = make_runnable(read)
    by_name = dict(zip((spec.name for spec in runnable.inputs), inputs, strict=True))
    if {spec.name for spec in again.inputs} != by_name.keys():
        return None, [f"{missing} It was not compared, as its inputs go by other names."]
    outputs = again.run([by_name[spec.name] for spec in again.inputs])
    parity = compare(expected, outputs, oracle="Netloom, which read it back", inputs=text)
    return parity, [missing, *judged(parity)]


def _as_pixels(runnable: Runnable, inputs: Sequence[Tensor]) -> list[Tensor]:
    """Return what goes in as pixels of 0 to 255, before the file's own layer normalises them."""
    from torch import tensor

    nodes = {node.name: node for node in runnable.document.graph.nodes.values()}
    found: list[Tensor] = []
    for spec, given in zip(runnable.inputs, inputs, strict=True):
        node = nodes[spec.name]
        if node.type != ImageInput.type_name:
            found.append(given)
            continue
        mean, std = normalisation(node)
        mean_C11, std_C11 = tensor(mean).view(-1, 1, 1), tensor(std).view(-1, 1, 1)
        found.append((given * std_C11 + mean_C11) * PIXELS)
    return found
