"""Runs in the environment that has TensorFlow, where Netloom is not: nothing of it is imported.

`program.py saved-model KERAS FOLDER` and `program.py tflite KERAS FILE` convert a Keras file,
`program.py compute KIND PATH INPUTS OUTPUTS` computes what was written, under the names of its
inputs and outputs, and `program.py ask KIND PATH QUESTION ANSWER` what somebody else wrote, of
which `program.py onnx KIND PATH ONNX` makes an ONNX. Arrays come and go as `.npz`; what fails ends
on standard error.
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
    for name in ("compute", "ask"):
        computing = doing.add_parser(name)
        computing.add_argument("kind", choices=("saved-model", "tflite"))
        computing.add_argument("source", type=Path)
        computing.add_argument("inputs", type=Path)
        computing.add_argument("target", type=Path)
    reading = doing.add_parser("onnx")
    reading.add_argument("kind", choices=("saved-model", "tflite"))
    reading.add_argument("source", type=Path)
    reading.add_argument("target", type=Path)
    options = parser.parse_args(arguments)
    if options.doing == "onnx":
        make_onnx(options.kind, options.source, options.target)
    elif options.doing == "compute":
        compute(options.kind, options.source, options.inputs, options.target)
    elif options.doing == "ask":
        ask(options.kind, options.source, options.inputs, options.target)
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


def make_onnx(kind: str, source: Path, target: Path) -> None:
    """Make an ONNX of a file by tf2onnx."""
    converter: Any = import_module("tf2onnx.convert")
    _keep_biases()
    sys.argv = ["tf2onnx.convert", f"--{kind}", str(source), "--output", str(target)]
    converter.main()


def _keep_biases() -> None:
    """Flatten what goes into the dense layers of TensorFlow Lite before tf2onnx does.

    Where it does so itself, behind a mean over height and width for instance, it forgets the bias
    (1.17.0, `TflFullyConnectedOp` in `tflite_handlers/tfl_math.py`).
    """
    handlers: dict[str, Any] = import_module("tf2onnx.handler").tfl_op.create_tfl_to_tf_mapping()
    convert, options = handlers["TFL_FULLY_CONNECTED"]

    def flatten_first(graph: Any, node: Any, **given: Any) -> None:
        features = node.input[0]
        if not node.attr["keep_num_dims"].i and graph.get_rank(features) != 2:
            sizes = [-1, graph.get_shape(node.input[1])[1]]
            told = graph.make_const(f"{node.name}_sizes", np.array(sizes, np.int64)).output[0]
            flat = graph.make_node(
                "Reshape", [features, told], shapes=[sizes], dtypes=[graph.get_dtype(features)]
            )
            flat.skip_conversion = True
            graph.replace_input(node, features, flat.output[0], 0)
        convert(graph, node, **given)

    handlers["TFL_FULLY_CONNECTED"] = (flatten_first, options)


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


def ask(kind: str, source: Path, question: Path, target: Path) -> None:
    """Compute outputs of a file whose ends go by the names that tf2onnx kept.

    Args:
        question: `inputs` and `outputs`, which are names, and one array by the place of each input.
        target: One array by the place of each output.
    """
    tensorflow: Any = import_module("tensorflow")
    with np.load(question, allow_pickle=False) as stored:
        arrays = dict(stored)
    given = {str(name): arrays[str(at)] for at, name in enumerate(arrays["inputs"])}
    if kind == "saved-model":
        found = _ask_saved_model(tensorflow, source, given)
    else:
        found = _ask_tflite(tensorflow, source, given)
    wanted = [str(name) for name in arrays["outputs"]]
    missing = [name for name in wanted if name not in found]
    if missing:
        raise ValueError(f"error: it has {sorted(found)}, but not {missing}")
    answer: Any = {str(at): found[name] for at, name in enumerate(wanted)}
    answer[VERSION] = np.array(tensorflow.__version__)
    np.savez(target, **answer)


def _ask_saved_model(tensorflow: Any, source: Path, given: dict[str, Any]) -> dict[str, Any]:
    signatures: Any = tensorflow.saved_model.load(str(source)).signatures
    signature: Any = signatures[SIGNATURE if SIGNATURE in signatures else next(iter(signatures))]
    specs: dict[str, Any] = signature.structured_input_signature[1]
    by_key = {name.partition(":")[0]: array for name, array in given.items()}
    answer: dict[str, Any] = signature(
        **{key: tensorflow.constant(by_key[key], spec.dtype) for key, spec in specs.items()}
    )
    found = {key: each.numpy() for key, each in answer.items()}
    return {**found, **{f"{key}:0": array for key, array in found.items()}}


def _ask_tflite(tensorflow: Any, source: Path, given: dict[str, Any]) -> dict[str, Any]:
    interpreter: Any = tensorflow.lite.Interpreter(model_path=str(source))
    taken: list[dict[str, Any]] = interpreter.get_input_details()
    for each in taken:
        array = given[each["name"]]
        if tuple(each["shape"]) != array.shape:
            interpreter.resize_tensor_input(each["index"], array.shape)
    interpreter.allocate_tensors()
    for each in taken:
        interpreter.set_tensor(each["index"], given[each["name"]].astype(each["dtype"]))
    interpreter.invoke()
    return {
        each["name"]: interpreter.get_tensor(each["index"])
        for each in interpreter.get_output_details()
    }


if __name__ == "__main__":
    main(sys.argv[1:])
