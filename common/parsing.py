"""The one reader of what requests carry: strict JSON, and no text that nothing can store.

JSON can say two things that a database cannot: half of a surrogate pair, which is no character
(SQLite and the encoder of every answer fail on it), and the character NUL (PostgreSQL fails on it).
They are refused here, for every field of every endpoint, so that no plain `str` lets them through.
"""

from __future__ import annotations

import json
import re
from typing import NoReturn, cast

from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict
from ninja.parser import Parser

from common.errors import Code, Problem

# What is said without an account is a name, an address, a password and a token.
MAX_ANONYMOUS_BYTES = 64 * 1024
# A document of 20,000 nodes and 40,000 edges has half as many.
MAX_VALUES = 1_000_000
Place = tuple[str | int, ...]

# A body in UTF-8 can hold neither but by an escape, so that most bodies need no closer look.
_SUSPECT = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


class StrictParser(Parser):
    """Ninja's parser for the whole API."""

    def parse_body(self, request: HttpRequest) -> dict[str, object]:
        """Read a JSON body.

        Raises:
            ValueError: It is no JSON in UTF-8; NaN and Infinity are none.
            Problem: `invalid`, a text in it cannot be stored; `body_too_large`, reading it would
                keep everybody else waiting.
        """
        body = request.body
        if getattr(request, "person", None) is None and len(body) > MAX_ANONYMOUS_BYTES:
            raise _too_large("a request of somebody who is not signed in", MAX_ANONYMOUS_BYTES)
        if sum(map(body.count, b"[{,")) > MAX_VALUES:
            raise _too_large("the number of values in a request", MAX_VALUES)
        text = body.decode("utf-8")
        parsed: object = json.loads(text, parse_constant=_refuse_constant)
        if _SUSPECT.search(text):
            refuse_unstorable(parsed)
        return cast("dict[str, object]", parsed)

    def parse_querydict(
        self, data: MultiValueDict[str, str], list_fields: list[str], request: HttpRequest
    ) -> dict[str, object]:
        """Read the part after the question mark; raises Problem like `parse_body`."""
        refuse_unstorable(dict(data.lists()))
        return super().parse_querydict(  # pyright: ignore[reportUnknownMemberType] - ninja's own
            data, list_fields, request
        )


def is_storable(text: str) -> bool:
    """Whether a text has neither NUL nor half a surrogate pair."""
    return _UNSTORABLE.search(text) is None


def refuse_unstorable(parsed: object) -> None:
    """Raise Problem `invalid` that names the first text that cannot be stored, keys included."""
    waiting: list[tuple[Place, object]] = [((), parsed)]
    while waiting:
        place, value = waiting.pop()
        if isinstance(value, str):
            if not is_storable(value):
                raise _refusal(place)
        elif isinstance(value, dict):
            for key, below in cast("dict[str, object]", value).items():
                if not is_storable(key):
                    raise _refusal(place)
                waiting.append(((*place, key), below))
        elif isinstance(value, list):
            below_it = enumerate(cast("list[object]", value))
            waiting.extend(((*place, index), below) for index, below in below_it)


def _refusal(place: Place) -> Problem:
    where = ".".join(map(str, place)) or "The request"
    return Problem(
        Code.INVALID,
        f"{where}: It holds a character that cannot be stored (NUL, or half a surrogate pair).",
        "Take it out and send it again.",
        errors=[{"loc": list(place), "msg": "holds a character that cannot be stored"}],
    )


def _too_large(what: str, most: int) -> Problem:
    return Problem(
        Code.BODY_TOO_LARGE,
        f"The limit for {what} is {most:,}.",
        "Send less at once.",
        limit=most,
    )


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
