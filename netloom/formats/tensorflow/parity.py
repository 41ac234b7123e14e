"""A network that was read from TensorFlow's ONNX, against TensorFlow on the file itself.

The conversion is a step of its own that can go wrong: ONNX Runtime on the ONNX would not show it.
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Literal

import numpy as np

from netloom.formats.imported import FormatError, ParityCheck
from netloom.formats.onnx.parity import compare_outputs, computed_by_onnxruntime
from netloom.formats.onnx.read import OnnxNetwork
from netloom.formats.tensorflow import program
from netloom.formats.tensorflow.environment import ConverterError, run_converter

Kind = Literal["saved-model", "tflite"]
COMPARED_WITHIN_S = 600
ORACLES: dict[Kind, str] = {"saved-model": "TensorFlow", "tflite": "TensorFlow Lite"}


def compare_with_tensorflow(
    kind: Kind, source: Path, made: Path, network: OnnxNetwork, home: Path
) -> ParityCheck:
    """Compare a network with the file of TensorFlow that it came from.

    Args:
        made: The ONNX in between, whose ends go by TensorFlow's names.
        home: A folder for what lies between, which the caller removes.

    Raises:
        FormatError: The network holds placeholders, or TensorFlow does not compute the file.
    """
    given, told, _ = computed_by_onnxruntime(made, network)
    question, answer = home / "question.npz", home / "answer.npz"
    arrays = {str(at): array for at, array in enumerate(given.values())}
    np.savez(
        question, inputs=np.array(list(given)), outputs=np.array(list(told)),
        allow_pickle=False, **arrays,
    )  # fmt: skip
    try:
        asked = [program.__file__, "ask", kind, str(source), str(question), str(answer)]
        reads = [Path(program.__file__), source]
        run_converter(asked, home, reads=reads, within_s=COMPARED_WITHIN_S)
        with np.load(answer, allow_pickle=False) as stored:
            found = {name: stored[str(at)] for at, name in enumerate(told)}
            version = str(stored[program.VERSION])[:40]
    except (ConverterError, OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise FormatError(f"TensorFlow does not compute it: {str(error)[:300]}") from error
    return compare_outputs(network, given, found, oracle=f"{ORACLES[kind]} {version}")
