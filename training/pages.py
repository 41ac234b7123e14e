"""Cursors of pages: the last key seen, as text."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from common.errors import Code, Problem

Key = TypeVar("Key")
_MOST = 1 << 31


def cursor_of(key: object) -> str:
    """The `next` of a page whose last row has this key."""
    return str(key)


def read_cursor(cursor: str | None, read: Callable[[str], Key]) -> Key | None:
    """The key a page continues after; raises Problem invalid for what is no cursor."""
    if cursor is None:
        return None
    try:
        return read(cursor)
    except ValueError:
        raise Problem(
            Code.INVALID, "The cursor is not one of ours.", "Start from the first page."
        ) from None


def place(text: str) -> int:
    """Read a cursor that counts rows; ValueError for what no page of ours ends with."""
    found = int(text)
    if not 0 <= found < _MOST:
        raise ValueError(text)
    return found
