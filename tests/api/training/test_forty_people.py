"""Forty people on one server: nobody waits behind somebody's pile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Membership
from jobs.models import Job, JobState, Lane
from jobs.services import claim_next as claim_job
from tests.api.training.test_queue import end, worker
from training.models import Run
from training.queue import claim_next, queue_order

NUM_PEOPLE = 40
PILE = 20


@pytest.fixture
def people(make_person: Callable[..., Any], project: Any) -> list[Any]:
    made = [make_person(f"Person{number}") for number in range(NUM_PEOPLE)]
    for person in made:
        Membership.objects.create(person=person, project=project, role="editor")
    return made


@pytest.mark.django_db
def test_a_pile_of_trainings_lets_everybody_else_in_between(
    people: list[Any], make_run: Callable[..., Run], sign_in: Callable[..., Any], project: Any
) -> None:
    eager, *others = people
    for number in range(PILE):
        make_run(name=f"pile {number}", author=eager)
    for person in others:
        make_run(name=person.name, author=person)

    told = sign_in(others[0]).get(f"/api/projects/{project.id}/runs?limit=100").json()["items"]
    places = {run["name"]: run["queue_place"] for run in told}
    assert places["pile 0"] == 1
    assert [places[person.name] for person in others] == list(range(2, NUM_PEOPLE + 1))
    assert places["pile 1"] == NUM_PEOPLE + 1

    started: list[str] = []
    two = worker(cpu=2)
    running = [claim_next(two), claim_next(two)]
    while running:
        attempt = running.pop(0)
        if attempt is None:
            continue
        started.append(attempt.run.name)
        end(attempt)
        running.append(claim_next(two))
    # Everybody has had a turn before anybody has a second one; nothing is forgotten.
    assert set(started[:NUM_PEOPLE]) == {"pile 0", *(person.name for person in others)}
    assert started[NUM_PEOPLE:] == [f"pile {number}" for number in range(1, PILE)]


@pytest.mark.django_db
def test_the_order_costs_the_same_for_few_and_for_many(
    people: list[Any], make_run: Callable[..., Run]
) -> None:
    make_run(author=people[0])
    with CaptureQueriesContext(connection) as few:
        queue_order()
    for person in people:
        make_run(author=person)
    with CaptureQueriesContext(connection) as many:
        assert len(queue_order()) == NUM_PEOPLE + 1
    assert len(many) == len(few)


@pytest.mark.django_db
def test_an_explanation_does_not_wait_for_imports(people: list[Any], project: Any) -> None:
    def queue(kind: str, lane: Lane, person: Any) -> Job:
        return Job.objects.create(kind=kind, lane=lane, person=person, project=project)

    eager, *others = people
    pile = [queue("tests.import", Lane.BULK, eager) for _ in range(PILE)]
    late = [queue("tests.import", Lane.BULK, person) for person in others]
    explanation = queue("tests.explain", Lane.INTERACTIVE, others[-1])

    first = claim_job("interactive", "worker")
    assert first is not None
    assert first.id == explanation.id
    claimed: list[str] = []
    while (job := claim_job("bulk", "worker")) is not None:
        claimed.append(job.id)
        Job.objects.filter(pk=job.id).update(state=JobState.SUCCEEDED)
    assert claimed == [pile[0].id, *(job.id for job in late), *(job.id for job in pile[1:])]
