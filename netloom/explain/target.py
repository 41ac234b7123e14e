"""The class an explanation is about, and what hides a region."""

from __future__ import annotations

import torch
from torch import Tensor

from netloom.explain.results import ExplainError, ExplainOptions


def pick_target(logits_1K: Tensor, target_class: int | None) -> tuple[int, float]:
    """Return the class, the predicted one when none is asked for, and its logit.

    Raises:
        ExplainError: There is no such class.
    """
    num_classes = logits_1K.shape[1]
    target = int(logits_1K.argmax()) if target_class is None else target_class
    if not 0 <= target < num_classes:
        raise ExplainError(f"There is no class {target}; the network has 0 to {num_classes - 1}.")
    return target, float(logits_1K[0, target])


def baseline_of(image_1CHW: Tensor, options: ExplainOptions) -> Tensor:
    """Return the colour that hides a region, float32 [1, C, 1, 1].

    Raises:
        ExplainError: A number of values that is not the number of channels.
    """
    channels = image_1CHW.shape[1]
    if options.baseline == "mean":
        return image_1CHW.mean(dim=(2, 3), keepdim=True)
    if options.baseline == "zero":
        return torch.zeros(1, channels, 1, 1, device=image_1CHW.device)
    if len(options.baseline) != channels:
        raise ExplainError(
            f"The baseline has {len(options.baseline)} values; the image has {channels} channels."
        )
    values = torch.tensor(options.baseline, dtype=image_1CHW.dtype, device=image_1CHW.device)
    return values.reshape(1, channels, 1, 1)
