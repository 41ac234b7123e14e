"""The result of an analysis, as plain data."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from netloom.graph.budgets import Budget
from netloom.graph.diagnostics import Diagnostic
from netloom.graph.document import ParamValue
from netloom.layers.shapes import DimJson


@dataclass(frozen=True, slots=True)
class Binding:
    """What is known of the data a network is meant for.

    Attributes:
        class_names: Empty when the data has no classes yet; None when nothing is known.
        typical_size: Height and width of most images, in pixels.
    """

    num_classes: int | None = None
    channels: int | None = None
    class_names: list[str] | None = None
    typical_size: tuple[int, int] | None = None


class ReceptiveField(BaseModel):
    """What one position of an output sees along one axis of the input.

    Attributes:
        axis: Axis of the input: D, H, W or T.
        size: Positions from the first to the last one seen, those outside the border of the
            input counted; None for the whole axis.
        jump: Input positions between the windows of two neighbours.
        centre: Middle of the window of the first position, in input positions from 0.
    """

    model_config = ConfigDict(frozen=True)

    axis: str
    size: int | None
    jump: float | None = None
    centre: float | None = None


class NodeAnalysis(BaseModel):
    """What follows for one node, for one sample (B = 1) and one use.

    An instance of a block counts everything inside, all its repeats included.

    Attributes:
        outputs: Named dimensions by output port.
        output_text: Shape of the first output, e.g. `B × 64 × 56 × 56`; empty when unknown.
        parameters: Learnable numbers.
        flops: Floating-point operations; a multiply-add counts as two.
        macs: Multiply-adds of weights and of matrix products.
        activation_bytes: Size of what the node gives, as float32.
        kept_bytes: What training holds of the node until the backward pass, as float32: what it
            gives, where something needs it again, and what it computes inside.
        gradient_bytes: Size of the gradients of its trained parameters, as float32.
        receptive_field: What one position of the first output sees, by axis of the input of the
            network; empty without positions.
        inferred: Values taken from the connection, e.g. `{"in_channels": 16}`.
        repeats: How often the node is applied: the product of the repeats around it.
    """

    model_config = ConfigDict(frozen=True)

    outputs: dict[str, list[DimJson]] = Field(default_factory=dict[str, list[DimJson]])
    output_text: str = ""
    parameters: int = 0
    flops: int = 0
    macs: int = 0
    activation_bytes: int = 0
    kept_bytes: int = 0
    gradient_bytes: int = 0
    receptive_field: list[ReceptiveField] = Field(default_factory=list[ReceptiveField])
    inferred: dict[str, ParamValue] = Field(default_factory=dict[str, ParamValue])
    repeats: int = 1


class Totals(BaseModel):
    """Sums over the network, for one sample (B = 1), as float32.

    Attributes:
        input_bytes: Size of what enters the network.
        largest_bytes: Size of the largest tensor that a layer gives.
        kept_bytes: What training holds until the backward pass, the input included.
        training_fixed_bytes: What training with Adam needs whatever the batch; see
            `netloom.analyze.training_memory`.
        training_sample_bytes: What it needs beside that for each sample of the batch.
        open_lengths: Symbols beside the batch that no input gives a length, such as T: every cost
            is that of a single step.
    """

    model_config = ConfigDict(frozen=True)

    parameters: int = 0
    trainable_parameters: int = 0
    flops: int = 0
    macs: int = 0
    activation_bytes: int = 0
    kept_bytes: int = 0
    gradient_bytes: int = 0
    parameter_bytes: int = 0
    input_bytes: int = 0
    largest_bytes: int = 0
    training_fixed_bytes: int = 0
    training_sample_bytes: int = 0
    num_layers: int = 0
    open_lengths: list[str] = Field(default_factory=list[str])


class BudgetUse(BaseModel):
    """A budget that a person has set, and what is used of it.

    Attributes:
        used: None where there is no end to it: a receptive field that is the whole input.
        offenders: Nodes of the top level that make up the excess, most costly first.
    """

    model_config = ConfigDict(frozen=True)

    budget: Budget
    title: str
    limit: float
    used: int | None
    is_kept: bool
    offenders: list[str]


class Analysis(BaseModel):
    """Everything that can be said about a network without running it.

    Attributes:
        nodes: By path: the node's id on the top level, `instance/inner` inside blocks (of several
            repeats, the first).
        is_truncated: There are more problems than are listed.
        order: Node ids of the top level in the order they are computed; those on cycles missing.
        is_trainable: There is no error.
        budgets: What is used of each budget that is set.
    """

    model_config = ConfigDict(frozen=True)

    nodes: dict[str, NodeAnalysis]
    totals: Totals
    diagnostics: list[Diagnostic]
    is_truncated: bool = False
    order: list[str]
    is_trainable: bool
    budgets: list[BudgetUse] = Field(default_factory=list[BudgetUse])
