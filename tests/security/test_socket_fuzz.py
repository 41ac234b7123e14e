"""Generated messages to the websocket: each is answered, ignored or ends it cleanly."""

from __future__ import annotations

import asyncio
import json
import os
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.ws.test_socket import SOON_S, _open

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
CLEAN_CODES = {4400}
KNOWN_ANSWERS = {"subscribed", "refused", "ping"}

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
topics = st.text(max_size=80) | st.sampled_from(
    ["project:", "project:x", "run:\0", "job:" + "a" * 64, "network:\ud800", "a:b:c", "dataset:é"]
)
messages = st.one_of(
    values,
    st.fixed_dictionaries(
        {"type": st.sampled_from(["subscribe", "unsubscribe", "pong"]) | values},
        optional={"topic": topics | values, "since": st.integers() | values, "more": values},
    ),
)
frames = messages.map(json.dumps) | st.text(max_size=200)


@seed(1)
@settings(
    max_examples=10 * int(os.environ.get("EXAMPLES", "4")),
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(sent=st.lists(frames | st.binary(max_size=50), min_size=1, max_size=6))
def test_no_message_breaks_it(person: Any, sent: list[str | bytes]) -> None:
    async_to_sync(_talk)(person, sent)


async def _talk(person: Any, sent: list[str | bytes]) -> None:
    communicator = await _open(person)
    for frame in sent:
        # What autobahn hands on is UTF-8; a lone surrogate only comes as an escape in JSON.
        if isinstance(frame, bytes):
            await communicator.send_input({"type": "websocket.receive", "bytes": frame})
        else:
            text = frame.encode("utf-8", "replace").decode()
            await communicator.send_input({"type": "websocket.receive", "text": text})
    await communicator.send_to(text_data='{"type": "subscribe", "topic": "last:one"}')
    while True:
        message = await communicator.receive_output(timeout=SOON_S)
        if message["type"] == "websocket.close":
            assert message["code"] in CLEAN_CODES
            break
        told = json.loads(message["text"])
        assert told["type"] in KNOWN_ANSWERS
        if told.get("topic") == "last:one":
            await communicator.disconnect()
            break
    await asyncio.sleep(0)
