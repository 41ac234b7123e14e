from __future__ import annotations

from typing import Any

from django.utils import timezone

from netloom.train.spec import RunConfig
from storage.services import store_bytes
from tests.security.routes import Route, World
from tests.security.routes.datasets import dataset_version
from tests.security.routes.designer import EMPTY, network, version
from training.models import Checkpoint, Run, RunDetail

CONFIG: dict[str, Any] = {"config": {}}


def _transfer(world: World) -> dict[str, Any]:
    data = dataset_version(world).dataset_id
    return {"network_id": network(world).id, "dataset_id": data, "name": "Transferred"}


def _planned(world: World) -> dict[str, Any]:
    return {key: value for key, value in _transfer(world).items() if key != "name"}


def _both(world: World) -> str:
    return f"a={run(world).id}&b={run(world).id}"


ROUTES = {
    "list_runs": Route("view"),
    "get_run_config_schema": Route("person"),
    "check_run": Route("view", CONFIG),
    "estimate_run": Route("edit", CONFIG),
    "start_run": Route("edit", CONFIG),
    "get_run": Route("view"),
    "update_run": Route("edit", {"notes": "Seen"}),
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
    "list_transfer_sources": Route("view"),
    "plan_transfer": Route("view", _planned),
    "make_transfer": Route("edit", _transfer),
    "get_run_proposal": Route("view"),
    "get_trained_weights": Route("view"),
    "get_weight_standing": Route("view", {"document": EMPTY}),
    "compare_runs": Route("view", query=_both),
}


def run(world: World) -> Any:
    return world.once("run", lambda: _make_run(world))


def _make_run(world: World) -> Run:
    made = Run.objects.create(
        project=world.project,
        number=1,
        name="First",
        author=world.people["owner"],
        network=network(world),
        network_version=version(world),
        dataset_version=dataset_version(world),
        config=RunConfig().model_dump(mode="json"),
        state="succeeded",
    )
    RunDetail.objects.create(run=made)
    return made


def checkpoint(world: World) -> Any:
    return world.once(
        "checkpoint",
        lambda: Checkpoint.objects.create(
            run=run(world),
            blob=store_bytes(world.project, b"weights"),
            bundle=store_bytes(world.project, b"bundle"),
            step=1,
            epoch=1.0,
        ),
    )


def _binned(world: World) -> str:
    Run.objects.filter(pk=run(world).pk).update(deleted_at=timezone.now())
    return run(world).id


OBJECTS = {
    "run_id": lambda world: run(world).id,
    "checkpoint_id": lambda world: checkpoint(world).id,
    "restore_run.run_id": _binned,
}
