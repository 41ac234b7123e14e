"""A network to TensorFlow, by way of a Keras file that is written first, and what it computes then.

Legend: B batch.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from netloom.formats.exported import ExportError, Written
from netloom.formats.imported import ImportedNetwork, ParityCheck
from netloom.formats.keras.settings import JsonObject
from netloom.formats.keras.write import about, write_file
from netloom.formats.keras.writing.model import KerasSketch
from netloom.formats.keras.writing.parity import keras_inputs, usual_outputs
from netloom.formats.read_progress import Progress
from netloom.formats.runnable import compare, judged
from netloom.formats.tensorflow import program
from netloom.formats.tensorflow.environment import ConverterError, run_converter
from netloom.formats.tensorflow.parity import ORACLES, Kind

_REFUSED_WHEN_ROUNDED = 0.03
"""Each weight is off by up to 1 in 2,048, and layers add up."""


def convert_network(
    network: ImportedNetwork,
    kind: Kind,
    target: Path,
    home: Path,
    progress: Progress,
    *,
    add_about: Callable[[Path, JsonObject], None],
    takes_pixels: bool,
    batch: int | None,
    rounds_weights: bool = False,
) -> Written:
    """Write a network at `target`, and have a process with TensorFlow alone compute that.

    Args:
        home: A folder for what lies between, which the caller removes.
        add_about: Adds to `target` what TensorFlow has no place for.
        takes_pixels: Images go in as 0 to 255.
        batch: Samples at once; None for any number.
        rounds_weights: They are stored in half precision; TensorFlow Lite alone.

    Raises:
        ExportError: TensorFlow does not convert it, does not run it, or computes other numbers.
    """
    keras, converted = home / "network.keras", home / "converted"
    runnable, made = write_file(network, keras, progress, takes_pixels=takes_pixels)
    chosen = [] if batch is None else ["--batch", str(batch)]
    if rounds_weights:
        chosen.append("--half")
    progress(0.62, "Converting it with TensorFlow")
    try:
        _run([kind, str(keras), str(converted), *chosen, "--outputs", *runnable.outputs], home)
    except ConverterError as error:
        raise ExportError(f"TensorFlow could not convert the network: {error}.") from error
    add_about(converted, about(network, runnable.outputs, takes_pixels=takes_pixels))
    progress(0.8, "Computing the same with TensorFlow")
    samples = batch or 2
    inputs = runnable.examples(batch=samples)
    given = keras_inputs(made, runnable, inputs, takes_pixels=takes_pixels)
    try:
        found, version = _computed(kind, converted, home, made, given, runnable.outputs)
    except ConverterError as error:
        raise ExportError(f"TensorFlow does not run what was written: {error}.") from error
    parity = compare(
        runnable.run(inputs),
        usual_outputs(made, found),
        oracle=f"{ORACLES[kind]} {version}",
        inputs=f"random (batch {samples})",
    )
    told = _rounded(parity) if rounds_weights else judged(parity)
    if target.is_dir():
        shutil.copytree(converted, target, dirs_exist_ok=True)
    else:
        shutil.move(converted, target)
    return Written([*runnable.notes, *made.notes, *told], parity)


def _rounded(parity: ParityCheck) -> list[str]:
    """Return what a person should know of a network with rounded weights; raises ExportError."""
    judged(parity, refused_above=_REFUSED_WHEN_ROUNDED)
    return [
        f"Its weights are in half precision. {parity.oracle} computes numbers that differ by at "
        f"most {parity.max_abs_diff:.3g} of {parity.max_abs_value:.3g} on this input."
    ]


def _computed(
    kind: Kind,
    target: Path,
    home: Path,
    made: KerasSketch,
    inputs: Sequence[Tensor],
    outputs: Sequence[str],
) -> tuple[list[Tensor], str]:
    """Return outputs by the names of the network, and the version of TensorFlow."""
    given, found = home / "inputs.npz", home / "outputs.npz"
    arrays = {
        spec.layer: each.numpy().astype(spec.dtype)
        for spec, each in zip(made.inputs, inputs, strict=True)
    }
    np.savez(given, allow_pickle=False, **arrays)
    _run(["compute", kind, str(target), str(given), str(found)], home)
    try:
        with np.load(found, allow_pickle=False) as stored:
            answer = dict(stored)
        tensors = [torch.from_numpy(answer[name]) for name in outputs]  # pyright: ignore[reportUnknownMemberType]
        return tensors, str(answer[program.VERSION])[:40]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConverterError(f"its answer cannot be read: {error}") from error


def _run(arguments: Sequence[str], home: Path) -> None:
    run_converter([program.__file__, *arguments], home, reads=[Path(program.__file__)])
