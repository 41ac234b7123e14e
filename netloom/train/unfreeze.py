"""Frozen layers that begin to learn while a run goes on, group by group.

What has been thawed follows from the epoch alone, and the optimiser knows every group from the
start (parameters without a gradient are skipped, and get their state with their first step): so
resuming needs no state of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from torch import nn

from netloom.compile import Network, thaw_modules
from netloom.surgery.groups import frozen_groups
from netloom.train.spec import UnfreezeConfig


@dataclass(frozen=True, slots=True)
class FrozenGroup:
    """Modules that are thawed together.

    Attributes:
        epoch: How many epochs are over when it begins to learn.
        modules: Names in the network.
    """

    name: str
    epoch: int
    modules: tuple[str, ...]


class Unfreezing:
    """The groups of a run that are frozen at its start, in the order in which they are thawed."""

    def __init__(self, config: UnfreezeConfig, network: Network) -> None:
        self.rate_factor = config.rate_factor
        self.groups = tuple(_groups(config, network)) if config.is_enabled else ()
        self._num_thawed = 0

    def advance(self, network: Network, epoch: int) -> tuple[FrozenGroup, ...]:
        """Thaw what is due when so many epochs are over, and return what was not thawed before."""
        due = [group for group in self.groups if group.epoch <= epoch]
        thawed = tuple(due[self._num_thawed :])
        if thawed:
            thaw_modules(network, [name for group in thawed for name in group.modules])
            self._num_thawed = len(due)
        return thawed

    def number_of(self, network: Network) -> dict[int, int]:
        """Return the number of the group by the identity of each parameter in one, from 1."""
        numbers: dict[int, int] = {}
        for number, group in enumerate(self.groups, start=1):
            for parameter in group_parameters(network, group):
                numbers.setdefault(id(parameter), number)
        return numbers


def group_parameters(network: Network, group: FrozenGroup) -> Iterator[nn.Parameter]:
    """Yield the parameters of a group."""
    for name in group.modules:
        yield from network.get_submodule(name).parameters()


def _groups(config: UnfreezeConfig, network: Network) -> Iterator[FrozenGroup]:
    origins = network.netloom_origins
    for number, group in enumerate(frozen_groups(origins.document), start=1):
        modules = [
            name for name in origins.frozen if origins.nodes[name].split("/")[0] in group.node_ids
        ]
        yield FrozenGroup(group.name, number * config.every_epochs, tuple(modules))
