"""Who may follow a dataset. Its messages are hints to ask the API again; nothing is replayed."""

from __future__ import annotations

from accounts.models import Person
from common.topics import register_topic
from datasets.access import access_dataset


def _authorize(person: Person, dataset_id: str) -> object:
    return access_dataset(person, dataset_id, "view")


def register() -> None:
    """Called once, when Django is ready."""
    register_topic("dataset", _authorize)
