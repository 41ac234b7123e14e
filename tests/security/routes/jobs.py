from __future__ import annotations

from jobs.models import Job
from tests.security.routes import Route, World

ROUTES = {
    "list_jobs": Route("view", query=lambda world: f"project={world.project.id}"),
    "get_job": Route("view"),
    "cancel_job": Route("edit"),
    "list_devices": Route("person"),
}


def _job(world: World) -> str:
    return Job.objects.create(
        kind="tests.nothing", lane="bulk", project=world.project, person=world.people["owner"]
    ).id


OBJECTS = {"job_id": _job}
