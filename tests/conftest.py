"""What every test can ask for: a private installation, people with roles, real data."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Try again what a busy machine fails; the summary names each as `RERUN`."""
    for item in items if not config.option.usepdb else ():
        if item.get_closest_marker("timed") or item.get_closest_marker("e2e"):
            item.add_marker(pytest.mark.flaky(reruns=2))


def pytest_unconfigure() -> None:
    shutil.rmtree(_data_folder(), ignore_errors=True)


def _data_folder() -> Path:
    """The private data folder that `tests.settings` has made for this process."""
    return Path(os.environ["NETLOOM_DATA"])


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder with the real data sets that some tests need."""
    folder = Path(os.environ.get("NETLOOM_TEST_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("The real data is not here; name its folder with NETLOOM_TEST_DATA.")
    return folder


@pytest.fixture
def clean_files() -> Iterator[None]:
    """No stored files before the test or after it; the database forgets its rows by itself."""
    _forget_files()
    yield
    _forget_files()


def _forget_files() -> None:
    for name in ("blobs", "uploads", "pictures"):
        shutil.rmtree(_data_folder() / name, ignore_errors=True)


@pytest.fixture
def make_person(db: None) -> Callable[..., object]:
    """Make a person: `make_person("Ada")`; without the sample data of a real one."""
    from accounts.models import Person

    def make(name: str = "Ada", password: str | None = None) -> Person:
        count = Person.objects.count()
        return Person.objects.create_user(f"{name.lower()}{count}@example.org", password, name=name)

    return make


@pytest.fixture
def person(make_person: Callable[..., object]) -> object:
    """The owner of `project`."""
    return make_person("Ada")


@pytest.fixture
def project(person: object) -> object:
    """A project owned by `person`."""
    from accounts.services import create_project

    return create_project(person, "Test project")


@pytest.fixture
def join(make_person: Callable[..., object]) -> Callable[..., object]:
    """Make someone with a role in a project: `join(project, "viewer")`."""
    from accounts.models import Membership

    def make(project: object, role: str) -> object:
        member = make_person(role.capitalize())
        Membership.objects.create(person=member, project=project, role=role)
        return member

    return make


@pytest.fixture
def sign_in() -> Callable[..., object]:
    """A client of the API signed in as someone: `sign_in(person).get("/api/projects")`."""
    from tests.client import ApiClient

    return ApiClient


@pytest.fixture
def api(person: object) -> object:
    """A client of the API signed in as `person`."""
    from tests.client import ApiClient

    return ApiClient(person)


@pytest.fixture
def run_jobs() -> Callable[..., list[object]]:
    """Do all queued jobs here and now, the way a worker does; returns them as they ended.

    `run_jobs("bulk")` does one lane. Call it outside of a transaction of your own: mark the test
    with `django_db(transaction=True)` when a job uses threads.
    """
    from jobs.models import Job, JobState, Lane
    from jobs.tasks import run_next

    def run(*lanes: str) -> list[object]:
        chosen = lanes or tuple(Lane.values)
        waiting = list(
            Job.objects.filter(lane__in=chosen, state=JobState.QUEUED).values_list("id", flat=True)
        )
        for lane in chosen:
            while run_next(lane):
                pass
        return list(Job.objects.filter(id__in=waiting).order_by("created_at"))

    return run


@pytest.fixture
def limits(settings: Any) -> Callable[..., None]:
    """Set limits: `limits(quota_mb=1)`."""

    def set_limits(**values: Any) -> None:
        settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update=values)

    return set_limits
