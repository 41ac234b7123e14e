"""`explain`: a heat map for one image and one class.

Grad-CAM (Selvaraju et al., 2017), occlusion (Zeiler and Fergus, 2014) and LIME (Ribeiro et al.,
2016), computed by Captum on the logits. Legend: C channels, H height, W width, K classes.
"""

from __future__ import annotations

import time
from dataclasses import replace

from torch import Tensor

from netloom.compile.module import Network
from netloom.explain.gradcam import gradcam
from netloom.explain.lime import lime
from netloom.explain.logits import giving_logits
from netloom.explain.occlusion import occlusion
from netloom.explain.results import ExplainError, ExplainOptions, Explanation, Method
from netloom.explain.rows import CountedForward, Progress, ShouldCancel


def explain(
    network: Network,
    image_BCHW: Tensor,
    method: Method,
    *,
    target_class: int | None = None,
    layer: str | None = None,
    seed: int = 0,
    options: ExplainOptions | None = None,
    progress: Progress | None = None,
    should_cancel: ShouldCancel | None = None,
) -> Explanation:
    """Explain why an image gets the logit of a class.

    Where a Softmax ends the network, the map is about what goes into it: probabilities saturate.
    The network is left as it was: its modes, its gradients, no hooks.

    Args:
        image_BCHW: One preprocessed image, float32 [1, C, H, W], on the network's device.
        target_class: The class to explain, also a wrong one; None for the predicted one.
        layer: For Grad-CAM, the path of a node with image-shaped output; None for the last one
            before pooling.
        seed: Decides LIME's samples; the other methods draw nothing.
        progress: Told the share that is done, 0 to 1, after each chunk of rows, and once a coarse
            map (occlusion).
        should_cancel: Asked before each chunk.

    Raises:
        ExplainError: The network does not classify, or class or layer do not exist.
        Cancelled: `should_cancel` said so.
    """
    if image_BCHW.ndim != 4 or len(image_BCHW) != 1:
        raise ExplainError("Explain one image at a time: a tensor of shape (1, C, H, W).")
    options = options or ExplainOptions()
    forward = CountedForward(
        network, progress or (lambda _share, _map: None), should_cancel or (lambda: False)
    )
    started_s = time.perf_counter()
    image_BCHW = image_BCHW.detach()
    with giving_logits(network):
        match method:
            case "gradcam":
                explanation = gradcam(forward, image_BCHW, target_class, layer)
            case "occlusion":
                explanation = occlusion(forward, image_BCHW, target_class, options)
            case "lime":
                explanation = lime(forward, image_BCHW, target_class, options, seed)
    spent = {
        "seed": seed,
        "seconds": time.perf_counter() - started_s,
        "rows_forwarded": forward.rows,
    }
    return replace(explanation, meta=explanation.meta.model_copy(update=spent))
