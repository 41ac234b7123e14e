"""A network made ready to be written: its module with weights, its ends, and numbers to try it on.

Legend: B batch, T time, S time of a source.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

import torch
from torch import Tensor

from netloom.compile import Network, build_module, load_weights
from netloom.compile.initialise import derive_seed
from netloom.compile.plan import plan_network
from netloom.data.decode import DecodeError, decode_image
from netloom.data.preprocess import Preprocessing, PreprocessingError
from netloom.formats.differences import worst_difference
from netloom.formats.exported import ExportError
from netloom.formats.imported import ImportedNetwork, ParityCheck
from netloom.graph.document import Document
from netloom.layers.input_output import ImageInput
from netloom.layers.shapes import Shape, concrete, holds_integers, holds_mask
from netloom.layers.sizes import Expr

Kind = Literal["number", "integer", "boolean"]
LENGTH = 32
"""Steps of a made-up sequence whose length the network leaves open."""
REFUSED_ABOVE = 1e-3
"""A file that differs by more, in shares of the largest number or of 1, is not written."""
NOTED_ABOVE = 1e-4
_PADDED_FROM = 4
_SEED = 0


@dataclass(frozen=True, slots=True)
class InputSpec:
    """What goes into a network at one place.

    Attributes:
        name: Of the input node, and of the argument of `forward`.
        shape: With symbols for what is open.
        vocabulary: For whole numbers: they are below this.
    """

    name: str
    shape: Shape
    kind: Kind
    vocabulary: int = 2

    @property
    def open_axes(self) -> dict[int, str]:
        """Symbol of each axis whose size is left open, by its number: `{0: "B", 1: "T"}`."""
        return {
            at: str(dim.size) for at, dim in enumerate(self.shape) if isinstance(dim.size, Expr)
        }

    def example(self, sizes: Mapping[str, int], seed: int) -> Tensor:
        """Return made-up numbers, the same for the same seed."""
        shape = concrete(self.shape, **sizes)
        generator = torch.Generator().manual_seed(derive_seed(seed, self.name))
        if self.kind == "boolean":
            return torch.rand(shape, generator=generator) < 0.5
        if self.kind == "integer":
            return self._tokens(shape, generator)
        return torch.randn(shape, generator=generator)

    def _tokens(self, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
        """Return whole numbers; sequences of every other sample end in zeros, as if padded.

        Nowhere else are zeros: what a network computes of padding that comes first is not defined.
        """
        least = 1 if self.vocabulary > 1 else 0
        tokens = torch.randint(least, self.vocabulary, shape, generator=generator)
        if tokens.ndim == 2 and tokens.shape[1] >= _PADDED_FROM:
            tokens[1::2, -(tokens.shape[1] // _PADDED_FROM) :] = 0
        return tokens


@dataclass(frozen=True, slots=True)
class Runnable:
    """A network that computes, in evaluation mode on the CPU.

    Attributes:
        outputs: Names of the output nodes, in the order of what the module returns.
        notes: On weights that were missing.
    """

    document: Document
    module: Network
    inputs: tuple[InputSpec, ...]
    outputs: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def symbols(self) -> list[str]:
        """Symbols of the sizes that are left open, `B` first."""
        found = {symbol for spec in self.inputs for symbol in spec.open_axes.values()}
        return sorted(found, key=lambda symbol: (symbol != "B", symbol))

    def examples(
        self, batch: int = 1, *, length: int | None = None, more: int = 0, seed: int = _SEED
    ) -> list[Tensor]:
        """Return made-up inputs in the order in which the module takes them.

        Args:
            length: Of every sequence; None takes lengths that differ from each other, so that none
                is taken for another.
            more: Added to these lengths.
        """
        time, source_time = (LENGTH + more, LENGTH + 5 + more) if length is None else (length,) * 2
        sizes = {"B": batch, "T": time, "S": source_time}
        return [spec.example(sizes, seed) for spec in self.inputs]

    def run(self, inputs: Sequence[Tensor]) -> list[Tensor]:
        """Return the outputs."""
        with torch.no_grad():
            found: object = self.module(*inputs)
        return list(cast("Sequence[Tensor]", found)) if isinstance(found, tuple) else [
            cast("Tensor", found)
        ]  # fmt: skip


def make_runnable(network: ImportedNetwork) -> Runnable:
    """Build the module of a network without errors and give it its weights.

    Raises:
        CompileError: The network has errors.
    """
    plan = plan_network(network.document)
    module = build_module(network.document, plan=plan)
    loaded = load_weights(module, network.weights)
    module.eval()
    module.requires_grad_(False)
    lacking = loaded.missing
    notes: list[str] = []
    if not network.weights and lacking:
        notes.append("The network came without weights: they are drawn at random.")
    elif lacking:
        named = ", ".join(lacking[:3])
        num = "1 weight was" if len(lacking) == 1 else f"{len(lacking):,} weights were"
        notes.append(f"{num} missing and drawn at random: {named}.")
    inputs = tuple(_spec(port.name, port.shape) for port in plan.inputs)
    outputs = tuple(port.name for port in plan.outputs)
    return Runnable(network.document, module, inputs, outputs, tuple(notes))


def _spec(name: str, shape: Shape) -> InputSpec:
    if holds_mask(shape):
        return InputSpec(name, shape, "boolean")
    if holds_integers(shape):
        vocabulary = max((dim.vocabulary or 0 for dim in shape), default=0) or 2
        return InputSpec(name, shape, "integer", vocabulary)
    return InputSpec(name, shape, "number")


def image_inputs(runnable: Runnable, path: Path) -> list[Tensor]:
    """Return inputs with a real image where images go in, and made-up numbers elsewhere.

    Raises:
        ExportError: The network takes no image, or the file is none.
    """
    nodes = runnable.document.graph.nodes.values()
    if not any(node.type == ImageInput.type_name for node in nodes):
        raise ExportError(
            "The network takes no image: leave the file out, and numbers are made up."
        )
    try:
        preprocessing = Preprocessing.from_document(runnable.document)
        image_HWC = decode_image(path)
    except (PreprocessingError, DecodeError) as error:
        raise ExportError(f"{path.name}: {error}") from error
    pixels_CHW = torch.tensor(preprocessing.to_uint8_CHW(image_HWC))
    name = next(node.name for node in nodes if node.type == ImageInput.type_name)
    return [
        preprocessing.normalise(pixels_CHW[None]) if spec.name == name else made_up
        for spec, made_up in zip(runnable.inputs, runnable.examples(), strict=True)
    ]


def fresh_torch() -> str:
    """Return what an oracle is called that is torch, in a process without Netloom."""
    return f"torch {torch.__version__} in a fresh process"


def compare(
    expected: Sequence[Tensor], given: Sequence[Tensor], *, oracle: str, inputs: str
) -> ParityCheck:
    """Return how far two lists of outputs are apart: the figures of the output that is worst.

    Each output is judged by its own scale: scores of 0 to 1 beside boxes of thousands of pixels.

    Raises:
        ExportError: There are others, of other shapes, or numbers that are none on one side alone.
    """
    shapes = [tuple(each.shape) for each in expected], [tuple(each.shape) for each in given]
    if shapes[0] != shapes[1]:
        raise ExportError(f"{oracle} gives outputs of sizes {shapes[1]} instead of {shapes[0]}.")
    try:
        found = worst_difference(expected, given, oracle=oracle, inputs=inputs)
    except ValueError:
        raise ExportError(
            f"{oracle} gives numbers where the network gives none, or vice versa."
        ) from None
    nothing = ParityCheck(oracle=oracle, inputs=inputs, max_abs_diff=0.0, max_abs_value=0.0)
    return found or nothing


def judged(parity: ParityCheck, *, refused_above: float = REFUSED_ABOVE) -> list[str]:
    """Return what a person should know of a comparison.

    Args:
        refused_above: The largest difference, as a part of the largest number.

    Raises:
        ExportError: The difference is so large that something is wrong.
    """
    if parity.relative > refused_above:
        raise ExportError(
            f"Nothing was written: {parity.oracle} computes other numbers than the network, with a "
            f"largest difference of {parity.max_abs_diff:.3g} of {parity.max_abs_value:.3g}. Tell "
            "us which network it was."
        )
    if parity.relative > NOTED_ABOVE:
        return [
            f"{parity.oracle} differs by {parity.max_abs_diff:.3g} of {parity.max_abs_value:.3g}: "
            "more than rounding usually does."
        ]
    if parity.max_abs_value == 0:
        return ["All outputs are zero on this input, so that the comparison says little."]
    return []
