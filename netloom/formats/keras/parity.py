"""The imported network against Keras itself, which computes the file in a process of its own.

What goes over there is the architecture, looked through name by name, and numbers.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, cast

from netloom.formats import confining
from netloom.formats.confined_files import confined_files, libraries
from netloom.formats.exported import ExportError
from netloom.formats.imported import FormatError, ImportedNetwork, ParityCheck
from netloom.formats.keras import computing
from netloom.formats.keras.config import parse_config
from netloom.formats.keras.drawn import End, KerasNetwork
from netloom.formats.keras.hdf5 import MAX_ATTRIBUTE_BYTES, open_hdf5
from netloom.formats.keras.read import (
    CONFIG,
    METADATA,
    WEIGHTS,
    member,
    open_keras_h5,
    open_keras_v3,
)
from netloom.formats.keras.settings import JsonObject
from netloom.formats.read_progress import Progress, tell_nobody

if TYPE_CHECKING:
    from torch import Tensor

    from netloom.formats.runnable import Runnable

IMPORT_TIMEOUT_S = 180
"""A person waits for an import; without an answer by then it ends without the comparison."""
VERIFY_TIMEOUT_S = 1800
MAX_WEIGHTS_BYTES = 2 * 2**30
_MEMORY_BYTES = 8 * 2**30
_WRITTEN_BYTES = 4 * 2**30
_OLDEST = (3, 13)
"""Earlier ones could be made to read other files, or to run code, in spite of their safe mode."""
_PIXELS = 255.0
_LAST_LINES = 3
_PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "LANG", "OMP_NUM_THREADS")
_MODULES = re.compile(
    r"keras(\.(layers|models|initializers|regularizers|constraints|activations|dtype_policies"
    r"|src\.models\.(functional|sequential|model)))?"
)
_KINDS = re.compile(r"[A-Z][A-Za-z0-9]{0,60}|__keras_tensor__|__tuple__|[a-z][a-z_0-9]{0,60}")
_REFUSED_KINDS = frozenset({"Lambda", "function", "type", "TorchModuleWrapper", "TFSMLayer"})
Inputs = Callable[["Runnable"], "tuple[list[Tensor], str]"]
"""From the network as opened to what both compute with, and what that is called."""


def read_compared_v3(path: Path, progress: Progress = tell_nobody) -> ImportedNetwork:
    """Open a `.keras` file and compare it with Keras; raises FormatError."""
    return _with_comparison(path, open_keras_v3(path, progress), progress)


def read_compared_h5(path: Path, progress: Progress = tell_nobody) -> ImportedNetwork:
    """Open an HDF5 file of Keras and compare it with Keras; raises FormatError."""
    return _with_comparison(path, open_keras_h5(path, progress), progress)


def verify_keras(path: Path, inputs: Inputs) -> ParityCheck:
    """Open a file of Keras and compare it; raises FormatError."""
    opened = open_keras_v3 if zipfile.is_zipfile(path) else open_keras_h5
    return compare_with_keras(path, opened(path, tell_nobody), inputs, timeout_s=VERIFY_TIMEOUT_S)


def _with_comparison(path: Path, network: KerasNetwork, progress: Progress) -> ImportedNetwork:
    imported = network.imported
    progress(0.7, "Comparing with Keras")
    try:
        found = compare_with_keras(path, network, _random, timeout_s=IMPORT_TIMEOUT_S)
    except FormatError as error:
        notes = [*imported.report.notes, f"Not compared with Keras: {error}"[:2000]]
        report = imported.report.model_copy(update={"notes": notes})
    else:
        report = imported.report.model_copy(update={"parity": found})
    return replace(imported, report=report)


def _random(runnable: Runnable) -> tuple[list[Tensor], str]:
    return runnable.examples(batch=2), "random (batch 2)"


def compare_with_keras(
    path: Path, network: KerasNetwork, inputs: Inputs, *, timeout_s: int
) -> ParityCheck:
    """Compare what a file was opened as with what Keras computes of it.

    Raises:
        FormatError: Keras is not there, does not load the file or takes too long, or the network
            cannot compute, or holds what Keras would have to run code for.
    """
    from netloom.compile import CompileError
    from netloom.formats.runnable import compare, make_runnable

    oracle = f"Keras {_version()}"
    if network.imported.report.count("placeholder"):
        raise FormatError("It holds what Netloom cannot compute; replace that first.")
    if not network.imported.weights:
        raise FormatError("It holds no weights, so that there are no numbers to compare.")
    try:
        runnable = make_runnable(network.imported)
        ours, text = inputs(runnable)
        expected = runnable.run(ours)
    except (CompileError, RuntimeError) as error:
        raise FormatError(f"The network as opened cannot compute: {str(error)[:300]}") from error
    given = _for_keras(runnable, ours, network.inputs)
    with tempfile.TemporaryDirectory(prefix="netloom-keras-") as name:
        folder = Path(name)
        file = _laid_out(path, folder)
        found = _computed(file, folder, given, timeout_s=timeout_s)
        if len(found) != len(expected):
            raise FormatError(f"{oracle} gives {len(found)} outputs, the network {len(expected)}.")
        turned = [_here(each, end) for each, end in zip(found, network.outputs, strict=True)]
        try:
            parity = compare(expected, turned, oracle=oracle, inputs=text)
        except ExportError as error:
            raise FormatError(str(error)) from error
        return _located(parity, network, ours, file, folder, timeout_s)


def _version() -> str:
    try:
        found = version("keras")
    except PackageNotFoundError:
        raise FormatError(
            "Keras is not installed here, so there is no independent runtime for it."
        ) from None
    numbers = tuple(int(part) for part in found.split(".")[:2] if part.isdecimal())
    if numbers < _OLDEST:
        needed = ".".join(map(str, _OLDEST))
        raise FormatError(f"Keras {found} is too old to be given files; {needed} or later is not.")
    return found


def _for_keras(
    runnable: Runnable, inputs: Sequence[Tensor], ends: Sequence[End]
) -> dict[str, Tensor]:
    """Return what goes into Keras: axes in its order, pixels as it takes them."""
    from torch import tensor

    by_name = dict(zip((spec.name for spec in runnable.inputs), inputs, strict=True))
    nodes = {node.name: node for node in runnable.document.graph.nodes.values()}
    found: dict[str, Tensor] = {}
    for number, end in enumerate(ends):
        given = by_name[end.node]
        if end.takes_pixels:
            mean, std = (tensor(nodes[end.node].params[name]) for name in ("mean", "std"))
            given = (given * std.view(-1, 1, 1) + mean.view(-1, 1, 1)) * _PIXELS
        given = given if given.is_floating_point() else given.int()
        found[str(number)] = given.permute(*end.order).contiguous()
    return found


def _here(given: Tensor, end: End) -> Tensor:
    """Return a tensor of Keras with its axes as they lie here."""
    if given.ndim != len(end.order):
        return given
    return given.permute(*(end.order.index(axis) for axis in range(given.ndim)))


def _laid_out(path: Path, folder: Path) -> Path:
    """Lay out what Keras is given: nothing but architecture and numbers; raises FormatError."""
    if not zipfile.is_zipfile(path):
        if path.stat().st_size > MAX_WEIGHTS_BYTES:
            raise FormatError(_TOO_LARGE)
        with open_hdf5(path, path.name) as root:
            _look_through(parse_config(root.text("model_config") or "", path.name))
        file = folder / "model.h5"
        file.symlink_to(path.absolute())
        return file
    config = parse_config(member(path, CONFIG, MAX_ATTRIBUTE_BYTES), path.name)
    config.pop("compile_config", None)
    _look_through(config)
    file = folder / "model.keras"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(CONFIG, json.dumps(config))
        archive.writestr(METADATA, member(path, METADATA, MAX_ATTRIBUTE_BYTES))
        try:
            archive.writestr(WEIGHTS, member(path, WEIGHTS, MAX_WEIGHTS_BYTES))
        except FormatError as error:
            raise FormatError(_TOO_LARGE) from error
    return file


_TOO_LARGE = f"Files above {MAX_WEIGHTS_BYTES // 2**30} GB are not computed again."


def _look_through(config: JsonObject) -> None:
    """Raise FormatError where Keras would make anything but parts of its own."""
    waiting: list[object] = [config]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting.extend(cast("list[object]", value))
        if not isinstance(value, dict):
            continue
        values = cast("JsonObject", value)
        waiting.extend(values.values())
        kind, module = values.get("class_name"), values.get("module")
        registered = values.get("registered_name")
        if kind is None:
            continue
        if (
            not isinstance(kind, str)
            or _KINDS.fullmatch(kind) is None
            or kind in _REFUSED_KINDS
            or (
                module is not None
                and not (isinstance(module, str) and _MODULES.fullmatch(module) is not None)
            )
            or registered not in (None, kind)
        ):
            raise FormatError(
                f"It holds {str(kind)[:80]}, which is no part that Keras brings along; nothing of "
                "a file is run."
            )


def _computed(
    file: Path,
    folder: Path,
    inputs: dict[str, Tensor],
    *,
    timeout_s: int,
    keeps_layers: bool = False,
) -> list[Tensor]:
    """Return the outputs of Keras; raises FormatError."""
    from safetensors.torch import load_file, save_file  # pyright: ignore[reportUnknownVariableType]

    save_file(inputs, folder / "inputs.safetensors")
    python = [sys.executable, "-I", "-B"]
    limits = [f"--memory-bytes={_MEMORY_BYTES}", f"--written-bytes={_WRITTEN_BYTES}"]
    files = confined_files(libraries(sys.executable), [Path(computing.__file__), file], folder)
    confined = [*python, confining.__file__, *limits, f"--seconds={timeout_s}", *files]
    more = ["--layers"] if keeps_layers else []
    passed_on = {key: os.environ[key] for key in _PASSED_ON if key in os.environ}
    try:
        done = subprocess.run(
            [*confined, *python, computing.__file__, str(file), str(folder), *more],
            cwd=folder,
            env={"HOME": str(folder), "TMPDIR": str(folder), **passed_on},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise FormatError(f"Keras did not compute it within {timeout_s // 60} minutes.") from None
    outputs = folder / "outputs.safetensors"
    if done.returncode or not outputs.is_file():
        last = " ".join(done.stderr.strip().splitlines()[-_LAST_LINES:])
        raise FormatError(
            f"Keras {version('keras')} does not load it; files of Keras 1 and 2 are often beyond "
            f"it. It says: {last[:400] or 'nothing'}"
        )
    found = load_file(outputs)
    return [found[str(index)] for index in range(len(found))]


def _located(
    parity: ParityCheck,
    network: KerasNetwork,
    inputs: Sequence[Tensor],
    file: Path,
    folder: Path,
    timeout_s: int,
) -> ParityCheck:
    """Say which layer differs first, where the outputs do."""
    from safetensors.torch import load_file  # pyright: ignore[reportUnknownVariableType]

    from netloom.formats.keras.locate import first_above, is_equal

    if is_equal(parity.max_abs_diff, parity.max_abs_value):
        return parity
    given = load_file(folder / "inputs.safetensors")
    _computed(file, folder, given, timeout_s=timeout_s, keeps_layers=True)
    theirs = load_file(folder / "layers.safetensors")
    return parity.model_copy(update={"first_above": first_above(network.unfolded, inputs, theirs)})
