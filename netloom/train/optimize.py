"""Optimisers and learning-rate schedules."""

from __future__ import annotations

import math
from typing import Any

import torch

from netloom.compile import Network
from netloom.train.spec import OptimizerConfig, ScheduleConfig, UnfreezeConfig
from netloom.train.unfreeze import Unfreezing

_ONE_CYCLE_START = 25.0
_ONE_CYCLE_END = 1e4
_ONE_CYCLE_RISE = 0.3


RATE_FACTOR = "learning_rate_factor"
"""Key of a parameter group: what its learning rate is multiplied by."""


def make_optimizer(
    config: OptimizerConfig, network: Network, unfreezing: Unfreezing | None = None
) -> torch.optim.Optimizer:
    """Build the fused optimiser (measured fastest on CPU and GPU alike).

    Layers with factors of their own get groups of their own, as do those that are thawed later;
    those whose learning rate is multiplied by zero are left out, as are those frozen for good.
    """
    trained = _trained(config, network, unfreezing or Unfreezing(UnfreezeConfig(), network))
    if config.type == "sgd":
        return torch.optim.SGD(
            trained,
            lr=config.learning_rate,
            momentum=config.momentum,
            nesterov=config.nesterov and config.momentum > 0,
            weight_decay=config.weight_decay,
            fused=True,
        )
    make = torch.optim.Adam if config.type == "adam" else torch.optim.AdamW
    return make(trained, lr=config.learning_rate, weight_decay=config.weight_decay, fused=True)


def set_learning_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Set the rate of the step for every group, times the group's own factor."""
    for group in optimizer.param_groups:
        group["lr"] = rate * group.get(RATE_FACTOR, 1.0)


def _trained(
    config: OptimizerConfig, network: Network, unfreezing: Unfreezing
) -> list[torch.nn.Parameter] | list[dict[str, Any]]:
    """Return the parameters to be trained: a plain list unless some have factors of their own."""
    thawed = unfreezing.number_of(network)
    parameters = [each for each in network.parameters() if each.requires_grad or id(each) in thawed]
    factors: dict[int, tuple[float, float]] = {}
    for name, learning in network.netloom_origins.learning.items():
        for parameter in network.get_submodule(name).parameters():
            factors[id(parameter)] = (learning.learning_rate_factor, learning.l2_factor)
    if not factors and not thawed:
        return parameters
    # What begins to learn together is a group of its own: the fused SGD wants the momentum of
    # all parameters of a group, or of none.
    groups: dict[tuple[int, float, float], list[torch.nn.Parameter]] = {}
    for parameter in parameters:
        rate_factor, decay_factor = factors.get(id(parameter), (1.0, 1.0))
        number = thawed.get(id(parameter), 0)
        if number:
            rate_factor *= unfreezing.rate_factor
        if rate_factor > 0:
            groups.setdefault((number, rate_factor, decay_factor), []).append(parameter)
    return [
        {
            "params": members,
            "lr": config.learning_rate * rate_factor,
            "weight_decay": config.weight_decay * decay_factor,
            RATE_FACTOR: rate_factor,
        }
        for (_, rate_factor, decay_factor), members in groups.items()
    ]


class Schedule:
    """The learning rate as a function of the step alone, so that resuming needs no state.

    `cosine` falls to zero at the last step. `one_cycle` rises from 1/25 of the rate over the
    warm-up (30 % of the run when none is set) and falls to 1/10,000 (Smith: A disciplined approach
    to neural network hyper-parameters, 2018); momentum is not cycled.
    """

    def __init__(
        self, config: ScheduleConfig, learning_rate: float, steps_per_epoch: int, epochs: int
    ) -> None:
        self._config = config
        self._base = learning_rate
        self._steps_per_epoch = steps_per_epoch
        self._total = steps_per_epoch * epochs
        warmup_epochs = config.warmup_epochs
        if config.type == "one_cycle" and warmup_epochs == 0:
            warmup_epochs = _ONE_CYCLE_RISE * epochs
        self._warmup = min(round(warmup_epochs * steps_per_epoch), self._total)

    def rate(self, step: int) -> float:
        """Return the learning rate of the step, counted from 0."""
        if step < self._warmup:
            if self._config.type == "one_cycle":
                low = self._base / _ONE_CYCLE_START
                return _cosine(low, self._base, step / self._warmup)
            return self._base * (step + 1) / self._warmup
        share = (step - self._warmup) / max(1, self._total - self._warmup)
        match self._config.type:
            case "constant":
                return self._base
            case "step":
                epoch = step // self._steps_per_epoch
                return self._base * self._config.gamma ** (epoch // self._config.step_epochs)
            case "cosine":
                return _cosine(self._base, 0.0, share)
            case "one_cycle":
                return _cosine(self._base, self._base / _ONE_CYCLE_END, share)


def _cosine(start: float, end: float, share: float) -> float:
    return end + (start - end) * 0.5 * (1 + math.cos(math.pi * min(1.0, share)))
