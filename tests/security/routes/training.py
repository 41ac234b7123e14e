from __future__ import annotations

from datasets.models import Dataset, DatasetVersion
from designer.services import create_network, create_version
from netloom.train.spec import RunConfig
from storage.models import Blob
from tests.api.studio import tiny_network
from tests.security.routes import Route, World
from training.models import Checkpoint, Run, RunDetail, State


def make_dataset_version(world: World) -> DatasetVersion:
    def make() -> DatasetVersion:
        dataset = Dataset.objects.create(project=world.project, name="Guarded")
        return DatasetVersion.objects.create(
            dataset=dataset,
            number=1,
            log_position=0,
            num_items=0,
            classes=[{"id": "a", "name": "cat"}, {"id": "b", "name": "dog"}],
            splits={},
            fingerprint="",
        )

    return world.once("dataset_version", make)


def make_run(world: World) -> Run:
    def make() -> Run:
        owner = world.people["owner"]
        network = create_network(world.project, owner, name="Guarded", document=tiny_network(2))
        run = Run.objects.create(
            project=world.project,
            number=Run.objects.filter(project=world.project).count() + 1,
            name="Guarded",
            author=owner,
            network=network,
            network_version=create_version(network, owner),
            dataset_version=make_dataset_version(world),
            config=RunConfig().model_dump(mode="json"),
            state=State.PAUSED,
        )
        RunDetail.objects.create(run=run)
        return run

    return world.once("run", make)


def make_checkpoint(world: World) -> Checkpoint:
    def make() -> Checkpoint:
        blob, _ = Blob.objects.get_or_create(sha256="0" * 64, defaults={"size_bytes": 1})
        run = make_run(world)
        return Checkpoint.objects.create(run=run, blob=blob, bundle=blob, step=1, epoch=1.0)

    return world.once("checkpoint", make)


def _two_runs(world: World) -> str:
    run = make_run(world)
    return f"a={run.id}&b={run.id}"


def _dataset_id(world: World) -> dict[str, object]:
    return {"dataset_id": make_dataset_version(world).dataset_id}


ROUTES = {
    "list_runs": Route("view"),
    "get_run_config_schema": Route("person"),
    "check_run": Route("view", _dataset_id),
    "estimate_run": Route("edit", _dataset_id),
    "start_run": Route("edit", _dataset_id),
    "get_run": Route("view"),
    "update_run": Route("edit", {"notes": "looked at"}),
    "delete_run": Route("edit"),
    "restore_run": Route("edit"),
    "stop_run": Route("edit"),
    "pause_run": Route("edit"),
    "resume_run": Route("edit"),
    "get_run_metrics": Route("view"),
    "list_run_events": Route("view"),
    "get_run_log": Route("view"),
    "get_run_spec": Route("view"),
    "list_checkpoints": Route("view"),
    "compare_runs": Route("view", query=_two_runs),
}

OBJECTS = {
    "run_id": lambda world: make_run(world).id,
    "checkpoint_id": lambda world: make_checkpoint(world).id,
}
