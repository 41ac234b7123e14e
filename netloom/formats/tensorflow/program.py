"""Runs in the environment that has TensorFlow, where Netloom is not: nothing of it is imported.

`program.py saved-model KERAS FOLDER` and `program.py tflite KERAS FILE` convert a Keras file,
`program.py compute KIND PATH INPUTS OUTPUTS` computes what was written. Arrays come and go as
`.npz`, under the names of inputs and outputs; what fails ends on standard error.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

SIGNATURE = "serving_default"
VERSION = "tensorflow.version"
"""What the answer of `compute` calls the version of TensorFlow; no output has a name like it."""


def main(arguments: Sequence[str]) -> None:
    """Do one thing; what fails ends in a traceback, whose last line says why."""
    parser = argparse.ArgumentParser(prog="program.py")
    doing = parser.add_subparsers(dest="doing", required=True)
    for name in ("saved-model", "tflite"):
        making = doing.add_parser(name)
        making.add_argument("source", type=Path)
        making.add_argument("target", type=Path)
        making.add_argument("--batch", type=int)
        making.add_argument("--outputs", nargs="+", required=True)
    computing = doing.add_parser("compute")
    computing.add_argument("kind", choices=("saved-model", "tflite"))
    computing.add_argument("source", type=Path)
    computing.add_argument("inputs", type=Path)
    computing.add_argument("target", type=Path)
    options = parser.parse_args(arguments)
    if options.doing == "compute":
        compute(options.kind, options.source, options.inputs, options.target)
    elif options.doing == "saved-model":
        make_saved_model(options.source, options.target, options.outputs, options.batch)
    else:
        make_tflite(options.source, options.target, options.outputs, options.batch)


def make_saved_model(source: Path, folder: Path, outputs: Sequence[str], batch: int | None) -> None:
    """Write a Keras file as a SavedModel: one signature, whose ends go by the network's names.

    Args:
        batch: Samples at once; None for any number.
    """
    tensorflow: Any = import_module("tensorflow")
    keras: Any = import_module("keras")
    model = keras.models.load_model(source, compile=False)
    taken = [
        tensorflow.TensorSpec((batch, *given.shape[1:]), given.dtype, name=given.name)
        for given in model.inputs
    ]

    def serve(*given: Any) -> dict[str, Any]:
        found: Any = model(given[0] if len(given) == 1 else list(given), training=False)
        ends: list[Any] = tensorflow.nest.flatten(found)
        return dict(zip(outputs, ends, strict=True))

    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint(SIGNATURE, serve, input_signature=taken)
    archive.write_out(str(folder), verbose=False)


def make_tflite(source: Path, target: Path, outputs: Sequence[str], batch: int | None) -> None:
    """Write a Keras file for TensorFlow Lite, with the operators that every runtime of it has."""
    tensorflow: Any = import_module("tensorflow")
    with tempfile.TemporaryDirectory() as name:
        make_saved_model(source, Path(name), outputs, batch)
        converter = tensorflow.lite.TFLiteConverter.from_saved_model(
            name, signature_keys=[SIGNATURE]
        )
        target.write_bytes(converter.convert())


def compute(kind: str, source: Path, inputs: Path, target: Path) -> None:
    """Compute outputs by what was written alone."""
    tensorflow: Any = import_module("tensorflow")
    with np.load(inputs, allow_pickle=False) as stored:
        given = dict(stored)
    if kind == "saved-model":
        loaded = tensorflow.saved_model.load(str(source))
        found = loaded.signatures[SIGNATURE](
            **{name: tensorflow.constant(array) for name, array in given.items()}
        )
        found = {name: each.numpy() for name, each in found.items()}
    else:
        interpreter = tensorflow.lite.Interpreter(model_path=str(source))
        found = interpreter.get_signature_runner(SIGNATURE)(**given)
    answer: Any = {**found, VERSION: np.array(tensorflow.__version__)}
    np.savez(target, **answer)


if __name__ == "__main__":
    main(sys.argv[1:])
