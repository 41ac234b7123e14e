"""The only way to a run or checkpoint: through the project it belongs to."""

from __future__ import annotations

from accounts.access import Action, access_project
from accounts.models import Person
from common.errors import not_found
from training.models import Checkpoint, Run


def access_run(
    person: Person, run_id: str, action: Action, *, is_deleted: bool | None = False
) -> Run:
    """Fetch a run, outside of the bin unless asked; raises Problem not_found.

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
    if run is None or is_deleted not in (None, run.deleted_at is not None):
        raise not_found("run")
    access_project(person, run.project_id, action)
    return run


def access_checkpoint(person: Person, checkpoint_id: str, action: Action) -> Checkpoint:
    """Fetch a checkpoint of a run that is not in the bin; raises Problem not_found."""
    checkpoint = (
        Checkpoint.objects.select_related(
            "blob", "run__network_version", "run__dataset_version__dataset"
        )
        .filter(pk=checkpoint_id, run__deleted_at=None)
        .first()
    )
    if checkpoint is None:
        raise not_found("checkpoint")
    access_project(person, checkpoint.run.project_id, action)
    return checkpoint
