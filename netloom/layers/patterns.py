"""The little languages of Einsum and Rearrange. Read by a grammar of our own, never evaluated."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod

from netloom.layers.sizes import Size

MAX_PATTERN = 200
MAX_NAMES = 12
MAX_BETWEEN = 2**27
"""Numbers that a sum of products may hold of one sample: half a gigabyte."""
_NAME = r"[a-z][a-z0-9]{0,7}"
_ITEM = re.compile(rf"{_NAME}|\(\s*{_NAME}(?:\s+{_NAME})*\s*\)")
_SIZE = re.compile(rf"({_NAME})=([0-9]{{1,10}})")
_EINSUM = re.compile(r"[a-z]+(?:,[a-z]+)*->[a-z]+")

Groups = tuple[tuple[str, ...], ...]
"""One group of names for each axis: `b (h p) w` is `(("b",), ("h", "p"), ("w",))`."""


@dataclass(frozen=True, slots=True)
class Rearrangement:
    """`b c (h p) -> b (c p) h`: how axes are split, and how they are put together."""

    before: Groups
    after: Groups


def read_rearrangement(text: str) -> Rearrangement:
    """Read a pattern as einops writes it, without its ellipsis and its numbers.

    Raises:
        ValueError: It is written otherwise; the text says what is wrong.
    """
    sides = text.split("->")
    if len(text) > MAX_PATTERN or len(sides) != 2:
        raise ValueError("write a pattern with one arrow, such as b c (h p) -> b (c p) h")
    before, after = (_groups(side) for side in sides)
    names = [name for group in before for name in group]
    if sorted(names) != sorted(name for group in after for name in group):
        raise ValueError("both sides of the arrow must have the same names")
    if len(set(names)) < len(names) or len(names) > MAX_NAMES:
        raise ValueError(f"every name stands once on each side, and there are at most {MAX_NAMES}")
    if before[0] != after[0] or len(before[0]) != 1:
        raise ValueError("both sides must begin with the batch, such as b")
    if not 2 <= len(after) <= 5 or len(before) < 2:
        raise ValueError("one to four axes must be left beside the batch")
    return Rearrangement(before, after)


def _groups(side: str) -> Groups:
    items = _ITEM.findall(side)
    if not items or _ITEM.sub("", side).strip():
        raise ValueError("names are small letters and digits, in parentheses where axes are one")
    return tuple(tuple(item.strip("() ").split()) for item in items)


def read_sizes(text: str) -> dict[str, int]:
    """Read `p=2, q=2`.

    Raises:
        ValueError: It is written otherwise.
    """
    words = re.sub(r"\s*=\s*", "=", text[:MAX_PATTERN]).replace(",", " ").split()
    matches = [_SIZE.fullmatch(word) for word in words]
    sizes = {match[1]: int(match[2]) for match in matches if match}
    if len(text) > MAX_PATTERN or len(sizes) < len(words) or 0 in sizes.values():
        raise ValueError("write sizes as name=number, such as p=2, q=2")
    return sizes


def most_between(operands: Sequence[str], output: str, sizes: Mapping[str, Size]) -> int:
    """Return how many numbers of a sample a sum of products holds at once, at most.

    Tensors are multiplied one after the other; a letter is summed over once no later one has it.

    Args:
        sizes: By letter, without that of the batch; lengths that are open count as one.
    """
    most, held = 0, set(operands[0]) if operands else set[str]()
    for index, operand in enumerate(operands[1:], start=2):
        later = {letter for rest in operands[index:] for letter in rest}
        held = (held | set(operand)) & (later | set(output))
        known = [size for letter in held if isinstance(size := sizes.get(letter), int)]
        most = max(most, prod(known))
    return most


def read_einsum(text: str) -> tuple[list[str], str]:
    """Return the letters of each input and of the output of `btf,bsf->bts`.

    Raises:
        ValueError: It is written otherwise; the text says what is wrong.
    """
    packed = text[: MAX_PATTERN + 1].replace(" ", "")
    if len(text) > MAX_PATTERN or not _EINSUM.fullmatch(packed):
        raise ValueError("write letters for the axes of every input, such as btf,bsf->bts")
    given, output = packed.split("->")
    inputs = given.split(",")
    parts: Sequence[str] = (*inputs, output)
    if any(len(set(part)) < len(part) for part in parts):
        raise ValueError("no letter stands twice in one tensor")
    if any(part[0] != output[0] for part in parts):
        raise ValueError("every tensor begins with the batch, the same letter everywhere")
    if not set(output) <= set(given) or not 2 <= len(output) <= 5:
        raise ValueError("the output has one to four letters of the inputs behind the batch")
    return inputs, output
