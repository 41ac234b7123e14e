"""Names that generated source can use."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Iterable


def is_safe_name(name: str) -> bool:
    """Whether a class or an argument can be called so: an ASCII identifier, no keyword."""
    return (
        name.isascii()
        and name.isidentifier()
        and not keyword.iskeyword(name)
        and not name.startswith("__")
    )


class ClassNames:
    """Names of the classes of a file; each is given once.

    Attributes:
        taken: What means something else there.
    """

    def __init__(self, functions: Iterable[str]) -> None:
        self.taken = {"self", "nn", "torch", "_", *functions, *dir(builtins)}

    def give(self, wanted: str, default: str) -> str:
        """Return a free class name that is as near to what was asked for as can be."""
        words = [word for word in re.split(r"[^A-Za-z0-9]+", wanted) if word]
        joined = "".join(word[:1].upper() + word[1:] for word in words)
        name = next(name for name in (wanted, joined, default) if is_safe_name(name))
        unique, number = name, 2
        while unique in self.taken:
            unique, number = f"{name}{number}", number + 1
        self.taken.add(unique)
        return unique
