"""How a reader tells how far it is."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[float | None, str], None]


def tell_nobody(fraction: float | None, text: str) -> None:
    """Progress for those who do not wait in front of a screen."""
    del fraction, text
