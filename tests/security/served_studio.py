"""The real web server over a studio with one huge file in it.

`python -m tests.security.served_studio PORT` prints the API token of the person who may read the
file, the id of a run that has said a megabyte, and the address of the file, then serves.
"""

from __future__ import annotations

import hashlib
import os
import sys

os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"

import django
from django.conf import settings

HUGE_BYTES = 800 * 1024 * 1024
NUM_EVENTS = 500


def prepare() -> tuple[str, str, str]:
    """Make a person, a talkative run, and a bundle that is a sparse file; no disk is filled."""
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from accounts import services
    from accounts.models import Person
    from storage.models import Blob
    from storage.services import blob_key
    from tests.security.routes import World
    from tests.security.routes.training import checkpoint
    from training.models import Run, RunEvent

    person = Person.objects.create_user("ada@example.org", name="Ada")
    world = World(services.create_project(person, "Huge"), {"owner": person})
    made = checkpoint(world)
    sha256 = hashlib.sha256(b"huge").hexdigest()
    path = settings.DATA_FOLDER / blob_key(sha256)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.truncate(HUGE_BYTES)
    made.bundle = Blob.objects.create(sha256=sha256, size_bytes=HUGE_BYTES)
    made.save()
    said = {"event": "log", "level": "info", "message": "x" * 2000}
    RunEvent.objects.bulk_create(
        RunEvent(run=made.run, seq=number, kind="log", event=said)
        for number in range(1, NUM_EVENTS + 1)
    )
    Run.objects.filter(pk=made.run_id).update(last_seq=NUM_EVENTS)
    _, token = services.create_token(person, "test")
    return token, made.run_id, f"/api/checkpoints/{made.id}/bundle"


if __name__ == "__main__":
    django.setup()
    print(*prepare(), flush=True)  # noqa: T201 - its parent reads it
    from config import server

    server.serve("127.0.0.1", int(sys.argv[1]))
