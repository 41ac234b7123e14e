"""What commands say: text for people, or one JSON value for programs, on standard output."""

from __future__ import annotations

import json
import re
import sys
from typing import TextIO

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""What a terminal acts on, or shows in another order than it stands."""


def say(text: str) -> None:
    """Write a line at once, so that progress shows through pipes too."""
    _write(sys.stdout, visible(text))


def say_json(value: object) -> None:
    """Write one JSON value."""
    _write(sys.stdout, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False))


def complain(text: str) -> None:
    """Write a line on standard error."""
    _write(sys.stderr, visible(text))


def visible(text: str) -> str:
    """Return a text with its control characters written out: a name is no command to a terminal."""
    return _CONTROL.sub(lambda found: ascii(found.group())[1:-1], text)


def one_line(text: str) -> str:
    """Return a text that cannot begin a line of its own."""
    return visible(text.replace("\n", "\\n").replace("\t", "\\t"))


def _write(stream: TextIO, text: str) -> None:
    stream.write(f"{text}\n")
    stream.flush()
