"""What people do with runs: check, start, steer, name, delete, take away."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from django.db.models import Max

from accounts.models import Person, Project
from common.errors import Code, Problem, not_found
from datasets.access import access_dataset, access_dataset_version
from datasets.models import Dataset, DatasetVersion
from datasets.services import pin_version as pin_dataset
from designer.access import access_network, access_weight_set
from designer.documents import stored_document
from designer.models import Network, WeightSet
from designer.services import pin_version as pin_network
from jobs.schemas import JobOut
from jobs.selectors import job_out
from jobs.services import enqueue
from netloom.train.spec import RunConfig, TrainSpec
from storage.bin import put_in, take_out
from training import checks, lifecycle
from training.access import access_checkpoint
from training.limits import require_run_allowed, require_run_has_time
from training.models import (
    ACTIVE,
    RESUMABLE,
    UNFINISHED,
    WAITING,
    Checkpoint,
    Desired,
    Run,
    RunDetail,
    State,
)
from training.publishing import publish_run
from training.schemas import (
    RunCheck,
    RunCheckRequest,
    RunEstimateRequest,
    RunStart,
    RunUpdate,
    StartFrom,
    StartFromNetwork,
    StartFromWeights,
)
from training.selectors import best_checkpoint, document_of

Start = Checkpoint | WeightSet | None
ESTIMATE = "training.estimate"
START_WEIGHTS = "start"
MERGED_WEIGHTS = "merged"


def check_run(person: Person, network: Network, payload: RunCheckRequest) -> RunCheck:
    """Say what speaks against a run of this network on its data."""
    data = _data_of(person, network, payload)
    starts = (
        _weights_if_any(person, payload.start_from),
        _weights_if_any(person, payload.merge_from),
    )
    return checks.check(stored_document(network.document), data, payload.config, starts)


def start_run(person: Person, network: Network, start: RunStart) -> Run:
    """Pin what decides the numbers and queue the run; raises Problem run_cannot_start."""
    data = _data_of(person, network, start)
    found = checks.check(stored_document(network.document), data, start.config)
    errors = [problem for problem in found.problems if problem.severity == "error"]
    if errors:
        raise Problem(
            Code.RUN_CANNOT_START,
            errors[0].message,
            "Solve the problems listed here and start again.",
            problems=[problem.model_dump(mode="json") for problem in errors],
        )
    first = _weights_of(person, start.start_from)
    merged = _weights_of(person, start.merge_from)
    with transaction.atomic():
        _keep(first)
        _keep(merged)
        require_run_allowed(person)
        project = Project.objects.select_for_update(no_key=True).get(id=network.project_id)
        newest = Run.objects.filter(project=project).aggregate(newest=Max("number"))["newest"]
        number = (newest or 0) + 1
        run = Run.objects.create(
            project=project,
            number=number,
            name=start.name or f"Run {number}",
            author=person,
            network=network,
            network_version=pin_network(network, person),
            dataset_version=_pinned(data, person),
            config=start.config.model_dump(mode="json"),
            start_from=start.start_from.model_dump() if start.start_from else None,
            start_checkpoint=first if isinstance(first, Checkpoint) else None,
            start_weights=first if isinstance(first, WeightSet) else None,
            merge_from=start.merge_from.model_dump() if start.merge_from else None,
            merge_checkpoint=merged if isinstance(merged, Checkpoint) else None,
            merge_weights=merged if isinstance(merged, WeightSet) else None,
        )
        RunDetail.objects.create(run=run)
        publish_run(run)
        lifecycle.wake_workers()
    return run


def request_estimate(person: Person, network: Network, payload: RunEstimateRequest) -> JobOut:
    """Queue a short trial that measures time and memory."""
    data = _data_of(person, network, payload)
    job = enqueue(
        ESTIMATE,
        {
            "network_id": network.id,
            "dataset_version_id": _pinned(data, person).id,
            "config": payload.config.model_dump(mode="json"),
        },
        person=person,
        project=network.project,
        subject=("network", network.id),
        message="Measuring a few steps",
    )
    return job_out(job)


def stop_run(run: Run) -> Run:
    """End a run: at once while it waits, after the step while it runs; the second time, kill it."""
    with _locked(run) as run:
        if run.state in WAITING or run.state == State.PAUSED:
            _end_waiting(run, State.STOPPED)
        elif run.state in ACTIVE:
            asked = run.desired_state in (Desired.STOP, Desired.KILL)
            _wish(run, Desired.KILL if asked else Desired.STOP)
        elif run.state != State.STOPPED:
            raise _wrong_state(run, "stopped")
    return run


def pause_run(run: Run) -> Run:
    """Free the device and keep the run's place on its curve."""
    with _locked(run) as run:
        if run.state in WAITING:
            _end_waiting(run, State.PAUSED)
        elif run.state in ACTIVE and run.desired_state in (Desired.RUN, Desired.PAUSE):
            _wish(run, Desired.PAUSE)
        elif run.state != State.PAUSED:
            raise _wrong_state(run, "paused")
    return run


def resume_run(run: Run) -> Run:
    """Queue a paused, stopped or failed run again, unless its author has had enough of them."""
    with _locked(run) as run:
        if run.state not in RESUMABLE:
            raise _wrong_state(run, "resumed")
        require_run_allowed(run.author)
        require_run_has_time(run)
        lifecycle.requeue(run)
        run.restarts = 0
        run.save(update_fields=lifecycle.STATE_FIELDS)
        publish_run(run)
        lifecycle.wake_workers()
    return run


