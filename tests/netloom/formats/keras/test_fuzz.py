"""Keras files with bytes and settings changed at random: a network or a sentence, nothing else.

`make fuzz` tries many more than `make test`; EXAMPLES says how many hundreds, twice.
"""

from __future__ import annotations

import copy
import io
import json
import os
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from netloom.formats.imported import FormatError
from netloom.formats.read import read_network

NUM_FILES = 200 * int(os.environ.get("EXAMPLES", "1"))
MOST_GROWTH_BYTES = 600 * 2**20
ODD: tuple[object, ...] = (
    None, -1, 0, 1, 2**31, 10**40, 1e308, -0.0, "", "same", "x" * 5000, [], {}, [[]], True,
    [None, None], {"class_name": "function", "config": "relu"}, "Lambda", "../..", "\0",
)  # fmt: skip

Mutate = Callable[[bytes, random.Random], bytes]


def _bytes_changed(content: bytes, draw: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(draw.randint(1, 12)):
        place = draw.randrange(len(changed))
        match draw.randrange(4):
            case 0:
                changed[place] = draw.randrange(256)
            case 1:
                changed[place : place + draw.randint(1, 64)] = b""
            case 2:
                changed[place:place] = draw.randbytes(draw.randint(1, 16))
            case _:
                changed[place : place + 8] = draw.choice((b"\xff" * 8, b"\0" * 8, b"\x7f" * 8))
        if not changed:
            return b"\0"
    return bytes(changed[: draw.choice((len(changed), len(changed), len(changed) // 2 or 1))])


def _setting_changed(config: Any, draw: random.Random) -> Any:
    """Put something odd somewhere into a configuration, or leave something out."""
    changed = copy.deepcopy(config)
    for _ in range(draw.randint(1, 4)):
        holder = changed
        while True:
            keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
            if not keys:
                break
            key = draw.choice(keys)
            inner = holder[key]
            if isinstance(inner, dict | list) and inner and draw.random() < 0.85:
                holder = inner
                continue
            if draw.random() < 0.15:
                del holder[key]
            else:
                holder[key] = copy.deepcopy(draw.choice(ODD))
            break
    return changed


def _members(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _zipped(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, member in members.items():
            archive.writestr(name, member)
    return buffer.getvalue()


def _inside_a_keras_file(content: bytes, draw: random.Random) -> bytes:
    members = _members(content)
    if draw.random() < 0.7:
        config = _setting_changed(json.loads(members["config.json"]), draw)
        members["config.json"] = json.dumps(config).encode()
    else:
        members["model.weights.h5"] = _bytes_changed(members["model.weights.h5"], draw)
    return _zipped(members)


def _inside_json(content: bytes, draw: random.Random) -> bytes:
    return json.dumps(_setting_changed(json.loads(content), draw)).encode()


@pytest.mark.parametrize(
    ("name", "mutate"),
    [
        ("models-keras3-mnist/mnist_model.keras", _inside_a_keras_file),
        ("models-keras3-mnist/mnist_model.keras", _bytes_changed),
        ("models-keras3-mnist/mnist_model.h5", _bytes_changed),
        ("models-keras1-json/DAE_MNIST.json", _inside_json),
        ("models-keras1-json/textGeneration.json", _inside_json),
    ],
)
def test_a_changed_file_is_a_network_or_a_sentence(
    shared_data: Path, tmp_path: Path, name: str, mutate: Mutate
) -> None:
    content = (shared_data / name).read_bytes()
    path = tmp_path / Path(name).name
    process = psutil.Process()
    read_network(shared_data / name)  # what is loaded once is no growth
    before = process.memory_info().rss
    num_refused = 0
    for seed in range(NUM_FILES // 5):
        path.write_bytes(mutate(content, random.Random(seed)))
        try:
            read_network(path)
        except FormatError:
            num_refused += 1
        except BaseException as crash:
            raise AssertionError(f"{name}, {mutate.__name__}, seed {seed}") from crash
        assert process.memory_info().rss - before < MOST_GROWTH_BYTES, seed
    assert num_refused > 0
