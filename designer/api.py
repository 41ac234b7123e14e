"""The network endpoints: draw, save, analyse, read as code, name versions."""

from __future__ import annotations

from django.http import HttpResponse
from ninja import Router, Status

from accounts.access import access_project
from accounts.auth import PersonRequest
from common.answers import json_answer
from common.ids import Id
from datasets.access import access_dataset
from designer import previews, schemas, selectors, services
from designer.access import access_network, access_version
from netloom.analyze import Analysis
from netloom.blocks import LibraryBlock, library_blocks
from netloom.graph.document import Document
from netloom.templates import TemplateInfo, templates

router = Router(tags=["networks"], by_alias=True)


@router.get("/layers", response=schemas.LayerList, operation_id="list_layers")
def list_layers(request: PersonRequest) -> schemas.LayerList:
    """Every layer type: ports, parameters, documentation."""
    del request
    return selectors.layer_list()


@router.get("/blocks", response=list[LibraryBlock], operation_id="list_blocks")
def list_blocks(request: PersonRequest) -> list[LibraryBlock]:
    """The library of blocks, each with the definitions that inserting it takes."""
    del request
    return list(library_blocks())


@router.get("/templates", response=list[TemplateInfo], operation_id="list_templates")
def list_templates(request: PersonRequest) -> list[TemplateInfo]:
    """Networks to start from."""
    del request
    return templates()


@router.get(
    "/templates/{template_id}",
    response=schemas.TemplatePreview,
    operation_id="preview_template",
)
def preview_template(
    request: PersonRequest, template_id: str, dataset_id: Id | None = None
) -> schemas.TemplatePreview:
    """A template fitted to a dataset, to look at before a network is made of it."""
    dataset = None
    if dataset_id is not None:
        dataset = access_dataset(request.person, dataset_id, "view")
    return previews.template_preview(template_id, dataset)


@router.get(
    "/projects/{project_id}/networks",
    response=list[schemas.NetworkSummary],
    operation_id="list_networks",
)
def list_networks(
    request: PersonRequest, project_id: str, is_deleted: bool = False
) -> list[schemas.NetworkSummary]:
    """The project's networks, last changed first; or those in the bin."""
    project = access_project(request.person, project_id, "view")
    return selectors.network_list(project, is_deleted=is_deleted)


@router.post(
    "/projects/{project_id}/networks",
    response={201: schemas.Network},
    operation_id="create_network",
)
def create_network(
    request: PersonRequest, project_id: str, payload: schemas.NewNetwork
) -> Status[schemas.Network]:
    """Make a network: from a document, from a template fitted to a dataset, or empty."""
    project = access_project(request.person, project_id, "edit")
    dataset = None
    if payload.dataset_id is not None:
        dataset = access_dataset(request.person, payload.dataset_id, "view")
    network = services.create_network(
        project,
        request.person,
        payload.name,
        template=payload.template,
        dataset=dataset,
        document=payload.document,
    )
    return Status(201, selectors.network(network, request.person))


@router.get("/networks/{network_id}", response=schemas.Network, operation_id="get_network")
def get_network(request: PersonRequest, network_id: str) -> HttpResponse:
    """A network with its document and analysis."""
    network = access_network(request.person, network_id, "view")
    return json_answer(selectors.network(network, request.person))


@router.patch("/networks/{network_id}", response=schemas.Network, operation_id="update_network")
def update_network(
    request: PersonRequest, network_id: str, payload: schemas.NetworkChange
) -> schemas.Network:
    """Rename a network, or bind it to a dataset of the project."""
    network = access_network(request.person, network_id, "edit")
    if payload.name is not None:
        services.rename_network(network, payload.name)
    if "dataset_id" in payload.model_fields_set:
        dataset = None
        if payload.dataset_id is not None:
            dataset = access_dataset(request.person, payload.dataset_id, "view")
        services.bind_dataset(network, dataset)
    return selectors.network(network, request.person)


@router.delete("/networks/{network_id}", response={204: None}, operation_id="delete_network")
def delete_network(request: PersonRequest, network_id: str) -> Status[None]:
    """Move a network to the bin."""
    services.delete_network(access_network(request.person, network_id, "edit"), request.person)
    return Status(204, None)


@router.post(
    "/networks/{network_id}/restore", response=schemas.Network, operation_id="restore_network"
)
def restore_network(request: PersonRequest, network_id: str) -> schemas.Network:
    """Take a network out of the bin."""
    network = access_network(request.person, network_id, "edit", in_bin=True)
    services.restore_network(network)
    return selectors.network(network, request.person)


@router.post(
    "/networks/{network_id}/duplicate",
    response={201: schemas.Network},
    operation_id="duplicate_network",
)
def duplicate_network(request: PersonRequest, network_id: str) -> Status[schemas.Network]:
    """Copy a network within its project; the copy starts its own history."""
    network = access_network(request.person, network_id, "edit")
    copy = services.duplicate_network(network, request.person)
    return Status(201, selectors.network(copy, request.person))