def update_run(run: Run, change: RunUpdate) -> Run:
    """Change what people write about a run."""
    fields = change.model_dump(exclude_unset=True, exclude_none=True)
    if fields.get("name") == "":
        fields["name"] = f"Run {run.number}"
    if fields:
        Run.objects.filter(id=run.id).update(**fields)
        publish_run(run)
    return run


def delete_run(person: Person, run: Run) -> None:
    """Move a finished run to the bin."""
    with _locked(run) as run:
        if run.state in UNFINISHED:
            raise _wrong_state(run, "deleted")
        put_in(run, person)
        publish_run(run)


def restore_run(run: Run) -> Run:
    """Take a run out of the bin."""
    take_out(run)
    publish_run(run)
    return run


def portable_spec(run: Run) -> TrainSpec:
    """The run's specification with names instead of this machine's paths."""
    first, merged = starts_of(run)
    return TrainSpec(
        document=stored_document(run.network_version.document),
        manifest="manifest.json",
        output=f"run-{run.number}",
        config=RunConfig.model_validate(run.config),
        initial_weights=file_name_of(START_WEIGHTS, first),
        initial_document=document_of(first),
        merged_weights=file_name_of(MERGED_WEIGHTS, merged),
        merged_document=document_of(merged),
        num_threads=(run.detail.started or {}).get("num_threads"),
    )


def _data_of(
    person: Person, network: Network, asked: RunStart | RunCheckRequest | RunEstimateRequest
) -> Dataset | DatasetVersion:
    """The pinned version that was named, else the dataset as it is now."""
    if asked.dataset_version_id is None:
        return _dataset_of(person, network, asked.dataset_id)
    version = access_dataset_version(person, asked.dataset_version_id, "view")
    _dataset_of(person, network, version.dataset_id)
    if asked.dataset_id not in (None, version.dataset_id):
        raise Problem(
            Code.INVALID,
            f"Version {version.number} is of another dataset.",
            "Choose a version of the dataset that was named.",
        )
    return version


def _pinned(data: Dataset | DatasetVersion, person: Person) -> DatasetVersion:
    return data if isinstance(data, DatasetVersion) else pin_dataset(data, person)


def _dataset_of(person: Person, network: Network, dataset_id: str | None) -> Dataset:
    chosen = dataset_id or network.dataset_id
    if chosen is None:
        raise Problem(
            Code.RUN_CANNOT_START,
            "The network has no data to train on.",
            "Bind a dataset to it on the canvas, or name one.",
            problems=[],
        )
    dataset = access_dataset(person, chosen, "view")
    if dataset.project_id != network.project_id:
        raise not_found("dataset")
    return dataset


def starts_of(run: Run) -> tuple[Start, Start]:
    """What a run starts from: first weights, and those of a network that was merged into it."""
    return (
        run.start_checkpoint or run.start_weights,
        run.merge_checkpoint or run.merge_weights,
    )


def file_name_of(stem: str, start: Start) -> str | None:
    """Name the file of weights for the trainer, which goes by its ending."""
    if start is None:
        return None
    return f"{stem}.{'ckpt' if isinstance(start, Checkpoint) else 'safetensors'}"


def _keep(start: Start) -> None:
    """Let nobody delete the start weights before the run that names them is committed."""
    if start is None:
        return
    if isinstance(start, WeightSet):
        if not WeightSet.objects.select_for_update(no_key=True).filter(pk=start.pk):
            raise not_found("weights")
        return
    if not list(Checkpoint.objects.select_for_update(no_key=True).filter(pk=start.pk)):
        raise Problem(
            Code.NO_CHECKPOINT,
            "The checkpoint is gone: newer ones of the run took its place.",
            "Choose one of the checkpoints the run has now.",
        )


def _weights_of(person: Person, start: StartFrom | None) -> Start:
    if start is None:
        return None
    if isinstance(start, StartFromWeights):
        return access_weight_set(person, start.weight_set_id, "view")
    if isinstance(start, StartFromNetwork):
        network = access_network(person, start.network_id, "view")
        checkpoint = best_checkpoint(network.id)
        if checkpoint is None:
            raise Problem(
                Code.NO_CHECKPOINT,
                f"{network.name} has not been trained yet, so it has no weights to start from.",
                "Train it first, or start from random weights.",
            )
        return checkpoint
    return access_checkpoint(person, start.checkpoint_id, "view")


def _weights_if_any(person: Person, start: StartFrom | None) -> Start:
    """Weights for a check; that they are not there any more is said when the run is started."""
    try:
        return _weights_of(person, start)
    except Problem:
        return None


@contextmanager
def _locked(run: Run) -> Iterator[Run]:
    """Change the run as it is now, not as it was when the request came in."""
    with transaction.atomic():
        yield Run.objects.select_for_update(no_key=True).get(id=run.id)


def _wish(run: Run, desired: Desired) -> None:
    run.desired_state = desired
    run.save(update_fields=["desired_state"])
    publish_run(run)


def _end_waiting(run: Run, state: State) -> None:
    lifecycle.finish(run, state)
    run.save(update_fields=lifecycle.STATE_FIELDS)
    publish_run(run)


def _wrong_state(run: Run, what: str) -> Problem:
    return Problem(
        Code.RUN_STATE,
        f"The run is {run.state}; it cannot be {what} now.",
        "Reload the page to see how it stands.",
        state=run.state,
    )
