"""The imported network against OpenCV, the one library that still runs Caffe's files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from importlib import import_module
from math import prod
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from netloom.compile import build_module
from netloom.compile.order import natural_key
from netloom.compile.weights import load_weights
from netloom.formats.caffe.inputs import is_source, sources
from netloom.formats.caffe.message import Array
from netloom.formats.caffe.read import CaffeNetwork
from netloom.formats.differences import compare_arrays
from netloom.formats.imported import FormatError, ImportedNetwork, ParityCheck

if TYPE_CHECKING:
    from torch import Tensor

MAX_INPUT = 2**26
_FIRST_WITHOUT_CAFFE = 5


def with_comparison(network: CaffeNetwork) -> ImportedNetwork:
    """Return what was imported, with the comparison or the reason why there is none."""
    imported = network.imported
    if not imported.weights:
        return imported
    try:
        update: dict[str, object] = {"parity": compare_with_opencv(network)}
    except FormatError as error:
        note = f"Not compared with OpenCV: {error}"[:2000]
        update = {"notes": [*imported.report.notes, note]}
    return replace(imported, report=imported.report.model_copy(update=update))


def compare_with_opencv(network: CaffeNetwork, *, seed: int = 0) -> ParityCheck:
    """Compare what Caffe files were opened as with what OpenCV computes of them.

    Raises:
        FormatError: OpenCV is not there or refuses them, or they hold no weights, no sizes, or
            layers that Netloom cannot compute.
    """
    report = network.imported.report
    if report.count("placeholder"):
        raise FormatError("it holds what Netloom cannot compute.")
    if len(network.files) < 2:
        raise FormatError("it takes a file with layers and one with weights.")
    given = _random_inputs(network, seed)
    cv2 = _opencv()
    names = {layer.name: layer.tops for layer in network.net.layers}
    try:
        buffers = [np.frombuffer(file.content, np.uint8) for file in network.files]
        runner: Any = cv2.dnn.readNetFromCaffe(*buffers)
        for name, array in given.items():
            runner.setInput(array, name)
        layers = [str(name) for name in runner.getUnconnectedOutLayersNames()]
        found = cast("Sequence[Array]", runner.forward(layers))
        told = {
            top: array
            for layer, array in zip(layers, found, strict=True)
            for top in names.get(layer, ())[:1]
        }
    except cv2.error as error:
        raise FormatError(f"OpenCV refuses the files: {str(error)[:300]}") from error
    computed = _run(network, given)
    common = [name for name in told if name in computed]
    if not common:
        raise FormatError("OpenCV names its outputs otherwise.")
    if any(computed[name].size != told[name].size for name in common):
        raise FormatError("OpenCV gives other sizes.")
    return compare_arrays(
        {name: told[name].reshape(-1) for name in common},
        {name: computed[name].reshape(-1) for name in common},
        oracle=f"OpenCV {cv2.__version__}",
        inputs=f"random (seed {seed})",
    )


def _opencv() -> Any:
    try:
        cv2: Any = import_module("cv2")
    except ImportError:
        raise FormatError("OpenCV 4 is not installed.") from None
    if int(str(cv2.__version__).partition(".")[0]) >= _FIRST_WITHOUT_CAFFE:
        raise FormatError("OpenCV 5 does not read Caffe any more; OpenCV 4 does.")
    return cv2


def _random_inputs(network: CaffeNetwork, seed: int) -> dict[str, Array]:
    generator = np.random.default_rng(seed)
    known = sources(network.net)
    if any(is_source(layer) and layer.kind != "Input" for layer in network.net.layers):
        raise FormatError("it reads data itself and does not say their size.")
    if any(prod(known[name].sizes[1:]) > MAX_INPUT for name in network.inputs):
        raise FormatError("its input is too large.")
    return {
        name: generator.random((1, *known[name].sizes[1:])).astype(np.float32)
        for name in network.inputs
    }


def _run(network: CaffeNetwork, given: dict[str, Array]) -> dict[str, Array]:
    import torch

    try:
        module = build_module(network.imported.document)
        load_weights(module, network.imported.weights)
        module.eval()
        nodes = {network.inputs[name]: torch.from_numpy(array) for name, array in given.items()}  # pyright: ignore[reportUnknownMemberType]
        ordered = [nodes[name] for name in sorted(nodes, key=natural_key)]
        with torch.no_grad():
            found: object = module(*ordered)
    except Exception as error:  # torch raises what it likes
        raise FormatError(f"the network as opened cannot compute: {str(error)[:300]}") from error
    outputs = [found] if isinstance(found, torch.Tensor) else list(cast("Sequence[Tensor]", found))
    names = sorted(set(network.outputs.values()), key=natural_key)
    by_node = dict(zip(names, outputs, strict=True))
    return {tensor: by_node[node].numpy() for tensor, node in network.outputs.items()}
