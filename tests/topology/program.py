"""A program that speaks with whichever web machine it is pointed at."""

from __future__ import annotations

import copy
import urllib.request
from typing import Any

from tests.faults.live import LiveApi


class Program(LiveApi):
    """Signs in at one machine; `at` is the same program at another."""

    def at(self, base: str) -> Program:
        """The same program, with the same token, at another address."""
        other = copy.copy(self)
        other.base = base
        return other

    def get(self, path: str) -> Any:
        """Ask; a studio whose database is away counts as away itself."""
        try:
            return super().get(path)
        except AssertionError as refusal:
            if '"status": 50' in str(refusal):
                raise ConnectionError(str(refusal)) from None
            raise

    def download(self, path: str, **headers: str) -> bytes:
        """The bytes of a file."""
        asked = {"Authorization": f"Bearer {self.token}", **headers}
        with urllib.request.urlopen(
            urllib.request.Request(self.base + path, headers=asked), timeout=120
        ) as answer:
            return answer.read()
