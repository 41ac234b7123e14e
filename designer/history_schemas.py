"""What the history endpoints take and give: states, comparisons, merges, branches."""

from __future__ import annotations

from typing import Annotated, Literal

from ninja import Schema
from pydantic import Field, StringConstraints, model_validator

from common.ids import Id
from designer.schemas import NetworkName, RawDocument
from netloom.graph.comparison import Comparison
from netloom.graph.document import Document
from netloom.graph.merge import Conflict
from netloom.graph.operations import Operation

MAX_CHOICES = 10_000


class State(Schema):
    """A state of a network: none of the fields is the present one.

    `network_id` is another network of the same project, as it is now; `document` is what the
    client holds.
    """

    revision: Annotated[int, Field(ge=0)] | None = None
    version_id: Id | None = None
    network_id: Id | None = None
    document: RawDocument | None = None

    @model_validator(mode="after")
    def _at_most_one(self) -> State:
        given = (self.revision, self.version_id, self.network_id, self.document)
        if sum(value is not None for value in given) > 1:
            raise ValueError("give one of revision, version_id, network_id and document")
        return self


class CompareIn(Schema):
    before: State
    after: State = State()


class Compared(Schema):
    """`before` has the ids of the later state where both have the thing: draw them together."""

    comparison: Comparison
    before: Document
    before_label: str
    after_label: str


class MergeIn(Schema):
    """Merge `theirs` into `ours`; without a `base`, the point where they branched.

    `is_saved` saves the result as one revision, which takes that `ours` is the present state.
    """

    theirs: State
    ours: State = State()
    base: State | None = None
    choices: Annotated[
        dict[Annotated[str, StringConstraints(max_length=200)], Literal["ours", "theirs"]],
        Field(max_length=MAX_CHOICES),
    ] = {}
    is_saved: bool = False


class Merged(Schema):
    """`operations` lead from the present state, `revision`, to the merged document."""

    document: Document
    conflicts: list[Conflict]
    notes: list[str]
    comparison: Comparison
    operations: list[Operation]
    revision: int


class BranchIn(Schema):
    name: NetworkName
    state: State = State()
