"""Files that hold weights alone: tensors by the names that the file gives them, in its order.

Every kind of file comes out alike: names with dots, tensors laid out as torch has them, so that
`netloom.formats.matching` can say which layer of a network each belongs to.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from netloom.formats.imported import FormatError, ImportedNetwork
from netloom.formats.read_progress import Progress, tell_nobody
from netloom.formats.recognise import KERAS_H5, SAFETENSORS, STATE_DICT, recognise
from netloom.formats.state_dict import read_state_dict, unreadable_weights

if TYPE_CHECKING:
    from torch import Tensor

MAX_TENSORS = 20_000
"""Of a file that is matched to networks: some times as many as the largest networks have."""
MEASURED = frozenset({"running_mean", "running_var", "num_batches_tracked"})
"""What batch normalizations keep beside their parameters."""
WEIGHTS_ALONE = frozenset({STATE_DICT.name, SAFETENSORS.name})
"""Formats that never hold a network; HDF5 files of Keras may."""
KINDS_OF_NUMBERS = frozenset(
    ("F64", "F32", "F16", "BF16", "F8_E4M3", "F8_E5M2", "I64", "I32", "I16", "I8", "U64", "U32",
     "U16", "U8", "BOOL", "C64")
)  # fmt: skip
"""What safetensors calls the types that PyTorch has."""


class FileTensor(BaseModel):
    """One tensor of a file.

    Attributes:
        key: As the file calls it.
        layer: Names of what holds it, with dots: `layer1.0.conv1`.
        name: What it is in its layer, as torch calls it: `weight`, `running_mean`.
        shape: As torch lays it out.
        shape_in_file: As the file has it, where that differs.
        is_channels_last: It was trained on channels that come last, which matters to a Linear
            layer behind a Flatten.
        resets_after: Of a GRU, whether its reset gate acts behind the product; None where the file
            does not say, and of all others.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: Annotated[str, Field(max_length=2000)]
    layer: Annotated[str, Field(max_length=2000)] = ""
    name: Annotated[str, Field(max_length=1000)]
    shape: tuple[int, ...]
    shape_in_file: tuple[int, ...] | None = None
    is_channels_last: bool = False
    resets_after: bool | None = None

    @property
    def is_learned(self) -> bool:
        """Whether training learns it; what normalizations measure is not learned."""
        return self.name not in MEASURED

    @property
    def num_values(self) -> int:
        """How many numbers it has."""
        total = 1
        for size in self.shape:
            total *= size
        return total


class WeightFacts(BaseModel):
    """What a file holds, without the numbers."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Annotated[str, Field(max_length=120)]
    tensors: Annotated[list[FileTensor], Field(max_length=MAX_TENSORS)]


@dataclass(frozen=True, slots=True)
class WeightFile:
    """What a file holds.

    Attributes:
        format: For people.
        facts: In the file's order; names and shapes without the numbers.
        tensors: By the file's key, as torch lays them out.
    """

    format: str
    facts: tuple[FileTensor, ...]
    tensors: dict[str, Tensor]


def holds_weights_alone(path: Path) -> bool:
    """Say whether a file has weights and no network; raises FormatError."""
    found = recognise(path)
    if found.name == KERAS_H5.name:
        from netloom.formats.keras.weights_alone import has_architecture

        return not has_architecture(path)
    return found.name in WEIGHTS_ALONE


def read_weight_file(path: Path, *, progress: Progress = tell_nobody) -> WeightFile:
    """Read the tensors of any file that holds some: weights alone, or a network with weights.

    Raises:
        FormatError: It holds none, cannot be read, or is damaged.
    """
    found = recognise(path)
    progress(0.1, f"Reading {found.title}")
    if found.name in WEIGHTS_ALONE:
        file = _of_state_dict(path, found.title, is_sorted=found.name == SAFETENSORS.name)
    elif found.name == KERAS_H5.name:
        from netloom.formats.keras.weights_alone import read_keras_weights

        file = read_keras_weights(path)
    else:
        from netloom.formats.read import read_network

        file = _of_network(read_network(path, progress=progress))
    _check_count(len(file.tensors), path.name)
    return file


def copy_safetensors(path: Path, to: Path) -> WeightFacts:
    """Copy a file of safetensors and say what it holds, from its header: numbers are not loaded.

    Raises:
        FormatError: It is damaged, or holds too many tensors or none.
    """
    facts = _facts_of_header(path)
    _check_count(len(facts), path.name)
    shutil.copyfile(path, to)
    return WeightFacts(format=SAFETENSORS.title, tensors=facts)


def _facts_of_header(path: Path) -> list[FileTensor]:
    from safetensors import SafetensorError, safe_open

    untyped: Any = safe_open  # which declares no types of its own
    try:
        with untyped(path, framework="np") as file:
            keys: list[str] = sorted(file.keys(), key=natural)
            slices = {key: file.get_slice(key) for key in keys}
            kinds: dict[str, str] = {key: each.get_dtype() for key, each in slices.items()}
            shapes: dict[str, tuple[int, ...]] = {
                key: tuple(each.get_shape()) for key, each in slices.items()
            }
    except (SafetensorError, OSError, ValueError) as error:
        raise unreadable_weights(path, error) from error
    odd = next((key for key, kind in kinds.items() if kind not in KINDS_OF_NUMBERS), None)
    if odd is not None:
        raise FormatError(
            f"{odd[:100]} in {path.name} has numbers of the kind {kinds[odd]}, which PyTorch does "
            "not compute with. Save it as F32 or F16."
        )
    return [_fact(key, shape) for key, shape in shapes.items()]


def _check_count(num_tensors: int, name: str) -> None:
    if not num_tensors:
        raise FormatError(f"{name} holds no weights. Choose one that does.")
    if num_tensors > MAX_TENSORS:
        raise FormatError(
            f"{name} holds {num_tensors:,} tensors; {MAX_TENSORS:,} are allowed. "
            "Save those of one network."
        )


_OF_CELL = re.compile(r"(weight|bias)_(ih|hh)\Z")
"""Of an `LSTMCell` or `GRUCell`, which the first layer of an LSTM or GRU repeats."""


def natural(text: str) -> list[tuple[int, str]]:
    """Return a key that sorts `layer2` before `layer10`."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", text)]


def _of_state_dict(path: Path, title: str, *, is_sorted: bool) -> WeightFile:
    given = read_state_dict(path)
    # safetensors are sorted by their names, which is no order of layers: 10 comes before 2.
    keys = sorted(given, key=natural) if is_sorted else list(given)
    facts = tuple(_fact(key, tuple(given[key].shape)) for key in keys)
    return WeightFile(title, facts, given)


def _fact(key: str, shape: tuple[int, ...]) -> FileTensor:
    layer, _, name = key.replace("/", ".").rpartition(".")
    return FileTensor(key=key, layer=layer, name=_OF_CELL.sub(r"\g<0>_l0", name), shape=shape)


def _of_network(imported: ImportedNetwork) -> WeightFile:
    """Name the weights of a network by its layers."""
    from netloom.surgery.expand import expand

    tensors: dict[str, Tensor] = {}
    facts: list[FileTensor] = []
    for use in expand(imported.document).uses:
        for spec in (*use.parameters, *use.buffers):
            tensor = imported.weights.get(spec.key)
            if tensor is None:
                continue
            key = f"{use.name}.{spec.name}"
            tensors[key] = tensor
            facts.append(
                FileTensor(key=key, layer=use.name, name=spec.name, shape=tuple(tensor.shape))
            )
    return WeightFile(imported.report.format, tuple(facts), tensors)
