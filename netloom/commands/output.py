"""What commands say: text for people, or one JSON value for programs, on standard output."""

from __future__ import annotations

import json
import sys


def say(text: str) -> None:
    """Write a line at once, so that progress shows through pipes too."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def say_json(value: object) -> None:
    """Write one JSON value."""
    say(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False))


def complain(text: str) -> None:
    """Write a line on standard error."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
