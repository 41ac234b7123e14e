"""What libraries say of a damaged file, in words that can stand in a sentence for people."""

from __future__ import annotations

import re

_MOST_CHARS = 200
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_FEWEST_WORDS = 2


def reason_of(error: BaseException, otherwise: str) -> str:
    """Return the first line of what an error says, without the full stop.

    Args:
        otherwise: What to say where the error says nothing: some say only a key or a number.
    """
    said = (error.strerror or "") if isinstance(error, OSError) else str(error)
    first_line = _COLOURS.sub("", said).strip().partition("\n")[0]
    text = "".join(each if each.isprintable() else "�" for each in first_line)
    text = text[:_MOST_CHARS].strip().rstrip(".:;, ")
    return text if len(text.split()) >= _FEWEST_WORDS else otherwise
