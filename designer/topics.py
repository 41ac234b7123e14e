"""Who may follow a network, and what a page has missed of it."""

from __future__ import annotations

from accounts.models import Person
from common.topics import Replay, register_topic
from designer.access import access_network
from designer.selectors import saves_since

MAX_REPLAYED = 200


def _authorize(person: Person, network_id: str) -> object:
    return access_network(person, network_id, "view")


def _replay(person: Person, network_id: str, since: int) -> Replay:
    network = access_network(person, network_id, "view")
    if network.revision - since > MAX_REPLAYED:
        return Replay(last=network.revision)  # the page sees the gap and loads the network anew
    saves = saves_since(network, since)
    if saves and saves[-1].revision < network.revision:
        return Replay(last=network.revision)
    messages = [
        {
            "type": "operations",
            "revision": save.revision,
            "operations": save.model_dump(mode="json", by_alias=True)["operations"],
            "client_id": save.client_id,
            "author": save.author,
        }
        for save in saves
    ]
    return Replay(last=network.revision, messages=messages)


def register() -> None:
    """Called once, when Django is ready."""
    register_topic("network", _authorize, _replay)
