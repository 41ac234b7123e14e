"""Every live topic as everyone, over objects that exist."""

from __future__ import annotations

from typing import Any

import pytest

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


def test_every_topic_has_a_row() -> None:
    assert sorted(SUBJECTS) == topic_prefixes()


@pytest.mark.parametrize("prefix", sorted(SUBJECTS))
def test_members_follow_and_strangers_do_not(world: World, prefix: str, clean_files: None) -> None:
    topic = f"{prefix}:{all_objects()[SUBJECTS[prefix]](world)}"
    for role in ("viewer", "labeler", "editor", "owner"):
        authorize_topic(world.people[role], topic)
    _assert_refused(world.people["stranger"], topic)
    viewer = world.people["viewer"]
    type(viewer).objects.filter(pk=viewer.pk).update(is_active=False)
    viewer.refresh_from_db()
    _assert_refused(viewer, topic)


def _assert_refused(person: Any, topic: str) -> None:
    with pytest.raises(Problem) as refusal:
        authorize_topic(person, topic)
    assert refusal.value.code is Code.NOT_FOUND
