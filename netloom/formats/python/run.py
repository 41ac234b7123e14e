"""A file of Python as a network by running it: for one's own files, or in a throwaway process.

The file may say what is meant; what it does not say is found out:

    model = MyNetwork(...)               # or a function or class `model` that takes nothing
    example = torch.randn(1, 3, 32, 32)  # what forward takes, or a tuple of tensors

Without `model` the last class of the file is taken that can be made without arguments; without
`example` inputs are tried that fit its first layer.
"""

from __future__ import annotations

import inspect
import runpy
import traceback
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn

from netloom.formats.imported import FormatError, ImportedNetwork
from netloom.formats.python.read import read_python_file, read_text
from netloom.formats.read_progress import Progress, tell_nobody
from netloom.formats.traced import from_module

MODEL, EXAMPLE = "model", "example"
_RUN_NAME = "netloom_imported"
_SAY_MODEL = f"Add a line like `{MODEL} = MyNetwork(...)` at its end, with what the class needs."
_SAY_EXAMPLE = f"Add a line like `{EXAMPLE} = torch.randn(1, 3, 32, 32)` at its end."
_IMAGE_SIDES = (224, 32, 28, 64, 128, 256, 299)
_LENGTHS = (128, 1024, 16_000)
_VOLUME_SIDES = (32, 64)
_TOKENS = 16


def run_python_file(path: Path, progress: Progress = tell_nobody) -> ImportedNetwork:
    """Read a file of Python by its syntax; where that does not do, run it and record its module.

    Whatever the file does happens in this process: call this for your own files, or where that
    harms nobody.

    Raises:
        FormatError: It fails, holds no module that can be made, or cannot be drawn.
    """
    try:
        return read_python_file(path, progress)
    except FormatError:
        read_text(path)
    progress(0.2, "Running the file")
    try:
        names = runpy.run_path(str(path), run_name=_RUN_NAME)
    except BaseException as error:
        raise FormatError(f"Running {path.name} failed. {_reason(error, path)}") from error
    module, note = _module_of(names, path)
    progress(0.5, f"Recording {type(module).__name__}")
    imported, example_note = _recorded(module, names, path)
    notes = [f"{path.name} was run to record its module.", note, example_note]
    report = imported.report.model_copy(
        update={"notes": [*imported.report.notes, *(each for each in notes if each)]}
    )
    return ImportedNetwork(imported.document, report, imported.weights, imported.meta)


def _reason(error: BaseException, path: Path) -> str:
    """Say what went wrong, and at which line of the file."""
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename) == path
    ]
    place = f"line {lines[-1]}: " if lines else ""
    return f"{place}{type(error).__name__}: {str(error)[:500]}"


def _module_of(names: Mapping[str, object], path: Path) -> tuple[nn.Module, str]:
    given = names.get(MODEL)
    if isinstance(given, nn.Module):
        return given, ""
    if callable(given):
        return _made(cast("Callable[[], object]", given), path), ""
    makeable = [found for found in _classes(names) if _needs_nothing(found)]
    if not makeable:
        has = "no class of a module" if not list(_classes(names)) else "only classes with arguments"
        raise FormatError(f"{path.name} has no `{MODEL}`, and {has}. {_SAY_MODEL}")
    chosen = makeable[-1]
    note = f"It names no `{MODEL}`: {chosen.__name__} was taken, the last class without arguments."
    return _made(chosen, path), note


def _classes(names: Mapping[str, object]) -> Iterator[type[nn.Module]]:
    for value in names.values():
        is_own = getattr(value, "__module__", None) == _RUN_NAME
        if is_own and isinstance(value, type) and issubclass(value, nn.Module):
            yield value


def _needs_nothing(found: type[nn.Module]) -> bool:
    free = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    parameters = inspect.signature(found).parameters.values()
    return all(each.default is not each.empty or each.kind in free for each in parameters)


def _made(make: Callable[[], object], path: Path) -> nn.Module:
    try:
        found = make()
    except Exception as error:
        text = f"Making the network of {path.name} failed. {_reason(error, path)}"
        raise FormatError(text) from error
    if not isinstance(found, nn.Module):
        raise FormatError(f"`{MODEL}` in {path.name} gives no nn.Module. {_SAY_MODEL}")
    return found


def _recorded(
    module: nn.Module, names: Mapping[str, object], path: Path
) -> tuple[ImportedNetwork, str]:
    given = names.get(EXAMPLE)
    if given is not None:
        tensors = _tensors(given)
        if tensors is None:
            raise FormatError(f"`{EXAMPLE}` in {path.name} is no tensor. {_SAY_EXAMPLE}")
        return from_module(module, tensors, fold=True), ""
    for example in _guesses(module):
        if _takes(module, example):
            shape = " x ".join(str(size) for size in example.shape[1:])
            note = f"It names no `{EXAMPLE}`: inputs of {shape} a sample were tried, and fit."
            return from_module(module, [example], fold=True), note
    raise FormatError(
        f"{path.name} does not say what {type(module).__name__} takes, and nothing that was tried "
        f"fits. {_SAY_EXAMPLE}"
    )


def _tensors(given: object) -> list[Tensor] | None:
    values = list(cast("tuple[object, ...]", given)) if isinstance(given, tuple | list) else [given]
    tensors = [value for value in values if isinstance(value, Tensor)]
    return tensors if tensors and len(tensors) == len(values) else None


def _guesses(module: nn.Module) -> Iterator[Tensor]:
    """Give inputs that may fit the first layer with weights."""
    for layer in module.modules():
        match layer:
            case nn.Conv2d():
                yield from (torch.randn(1, layer.in_channels, side, side) for side in _IMAGE_SIDES)
            case nn.Conv1d():
                yield from (torch.randn(1, layer.in_channels, length) for length in _LENGTHS)
            case nn.Conv3d():
                sides = _VOLUME_SIDES
                yield from (torch.randn(1, layer.in_channels, side, side, side) for side in sides)
            case nn.Linear():
                yield torch.randn(1, layer.in_features)
                yield torch.randn(1, _TOKENS, layer.in_features)
                yield from (torch.randn(1, 1, side, side) for side in _square(layer.in_features))
            case nn.Embedding():
                yield torch.randint(layer.num_embeddings, (1, _TOKENS))
            case nn.LSTM() | nn.GRU() | nn.RNN():
                yield torch.randn(1, _TOKENS, layer.input_size)
            case _:
                continue
        return


def _square(num_features: int) -> list[int]:
    """A flattened grey image, if the number is a square."""
    side = int(num_features**0.5)
    return [side] if side * side == num_features else []


def _takes(module: nn.Module, example: Tensor) -> bool:
    module.eval()
    try:
        with torch.no_grad():
            module(example)
    except Exception:  # noqa: BLE001 - whatever its author raises: it does not fit
        return False
    return True
