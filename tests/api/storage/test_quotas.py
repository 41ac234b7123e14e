"""What people and projects may hold, queue and compute, each limit with its refusal."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from accounts.models import Membership
from accounts.services import create_project
from jobs.models import Job
from jobs.services import enqueue
from storage import quotas, services
from storage.models import Upload
from tests.api.datasets.conftest import png
from tests.client import ApiClient
from training.models import Attempt, Run

pytestmark = pytest.mark.django_db(transaction=True)
Limits = Callable[..., None]


def announce(api: ApiClient, project: Any, size_bytes: int = 400_000) -> Any:
    asked = {"project_id": project.id, "file_name": "a.zip", "size_bytes": size_bytes}
    return api.post("/api/uploads", asked)


def test_a_project_may_hold_so_much(api: ApiClient, project: Any, limits: Limits) -> None:
    limits(quota_mb=1)
    assert [announce(api, project).status_code for _ in range(2)] == [201, 201]
    refused = announce(api, project)
    assert (refused.status_code, refused.json()["code"]) == (413, "quota_exceeded")
    told = refused.json()
    assert told["data"]["quota"] == "project"
    assert (told["data"]["used_bytes"], told["data"]["needed_bytes"]) == (800_000, 400_000)
    assert "storage page" in told["next_step"]


def test_the_projects_of_a_person_may_hold_so_much_together(
    api: ApiClient, person: Any, project: Any, join: Callable[..., Any], limits: Limits
) -> None:
    limits(person_quota_mb=1)
    other = create_project(person, "Second")
    services.store_bytes(other, b"x" * 700_000)
    refused = announce(api, project)
    assert refused.json()["data"]["quota"] == "person"
    assert "All projects of Ada hold" in refused.json()["detail"]
    editor = ApiClient(join(project, "editor"))
    assert announce(editor, project).json()["code"] == "quota_exceeded"


def test_a_project_counts_for_its_longest_standing_owner(
    person: Any, project: Any, make_person: Callable[..., Any]
) -> None:
    later = make_person("Grace")
    Membership.objects.create(person=later, project=project, role="owner")
    services.store_bytes(project, b"x" * 1000)
    assert (quotas.used_bytes_of(person), quotas.used_bytes_of(later)) == (1000, 0)
    Membership.objects.get(person=person, project=project).delete()
    assert quotas.used_bytes_of(later) == 1000


def test_what_a_project_holds_already_needs_no_room(project: Any, limits: Limits) -> None:
    limits(quota_mb=1)
    content = b"x" * 900_000
    services.store_bytes(project, content)
    services.store_bytes(project, content)
    assert quotas.used_bytes(project) == 900_000
    assert quotas.recount(project) == 0


def test_a_person_has_so_many_uploads(api: ApiClient, project: Any, limits: Limits) -> None:
    limits(open_uploads=2)
    first = announce(api, project).json()
    announce(api, project)
    refused = announce(api, project)
    assert (refused.status_code, refused.json()["code"]) == (429, "uploads_full")
    assert refused.json()["data"] == {"present": 2, "most": 2}
    api.delete(f"/api/uploads/{first['id']}")
    assert announce(api, project).status_code == 201


def test_a_person_has_so_many_imports(
    api: ApiClient, project: Any, limits: Limits, run_jobs: Callable[..., Any]
) -> None:
    limits(bulk_jobs=1)
    made = api.post(f"/api/projects/{project.id}/datasets", {"name": "Things"}).json()
    uploads = [api.upload(project, f"{seed}.png", png(seed)) for seed in range(3)]

    def bring_in(upload_id: str) -> Any:
        source = {"type": "upload", "upload_ids": [upload_id]}
        return api.post(f"/api/datasets/{made['id']}/imports", {"source": source})

    assert bring_in(uploads[0]).status_code == 202
    refused = bring_in(uploads[1])
    assert (refused.status_code, refused.json()["code"]) == (429, "queue_full")
    assert refused.json()["data"] == {"lane": "bulk", "most": 1}
    assert len(api.get(f"/api/datasets/{made['id']}/imports").json()) == 1
    run_jobs("bulk")
    assert bring_in(uploads[2]).status_code == 202


def test_a_person_has_so_many_runs(
    api: ApiClient, dataset: dict[str, Any], make_run: Callable[..., Any], limits: Limits
) -> None:
    limits(queued_runs=1)
    stopped = make_run(dataset["id"], state="stopped")
    make_run(dataset["id"], state="queued")
    refused = api.post(f"/api/runs/{stopped.pk}/resume")
    assert (refused.status_code, refused.json()["code"]) == (429, "queue_full")
    assert refused.json()["data"] == {"present": 1, "most": 1}


def attempt(run: Any, *, hours: float, ago_days: float) -> None:
    started = timezone.now() - timedelta(days=ago_days)
    Attempt.objects.create(
        run=run,
        number=Attempt.objects.filter(run=run).count() + 1,
        host="here",
        worker="one",
        device="cpu",
        slot=0,
        started_at=started,
        ended_at=started + timedelta(hours=hours),
    )


def test_a_person_computes_so_many_hours_a_week(
    api: ApiClient, dataset: dict[str, Any], make_run: Callable[..., Any], limits: Limits
) -> None:
    run = make_run(dataset["id"], state="stopped")
    attempt(run, hours=100, ago_days=30)
    attempt(run, hours=4, ago_days=7 + 2 / 24)
    limits(week_run_hours=2.5)
    assert api.post(f"/api/runs/{run.pk}/resume").status_code == 200
    api.post(f"/api/runs/{run.pk}/stop")
    limits(week_run_hours=1.9)
    refused = api.post(f"/api/runs/{run.pk}/resume")
    assert (refused.status_code, refused.json()["code"]) == (429, "run_hours_used")
    assert refused.json()["data"]["used_hours"] == pytest.approx(2, abs=0.01)
    told = api.get("/api/storage").json()["limits"]
    hours = next(each for each in told if each["name"] == "week_run_hours")
    assert (hours["used"], hours["most"]) == (pytest.approx(2, abs=0.01), 1.9)


def test_a_run_that_had_its_hours_is_not_resumed(
    api: ApiClient, dataset: dict[str, Any], make_run: Callable[..., Any], limits: Limits
) -> None:
    limits(run_hours=3)
    run = make_run(dataset["id"], state="stopped")
    attempt(run, hours=3.5, ago_days=20)
    refused = api.post(f"/api/runs/{run.pk}/resume")
    assert refused.json()["code"] == "run_hours_used"
    assert "3.5 hours" in refused.json()["detail"]


def test_the_operator_raises_limits(
    api: ApiClient, person: Any, project: Any, limits: Limits
) -> None:
    limits(quota_mb=1, open_uploads=1)
    assert announce(api, project, 2_000_000).status_code == 413
    said = StringIO()
    call_command("quota", "--project", project.id, "quota_mb=3", stdout=said)
    assert announce(api, project, 2_000_000).status_code == 201
    assert announce(api, project, 1).json()["code"] == "uploads_full"
    call_command("quota", person.email, "open_uploads=5", stdout=said)
    assert announce(api, project, 1).status_code == 201
    call_command("quota", person.email, "open_uploads=default", stdout=said)
    assert announce(api, project, 1).json()["code"] == "uploads_full"
    call_command("quota", stdout=said)
    assert f"{person.email}: 2 of 200,000 MB" in said.getvalue()
    assert f"{project.pk}  Test project: 2 of 3 MB (" in said.getvalue()
    with pytest.raises(CommandError, match="no limit quota_mb"):
        call_command("quota", person.email, "quota_mb=3")


def test_the_operator_names_a_project_by_id_or_by_a_name_that_is_its_own(
    person: Any, project: Any, make_person: Callable[..., Any]
) -> None:
    said = StringIO()
    call_command("quota", "--project", "Test project", "quota_mb=3", stdout=said)
    assert quotas.quota_bytes(project) == 3_000_000
    other = create_project(make_person("Grace"), "Test project")
    with pytest.raises(CommandError) as refused:
        call_command("quota", "--project", "Test project", "quota_mb=4")
    assert str(refused.value).startswith("2 projects are named Test project. Name one by id: ")
    assert f"{project.pk} of {person.email}" in str(refused.value)
    call_command("quota", "--project", other.pk, "quota_mb=4", stdout=said)
    assert (quotas.quota_bytes(project), quotas.quota_bytes(other)) == (3_000_000, 4_000_000)
    with pytest.raises(CommandError, match="no project Nothing"):
        call_command("quota", "--project", "Nothing", "quota_mb=4")


def at_once(work: Callable[[int], Any], times: int) -> list[Any]:
    """Do something in so many threads at the same moment."""
    barrier = threading.Barrier(times)
    outcomes: list[Any] = []

    def one(number: int) -> None:
        barrier.wait()
        try:
            outcomes.append(work(number))
        except Exception as error:  # noqa: BLE001 - the test looks at it
            outcomes.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=[number]) for number in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def test_requests_at_once_do_not_pass_a_limit_together(
    person: Any, project: Any, limits: Limits
) -> None:
    limits(quota_mb=1, bulk_jobs=2)
    second = create_project(person, "Second")

    answers = at_once(lambda _: announce(ApiClient(person), project).status_code, 6)
    assert sorted(answers) == [201, 201, 413, 413, 413, 413]
    assert Upload.objects.count() == 2

    def queue(number: int) -> Any:
        chosen = project if number % 2 else second
        return enqueue("storage.purge", {"things": []}, person=person, project=chosen)

    refused = [each for each in at_once(queue, 6) if isinstance(each, Exception)]
    assert len(refused) == 4
    assert Job.objects.count() == 2


def test_projects_filled_at_once_do_not_pass_their_owner_s_limit(
    person: Any, project: Any, limits: Limits
) -> None:
    limits(person_quota_mb=1)
    projects = [project, *(create_project(person, f"No. {number}") for number in range(3))]

    def fill(number: int) -> Any:
        return services.store_bytes(projects[number], bytes([number]) * 400_000)

    refused = [each for each in at_once(fill, 4) if isinstance(each, Exception)]
    assert [getattr(each, "code", each) for each in refused] == ["quota_exceeded"] * 2
    assert quotas.used_bytes_of(person) == 800_000
    assert all(quotas.recount(each) == 0 for each in projects)


def test_runs_count_for_their_author(
    dataset: dict[str, Any],
    project: Any,
    join: Callable[..., Any],
    make_run: Callable[..., Any],
    limits: Limits,
) -> None:
    limits(queued_runs=1)
    editor = join(project, "editor")
    make_run(dataset["id"], state="queued")
    own = make_run(dataset["id"], author=editor, state="stopped")
    assert ApiClient(editor).post(f"/api/runs/{own.pk}/resume").status_code == 200
    assert Run.objects.filter(state="queued").count() == 2
