"""A written ONNX file against the network it was made of."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netloom.formats.differences import worst_of
from netloom.formats.exported import ExportError
from netloom.formats.imported import ParityCheck
from netloom.formats.recording import MORE_STEPS, open_symbols
from netloom.formats.runnable import LENGTH, Runnable, compare

if TYPE_CHECKING:
    from torch import Tensor

_SAMPLES = (1, 3)
"""Numbers of samples to try: not the one that was recorded with."""
_MAX_CHECKED_BYTES = 2**30


def check_file(
    path: Path, runnable: Runnable, *, batch: int | None = None, length: int | None = None
) -> ParityCheck:
    """Check a file by ONNX's own rules and by what ONNX Runtime computes.

    Where sizes are open, several are tried, none of them the one that was recorded with.

    Raises:
        ExportError: It is not valid, does not run, or gives other sizes.
    """
    checker: Any = import_module("onnx.checker")  # its types are half known
    try:
        checker.check_model(str(path), full_check=path.stat().st_size < _MAX_CHECKED_BYTES)
    except Exception as error:  # it raises what it likes
        raise ExportError(f"What was written is not valid ONNX: {str(error)[:600]}") from error
    session = open_session(path)
    has_open_length = bool(open_symbols(runnable, batch, length) - {"B"})
    samples = (batch,) if batch is not None else _SAMPLES if "B" in runnable.symbols else (1,)
    names = [spec.name for spec in runnable.inputs]
    found: list[ParityCheck] = []
    for seed, count in enumerate(samples):
        more = MORE_STEPS if has_open_length else 0
        inputs = runnable.examples(count, length=length, more=more, seed=seed)
        given = run_session(session, names, inputs)
        found.append(compare(runnable.run(inputs), given, oracle=runtime_name(), inputs=""))
    batches = " and ".join(str(count) for count in samples)
    steps = f", {LENGTH + MORE_STEPS} steps" if has_open_length else ""
    inputs_text = f"random (batch {batches}{steps})"
    return worst_of(found).model_copy(update={"inputs": inputs_text})


def runtime_name() -> str:
    """Return what ONNX Runtime is called as an oracle."""
    runtime: Any = import_module("onnxruntime")  # it has no types
    return f"onnxruntime {runtime.__version__}"


def open_session(path: Path) -> Any:
    """Open a file in ONNX Runtime on the CPU.

    Raises:
        ExportError: It refuses the file.
    """
    runtime: Any = import_module("onnxruntime")  # it has no types
    options: Any = runtime.SessionOptions()
    options.log_severity_level = 3
    try:
        return runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its exceptions have no common base
        raise ExportError(f"ONNX Runtime refuses the file: {str(error)[:600]}") from error


def run_session(session: Any, names: Sequence[str], inputs: Sequence[Tensor]) -> list[Tensor]:
    """Return what a session computes.

    Raises:
        ExportError: It fails.
    """
    import torch

    taken = {each.name for each in session.get_inputs()}
    feeds = {
        name: tensor.numpy() for name, tensor in zip(names, inputs, strict=True) if name in taken
    }
    try:
        outputs: list[Any] = session.run(None, feeds)
    except Exception as error:  # its exceptions have no common base
        raise ExportError(f"ONNX Runtime cannot compute it: {str(error)[:600]}") from error
    return [torch.as_tensor(each) for each in outputs]
