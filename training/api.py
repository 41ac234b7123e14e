"""Runs: start them, watch them, steer them, compare them."""

from __future__ import annotations

from typing import Annotated, Any

from ninja import Router, Status
from ninja.params.functions import Query

from accounts.access import access_project
from accounts.auth import PersonRequest
from designer.access import access_network
from jobs.schemas import JobOut
from netloom.train.spec import RunConfig, TrainSpec
from training import selectors, services
from training.access import access_run
from training.comparison import compare_runs as compare
from training.curves import read_metrics
from training.schemas import (
    CheckpointOut,
    Run,
    RunCheck,
    RunCheckRequest,
    RunComparison,
    RunEstimateRequest,
    RunEvents,
    RunList,
    RunLog,
    RunMetrics,
    RunStart,
    RunState,
    RunUpdate,
)

router = Router(tags=["training"], by_alias=True)  # Document names its field `schema`


@router.get("/projects/{project_id}/runs", response=RunList, operation_id="list_runs")
def list_runs(
    request: PersonRequest,
    project_id: str,
    search: Annotated[str, Query(max_length=100)] = "",
    state: Annotated[list[RunState] | None, Query()] = None,
    network: str | None = None,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> RunList:
    """Runs of a project, newest first. `search` looks at names, notes and tags."""
    project = access_project(request.person, project_id, "view")
    return selectors.list_runs(project, search, state or [], network, cursor, limit)


@router.get("/run-config-schema", response=dict[str, Any], operation_id="get_run_config_schema")
def get_run_config_schema(request: PersonRequest) -> dict[str, Any]:
    """JSON schema of a run's configuration; the start dialog is derived from it."""
    del request
    return RunConfig.model_json_schema()


@router.post("/networks/{network_id}/run-check", response=RunCheck, operation_id="check_run")
def check_run(request: PersonRequest, network_id: str, payload: RunCheckRequest) -> RunCheck:
    """Say what would keep a run from starting, before anything is queued."""
    network = access_network(request.person, network_id, "view")
    return services.check_run(request.person, network, payload)


@router.post(
    "/networks/{network_id}/estimates", response={202: JobOut}, operation_id="estimate_run"
)
def estimate_run(request: PersonRequest, network_id: str, payload: RunEstimateRequest) -> Status:
    """Measure a few steps and tell how long the run would take and what memory it needs."""
    person = request.person
    network = access_network(person, network_id, "edit")
    return Status(202, services.request_estimate(person, network, payload))


@router.post("/networks/{network_id}/runs", response={201: Run}, operation_id="start_run")
def start_run(request: PersonRequest, network_id: str, payload: RunStart) -> Status:
    """Pin network and data, and queue a run of them."""
    person = request.person
    network = access_network(person, network_id, "edit")
    return Status(201, selectors.run_detail(services.start_run(person, network, payload), person))


@router.get("/runs/{run_id}", response=Run, operation_id="get_run")
def get_run(request: PersonRequest, run_id: str) -> Run:
    person = request.person
    return selectors.run_detail(access_run(person, run_id, "view"), person)


@router.patch("/runs/{run_id}", response=Run, operation_id="update_run")
def update_run(request: PersonRequest, run_id: str, payload: RunUpdate) -> Run:
    """Change name, notes or tags."""
    person = request.person
    run = services.update_run(access_run(person, run_id, "edit"), payload)
    return selectors.run_detail(run, person)


@router.delete("/runs/{run_id}", response={204: None}, operation_id="delete_run")
def delete_run(request: PersonRequest, run_id: str) -> Status:
    """Put a finished run into the bin."""
    person = request.person
    services.delete_run(person, access_run(person, run_id, "edit"))
    return Status(204, None)


@router.post("/runs/{run_id}/restore", response=Run, operation_id="restore_run")
def restore_run(request: PersonRequest, run_id: str) -> Run:
    """Take a run out of the bin."""
    person = request.person
    run = services.restore_run(access_run(person, run_id, "edit", is_deleted=None))
    return selectors.run_detail(run, person)


@router.post("/runs/{run_id}/stop", response=Run, operation_id="stop_run")
def stop_run(request: PersonRequest, run_id: str) -> Run:
    """Finish the step, save a checkpoint and end. Asked twice, the run is killed."""
    person = request.person
    return selectors.run_detail(services.stop_run(access_run(person, run_id, "edit")), person)


@router.post("/runs/{run_id}/pause", response=Run, operation_id="pause_run")
def pause_run(request: PersonRequest, run_id: str) -> Run:
    """Save a checkpoint and free the device; `resume` continues the same curve."""
    person = request.person
    return selectors.run_detail(services.pause_run(access_run(person, run_id, "edit")), person)


@router.post("/runs/{run_id}/resume", response=Run, operation_id="resume_run")
def resume_run(request: PersonRequest, run_id: str) -> Run:
    """Queue a paused, stopped or failed run again, from its last checkpoint."""
    person = request.person
    return selectors.run_detail(services.resume_run(access_run(person, run_id, "edit")), person)


@router.get("/runs/{run_id}/metrics", response=RunMetrics, operation_id="get_run_metrics")
def get_run_metrics(
    request: PersonRequest,
    run_id: str,
    split: str | None = None,
    names: str = "",
    max_points: Annotated[int, Query(ge=2, le=20_000)] = 1000,
) -> RunMetrics:
    """Curves, each with at most `max_points` points; `names` is a list with commas."""
    run = access_run(request.person, run_id, "view")
    wanted = [name for name in names.split(",") if name]
    return read_metrics(run, split=split, names=wanted, max_points=max_points)


@router.get("/runs/{run_id}/events", response=RunEvents, operation_id="list_run_events")
def list_run_events(
    request: PersonRequest,
    run_id: str,
    since: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=2000)] = 500,
) -> RunEvents:
    """Events after `since`: what the socket replays, for filling a gap."""
    run = access_run(request.person, run_id, "view")
    return selectors.events_since(run, since, limit)


@router.get("/runs/{run_id}/log", response=RunLog, operation_id="get_run_log")
def get_run_log(request: PersonRequest, run_id: str) -> RunLog:
    """The newest lines of what the trainer and its supervisor wrote."""
    run = access_run(request.person, run_id, "view")
    return RunLog(lines=selectors.log_lines(run))


@router.get("/runs/{run_id}/spec", response=TrainSpec, operation_id="get_run_spec")
def get_run_spec(request: PersonRequest, run_id: str) -> TrainSpec:
    """The file that `netloom train SPEC` takes to make the same numbers again.

    `manifest` and `initial_weights` are relative names: `manage.py export_run` writes the
    specification with both beside it.
    """
    run = access_run(request.person, run_id, "view")
    return services.portable_spec(run)


@router.get(
    "/runs/{run_id}/checkpoints", response=list[CheckpointOut], operation_id="list_checkpoints"
)
def list_checkpoints(request: PersonRequest, run_id: str) -> list[CheckpointOut]:
    return selectors.list_checkpoints(access_run(request.person, run_id, "view"))


@router.get("/run-comparison", response=RunComparison, operation_id="compare_runs")
def compare_runs(request: PersonRequest, a: str, b: str) -> RunComparison:
    """What differs between two runs: configuration, network, data and results."""
    person = request.person
    return compare(access_run(person, a, "view"), access_run(person, b, "view"))
