"""The imported network against ONNX Runtime on the same input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from netloom.compile import build_module
from netloom.compile.order import natural_key
from netloom.compile.weights import load_weights
from netloom.formats.differences import compare_arrays
from netloom.formats.imported import FormatError, ParityCheck
from netloom.formats.onnx.load import load_model
from netloom.formats.onnx.read import OnnxNetwork, open_model
from netloom.formats.onnx.values import Array

if TYPE_CHECKING:
    from torch import Tensor

TYPES: Mapping[str, str] = {
    "tensor(float)": "float32", "tensor(double)": "float64", "tensor(float16)": "float16",
    "tensor(int64)": "int64", "tensor(int32)": "int32", "tensor(bool)": "bool",
}  # fmt: skip


def run_network(network: OnnxNetwork, feeds: Mapping[str, Array]) -> dict[str, Array]:
    """Compute the outputs of an imported network, in evaluation mode.

    Args:
        feeds: By the name of the tensor in the file; numbers become float32, whole ones int64.

    Returns:
        Outputs by the name of the tensor in the file.

    Raises:
        CompileError: The network holds placeholders.
    """
    import torch

    module = build_module(network.imported.document)
    load_weights(module, network.imported.weights)
    module.eval()
    tensors = {
        network.inputs[name]: _tensor(array)
        for name, array in feeds.items()
        if name in network.inputs
    }
    ordered = [tensors[name] for name in sorted(tensors, key=natural_key)]
    with torch.no_grad():
        found: object = module(*ordered)
    outputs = [found] if isinstance(found, torch.Tensor) else list(cast("Sequence[Tensor]", found))
    names = sorted(set(network.outputs.values()), key=natural_key)
    by_node = dict(zip(names, outputs, strict=True))
    return {name: by_node[node].numpy() for name, node in network.outputs.items()}


def _tensor(array: Array) -> Tensor:
    import torch

    if array.dtype.kind in "iu":
        kept = array.astype(np.int64)
    else:
        kept = array if array.dtype == bool else array.astype(np.float32)
    return torch.from_numpy(np.array(kept, order="C"))  # pyright: ignore[reportUnknownMemberType]


def check_against_onnxruntime(
    path: Path, *, feeds: Mapping[str, Array] | None = None, seed: int = 0
) -> ParityCheck:
    """Compare an ONNX file as Netloom opens it with what ONNX Runtime computes.

    Args:
        feeds: What to compute with; random numbers without it.

    Raises:
        FormatError: The file cannot be opened, holds placeholders, or ONNX Runtime refuses it.
    """
    beside = {each.name: each for each in path.parent.iterdir() if each.is_file()}
    network = open_model(load_model(path), beside, name=path.stem)
    return compare_with_onnxruntime(path, network, feeds=feeds, seed=seed)


def compare_with_onnxruntime(
    path: Path, network: OnnxNetwork, *, feeds: Mapping[str, Array] | None = None, seed: int = 0
) -> ParityCheck:
    """Compare what an ONNX file was opened as with what ONNX Runtime computes.

    Raises:
        FormatError: The network holds placeholders or cannot compute, or ONNX Runtime refuses.
    """
    if network.imported.report.count("placeholder"):
        raise FormatError("It holds what Netloom cannot compute; replace that first.")
    given, told, oracle = computed_by_onnxruntime(path, network, feeds, seed)
    inputs = f"random (seed {seed})" if feeds is None else "given"
    return compare_outputs(network, given, told, oracle=oracle, inputs=inputs)


def compare_outputs(
    network: OnnxNetwork,
    given: Mapping[str, Array],
    told: Mapping[str, Array],
    *,
    oracle: str,
    inputs: str = "random (seed 0)",
) -> ParityCheck:
    """Compare the network with what somebody else computed of the same inputs.

    Args:
        given: Inputs by the name of the tensor in the file.
        told: Outputs likewise.

    Raises:
        FormatError: It holds placeholders or cannot compute, or gives other shapes.
    """
    if network.imported.report.count("placeholder"):
        raise FormatError("It holds what Netloom cannot compute; replace that first.")
    try:
        computed = run_network(network, given)
    except Exception as error:  # torch raises what it likes
        raise FormatError(f"The network as opened cannot compute: {str(error)[:300]}") from error
    for name, array in told.items():
        if array.shape != computed[name].shape:
            raise FormatError(
                f"{oracle} gives {name[:100]} the shape {array.shape}, the network as opened "
                f"{computed[name].shape}."
            )
    return compare_arrays(told, computed, oracle=oracle, inputs=inputs)


def computed_by_onnxruntime(
    path: Path, network: OnnxNetwork, feeds: Mapping[str, Array] | None = None, seed: int = 0
) -> tuple[dict[str, Array], dict[str, Array], str]:
    """Return inputs, outputs and what computed them; the runtime lets its memory go.

    Raises:
        FormatError: ONNX Runtime refuses the file.
    """
    runtime: Any = import_module("onnxruntime")  # it has no types
    options: Any = runtime.SessionOptions()
    options.log_severity_level = 3
    # For one run it is not worth holding the weights a second time, in another order.
    options.add_session_config_entry("session.disable_prepacking", "1")
    options.enable_cpu_mem_arena = False
    try:
        session: Any = runtime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )
        given = dict(feeds) if feeds is not None else _random_feeds(session, network, seed)
        wanted = [each.name for each in session.get_outputs()]
        told = dict(zip(wanted, session.run(wanted, given), strict=True))
    except Exception as error:  # its exceptions have no common base
        raise FormatError(f"ONNX Runtime refuses the file: {str(error)[:300]}") from error
    return given, told, f"onnxruntime {runtime.__version__}"


def _random_feeds(session: Any, network: OnnxNetwork, seed: int) -> dict[str, Array]:
    generator = np.random.default_rng(seed)
    sizes = network.sizes
    feeds: dict[str, Array] = {}
    for each in session.get_inputs():
        told = sizes.get(each.name, [])
        shape = [
            size if isinstance(size, int) and size > 0 else (told[at] if at < len(told) else 1)
            for at, size in enumerate(each.shape)
        ]
        dtype = TYPES.get(each.type)
        if dtype is None:
            raise FormatError(f"The input {each.name[:100]} holds {each.type}.")
        if dtype == "bool":
            feeds[each.name] = generator.random(shape) < 0.5
        elif dtype.startswith("int"):
            feeds[each.name] = generator.integers(0, 2, shape).astype(dtype)
        else:
            feeds[each.name] = generator.random(shape).astype(dtype)
    return feeds
