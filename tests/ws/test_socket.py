"""The websocket: who may open it, who may follow what, and how soon that ends."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.test import Client

from accounts import services
from accounts.models import Membership
from accounts.socket import websocket_application
from common.topics import publish, topic_prefixes

pytestmark = pytest.mark.django_db(transaction=True)
HOST = b"127.0.0.1:8780"
ORIGIN = b"http://127.0.0.1:8780"
SOON_S = 5.0


def _session_cookie(person: Any) -> bytes:
    client = Client()
    client.force_login(person)
    value = client.cookies[settings.SESSION_COOKIE_NAME].value
    return f"{settings.SESSION_COOKIE_NAME}={value}".encode()


def _socket(path: str = "/ws/", **headers: bytes) -> WebsocketCommunicator:
    sent = {b"host": HOST, b"origin": ORIGIN}
    sent.update({name.replace("_", "-").encode(): value for name, value in headers.items()})
    pairs = [(name, value) for name, value in sent.items() if value]
    communicator = WebsocketCommunicator(websocket_application(), path, pairs)
    communicator.scope["scheme"] = "ws"
    return communicator


async def _open(person: Any) -> WebsocketCommunicator:
    communicator = _socket(cookie=await sync_to_async(_session_cookie)(person))
    connected, _ = await communicator.connect()
    assert connected
    return communicator


async def _subscribe(communicator: WebsocketCommunicator, topic: str) -> dict[str, Any]:
    await communicator.send_json_to({"type": "subscribe", "topic": topic, "since": 0})
    return await communicator.receive_json_from(timeout=SOON_S)


async def _closing_code(communicator: WebsocketCommunicator) -> int:
    while True:
        message = await communicator.receive_output(timeout=SOON_S)
        if message["type"] == "websocket.close":
            return message["code"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"cookie": b"netloom_session=nonsense"},
        {"authorization": b"Bearer nonsense"},
    ],
    ids=["nothing", "wrong cookie", "wrong token"],
)
async def test_without_proof_it_stays_shut(headers: dict[str, bytes], db: None):
    connected, _ = await _socket(**headers).connect()
    assert not connected


@pytest.mark.parametrize(
    "changes",
    [
        {"origin": b"http://evil.example"},
        {"origin": b"https://127.0.0.1:8780"},
        {"origin": b"http://127.0.0.1:8781"},
        {"origin": b"http://127.0.0.1"},
        {"origin": b"http://127.0.0.1:8780.evil.example"},
        {"origin": b"null"},
        {"origin": b""},
        {"host": b"rebound.example:8780", "origin": b"http://rebound.example:8780"},
    ],
    ids=[
        "other site",
        "other scheme",
        "other port",
        "no port",
        "suffix",
        "null",
        "none",
        "rebound",
    ],
)
async def test_other_origins_stay_out(person: Any, changes: dict[str, bytes]):
    cookie = await sync_to_async(_session_cookie)(person)
    connected, _ = await _socket(**{"cookie": cookie, **changes}).connect()
    assert not connected


async def test_only_its_path(person: Any):
    cookie = await sync_to_async(_session_cookie)(person)
    connected, _ = await _socket("/ws/other", cookie=cookie).connect()
    assert not connected


async def test_a_token_opens_it_for_programs(person: Any, project: Any):
    _, token = await sync_to_async(services.create_token)(person, "laptop")
    communicator = _socket(authorization=f"Bearer {token}".encode(), origin=b"")
    connected, _ = await communicator.connect()
    assert connected
    assert (await _subscribe(communicator, f"project:{project.id}"))["type"] == "subscribed"
    await communicator.disconnect()


async def test_members_hear_what_is_published(person: Any, project: Any):
    communicator = await _open(person)
    answer = await _subscribe(communicator, f"project:{project.id}")
    assert answer == {
        "type": "subscribed",
        "topic": f"project:{project.id}",
        "snapshot": None,
        "last": 0,
    }
    await sync_to_async(publish)(f"project:{project.id}", {"type": "network", "id": "n1"})
    heard = await communicator.receive_json_from(timeout=SOON_S)
    assert heard == {"topic": f"project:{project.id}", "type": "network", "id": "n1"}

    await communicator.send_json_to({"type": "unsubscribe", "topic": f"project:{project.id}"})
    assert (await _subscribe(communicator, "project:missing"))["type"] == "refused"
    await sync_to_async(publish)(f"project:{project.id}", {"type": "network", "id": "n2"})
    assert await communicator.receive_nothing(timeout=0.2)
    await communicator.disconnect()


async def test_strangers_are_refused_every_topic(make_person: Any, project: Any):
    stranger = await sync_to_async(make_person)("Stranger")
    communicator = await _open(stranger)
    topics = [f"{prefix}:{project.id}" for prefix in topic_prefixes()]
    for topic in [*topics, "nothing:here", "project:", ":", "project:../x", "x" * 300]:
        answer = await _subscribe(communicator, topic)
        assert answer == {"type": "refused", "topic": topic, "code": "not_found"}
    await sync_to_async(publish)(f"project:{project.id}", {"type": "network"})
    assert await communicator.receive_nothing(timeout=0.2)
    await communicator.disconnect()


@pytest.mark.parametrize(
    "text",
    [
        "not json",
        "[]",
        '{"type": "subscribe"}',
        '{"type": "subscribe", "topic": 1}',
        '{"type": "subscribe", "topic": "project:x", "since": "now"}',
        "[" * 16_000,
        json.dumps({"type": "subscribe", "topic": "x" * 20_000}),
    ],
    ids=["text", "list", "no topic", "number", "since", "deep", "long"],
)
async def test_malformed_messages_close_it(person: Any, text: str):
    communicator = await _open(person)
    await communicator.send_to(text_data=text)
    assert await _closing_code(communicator) == 4400


async def test_losing_membership_closes_it(make_person: Any, project: Any, join: Any):
    viewer = await sync_to_async(join)(project, "viewer")
    communicator = await _open(viewer)
    await _subscribe(communicator, f"project:{project.id}")
    await sync_to_async(services.remove_member)(project, viewer.id)
    assert await _closing_code(communicator) == 4403


async def test_a_change_nobody_announced_closes_it_too(project: Any, join: Any):
    viewer = await sync_to_async(join)(project, "viewer")
    communicator = await _open(viewer)
    await _subscribe(communicator, f"project:{project.id}")
    await sync_to_async(Membership.objects.filter(person=viewer).delete)()
    assert await _closing_code(communicator) == 4403


async def test_signing_out_closes_it(person: Any):
    client = Client()
    await sync_to_async(client.force_login)(person)
    value = client.cookies[settings.SESSION_COOKIE_NAME].value
    communicator = _socket(cookie=f"{settings.SESSION_COOKIE_NAME}={value}".encode())
    connected, _ = await communicator.connect()
    assert connected
    await sync_to_async(client.delete)("/api/session", content_type="application/json")
    assert await _closing_code(communicator) == 4401


async def test_deleting_its_token_closes_it(person: Any):
    made, token = await sync_to_async(services.create_token)(person, "laptop")
    communicator = _socket(authorization=f"Bearer {token}".encode(), origin=b"")
    await communicator.connect()
    await sync_to_async(services.delete_token)(person, made.id)
    assert await _closing_code(communicator) == 4401


async def test_subscriptions_are_limited(person: Any, project: Any):
    communicator = await _open(person)
    for _ in range(3):
        assert (await _subscribe(communicator, f"project:{project.id}"))["type"] == "subscribed"
    others = [
        await sync_to_async(services.create_project)(person, f"Project {number}")
        for number in range(64)
    ]
    answers = [await _subscribe(communicator, f"project:{other.id}") for other in others]
    assert [answer["type"] for answer in answers] == ["subscribed"] * 63 + ["refused"]
    await communicator.disconnect()
    await asyncio.sleep(0)
