"""The text format of protobuf, as `.prototxt` files are written in it.

Read without a list of known fields: what forks of Caffe have added stays readable.
"""

from __future__ import annotations

import re

from netloom.formats.caffe.message import Message, Scalar
from netloom.formats.imported import Damage

MAX_TEXT_BYTES = 64 * 2**20
MAX_DEPTH = 32
MAX_FIELDS = 2_000_000

_TOKEN = re.compile(
    r"""
    (?P<space>[\s,;]+|\#[^\n]*)
  | (?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
  | (?P<number>[+-]?(?:0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)[fF]?(?![\w.]))
  | (?P<word>-?[A-Za-z_][\w.]*)
  | (?P<mark>[{}<>\[\]:])
    """,
    re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{1,2}|[0-7]{1,3}|.)", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_CLOSING = {"{": "}", "<": ">"}


def parse_text(text: str) -> Message:
    """Read a message.

    Raises:
        Damage: It is not in the text format, too deep or too long.
    """
    return _Parser(text).message()


class _Parser:
    """Goes through the text once; nesting is kept in a list, not in calls."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._place = 0
        self._count = 0

    def message(self) -> Message:
        root = Message()
        open_ones: list[tuple[Message, str]] = [(root, "")]
        while True:
            kind, word = self._next()
            current, closing = open_ones[-1]
            if kind == "end":
                if closing:
                    raise self._damage(f"{closing} is missing at the end")
                return root
            if kind == "mark" and word == closing:
                open_ones.pop()
                continue
            if kind not in ("word", "number"):
                raise self._damage(f"{word[:20]!r} stands where a name belongs")
            opened = self._field(current, word)
            if opened:
                if len(open_ones) > MAX_DEPTH:
                    raise self._damage(f"fields are nested more than {MAX_DEPTH} deep")
                inner = Message()
                current.add(word, inner)
                open_ones.append((inner, _CLOSING[opened]))

    def _field(self, message: Message, name: str) -> str:
        """Read the value of a field; returns the bracket that opens a message in its place."""
        self._count += 1
        if self._count > MAX_FIELDS:
            raise self._damage(f"it has more than {MAX_FIELDS:,} fields")
        kind, word = self._next()
        if kind == "mark" and word == ":":
            kind, word = self._next()
        elif word not in _CLOSING:
            raise self._damage(f"{name[:50]} has no value")
        if kind == "mark" and word in _CLOSING:
            return word
        if kind == "mark" and word == "[":
            kind, word = self._next()
            while (kind, word) != ("mark", "]"):
                message.add(name, self._value(kind, word))
                kind, word = self._next()
            return ""
        message.add(name, self._value(kind, word))
        return ""

    def _value(self, kind: str, word: str) -> Scalar:
        self._count += 1
        if self._count > MAX_FIELDS:
            raise self._damage(f"it has more than {MAX_FIELDS:,} fields")
        if kind == "string":
            return self._string(word)
        if kind == "number":
            return self._number(word)
        if kind == "word":
            return _word(word)
        raise self._damage(f"{word[:20]!r} stands where a value belongs")

    def _string(self, word: str) -> str:
        """Read a string, and what follows it directly as its second half."""
        parts = [_unescaped(word[1:-1])]
        while True:
            place = self._place
            kind, word = self._next()
            if kind != "string":
                self._place = place
                return "".join(parts)
            parts.append(_unescaped(word[1:-1]))

    def _number(self, word: str) -> int | float:
        try:
            if word.lstrip("+-")[:2].lower() == "0x":
                return int(word, 16)
            plain = word.rstrip("fF")
            return float(plain) if set(plain) & set(".eE") else int(plain)
        except ValueError:
            raise self._damage(f"{word[:20]} is no number") from None

    def _next(self) -> tuple[str, str]:
        while True:
            found = _TOKEN.match(self._text, self._place)
            if found is None:
                if self._place >= len(self._text):
                    return "end", ""
                raise self._damage(f"{self._text[self._place : self._place + 20]!r} is unexpected")
            self._place = found.end()
            if found.lastgroup != "space":
                return found.lastgroup or "", found.group()

    def _damage(self, reason: str) -> Damage:
        line = self._text.count("\n", 0, self._place) + 1
        return Damage(f"line {line}: {reason}")


def _word(word: str) -> Scalar:
    match word.lower():
        case "true":
            return True
        case "false":
            return False
        case "inf" | "infinity" | "-inf" | "-infinity" | "nan" | "-nan":
            return float(word)
        case _:
            return word


def _unescaped(text: str) -> str:
    def one(found: re.Match[str]) -> str:
        code = found.group(1)
        if code[0] == "x" and len(code) > 1:
            return chr(int(code[1:], 16))
        if code[0] in "01234567":
            return chr(int(code, 8))
        return _ESCAPED.get(code, code)

    return _ESCAPE.sub(one, text) if "\\" in text else text
