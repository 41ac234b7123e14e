"""The real web server over a studio with one huge file in it.

`python -m tests.security.served_studio PORT` prints the API token of the person who may read the
file and the address of its download, then serves.
"""

from __future__ import annotations

import hashlib
import os
import sys

os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"

import django
from django.conf import settings

HUGE_BYTES = 800 * 1024 * 1024


def prepare() -> tuple[str, str]:
    """Make a person, and a checkpoint whose bundle is a sparse file; no disk is filled."""
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from accounts import services
    from accounts.models import Person
    from storage.models import Blob
    from storage.services import blob_key
    from tests.security.routes import World
    from tests.security.routes.training import checkpoint

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
    _, token = services.create_token(person, "test")
    return token, f"/api/checkpoints/{made.id}/bundle"


if __name__ == "__main__":
    django.setup()
    print(*prepare(), flush=True)  # noqa: T201 - its parent reads it
    from config import server

    server.serve("127.0.0.1", int(sys.argv[1]))
