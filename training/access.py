"""The only way to a run or checkpoint: through the project it belongs to."""

from __future__ import annotations

from accounts.access import Action, access_project, require_out_of_bin
from accounts.models import Person
from common.errors import not_found
from training.models import Checkpoint, Run


def access_run(
    person: Person, run_id: str, action: Action, *, is_deleted: bool | None = False
) -> Run:
    """Fetch a run, outside of the bin unless asked; raises Problem not_found or in_bin.

    Args:
        is_deleted: In the bin, outside of it, or (None) wherever it is.
    """
    run = (
        Run.objects.select_related(
            "author", "detail", "network", "network_version", "dataset_version__dataset"
        )
        .filter(pk=run_id)
        .first()
    )
    if run is None or (is_deleted and run.deleted_at is None):
        raise not_found("run")
    access_project(person, run.project_id, action, "run")
    if is_deleted is False:
        require_out_of_bin(person, run, "run")
    return run


def access_checkpoint(person: Person, checkpoint_id: str, action: Action) -> Checkpoint:
    """Fetch a checkpoint of a run that is not in the bin; raises Problem not_found or in_bin."""
    checkpoint = (
        Checkpoint.objects.select_related(
            "blob", "run__network_version", "run__dataset_version__dataset"
        )
        .filter(pk=checkpoint_id)
        .first()
    )
    if checkpoint is None:
        raise not_found("checkpoint")
    access_project(person, checkpoint.run.project_id, action, "checkpoint")
    require_out_of_bin(person, checkpoint.run, "run")
    return checkpoint
