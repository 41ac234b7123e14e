"""Keras files with bytes and settings changed at random: a network or a sentence, nothing else.

`make fuzz` tries many more than `make test`; EXAMPLES says how many hundreds.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from netloom.formats.imported import FormatError
from netloom.formats.read import read_network
from tests.netloom.formats.fuzzing import (
    bytes_changed,
    files_to_try,
    members_of,
    odd_somewhere,
    survey,
    zipped,
)

ODD: tuple[object, ...] = (
    None, -1, 0, 1, 2**31, 10**40, 1e308, -0.0, "", "same", "x" * 5000, [], {}, [[]], True,
    [None, None], {"class_name": "function", "config": "relu"}, "Lambda", "../..", "\0",
)  # fmt: skip

Mutate = Callable[[bytes, random.Random], bytes]


def _setting_changed(config: Any, draw: random.Random) -> Any:
    return odd_somewhere(config, draw, ODD, depth=0.85)


def _inside_a_keras_file(content: bytes, draw: random.Random) -> bytes:
    members = members_of(content)
    if draw.random() < 0.7:
        config = _setting_changed(json.loads(members["config.json"]), draw)
        members["config.json"] = json.dumps(config).encode()
    else:
        members["model.weights.h5"] = bytes_changed(members["model.weights.h5"], draw)
    return zipped(members)


def _inside_json(content: bytes, draw: random.Random) -> bytes:
    return json.dumps(_setting_changed(json.loads(content), draw)).encode()


@pytest.mark.timeout(7200)
@pytest.mark.parametrize(
    ("name", "mutate"),
    [
        ("models-keras3-mnist/mnist_model.keras", _inside_a_keras_file),
        ("models-keras3-mnist/mnist_model.keras", bytes_changed),
        ("models-keras3-mnist/mnist_model.h5", bytes_changed),
        ("models-keras1-json/DAE_MNIST.json", _inside_json),
        ("models-keras1-json/textGeneration.json", _inside_json),
    ],
)
def test_a_changed_file_is_a_network_or_a_sentence(
    shared_data: Path, tmp_path: Path, name: str, mutate: Mutate
) -> None:
    content = (shared_data / name).read_bytes()
    read_network(shared_data / name)  # what is loaded once is no growth
    survey(
        read_network, lambda _, draw: mutate(content, draw), tmp_path / Path(name).name,
        refusals=(FormatError,), seeds=files_to_try(200, shares=5),
    ).check(can_open=not (name.endswith(".keras") and mutate is bytes_changed))  # fmt: skip
