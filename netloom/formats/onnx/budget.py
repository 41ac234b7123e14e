"""What reading a file may take in all, counted in steps: the same on every machine."""

from __future__ import annotations

from dataclasses import dataclass

from netloom.formats.imported import FormatError

MAX_STEPS = 100_000
"""For what a small file opens up to; larger files may take more, as `STEPS_PER_NODE` says."""
STEPS_PER_NODE = 20
MOST_STEPS = 1_000_000
FOLDED_STEPS = 4
"""Steps that take as long as computing one node with small tensors."""
NUMBERS_PER_STEP = 2**17
"""Numbers that are computed while a step takes place."""
MAX_FOLDED_BYTES = 2**30
FOLDED_PER_BYTE = 8


@dataclass(slots=True)
class Budget:
    """What is left for all readings of a file together.

    Attributes:
        bytes_left: Of tensors that are computed beforehand, in one reading.
    """

    steps_left: int
    bytes_left: int

    def spend(self, steps: int) -> None:
        """Take steps.

        Raises:
            FormatError: None are left.
        """
        self.steps_left -= steps
        if self.steps_left < 0:
            raise FormatError(
                "The functions and constants of the file take too many steps to work out. Simplify "
                "it first, as with onnxsim, or export it with constants folded."
            )

    def spend_on_folding(self, numbers: int) -> None:
        """Take the steps of computing a node that works on so many numbers; raises FormatError."""
        self.spend(FOLDED_STEPS + numbers // NUMBERS_PER_STEP)


def budget_for(num_nodes: int, held_bytes: int) -> Budget:
    """Return what a file of so many nodes and so much in tensors may take."""
    return Budget(
        min(MAX_STEPS + STEPS_PER_NODE * num_nodes, MOST_STEPS),
        MAX_FOLDED_BYTES + FOLDED_PER_BYTE * held_bytes,
    )
