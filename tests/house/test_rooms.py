"""Rooms: few inside, few before the door, everybody else is asked to come back."""

from __future__ import annotations

import threading
import time

import pytest

from common.errors import Code, Problem
from common.rooms import Room


def make_room(patience_s: float) -> Room:
    return Room(
        1, most_waiting=1, patience_s=patience_s, detail="It is full.", next_step="Come back."
    )


def test_one_waits_and_the_next_is_sent_away() -> None:
    room = make_room(60)
    came_in = threading.Event()

    def wait() -> None:
        with room.entered():
            came_in.set()

    waiting = threading.Thread(target=wait)
    with room.entered():
        waiting.start()
        while room._with_those_before._value:  # until the other stands there
            time.sleep(0.001)
        with pytest.raises(Problem) as refused, room.entered():
            pass
        assert (refused.value.code, refused.value.status) == (Code.UNAVAILABLE, 503)
        assert not came_in.is_set()
    assert came_in.wait(60)
    waiting.join(60)
    with room.entered():
        pass


def test_patience_ends_and_places_come_back_after_a_failure() -> None:
    room = make_room(0.01)

    def fail_inside() -> None:
        with room.entered():
            with pytest.raises(Problem, match="full"), room.entered():
                pass
            raise ValueError("inside")

    with pytest.raises(ValueError, match="inside"):
        fail_inside()
    with room.entered():
        pass
