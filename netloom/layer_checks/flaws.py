"""What a check looks at, and what it finds."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from netloom.graph.document import ParamValue
from netloom.layers.base import Inputs

FlawKind = Literal[
    "parameters", "shapes", "tensors", "module", "forward", "in place", "gradient", "code",
    "reading back", "words",
]  # fmt: skip
_NOTES: frozenset[FlawKind] = frozenset({"gradient", "words"})


@dataclass(frozen=True, slots=True)
class Trial:
    """One use of a layer.

    Attributes:
        params: As a document holds them.
        inputs: A shape at each input port, in port order.
    """

    params: Mapping[str, ParamValue]
    inputs: Inputs


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something that is not as it is declared.

    Attributes:
        message: A sentence for the layer's author.
        port: The input it is about, if it is about one.
    """

    kind: FlawKind
    message: str
    port: str | None = None

    @property
    def is_note(self) -> bool:
        """Whether it may be meant so."""
        return self.kind in _NOTES


class Found(Exception):
    """Ends a check at a flaw behind which nothing else can be said."""

    def __init__(self, flaw: Flaw) -> None:
        super().__init__(flaw.message)
        self.flaw = flaw


@contextmanager
def stage(kind: FlawKind, words: str) -> Generator[None]:
    """Make a flaw of whatever fails inside: the code that runs there is that of others."""
    try:
        yield
    except Found:
        raise
    except Exception as error:
        reason = f"{type(error).__name__}: {str(error)[:300]}"
        raise Found(Flaw(kind, f"{words} ({reason}).")) from error
