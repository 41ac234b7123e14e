"""Logits and probabilities of a compiled network, whatever ends it.

Legend: B batch, C channels, H height, W width, K classes.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Literal, cast

import torch
from torch import Tensor, nn

from netloom.compile.module import Network
from netloom.explain.results import ExplainError
from netloom.tasks.output import find_final_softmax


def modules_of(network: Network, path: str) -> list[nn.Module]:
    """Return the modules of a node, one for each repeat of the blocks around it.

    Args:
        path: `id`, `instance/inner`, or with repeat numbers `instance/0/inner`.

    Raises:
        ExplainError: The network has no such node.
    """
    origins = network.netloom_origins
    names = [name for name, found in origins.nodes.items() if found == path]
    names = names or [name for name, found in origins.weights.items() if found == path]
    if not names:
        raise ExplainError(f"The network has no layer {path!r}.")
    return [network.get_submodule(name) for name in names]


@contextmanager
def giving_logits(network: Network) -> Generator[None]:
    """Within this context the network is in evaluation mode and gives logits.

    A Softmax that feeds the output passes its input on. Modes and hooks are as before afterwards.
    """
    modes = [(module, module.training) for module in network.modules()]
    softmax_path = find_final_softmax(network.netloom_origins.document)
    softmax = modules_of(network, softmax_path)[-1] if softmax_path else None
    handle = softmax.register_forward_hook(_pass_input_on) if softmax else None
    try:
        network.eval()
        yield
    finally:
        if handle is not None:
            handle.remove()
        for module, was_training in modes:
            module.training = was_training


def _pass_input_on(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:  # noqa: ARG001
    return inputs[0]


def class_logits(network: Network, images_BCHW: Tensor) -> Tensor:
    """Return float32 logits [B, K]; call it within `giving_logits`.

    Raises:
        ExplainError: The network does not give one row of numbers for each image.
    """
    output = cast("object", network(images_BCHW))
    if isinstance(output, tuple):
        raise ExplainError(
            "The network has several outputs, and there is no saying which of them names what an "
            "image shows.",
            "Where they are boxes and scores, or offsets from prior boxes: use “Choose the best "
            "boxes” in the designer and ask again. Otherwise delete all outputs but one.",
        )
    if isinstance(output, Tensor) and output.ndim == 4:
        raise ExplainError(
            "The network gives a map, (B, C, H, W), not one row of classes for an image: there is "
            "nothing to rank.",
            "Where the map holds boxes: use “Choose the best boxes” in the designer and ask again.",
        )
    if not isinstance(output, Tensor) or output.ndim != 2:
        raise ExplainError(
            "Only networks with a single output of shape (B, K) classify.",
            "Add a Linear layer as the last one.",
        )
    return output.float()


def device_of(network: Network) -> torch.device:
    """Return where the network's weights are; the CPU for a network without any."""
    parameter = next(network.parameters(), None)
    return torch.device("cpu") if parameter is None else parameter.device


def predict(
    network: Network,
    images_BCHW: Tensor,
    task: Literal["classification"] = "classification",  # noqa: ARG001
) -> Tensor:
    """Return class probabilities.

    Args:
        images_BCHW: Preprocessed images, float32, on the network's device.
        task: What the network was trained for.

    Returns:
        float32 [B, K] on the same device; rows sum to 1.

    Raises:
        ExplainError: The network does not classify.
    """
    with torch.inference_mode(), giving_logits(network):
        return class_logits(network, images_BCHW).softmax(dim=1)
