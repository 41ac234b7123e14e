"""LIME: a linear model of the logit over superpixels that are shown or hidden.

Legend: C channels, H height, W width, K classes, S samples, P superpixels.
"""

# Captum and scikit-image come without types.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
from __future__ import annotations

from typing import Any, cast

import numpy as np
import torch
from captum._utils.models.linear_model import SkLearnRidge
from captum.attr import LimeBase
from numpy.typing import NDArray
from skimage.segmentation import slic
from sklearn import linear_model
from torch import Tensor
from torch.utils.data import DataLoader

from netloom.explain.results import MOST_SUPERPIXELS, ExplainOptions, Explanation, ExplanationMeta
from netloom.explain.rows import CountedForward, rows_at_once
from netloom.explain.target import baseline_of, pick_target

_PIXELS_PER_SUPERPIXEL = 16
_FEWEST_SUPERPIXELS = 4
_COMPACTNESS_STEPS = 5
_KERNEL_WIDTH = 0.25
_RIDGE_ALPHA = 1.0
"""Kernel width and ridge are those of the authors' own implementation."""


def lime(
    forward: CountedForward,
    image_1CHW: Tensor,
    target_class: int | None,
    options: ExplainOptions,
    seed: int,
) -> Explanation:
    """Return each superpixel's coefficient at its pixels."""
    segments_HW = superpixels(image_1CHW, options.num_superpixels)
    num_superpixels = int(segments_HW.max()) + 1
    num_samples = num_superpixels * options.samples_per_superpixel
    forward.total_rows = num_samples + 1
    rows, logits_1K = rows_at_once(forward, image_1CHW, options.max_rows)
    target, logit = pick_target(logits_1K, target_class)
    baseline_1C11 = baseline_of(image_1CHW, options)
    model = _MeasuredRidge()
    device = image_1CHW.device
    coefficients = LimeBase(
        forward,
        interpretable_model=model,
        similarity_func=_closeness,
        perturb_func=_sampler(num_superpixels, seed, device),
        perturb_interpretable_space=True,
        from_interp_rep_transform=_hider(segments_HW, baseline_1C11, device),
        to_interp_rep_transform=None,
    ).attribute(image_1CHW, target=target, n_samples=num_samples, perturbations_per_eval=rows)
    coefficients_P = coefficients.flatten().float().cpu().numpy()
    return Explanation(
        coefficients_P[segments_HW],
        ExplanationMeta(
            method="lime", target_class=target, logit=logit, seed=seed,
            baseline=baseline_1C11.flatten().tolist(), rows_forwarded=0, seconds=0,
            r_squared=model.r_squared, num_superpixels=num_superpixels, num_samples=num_samples,
        ),
        segments_HW,
    )  # fmt: skip


def superpixels(image_1CHW: Tensor, wanted: int | None) -> NDArray[np.int32]:
    """Return SLIC superpixels numbered from 0, int32 [H, W].

    About `wanted` of them; None scales the number to the image, so that those of a small image
    are not single pixels.
    """
    pixels_CHW = image_1CHW[0].float().cpu().numpy()
    lowest, highest = pixels_CHW.min(), pixels_CHW.max()
    pixels_HWC = ((pixels_CHW - lowest) / max(highest - lowest, 1e-12)).transpose(1, 2, 0)
    height, width, channels = pixels_HWC.shape
    scaled = height * width // _PIXELS_PER_SUPERPIXEL
    number = wanted or int(np.clip(scaled, _FEWEST_SUPERPIXELS, MOST_SUPERPIXELS))
    is_colour = channels == 3
    # Grey values need less weight on position than colours in Lab do.
    compactness, labels = (10.0 if is_colour else 0.1), np.zeros((height, width), dtype=np.int64)
    for _ in range(_COMPACTNESS_STEPS):
        labels = slic(
            pixels_HWC if is_colour else pixels_HWC.mean(axis=2),
            n_segments=number,
            compactness=compactness,
            start_label=0,
            channel_axis=-1 if is_colour else None,
        )
        if len(np.unique(labels)) >= max(2, number / 2):
            break
        # On noise, SLIC finds scattered pixels and merges them all; position has to count more.
        compactness *= 10
    _, numbered = np.unique(labels, return_inverse=True)
    return numbered.reshape(height, width).astype(np.int32)


def _sampler(num_superpixels: int, seed: int, device: torch.device) -> Any:
    """Return Captum's perturbation function with random numbers of our own.

    Sample after sample from one stream, so that neither the global random state nor the number of
    rows in flight changes the result. The first sample shows everything.
    """
    generator = torch.Generator().manual_seed(seed)
    is_first = True

    def sample(_image: Tensor, **_: object) -> Tensor:
        nonlocal is_first
        shown_1P = torch.randint(0, 2, (1, num_superpixels), generator=generator)
        if is_first:
            shown_1P.fill_(1)
            is_first = False
        return shown_1P.to(device)

    return sample


def _hider(segments_HW: NDArray[np.int32], baseline_1C11: Tensor, device: torch.device) -> Any:
    """Return Captum's function from a sample to an image: hidden superpixels take the baseline."""
    segments = torch.from_numpy(segments_HW.astype(np.int64)).to(device)

    def hide(shown_1P: Tensor, image_1CHW: Tensor, **_: object) -> Tensor:
        return torch.where(shown_1P[0].bool()[segments], image_1CHW, baseline_1C11)

    return hide


def _closeness(_image: Tensor, _perturbed: Tensor, shown_1P: Tensor, **_: object) -> Tensor:
    """Return exp(-d^2 / (2 width^2)) for the cosine distance d to the sample that shows all."""
    shown = shown_1P.float()
    cosine = (shown.sum() / shown.numel()).sqrt()
    return torch.exp(-((1 - cosine) ** 2) / (2 * _KERNEL_WIDTH**2))


class _MeasuredRidge(SkLearnRidge):
    """Ridge regression that says how well it fits.

    Captum imports scikit-learn when it first fits; naming the class here has it loaded by then.
    """

    kind = linear_model.Ridge

    r_squared: float

    def __init__(self) -> None:
        super().__init__(alpha=_RIDGE_ALPHA)

    def fit(self, train_data: DataLoader[Any], **kwargs: object) -> object:
        """Fit, then compute the weighted share of the logit's variance that is explained."""
        report = super().fit(train_data, **kwargs)
        batches = [tuple(part.double().cpu() for part in batch) for batch in train_data]
        shown_SP, logits_S, weights_S = (torch.cat(parts) for parts in zip(*batches, strict=True))
        line = cast("Any", self).linear
        fitted_S = shown_SP @ line.weight.double().cpu().flatten() + line.bias.double().cpu()
        share_S = weights_S / weights_S.sum()
        spread = (share_S * (logits_S - (share_S * logits_S).sum()) ** 2).sum()
        missed = (share_S * (logits_S - fitted_S) ** 2).sum()
        self.r_squared = float(1 - missed / spread) if spread > 0 else 0.0
        return report
