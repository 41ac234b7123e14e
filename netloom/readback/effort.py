"""How much work one reading may take: a few lines of source can ask for more than any network."""

from __future__ import annotations

import ast
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

MAX_STEPS = 1_000_000
"""A step is an expression worked out once, about a microsecond; 5,000 layers need half of them."""
PER_NODE = 100
PER_TRY = 20


class TooMuchWork(Exception):
    """The reading was given up; `node` is what it was at, where that is known."""

    def __init__(self, node: ast.AST | None) -> None:
        super().__init__("too much work")
        self.node = node


@dataclass(slots=True)
class _Effort:
    left: int


_effort: ContextVar[_Effort | None] = ContextVar("effort", default=None)


@contextmanager
def limited_effort(max_steps: int = MAX_STEPS) -> Generator[None]:
    """Let what is done inside take so many steps."""
    token = _effort.set(_Effort(max_steps))
    try:
        yield
    finally:
        _effort.reset(token)


def spend(steps: int = 1, node: ast.AST | None = None) -> None:
    """Count work before it is done.

    Raises:
        TooMuchWork: There was enough of it.
    """
    effort = _effort.get()
    if effort is None:
        return
    effort.left -= steps
    if effort.left < 0:
        raise TooMuchWork(node)
