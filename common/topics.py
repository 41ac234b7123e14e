"""Live messages: topics that pages subscribe to and everything publishes on.

A topic is `prefix:id`, for example `run:q3f...`. An app registers its prefixes in `topics.py`
with a function that refuses who may not look, and one that says what a page has missed. The
socket is a hint: what counts is in the database and comes again from the API.
"""

from __future__ import annotations

import asyncio
import logging
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import InMemoryChannelLayer, get_channel_layer
from django.db import transaction

from common.errors import not_found

logger = logging.getLogger(__name__)

Message = dict[str, Any]
TOPIC_PATTERN = re.compile(r"^([a-z_]{1,20}):([A-Za-z0-9_-]{1,64})$")


@dataclass(frozen=True, slots=True)
class Replay:
    """What a page gets on subscribing: the state, then the messages it missed.

    Attributes:
        snapshot: State of the object as the API gives it, or None.
        last: Number of the newest event told; the page asks `since` it after a gap.
        messages: Messages numbered after the page's `since`, oldest first.
    """

    snapshot: Message | None = None
    last: int = 0
    messages: list[Message] = field(default_factory=list[Message])


@dataclass(frozen=True, slots=True)
class TopicKind:
    """How one prefix is guarded and replayed. Both functions may query the database."""

    prefix: str
    authorize: Callable[[Any, str], object]
    replay: Callable[[Any, str, int], Replay] | None = None


_kinds: dict[str, TopicKind] = {}


def register_topic(
    prefix: str,
    authorize: Callable[[Any, str], object],
    replay: Callable[[Any, str, int], Replay] | None = None,
) -> None:
    """Declare a prefix.

    Args:
        prefix: The part before the colon.
        authorize: Called with (person, id); raises Problem when the person may not look.
        replay: Called with (person, id, since) after `authorize`.
    """
    if prefix in _kinds:
        raise ValueError(f"topic {prefix!r} is registered twice")
    _kinds[prefix] = TopicKind(prefix, authorize, replay)


def topic_prefixes() -> list[str]:
    """All registered prefixes, for the test that walks them."""
    return sorted(_kinds)


def authorize_topic(person: object, topic: str) -> tuple[TopicKind, str]:
    """Check that a person may follow a topic; unknown ones are refused alike."""
    match = TOPIC_PATTERN.match(topic)
    kind = _kinds.get(match[1]) if match else None
    if match is None or kind is None:
        raise not_found("topic")
    kind.authorize(person, match[2])
    return kind, match[2]


def replay_topic(person: object, topic: str, since: int) -> Replay:
    """Check and collect what the page gets first."""
    kind, object_id = authorize_topic(person, topic)
    return kind.replay(person, object_id, since) if kind.replay else Replay()


def group_of(topic: str) -> str:
    """Name of the channel-layer group of a topic."""
    return "topic." + topic.replace(":", ".", 1)


def person_group(person_id: str) -> str:
    """Group of every socket of a person, for checks at once after a change."""
    return f"person.{person_id}"


def publish(topic: str, message: Message) -> None:
    """Send a message to everyone who follows a topic, once the transaction is committed."""
    told = {"topic": topic, **message}
    envelope = {"type": "topic.message", "message": told}
    transaction.on_commit(partial(_send, group_of(topic), envelope))


def close_sockets_of(person_id: str) -> None:
    """Have a person's sockets checked now instead of at their next turn."""
    transaction.on_commit(partial(_send, person_group(person_id), {"type": "recheck"}))


def _send(group: str, envelope: Message) -> None:
    layer = get_channel_layer()
    if layer is None:
        return
    if isinstance(layer, InMemoryChannelLayer):
        # One process, no broker: hand over in the loop that called us.
        async_to_sync(layer.group_send)(group, envelope)
        return
    future = asyncio.run_coroutine_threadsafe(_send_in_turn(layer, group, envelope), _sender_loop())
    future.add_done_callback(_log_failure)


async def _send_in_turn(layer: Any, group: str, envelope: Message) -> None:
    """One after the other: numbered events must not overtake each other on several connections."""
    async with _turn():
        await layer.group_send(group, envelope)


@cache
def _turn() -> asyncio.Lock:
    """Serves in the order of asking; belongs to the sender's loop."""
    return asyncio.Lock()


def _log_failure(future: Any) -> None:
    error = future.exception()
    if error is not None:
        logger.warning("A live message was not sent (%s); pages will ask the API.", error)


@cache
def _sender_loop() -> asyncio.AbstractEventLoop:
    """One loop a process, so that all its threads share one connection to Redis."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="topic-sender", daemon=True).start()
    return loop
