"""Proof that ended, on the websocket: not let in, and cut off within five seconds when open."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts import services
from accounts.models import Person
from common.topics import publish
from tests.security.routes import World, all_objects
from tests.security.test_topics import SUBJECTS
from tests.ws.test_socket import SOON_S, _closing_code, _session_cookie, _socket, _subscribe

pytestmark = pytest.mark.django_db(transaction=True)


def _expire(person: Person) -> None:
    del person
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))


def _forget(person: Person) -> None:
    del person
    Session.objects.all().delete()


def _close_account(person: Person) -> None:
    Person.objects.filter(pk=person.pk).update(is_active=False)


def _change_password(person: Person) -> None:
    services.change_password(person, None, "a long enough secret")


def _revoke(person: Person) -> None:
    services.delete_token(person, person.api_tokens.get().id)


def _revoke_unannounced(person: Person) -> None:
    person.api_tokens.all().delete()


SESSION_ENDS = (_expire, _forget, _close_account, _change_password)
TOKEN_ENDS = (_revoke, _revoke_unannounced, _close_account)


def _proof(person: Person, kind: str) -> dict[str, bytes]:
    if kind == "session":
        return {"cookie": _session_cookie(person)}
    _, token = services.create_token(person, "laptop")
    return {"authorization": f"Bearer {token}".encode(), "origin": b""}


ENDS = [("session", end) for end in SESSION_ENDS] + [("token", end) for end in TOKEN_ENDS]


@pytest.mark.parametrize(("kind", "end"), ENDS)
@pytest.mark.timed
async def test_an_open_socket_is_cut_and_no_new_one_opens(
    person: Any, project: Any, kind: str, end: Callable[[Person], None]
) -> None:
    proof = await sync_to_async(_proof)(person, kind)
    communicator = _socket(**proof)
    connected, _ = await communicator.connect()
    assert connected
    assert (await _subscribe(communicator, f"project:{project.id}"))["type"] == "subscribed"
    began = time.monotonic()
    await sync_to_async(end)(person)
    assert await _closing_code(communicator) == 4401
    assert time.monotonic() - began < SOON_S
    connected, _ = await _socket(**proof).connect()
    assert not connected


async def test_a_token_from_another_site_stays_out(person: Any) -> None:
    proof = await sync_to_async(_proof)(person, "token")
    connected, _ = await _socket(**{**proof, "origin": b"http://evil.example"}).connect()
    assert not connected


@pytest.mark.parametrize("prefix", sorted(SUBJECTS))
async def test_nobody_else_hears_what_is_published(
    world: World, prefix: str, clean_files: None
) -> None:
    topic = f"{prefix}:" + await sync_to_async(all_objects()[SUBJECTS[prefix]])(world)
    for role, answered in (("viewer", "subscribed"), ("stranger", "refused")):
        communicator = _socket(cookie=await sync_to_async(_session_cookie)(world.people[role]))
        await communicator.connect()
        assert (await _subscribe(communicator, topic))["type"] == answered
        await sync_to_async(publish)(topic, {"type": "secret"})
        if role == "viewer":
            assert (await communicator.receive_json_from(timeout=SOON_S))["type"] == "secret"
        else:
            assert await communicator.receive_nothing(timeout=0.2)
        await communicator.disconnect()
