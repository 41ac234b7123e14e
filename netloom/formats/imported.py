"""What every importer gives: a document, its weights, and an honest report of how it came about."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from netloom.formats.bundle import BundleMeta
from netloom.graph.document import Document, NodeId

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor, nn

MAX_REPORTED_WEIGHTS = 1000
TOLERANCE = 1e-4
"""Of the largest absolute difference, in shares of the largest number where that is above 1."""

Text = Annotated[str, Field(max_length=2000)]
Outcome = Literal["layer", "operator", "folded", "placeholder"]


class FormatError(ValueError):
    """A file that cannot be read as a network; the text says why and what to do."""


class Damage(FormatError):
    """A file is not what it claims to be; the text is the reason alone."""


class ReportModel(BaseModel):
    """Base of the report: plain data, read back from a child process as it was written."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class ImportedPiece(ReportModel):
    """What became of one piece of the file: a layer of Keras, a node of ONNX, a module of torch.

    Attributes:
        source: As the file calls it, kind first, e.g. `Conv conv1`.
        outcome: `layer`: a layer type of Netloom; `operator`: a named operation; `folded`: it is
            part of another layer or a constant; `placeholder`: kept as it was, cannot be run.
        nodes: What was drawn for it.
        message: What differs or is missing, empty when nothing does.
    """

    source: Text
    outcome: Outcome
    nodes: list[NodeId] = Field(default_factory=list[str])
    message: Text = ""


class ParityCheck(ReportModel):
    """The network against an independent runtime on the same input.

    Attributes:
        oracle: Who computed the other side, e.g. `onnxruntime 1.31.1`.
        inputs: `random` with the seed, or the file's name.
        max_abs_diff: Largest absolute difference, in the output that differs most by its scale.
        max_abs_value: Largest absolute value of that output, to judge the difference by.
        first_above: The first node, in the order of computing, that differs by more than 1e-4;
            None where none does, or where the oracle shows outputs alone.
    """

    oracle: Text
    inputs: Text
    max_abs_diff: Annotated[float, Field(ge=0)]
    max_abs_value: Annotated[float, Field(ge=0)]
    first_above: Text | None = None

    @property
    def relative(self) -> float:
        """The difference in shares of the largest value, or of 1 where that is less."""
        return self.max_abs_diff / max(1.0, self.max_abs_value)

    @property
    def is_equal(self) -> bool:
        """Whether both sides are equal but for rounding."""
        return self.relative <= TOLERANCE


class ImportReport(ReportModel):
    """How a network came in.

    Attributes:
        format: Name of the format, e.g. `Keras 2 HDF5`.
        producer: Who wrote the file, as the file says.
        pieces: What became of each piece, in the file's order.
        unused_weights: Tensors of the file that no layer took; at most `MAX_REPORTED_WEIGHTS`.
        missing_weights: Weight keys for which the file holds nothing; they start at random.
        notes: Anything else that a person should know before trusting the network.
        parity: None where no independent runtime could be asked; `notes` says why.
    """

    format: Text
    producer: Text = ""
    pieces: list[ImportedPiece] = Field(default_factory=list[ImportedPiece])
    unused_weights: list[Text] = Field(default_factory=list[str])
    num_unused_weights: int = 0
    missing_weights: list[Text] = Field(default_factory=list[str])
    num_missing_weights: int = 0
    notes: list[Text] = Field(default_factory=list[str])
    parity: ParityCheck | None = None

    @property
    def origin(self) -> str:
        """What the file is and who wrote it."""
        return f"{self.format}, written by {self.producer}" if self.producer else self.format

    def count(self, outcome: Outcome) -> int:
        """Return how many pieces came in this way."""
        return sum(piece.outcome == outcome for piece in self.pieces)

    @property
    def summary(self) -> str:
        """How the pieces of the file came in, e.g. `12 layers, 1 folded`."""
        counts = {outcome: self.count(outcome) for outcome in get_args(Outcome)}
        words = (
            f"{count:,} {outcome if count == 1 or outcome == 'folded' else f'{outcome}s'}"
            for outcome, count in counts.items()
            if count
        )
        return ", ".join(words) or "no layers"


@dataclass(frozen=True, slots=True)
class ImportedNetwork:
    """A network that came from a file.

    Attributes:
        weights: By weight key, `node path:tensor name`, on the CPU; empty where the file has none.
        meta: Classes, preprocessing and licence, as far as the file says.
        kept: Modules behind placeholders, by node path: for the process they came from, and never
            written. `netloom.compile.build_module` takes them.
    """

    document: Document
    report: ImportReport
    weights: dict[str, Tensor] = field(default_factory=dict[str, "Tensor"])
    meta: BundleMeta = field(default_factory=BundleMeta)
    kept: Mapping[str, nn.Module] = field(default_factory=dict[str, "nn.Module"])
