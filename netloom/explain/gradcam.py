"""Grad-CAM: what a layer saw, weighed by how much the class asks for it."""

# Captum come without types.
# pyright: reportMissingTypeStubs=false
from __future__ import annotations

from captum.attr import LayerAttribution, LayerGradCam
from torch import Tensor

from netloom.explain.layers import ranked_gradcam_layers
from netloom.explain.logits import modules_of
from netloom.explain.results import ExplainError, Explanation, ExplanationMeta
from netloom.explain.rows import CountedForward
from netloom.explain.target import pick_target


def gradcam(
    forward: CountedForward,
    image_1CHW: Tensor,
    target_class: int | None,
    layer: str | None,
) -> Explanation:
    """Return ReLU(sum over channels of mean gradient x activation), enlarged bilinearly.

    A class can be argued against everywhere in a layer: the map is then empty. When the caller
    leaves the layer to us, the next most telling one is asked instead; the answer names it.
    """
    paths = [layer] if layer else ranked_gradcam_layers(forward.network.netloom_origins.document)
    if not paths:
        raise ExplainError(
            "Grad-CAM needs a layer with an image-shaped output, such as Conv2d; this network has "
            "none. Occlusion and LIME work on every network."
        )
    first = _weigh(forward, image_1CHW, target_class, paths[0])
    if first.heatmap_HW.any():
        return first
    others = (_weigh(forward, image_1CHW, target_class, path) for path in paths[1:])
    return next((other for other in others if other.heatmap_HW.any()), first)


def _weigh(
    forward: CountedForward, image_1CHW: Tensor, target_class: int | None, path: str
) -> Explanation:
    module = modules_of(forward.network, path)[-1]
    logits: list[Tensor] = []

    def score(image_1CHW: Tensor) -> Tensor:
        logits_1K = forward(image_1CHW)
        logits.append(logits_1K.detach())
        target, _ = pick_target(logits[0], target_class)
        return logits_1K[:, target]

    # The image requires a gradient so that layers of a frozen network have one too.
    image_1CHW = image_1CHW.clone().requires_grad_()
    weighed = LayerGradCam(score, module).attribute(image_1CHW, relu_attributions=True)
    if not isinstance(weighed, Tensor) or weighed.ndim != 4:
        raise ExplainError(f"The output of {path!r} is not image-shaped; choose another layer.")
    size = (image_1CHW.shape[2], image_1CHW.shape[3])
    enlarged = LayerAttribution.interpolate(weighed, size, "bilinear")
    target, logit = pick_target(logits[0], target_class)
    return Explanation(
        enlarged[0, 0].detach().float().cpu().numpy(),
        ExplanationMeta(
            method="gradcam", target_class=target, logit=logit, seed=0, layer=path,
            rows_forwarded=0, seconds=0,
        ),
    )  # fmt: skip
