"""What the network endpoints take and give. The document itself is the library's."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import Field, StringConstraints

from common.ids import Id
from netloom.analyze import Analysis
from netloom.analyze.model import Totals
from netloom.graph.document import Document
from netloom.graph.limits import MAX_OPERATIONS
from netloom.graph.operations import Operation
from netloom.layers import LayerDescription
from netloom.readback.model import SourcePlace, SourceProblem

NetworkName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
RawDocument = Annotated[
    dict[str, Any],
    Field(description="A network document of any schema version; the server migrates it."),
]


class LayerList(Schema):
    layers: list[LayerDescription]


class ProblemCounts(Schema):
    errors: int
    warnings: int


class NetworkSummary(Schema):
    """A network as lists show it. `parameters` is null while the network has errors."""

    id: str
    project_id: str
    name: str
    revision: int
    created_at: datetime
    updated_at: datetime
    num_layers: int
    parameters: int | None
    problems: ProblemCounts
    dataset_id: str | None
    template: str | None


class Origin(Schema):
    """Where a branch came from."""

    network_id: str
    name: str
    version_id: str
    revision: int
    is_deleted: bool


class Network(Schema):
    id: str
    project_id: str
    name: str
    revision: int
    document: Document
    dataset_id: str | None
    template: str | None
    analysis: Analysis
    can_edit: bool
    can_comment: bool
    origin: Origin | None
    created_at: datetime
    updated_at: datetime


class NewNetwork(Schema):
    """A document wins over a template; a template fits itself to the dataset."""

    name: NetworkName
    template: str | None = None
    dataset_id: Id | None = None
    document: RawDocument | None = None


class TemplatePreview(Schema):
    """What a template would become: drawn, counted, not saved."""

    document: Document
    totals: Totals
    input_text: str
    output_text: str


class NetworkChange(Schema):
    """What is left out stays; `dataset_id: null` unbinds."""

    name: NetworkName | None = None
    dataset_id: Id | None = None


class OperationsIn(Schema):
    base_revision: Annotated[int, Field(ge=0)]
    operations: Annotated[list[Operation], Field(min_length=1, max_length=MAX_OPERATIONS)]
    gesture: Annotated[str, StringConstraints(max_length=120)] = ""
    client_id: Annotated[str, StringConstraints(max_length=64)] = ""


class Saved(Schema):
    revision: int
    analysis: Analysis


class RevisionOperations(Schema):
    """One save, as another editor needs it to follow."""

    revision: int
    operations: list[Operation]
    gesture: str
    client_id: str
    author: str | None


class OperationsSince(Schema):
    revision: int
    saves: list[RevisionOperations]


class RevisionSummary(Schema):
    revision: int
    gesture: str
    num_operations: int
    author: str | None
    created_at: datetime


class RevisionPage(Schema):
    """`reachable_from`: the first revision that can be restored; null when none can."""

    items: list[RevisionSummary]
    total: int
    reachable_from: int | None
    next: str | None


class AnalysisRequest(Schema):
    document: RawDocument
    dataset_id: Id | None = None


class DocumentIn(Schema):
    document: RawDocument


class Code(Schema):
    source: str
    file_name: str


class Notebook(Schema):
    """The text of a Jupyter notebook."""

    content: str
    file_name: str


class SourceIn(Schema):
    """Source, edited by hand, and the network it is an edit of."""

    document: RawDocument
    source: str


class SourceReading(Schema):
    """What the source says.

    Attributes:
        operations: They lead from the document to it. Where a line could not be read, they change
            no more than arguments.
        places: The lines that make and call each node.
        is_complete: Every line was read.
    """

    operations: list[Operation]
    problems: list[SourceProblem]
    places: list[SourcePlace]
    is_complete: bool


class NewVersion(Schema):
    name: NetworkName


class VersionSummary(Schema):
    id: str
    network_id: str
    name: str
    revision: int
    created_at: datetime
    author: str | None
    graph_hash: str
    pinned_by_runs: int


class Version(VersionSummary):
    document: Document


class NetworkSample(Schema):
    """A real image of the bound data, as the input node receives it."""

    item_id: str
    thumbnail_url: str
    image_url: str
    label: str | None
    shape: list[int] = Field(description="Channels, height, width of the stored image.")


class RevisionConflict(Schema):
    """`data` of the 409 `revision_conflict`: the side that the client has not seen."""

    revision: int
    document: Document
    operations_since: list[RevisionOperations]


class OperationsMessage(Schema):
    """What the topic `network:<id>` says after a save."""

    type: Literal["operations"] = "operations"
    revision: int
    operations: list[Operation]
    client_id: str
    author: str | None
