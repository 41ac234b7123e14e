"""Occlusion: how much the logit falls when a window hides a part of the image."""

# Captum come without types.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownArgumentType=false
from __future__ import annotations

import math

import numpy as np
import torch
from captum.attr import Occlusion
from numpy.typing import NDArray
from torch import Tensor

from netloom.explain.results import ExplainOptions, Explanation, ExplanationMeta
from netloom.explain.rows import CountedForward, rows_at_once
from netloom.explain.target import baseline_of, pick_target


def occlusion(
    forward: CountedForward,
    image_1CHW: Tensor,
    target_class: int | None,
    options: ExplainOptions,
) -> Explanation:
    """Return the mean fall of the logit over the windows that hide each pixel.

    A coarse pass with windows side by side comes first and is reported as the first map.
    """
    sides = image_1CHW.shape[2], image_1CHW.shape[3]
    window = tuple(_pixels(options.window_share, side) for side in sides)
    stride = tuple(
        min(_pixels(options.stride_share, side), length)
        for side, length in zip(sides, window, strict=True)
    )
    num_coarse, num_fine = (_num_rows(sides, window, step) for step in (window, stride))
    forward.total_rows = num_fine + 1 + (num_coarse if stride != window else 0)
    baseline_1C11 = baseline_of(image_1CHW, options)
    rows, logits_1K = rows_at_once(forward, image_1CHW, options.max_rows)
    target, logit = pick_target(logits_1K, target_class)

    def heatmap(stride: tuple[int, ...]) -> NDArray[np.float32]:
        channels = image_1CHW.shape[1]
        with torch.no_grad():
            falls = Occlusion(forward).attribute(
                image_1CHW,
                sliding_window_shapes=(channels, *window),
                strides=(channels, *stride),
                baselines=baseline_1C11.expand_as(image_1CHW),
                target=target,
                perturbations_per_eval=rows,
            )
        # Every channel of a pixel is hidden together, so all have the same value.
        return falls[0, 0].float().cpu().numpy()

    if stride != window:
        forward.report(heatmap(window))
    return Explanation(
        heatmap(stride),
        ExplanationMeta(
            method="occlusion", target_class=target, logit=logit, seed=0,
            baseline=baseline_1C11.flatten().tolist(), rows_forwarded=0, seconds=0,
        ),
    )  # fmt: skip


def _pixels(share: float, side: int) -> int:
    return max(1, min(side, round(share * side)))


def _num_rows(sides: tuple[int, ...], window: tuple[int, ...], stride: tuple[int, ...]) -> int:
    """Return the rows of one pass: its windows, and the plain image that Captum starts with."""
    return 1 + math.prod(
        math.ceil((side - length) / step) + 1
        for side, length, step in zip(sides, window, stride, strict=True)
    )
