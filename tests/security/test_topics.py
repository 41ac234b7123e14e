"""Every live topic as everyone, over objects that exist."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from accounts.services import create_project
from common.errors import Code, Problem
from common.topics import authorize_topic, topic_prefixes
from tests.security.routes import World, all_objects

pytestmark = pytest.mark.django_db
# Prefix of the topic to the path parameter whose object it is about.
SUBJECTS = {
    "project": "project_id",
    "network": "network_id",
    "dataset": "dataset_id",
    "run": "run_id",
    "job": "job_id",
}


@pytest.fixture
def world(make_person: Callable[..., Any], join: Callable[..., Any]) -> World:
    owner, stranger = make_person("Owner"), make_person("Stranger")
    project = create_project(owner, "Guarded")
    create_project(stranger, "Elsewhere")
    people = {role: join(project, role) for role in ("viewer", "labeler", "editor")}
    return World(project, {**people, "owner": owner, "stranger": stranger})


def test_every_topic_has_a_row():
    assert sorted(SUBJECTS) == topic_prefixes()


@pytest.mark.parametrize("prefix", sorted(SUBJECTS))
def test_members_follow_and_strangers_do_not(world: World, prefix: str, clean_files: None):
    topic = f"{prefix}:{all_objects()[SUBJECTS[prefix]](world)}"
    for role in ("viewer", "labeler", "editor", "owner"):
        authorize_topic(world.people[role], topic)
    with pytest.raises(Problem) as refusal:
        authorize_topic(world.people["stranger"], topic)
    assert refusal.value.code is Code.NOT_FOUND
