"""The endpoints for weights alone."""

from __future__ import annotations

from typing import Any

from ninja import Router, Status

from accounts.access import access_project
from accounts.auth import PersonRequest
from designer import weight_files, weight_fits
from designer.access import access_network, access_weight_file
from designer.models import WeightFile
from designer.weight_files_schemas import (
    MatchRequest,
    NetworkFit,
    TemplateFit,
    WeightFileFits,
    WeightFileSummary,
    WeightMatching,
    ZooFit,
)
from jobs.schemas import JobOut
from jobs.selectors import job_out
from netloom.formats.matching import Matching

router = Router(tags=["networks"])


@router.get(
    "/projects/{project_id}/weight-files",
    response=list[WeightFileSummary],
    operation_id="list_weight_files",
)
def list_weight_files(request: PersonRequest, project_id: str) -> list[WeightFileSummary]:
    """Files of weights that wait for a network, newest first."""
    project = access_project(request.person, project_id, "view")
    rows = WeightFile.objects.filter(project=project).select_related("blob").defer("tensors")
    return [WeightFileSummary(**_fields(row)) for row in rows.order_by("-created_at")]


@router.get(
    "/weight-files/{weight_file_id}", response=WeightFileFits, operation_id="get_weight_file"
)
def get_weight_file(request: PersonRequest, weight_file_id: str) -> WeightFileFits:
    """Weights alone, with what they fit: networks of the project, templates, the zoo."""
    waiting = access_weight_file(request.person, weight_file_id, "view")
    with weight_files.matching_room.entered():
        return _fits_of(waiting)


def _fits_of(waiting: WeightFile) -> WeightFileFits:
    tensors = weight_files.tensors_of(waiting)
    return WeightFileFits(
        **_fields(waiting),
        num_parameters=weight_fits.num_learned(tensors),
        fits=[
            NetworkFit(network_id=network.id, name=network.name, **_share(matching))
            for network, matching in weight_files.fitting_networks(waiting)
        ],
        templates=[
            TemplateFit(template=each.info.id, name=each.info.title, **_share(each.matching))
            for each in weight_fits.fitting_templates(tensors)
        ],
        zoo=[
            ZooFit(
                provider=entry.provider,
                name=entry.name,
                is_same_name=any(each.file_name == waiting.source for each in entry.weights),
            )
            for entry in weight_fits.fitting_zoo(waiting.source, tensors)
        ],
    )


@router.delete(
    "/weight-files/{weight_file_id}", response={204: None}, operation_id="delete_weight_file"
)
def delete_weight_file(request: PersonRequest, weight_file_id: str) -> Status[None]:
    """Throw weights away that wait for a network."""
    waiting = access_weight_file(request.person, weight_file_id, "edit")
    weight_files.delete_weight_file(waiting)
    return Status(204, None)


@router.post(
    "/weight-files/{weight_file_id}/match",
    response=WeightMatching,
    operation_id="match_weight_file",
)
def match_weight_file(
    request: PersonRequest, weight_file_id: str, payload: MatchRequest
) -> WeightMatching:
    """Which tensor of the file would go where in a network; nothing is changed."""
    waiting = access_weight_file(request.person, weight_file_id, "view")
    if payload.network_id is not None:
        network = access_network(request.person, payload.network_id, "view")
        with weight_files.matching_room.entered():
            found = weight_files.match_network(network, waiting, payload.images)
    else:
        with weight_files.matching_room.entered():
            found = weight_files.match_template(payload.template or "", waiting, payload.images)
    return WeightMatching.model_validate(found.model_dump())


@router.post(
    "/weight-files/{weight_file_id}/load",
    response={202: JobOut},
    operation_id="load_weight_file",
)
def load_weight_file(
    request: PersonRequest, weight_file_id: str, payload: MatchRequest
) -> Status[JobOut]:
    """Give a network what fits, in the background; the file is then no longer kept by itself.

    A template is drawn as a new network first.
    The job's result is `{"network_id", "weight_set_id"}`.
    """
    waiting = access_weight_file(request.person, weight_file_id, "edit")
    if payload.network_id is not None:
        network = access_network(request.person, payload.network_id, "edit")
        with weight_files.matching_room.entered():
            job = weight_files.start_loading(request.person, network, waiting, payload.images)
    else:
        with weight_files.matching_room.entered():
            job = weight_files.start_loading_template(
                request.person, payload.template or "", waiting, payload.images
            )
    return Status(202, job_out(job))


def _share(matching: Matching) -> dict[str, Any]:
    return {
        "num_matched": matching.num_matched,
        "num_in_file": matching.num_in_file,
        "num_places": matching.num_places,
        "num_by_name": matching.count("name") + matching.count("prefix"),
        "share": matching.share,
    }


def _fields(waiting: WeightFile) -> dict[str, Any]:
    return {
        "id": waiting.id,
        "project_id": waiting.project_id,
        "source": waiting.source,
        "format": waiting.format,
        "num_tensors": waiting.num_tensors,
        "size_bytes": waiting.blob.size_bytes,
        "created_at": waiting.created_at,
    }
