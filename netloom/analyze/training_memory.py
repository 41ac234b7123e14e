"""How much memory a training step needs, estimated from its totals before anything is run.

Counted are the parts that last: weights, their gradients, the optimizer's state, the batch, what
the forward pass holds for the backward pass, and the largest gradient that flows back meanwhile.
Not counted are the program and its libraries (about 0.3 GB on a CPU, 0.5 GB of a GPU), the working
memory of convolution algorithms, and what the allocator keeps in reserve.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from netloom.analyze.model import Totals

Optimizer = Literal["sgd", "momentum", "rmsprop", "adam", "adamw"]
Precision = Literal["float32", "bfloat16", "float16"]

_STATES: dict[Optimizer, int] = {"sgd": 0, "momentum": 1, "rmsprop": 1, "adam": 2, "adamw": 2}
"""Numbers that an optimizer remembers of each trained parameter."""


class TrainingMemory(BaseModel):
    """An estimate in bytes, part by part.

    Attributes:
        activation_bytes: What the forward pass holds for the backward pass, for the whole batch.
        working_bytes: The largest output and its gradient, which come and go.
    """

    model_config = ConfigDict(frozen=True)

    weight_bytes: int
    gradient_bytes: int
    optimizer_bytes: int
    input_bytes: int
    activation_bytes: int
    working_bytes: int

    @property
    def total_bytes(self) -> int:
        """Return the sum of the parts."""
        return (
            self.weight_bytes
            + self.gradient_bytes
            + self.optimizer_bytes
            + self.input_bytes
            + self.activation_bytes
            + self.working_bytes
        )


def training_memory(
    totals: Totals,
    batch_size: int,
    optimizer: Optimizer = "adam",
    precision: Precision = "float32",
) -> TrainingMemory:
    """Estimate the memory of one training step.

    Args:
        totals: Of an analysis.
        batch_size: Samples in a batch, at least 1.
        precision: Of activations under automatic mixed precision; weights, gradients and the
            optimizer's state stay float32, as torch keeps them, and half-precision copies of the
            weights are counted.

    Raises:
        ValueError: A batch without samples.
    """
    if batch_size < 1:
        raise ValueError("a batch has at least one sample")
    is_mixed = precision != "float32"
    copies = totals.parameter_bytes // 2 if is_mixed else 0
    share = 2 if is_mixed else 1
    return TrainingMemory(
        weight_bytes=totals.parameter_bytes + copies,
        gradient_bytes=totals.gradient_bytes,
        optimizer_bytes=totals.gradient_bytes * _STATES[optimizer],
        input_bytes=totals.input_bytes * batch_size,
        activation_bytes=(totals.kept_bytes - totals.input_bytes) * batch_size // share,
        working_bytes=2 * totals.largest_bytes * batch_size // share,
    )
