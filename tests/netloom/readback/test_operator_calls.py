"""Calls that are read back as operators."""

from __future__ import annotations

import pytest

from netloom.layers.operators import OPERATORS
from netloom.readback.operator_calls import (
    _function_names,  # pyright: ignore[reportPrivateUsage]
)


@pytest.mark.parametrize("name", [name for name, each in OPERATORS.items() if each.call])
def test_every_operator_that_is_a_call_is_known_by_its_function(name: str) -> None:
    assert list(_function_names(OPERATORS[name]))
