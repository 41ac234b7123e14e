"""The numbers of one tensor, and what they mean in words."""

from __future__ import annotations

import math
from typing import cast

import torch
from torch import Tensor

from netloom.explain.activation_results import NUM_BINS, TensorSummary

_EXPLODING = 1e4
_MOSTLY = 0.5
_SATURATION = {"Tanh": (-0.99, 0.99), "Sigmoid": (0.01, 0.99), "Hardsigmoid": (0.0, 1.0)}


def summarise(tensor: Tensor, port: str) -> TensorSummary:
    """Return range, moments, histogram and shares of a tensor of one sample.

    Args:
        tensor: Any number type; the first axis is the batch of one.
    """
    values = tensor.detach()
    values = values if values.dtype == torch.float32 else values.float()
    num_values = max(1, values.numel())
    # Whatever is not a number or infinite shows in the extremes: one pass, nothing copied.
    low, high = _extremes(values)
    is_finite = math.isfinite(low) and math.isfinite(high)
    finite = values.flatten() if is_finite else values[torch.isfinite(values)]
    if not is_finite:
        low, high = _extremes(finite)
    num_nan = int(torch.isnan(values).sum()) if finite.numel() < values.numel() else 0
    has_any = finite.numel() > 0
    std, mean = (float(m) for m in torch.std_mean(finite, correction=0)) if has_any else (0.0, 0.0)
    has_channels = values.ndim >= 3 and values.shape[1] > 1 and values.numel() > 0
    num_alive_C = _num_nonzero(values, has_channels)
    return TensorSummary(
        port=port,
        shape=list(tensor.shape),
        dtype=str(tensor.dtype).removeprefix("torch."),
        minimum=_short(low) if has_any else None,
        maximum=_short(high) if has_any else None,
        mean=_short(mean) if has_any else None,
        std=_short(std) if has_any else None,
        zero_share=1 - sum(num_alive_C) / num_values if values.numel() else 0.0,
        nan_share=num_nan / num_values,
        infinite_share=(values.numel() - finite.numel() - num_nan) / num_values,
        num_dead=num_alive_C.count(0) if has_channels else None,
        histogram=_histogram(finite, low, high),
    )


def notes_of(tensor: Tensor, summary: TensorSummary, layer_type: str) -> list[str]:
    """Return what a person should know about a tensor, as plain sentences."""
    notes: list[str] = []
    for share, what in ((summary.nan_share, "not a number"), (summary.infinite_share, "infinite")):
        if share > 0:
            notes.append(f"{_percent(share)} of the values are {what}.")
    low, high = summary.minimum, summary.maximum
    if low is None or high is None:
        return notes
    num_values = math.prod(summary.shape)
    if low == high and num_values > 1:
        notes.append("Every value is zero." if low == 0 else f"Every value is {low:g}.")
    elif summary.num_dead:
        notes.append(
            f"{summary.num_dead:,} of {summary.shape[1]:,} channels are zero everywhere for this "
            "sample."
        )
    largest = max(abs(low), abs(high))
    if largest > _EXPLODING and tensor.is_floating_point():
        notes.append(f"Values reach {largest:.3g}: they may explode in training.")
    saturated = _saturated_share(tensor, layer_type)
    if saturated > _MOSTLY:
        notes.append(
            f"{_percent(saturated)} of the values are saturated: hardly any gradient passes there."
        )
    return notes


def _extremes(values: Tensor) -> tuple[float, float]:
    if values.numel() == 0:
        return 0.0, 0.0
    low, high = values.aminmax()
    return float(low), float(high)


def _num_nonzero(values: Tensor, has_channels: bool) -> list[int]:
    """Count what is not zero: of each channel, or of all together."""
    if not has_channels:
        return [int(values.count_nonzero())]
    return cast("list[int]", values[0].flatten(1).count_nonzero(dim=1).tolist())  # pyright: ignore[reportUnknownMemberType]


def _histogram(finite: Tensor, low: float, high: float) -> list[int]:
    if finite.numel() == 0:
        return [0] * NUM_BINS
    if low == high:
        counts = [0] * NUM_BINS
        counts[NUM_BINS // 2] = finite.numel()
        return counts
    counts = cast("list[float]", torch.histc(finite, NUM_BINS, low, high).tolist())  # pyright: ignore[reportUnknownMemberType]
    return [int(count) for count in counts]


def _saturated_share(tensor: Tensor, layer_type: str) -> float:
    bounds = _SATURATION.get(layer_type)
    if bounds is None or tensor.numel() == 0:
        return 0.0
    low, high = bounds
    return float(((tensor <= low) | (tensor >= high)).float().mean())


def _percent(share: float) -> str:
    return "Less than 1 %" if share < 0.01 else f"{share * 100:.0f} %"


def _short(value: float) -> float:
    """Six digits are enough to read, and to compare with a hook of one's own."""
    return float(f"{value:.6g}")
