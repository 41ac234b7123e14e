"""Does deep learning pay: classical models on the images that networks are judged on."""

from __future__ import annotations

from django.http.response import HttpResponseBase
from ninja import Router, Status

from accounts.auth import PersonRequest
from datasets.access import access_dataset_version
from designer.access import access_weight_set
from inspection import baselines, selectors
from inspection.access import access_baseline
from inspection.baseline_schemas import (
    BaselineComparison,
    BaselineOut,
    BaselineRequest,
    JudgedSplit,
)
from inspection.schemas import FeatureLayerOut
from inspection.sources import Source
from jobs.schemas import JobOut
from training.access import access_checkpoint

router = Router(tags=["inspection"])


@router.post("/baselines", response={202: JobOut}, operation_id="create_baselines")
def create_baselines(request: PersonRequest, payload: BaselineRequest) -> Status:
    """Fit classical models; the job's result is `{"baseline_ids"}`."""
    return Status(202, baselines.request_baselines(request.person, payload))


@router.get(
    "/dataset-versions/{dataset_version_id}/comparison",
    response=BaselineComparison,
    operation_id="compare_on_version",
)
def compare_on_version(
    request: PersonRequest, dataset_version_id: str, split: JudgedSplit = "validation"
) -> BaselineComparison:
    """Classical models and evaluated runs on the same images, side by side."""
    version = access_dataset_version(request.person, dataset_version_id, "view")
    return baselines.compare(version, split)


@router.get("/baselines/{baseline_id}", response=BaselineOut, operation_id="get_baseline")
def get_baseline(request: PersonRequest, baseline_id: str) -> BaselineOut:
    return baselines.baseline_out(access_baseline(request.person, baseline_id, "view"))


@router.get("/baselines/{baseline_id}/model", operation_id="download_baseline")
def download_baseline(request: PersonRequest, baseline_id: str) -> HttpResponseBase:
    """A linear model as .npz: standardisation, weights, biases and class names, no code."""
    baseline = access_baseline(request.person, baseline_id, "view")
    return baselines.baseline_model(request, baseline)


@router.delete("/baselines/{baseline_id}", response={204: None}, operation_id="delete_baseline")
def delete_baseline(request: PersonRequest, baseline_id: str) -> Status:
    baselines.delete_baseline(access_baseline(request.person, baseline_id, "edit"))
    return Status(204, None)


@router.get(
    "/checkpoints/{checkpoint_id}/feature-layers",
    response=list[FeatureLayerOut],
    operation_id="list_checkpoint_feature_layers",
)
def list_checkpoint_feature_layers(
    request: PersonRequest, checkpoint_id: str
) -> list[FeatureLayerOut]:
    """The layers whose output can be taken as features, in the order of computation."""
    checkpoint = access_checkpoint(request.person, checkpoint_id, "view")
    return selectors.feature_layers_of(Source(checkpoint=checkpoint))


@router.get(
    "/weights/{weight_set_id}/feature-layers",
    response=list[FeatureLayerOut],
    operation_id="list_weight_set_feature_layers",
)
def list_weight_set_feature_layers(
    request: PersonRequest, weight_set_id: str
) -> list[FeatureLayerOut]:
    """The same of a network that came with its weights."""
    weight_set = access_weight_set(request.person, weight_set_id, "view")
    return selectors.feature_layers_of(Source(weight_set=weight_set))
