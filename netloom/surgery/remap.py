"""Weights of one network made into weights of another of the same layers and other widths.

Widening copies channels and shares out what they feed, so that the network computes the same as
before (Chen, Goodfellow, Shlens: Net2Net, 2016). The shares of copies differ, so that gradients
do too and the copies go their own ways. Narrowing keeps the channels whose filters have the
largest L1 norm (Li et al.: Pruning filters for efficient ConvNets, 2017).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from netloom.graph.document import Document
from netloom.surgery.transfer import AxisResize, SpaceChange, Transfer, plan_transfer


@dataclass(frozen=True, slots=True)
class Remapped:
    """Weights to load.

    Attributes:
        weights: By weight key; what is not resized is passed on as it is.
        resized: Keys whose tensors were made to fit.
    """

    weights: dict[str, Tensor]
    resized: tuple[str, ...]


def remap_weights(before: Document, after: Document, weights: Mapping[str, Tensor]) -> Remapped:
    """Make the weights of `before` fit the layers of `after` that only changed their width.

    Args:
        weights: By weight key, as checkpoints hold them. They are not changed.
    """
    transfer = plan_transfer(before, after)
    return _Remapping(transfer, weights).run()


@dataclass(slots=True)
class _Remapping:
    transfer: Transfer
    weights: Mapping[str, Tensor]
    _picks: dict[SpaceChange, Tensor] = field(default_factory=dict[SpaceChange, Tensor])

    def run(self) -> Remapped:
        tensors = self.transfer.tensors
        used = {tensor.source for tensor in tensors.values()}
        # What goes by another name now is not there under the former one as well.
        made = {k: tensor for k, tensor in self.weights.items() if k in tensors or k not in used}
        resized: list[str] = []
        for key, tensor in tensors.items():
            given = None if tensor.source is None else self.weights.get(tensor.source)
            if given is None:
                continue
            if tensor.fate == "kept":
                made[key] = given
                continue
            result = given
            for resize in tensor.resizes:
                expected = sum(part.size * part.inner for part in resize.parts)
                if result.shape[resize.axis] != expected:
                    break  # The file holds something else than its document says.
                result = self._along(result, resize)
            else:
                made[key] = result.contiguous()
                resized.append(key)
        return Remapped(made, tuple(resized))

    def _along(self, tensor: Tensor, resize: AxisResize) -> Tensor:
        """Lay one axis out anew: pick its entries, and share out those that are summed over."""
        picks: list[Tensor] = []
        shares: list[Tensor] = []
        start = 0
        for part in resize.parts:
            channels = torch.arange(part.size)
            share = torch.ones(part.size, dtype=torch.float64)
            if part.change is not None:
                channels = self._channels(part.change)
                share = _shares(part.change)
            within = torch.arange(part.inner)
            picks.append((start + channels[:, None] * part.inner + within).flatten())
            shares.append(share.repeat_interleave(part.inner))
            start += part.size * part.inner
        result = tensor.index_select(resize.axis, torch.cat(picks).to(tensor.device))
        if not resize.is_input:
            return result
        form = [1] * tensor.ndim
        form[resize.axis] = -1
        return result * torch.cat(shares).to(result).reshape(form)

    def _channels(self, change: SpaceChange) -> Tensor:
        """Return the old channel that each new one is made of."""
        if change not in self._picks:
            if change.new_size >= change.old_size:
                picked = torch.arange(change.new_size) % change.old_size
            else:
                norms = self._norms(change)
                picked = norms.topk(change.new_size).indices.sort().values
            self._picks[change] = picked
        return self._picks[change]

    def _norms(self, change: SpaceChange) -> Tensor:
        """Return the L1 norm of what makes each channel, over all layers that do."""
        total = torch.zeros(change.old_size, dtype=torch.float64)
        for maker in change.makers:
            weight = self.weights.get(maker.key)
            if weight is None:
                continue
            others = [each for each in range(weight.ndim) if each != maker.axis]
            norms = weight.detach().double().abs().sum(others).cpu()
            for start in maker.starts:
                if start + change.old_size <= len(norms):
                    total += norms[start : start + change.old_size]
        return total


def _shares(change: SpaceChange) -> Tensor:
    """Return what part of its old channel each new one carries on: 1, or 1/3 and 2/3, ..."""
    if change.new_size <= change.old_size:
        return torch.ones(change.new_size, dtype=torch.float64)
    places = torch.arange(change.new_size)
    rank = (places // change.old_size + 1).double()
    count = torch.bincount(places % change.old_size)[places % change.old_size].double()
    return rank * 2 / (count * (count + 1))
