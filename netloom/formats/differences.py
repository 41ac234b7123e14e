"""How far the outputs of a network are from those of somebody else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from netloom.formats.imported import FormatError, ParityCheck

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

_AT_ONCE = 2**20
"""How many numbers are compared at a time: double precision takes twice the memory."""


def worst_difference(
    expected: Sequence[Tensor], given: Sequence[Tensor], *, oracle: str, inputs: str
) -> ParityCheck | None:
    """Compare lists of outputs of the same shapes; return the figures of the output that is worst.

    Each output is judged by its own scale: scores of 0 to 1 beside boxes of thousands of pixels.
    Places without a number, such as the minus infinity of a mask, count as equal where both sides
    have none there.

    Returns:
        None where there is not a single number to compare.

    Raises:
        ValueError: Numbers are missing on one side alone.
    """
    found: list[ParityCheck] = []
    for one, other in zip(expected, given, strict=True):
        told = _apart(one.detach(), other.detach())
        if told is not None:
            difference, largest = told
            found.append(
                ParityCheck(
                    oracle=oracle, inputs=inputs, max_abs_diff=difference, max_abs_value=largest
                )
            )
    return worst_of(found) if found else None


def compare_arrays(
    told: Mapping[str, np.ndarray[Any, Any]],
    computed: Mapping[str, np.ndarray[Any, Any]],
    *,
    oracle: str,
    inputs: str,
) -> ParityCheck:
    """Compare outputs of the same sizes by their names.

    Args:
        told: What somebody else computed of the file.
        computed: What the network gives, as it was opened.

    Raises:
        FormatError: There is not a number to compare, or not on both sides.
    """
    import torch

    sides = [[torch.tensor(side[name]) for name in told] for side in (told, computed)]
    try:
        found = worst_difference(*sides, oracle=oracle, inputs=inputs)
    except ValueError:
        raise FormatError(
            f"{oracle} gives numbers where the network as opened gives none, or vice versa."
        ) from None
    if found is None:
        raise FormatError("It gives no numbers that could be compared.")
    return found


def worst_of(checks: Sequence[ParityCheck]) -> ParityCheck:
    """Return the comparison that differs most by its own scale, of equal ones that of most."""
    return max(checks, key=lambda each: (each.relative, each.max_abs_value))


def _apart(expected: Tensor, given: Tensor) -> tuple[float, float] | None:
    """Return the largest difference and the largest number; None where there are no numbers."""
    import torch

    if expected.shape != given.shape:
        raise ValueError("the shapes differ")
    found: list[tuple[float, float]] = []
    sides = expected.flatten(), given.flatten()
    for start in range(0, expected.numel(), _AT_ONCE):
        one, other = (side[start : start + _AT_ONCE] for side in sides)
        left, right = one.double(), other.double()
        is_number = left.isfinite()
        if not torch.equal(is_number, right.isfinite()):
            raise ValueError("there are numbers where the other side has none")
        if is_number.any():
            left, right = left[is_number], right[is_number]
            found.append((float((left - right).abs().max()), float(left.abs().max())))
    if not found:
        return None
    differences, numbers = zip(*found, strict=True)
    return max(differences), max(numbers)
