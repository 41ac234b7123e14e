"""Keras itself, on torch, as the other side of every comparison."""

from __future__ import annotations

import os
from typing import Any

import pytest

os.environ.setdefault("KERAS_BACKEND", "torch")


@pytest.fixture(scope="session")
def keras() -> Any:
    """The keras module."""
    import keras as module

    assert module.backend.backend() == "torch"
    return module
