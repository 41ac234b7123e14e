"""File names out of zip archives, whose encoding nobody wrote down.

Old programs store names in the code page of their computer and leave the UTF-8 flag unset. One
archive was made by one program, so that its names are judged together: the encoding in which they
look most like words wins.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

FALLBACK = "cp437"
# How much a letter of a script in a plausible word says for the encoding. Kana hardly come about
# by accident, ideographs fill most of any double-byte code page, Latin letters are everywhere.
CANDIDATES: dict[str, dict[str, float]] = {
    "cp437": {"LATIN": 0.66},
    "cp1252": {"LATIN": 0.65},
    "cp866": {"CYRILLIC": 0.72},
    "cp1251": {"CYRILLIC": 0.71},
    "cp932": {"HIRAGANA": 1.0, "KATAKANA": 1.0, "CJK": 0.75},
    "gbk": {"CJK": 0.7},
}
_WORD = re.compile(r"[^\W\d_]+")


def guess_encoding(names: Sequence[bytes]) -> str:
    """Return the encoding that makes the best sense of all the names together.

    Args:
        names: Raw names without the UTF-8 flag; pure ASCII ones say nothing.
    """
    telling = [name for name in names if not name.isascii()][:2000]
    if not telling or _decoded(telling, "utf-8") is not None:
        return "utf-8" if _decoded(names, "utf-8") is not None else FALLBACK
    scores = {
        encoding: _score(_decoded(names, encoding), telling, encoding) for encoding in CANDIDATES
    }
    best = max(scores, key=lambda encoding: scores[encoding])
    return best if scores[best] > 0.3 else FALLBACK


def _decoded(names: Sequence[bytes], encoding: str) -> list[str] | None:
    try:
        return [name.decode(encoding) for name in names]
    except UnicodeDecodeError:
        return None


def _score(every: list[str] | None, telling: Sequence[bytes], encoding: str) -> float:
    """Return the weighted share of foreign signs that stand in plausible words, 0..1."""
    if every is None:
        return 0.0
    good = 0.0
    total = 0
    for name in (raw.decode(encoding) for raw in telling):
        total += sum(not sign.isascii() for sign in name)
        good += sum(_word_score(word, CANDIDATES[encoding]) for word in _WORD.findall(name))
    return good / total if total else 0.0


def _word_score(word: str, weights: dict[str, float]) -> float:
    """Sum the weights of a word's foreign letters; 0 for one that mixes scripts or cases."""
    if word.isascii() or not (word[1:] == word[1:].lower() or word.isupper()):
        return 0.0
    foreign = [_script(letter) for letter in word if not letter.isascii()]
    if any(script not in weights for script in foreign):
        return 0.0
    if "LATIN" not in weights and len(foreign) < len(word):
        return 0.0
    return sum(weights[script] for script in foreign)


def _script(letter: str) -> str:
    script = re.split(r"[ -]", unicodedata.name(letter, ""))[0]
    return "CJK" if script == "IDEOGRAPHIC" else script
