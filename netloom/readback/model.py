"""What reading source gives: operations, and a problem at each line that could not be read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict

from netloom.graph.document import Document
from netloom.graph.operations import Operation


class SourceProblem(BaseModel):
    """What is to be said about one place in the source.

    Attributes:
        line: From 1.
        column: From 1.
        severity: `error` is what could not be read; `note` is read, but not as it is written.
    """

    model_config = ConfigDict(frozen=True)

    line: int
    column: int
    message: str
    severity: Literal["error", "note"] = "error"


class SourcePlace(BaseModel):
    """Where a node stands in the source: the line that makes it, or the line that calls it.

    Attributes:
        scope: The block definition the node is in; None is the top level.
    """

    model_config = ConfigDict(frozen=True)

    line: int
    end_line: int
    node_id: str
    scope: str | None


@dataclass(frozen=True, slots=True)
class Reading:
    """What source says about a network.

    Attributes:
        operations: They lead from the given document to what the source says. Where a line could
            not be read, they are no more than the arguments that could: nothing is added, removed
            or connected anew.
        problems: By line.
        places: Where nodes stand, by line.
        document: The given document with the operations applied.
    """

    operations: tuple[Operation, ...]
    problems: tuple[SourceProblem, ...]
    places: tuple[SourcePlace, ...]
    document: Document

    @property
    def is_complete(self) -> bool:
        """Every line was read."""
        return all(problem.severity != "error" for problem in self.problems)