@router.post(
    "/networks/{network_id}/operations", response=schemas.Saved, operation_id="save_operations"
)
def save_operations(
    request: PersonRequest, network_id: str, payload: schemas.OperationsIn
) -> HttpResponse:
    """Save edits made on `base_revision`.

    409 `revision_conflict` carries the other side (schema RevisionConflict); 422
    `operation_refused` says which operation does not fit. In both cases nothing was changed.
    """
    network = access_network(request.person, network_id, "edit")
    saved = services.save_operations(
        network,
        request.person,
        payload.operations,
        base_revision=payload.base_revision,
        gesture=payload.gesture,
        client_id=payload.client_id,
    )
    return json_answer(saved)


@router.get(
    "/networks/{network_id}/operations",
    response=schemas.OperationsSince,
    operation_id="list_operations",
)
def list_operations(
    request: PersonRequest, network_id: str, since: int = 0
) -> schemas.OperationsSince:
    """What was saved after a revision, to catch up after a gap."""
    network = access_network(request.person, network_id, "view")
    return selectors.operations_since(network, since)


@router.get(
    "/networks/{network_id}/revisions",
    response=schemas.RevisionPage,
    operation_id="list_revisions",
)
def list_revisions(
    request: PersonRequest, network_id: str, cursor: str | None = None, limit: int = 50
) -> schemas.RevisionPage:
    """The history of saves, newest first."""
    network = access_network(request.person, network_id, "view")
    return selectors.revision_page(network, cursor, limit)


@router.post("/analysis", response=Analysis, operation_id="analyze_document")
def analyze_document(request: PersonRequest, payload: schemas.AnalysisRequest) -> HttpResponse:
    """Shapes, costs and problems of a document, without saving it."""
    dataset = None
    if payload.dataset_id is not None:
        # Data in the bin still has its classes: what is drawn on it stays as right or wrong.
        dataset = access_dataset(request.person, payload.dataset_id, "view", in_bin=True)
    document = services.read_document(payload.document)
    return json_answer(services.analyze_document(document, dataset))


@router.post("/migrations", response=Document, operation_id="migrate_document")
def migrate_document(request: PersonRequest, payload: schemas.DocumentIn) -> Document:
    """An old draft or pasted text as a document of today's schema."""
    del request
    return services.read_small_document(payload.document)


@router.get("/networks/{network_id}/code", response=schemas.Code, operation_id="get_network_code")
def get_network_code(request: PersonRequest, network_id: str) -> schemas.Code:
    """The network as PyTorch source that needs nothing but torch."""
    network = access_network(request.person, network_id, "view")
    return services.source_code(services.stored_document(network.document))


@router.post("/code", response=schemas.Code, operation_id="generate_code")
def generate_code(request: PersonRequest, payload: schemas.DocumentIn) -> schemas.Code:
    """A document as PyTorch source, without saving it."""
    del request
    return services.source_code(services.read_small_document(payload.document))


@router.post("/notebook", response=schemas.Notebook, operation_id="generate_notebook")
def generate_notebook(request: PersonRequest, payload: schemas.DocumentIn) -> schemas.Notebook:
    """A document as a Jupyter notebook that rebuilds, trains and evaluates it."""
    del request
    return services.notebook(services.read_small_document(payload.document))


@router.post("/code/read", response=schemas.SourceReading, operation_id="read_code")
def read_code(request: PersonRequest, payload: schemas.SourceIn) -> schemas.SourceReading:
    """PyTorch source, edited by hand, as operations on a document. Nothing of it is executed."""
    del request
    return services.read_code(services.read_small_document(payload.document), payload.source)


@router.get(
    "/networks/{network_id}/versions",
    response=list[schemas.VersionSummary],
    operation_id="list_versions",
)
def list_versions(request: PersonRequest, network_id: str) -> list[schemas.VersionSummary]:
    """Snapshots, newest first."""
    return selectors.version_list(access_network(request.person, network_id, "view"))


@router.post(
    "/networks/{network_id}/versions",
    response={201: schemas.VersionSummary},
    operation_id="create_version",
)
def create_version(
    request: PersonRequest, network_id: str, payload: schemas.NewVersion
) -> Status[schemas.VersionSummary]:
    """Name the present state."""
    network = access_network(request.person, network_id, "edit")
    version = services.create_version(network, request.person, payload.name)
    return Status(201, selectors.version_summary(version))


@router.get("/versions/{version_id}", response=schemas.Version, operation_id="get_version")
def get_version(request: PersonRequest, version_id: str) -> schemas.Version:
    """A snapshot with its document."""
    return selectors.version(access_version(request.person, version_id, "view"))


@router.post(
    "/networks/{network_id}/versions/{version_id}/restore",
    response=schemas.Network,
    operation_id="restore_version",
)
def restore_version(request: PersonRequest, network_id: str, version_id: str) -> schemas.Network:
    """Go back to a snapshot by a new revision: what was made since stays in the history."""
    network = access_network(request.person, network_id, "edit")
    version = access_version(request.person, version_id, "view")
    services.restore_version(network, version, request.person)
    return selectors.network(network, request.person)


@router.get(
    "/networks/{network_id}/sample",
    response=schemas.NetworkSample,
    operation_id="get_network_sample",
)
def get_network_sample(request: PersonRequest, network_id: str) -> schemas.NetworkSample:
    """A real image of the bound dataset, for the input node; 404 when there is none."""
    network = access_network(request.person, network_id, "view")
    return selectors.network_sample(network)
