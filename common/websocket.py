"""The one websocket of a page: subscribe to topics, receive what is published on them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, cast

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.db import DatabaseError

from common.errors import Code, Problem
from common.topics import (
    Message,
    Replay,
    authorize_topic,
    group_of,
    person_group,
    replay_topic,
)

PING_S = 20.0
MAX_SUBSCRIPTIONS = 64
MAX_MESSAGE_CHARS = 16_384
MAX_NUMBER = 2**53  # what JavaScript counts exactly

CLOSE_MALFORMED = 4400
CLOSE_SIGNED_OUT = 4401
CLOSE_ACCESS_CHANGED = 4403
CLOSE_UNCHECKED = 4503

IdentityCheck = Callable[[], Awaitable[bool]]


class TopicConsumer(AsyncWebsocketConsumer):
    """Serves a page whose person and origin `accounts.socket` has already checked.

    The scope carries `person` and `is_still_signed_in`. Without them nothing is accepted, so
    mounting this consumer bare denies everyone.
    """

    async def connect(self) -> None:
        self.person: Any = self.scope.get("person")
        self.is_still_signed_in: IdentityCheck | None = self.scope.get("is_still_signed_in")
        self.subscriptions: set[str] = set()
        self.tasks: list[asyncio.Task[None]] = []
        if self.person is None or self.is_still_signed_in is None:
            await self.close()
            return
        await self.channel_layer.group_add(person_group(self.person.id), self.channel_name)
        await self.accept()
        self.tasks = [
            asyncio.create_task(self._keep_checking()),
            asyncio.create_task(self._keep_pinging()),
        ]

    async def disconnect(self, code: int) -> None:
        del code
        for task in self.tasks:
            if task is not asyncio.current_task():
                task.cancel()
        for topic in self.subscriptions:
            await self.channel_layer.group_discard(group_of(topic), self.channel_name)
        if self.person is not None:
            await self.channel_layer.group_discard(person_group(self.person.id), self.channel_name)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        del bytes_data
        message = _parse(text_data)
        if message is None:
            await self.close(CLOSE_MALFORMED)
        elif message["type"] == "subscribe":
            await self._subscribe(message["topic"], message["since"])
        elif message["type"] == "unsubscribe":
            await self._unsubscribe(message["topic"])

    async def topic_message(self, event: Message) -> None:
        """Pass on what was published; a topic just left may still have one in flight."""
        if event["message"]["topic"] in self.subscriptions:
            await self.tell(event["message"])

    async def recheck(self, event: Message) -> None:
        """Something about this person changed: look at once."""
        del event
        await self._check()

    async def tell(self, message: Message) -> None:
        """Send one message as JSON."""
        await self.send(text_data=json.dumps(message, separators=(",", ":")))

    async def _subscribe(self, topic: str, since: int) -> None:
        if len(self.subscriptions) >= MAX_SUBSCRIPTIONS:
            await self.tell(
                {
                    "type": "refused",
                    "topic": topic,
                    "code": Code.TOO_MANY_ATTEMPTS.value,
                }
            )
            return
        try:
            await database_sync_to_async(authorize_topic)(self.person, topic)
            # Listen first, then read: what is published in between arrives twice, never not.
            # Messages queue on this channel until this method returns.
            self.subscriptions.add(topic)
            await self.channel_layer.group_add(group_of(topic), self.channel_name)
            replay: Replay = await database_sync_to_async(replay_topic)(self.person, topic, since)
        except Problem as problem:
            await self._unsubscribe(topic)
            await self.tell({"type": "refused", "topic": topic, "code": problem.code.value})
            return
        await self.tell(
            {
                "type": "subscribed",
                "topic": topic,
                "snapshot": replay.snapshot,
                "last": replay.last,
            }
        )
        for message in replay.messages:
            await self.tell({"topic": topic, **message})

    async def _unsubscribe(self, topic: str) -> None:
        if topic in self.subscriptions:
            self.subscriptions.discard(topic)
            await self.channel_layer.group_discard(group_of(topic), self.channel_name)

    async def _keep_checking(self) -> None:
        while True:
            await asyncio.sleep(settings.ENVIRONMENT.socket_check_s)
            try:
                await self._check()
            except DatabaseError:
                # Nobody can say who may stay; the page comes back by itself.
                await self.close(CLOSE_UNCHECKED)
                return

    async def _keep_pinging(self) -> None:
        while True:
            await asyncio.sleep(PING_S)
            await self.tell({"type": "ping"})

    async def _check(self) -> None:
        if self.is_still_signed_in is None or not await self.is_still_signed_in():
            await self.close(CLOSE_SIGNED_OUT)
            return
        for topic in list(self.subscriptions):
            try:
                await database_sync_to_async(authorize_topic)(self.person, topic)
            except Problem:
                await self.close(CLOSE_ACCESS_CHANGED)
                return


def _parse(text: str | None) -> Message | None:
    """A client's message, None when it is not one."""
    if text is None or len(text) > MAX_MESSAGE_CHARS:
        return None
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(message, dict):
        return None
    fields = cast(dict[str, object], message)
    kind, topic, since = fields.get("type"), fields.get("topic"), fields.get("since", 0)
    if kind == "pong":
        return {"type": "pong"}
    if kind not in ("subscribe", "unsubscribe") or not isinstance(topic, str):
        return None
    if isinstance(since, bool) or not isinstance(since, int) or abs(since) > MAX_NUMBER:
        return None
    return {"type": kind, "topic": topic, "since": since}
