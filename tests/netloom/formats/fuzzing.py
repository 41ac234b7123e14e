"""Ways to damage files at random, shared by the fuzzers of several readers."""

from __future__ import annotations

import copy
import io
import random
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def bytes_changed(content: bytes, draw: random.Random) -> bytes:
    """Return bytes with a few of them replaced, taken out or put in."""
    changed = bytearray(content)
    for _ in range(draw.randint(1, 8)):
        place = draw.randrange(max(1, len(changed)))
        match draw.randrange(3):
            case 0 if changed:
                changed[place] = draw.randrange(256)
            case 1:
                changed[place : place + draw.randint(1, 32)] = b""
            case _:
                changed[place:place] = draw.randbytes(draw.randint(1, 12))
    return bytes(changed) or b"\0"


def odd_somewhere(parsed: Any, draw: random.Random, odd: Sequence[object]) -> Any:
    """Return JSON with a few values deep in it replaced by odd ones, or taken out."""
    changed = copy.deepcopy(parsed)
    for _ in range(draw.randint(1, 3)):
        holder = changed
        while True:
            keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
            if not keys:
                break
            key = draw.choice(keys)
            inner = holder[key]
            if isinstance(inner, dict | list) and inner and draw.random() < 0.93:
                holder = inner
                continue
            if draw.random() < 0.2:
                del holder[key]
            else:
                holder[key] = copy.deepcopy(draw.choice(odd))
            break
    return changed


def unzipped(path: Path) -> dict[str, bytes]:
    """Return the members of a zip by their name."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(members: Mapping[str, bytes]) -> bytes:
    """Return a zip of members."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()
